"""The audit trail and the pace, over real HTTP; and what must hold before others may connect."""

import time
from pathlib import Path

import httpx
import pytest

from friction.errors import UsageError
from friction.pipeline import Pipeline
from friction.settings import Settings, load
from friction.store import audit, keys, sessions
from friction.store.engine import Database
from friction.store.releases import ReleaseStore
from service.notes import Notes
from service.pace import Pace
from service.reach import require_safe
from service.state import State
from tests.service.conftest import bearing, make_key, serve

CANARY = "kumquat-zeppelin"


def _told(operations: Database) -> dict[tuple[str, str, int], int]:
    """(route, subject, status): times, over all minutes."""
    found: dict[tuple[str, str, int], int] = {}
    for one, times in audit.told(operations):
        row = (one.route, one.subject, one.status)
        found[row] = found.get(row, 0) + times
    return found


def test_reads_are_told_by_key_and_pair_once_the_server_stopped(
    released: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline
) -> None:
    secret = make_key(operations, "read", team="it")
    running = serve(State(settings, pipeline, released, operations), secret)
    client = next(running)
    for path in ("/v1/pairs", "/v1/pairs", "/v1/pairs/support/it", "/pairs/support/it", "/v1/pairs/sales/marketing"):
        client.get(path)
    client.get(f"/v1/pairs/{CANARY}/it")
    client.get(f"/{CANARY}")
    client.get("/v1/pairs", headers=bearing(CANARY))
    client.post("/v1/score", json={"comments": [{"text": CANARY}]})
    client.get("/healthz")
    client.get("/v1/pairs", headers={"if-none-match": client.get("/v1/pairs").headers["etag"]})
    next(running, None)
    pair = "GET /v1/pairs/{from_team}/{about_team}"
    assert _told(operations) == {
        ("GET /v1/pairs", "", 200): 3,
        ("GET /v1/pairs", "", 304): 1,
        (pair, "support/it", 200): 1,
        (pair, "", 404): 2,
        ("GET /pairs/{from_team}/{about_team}", "support/it", 200): 1,
        ("POST /v1/score", "", 403): 1,
    }
    assert {one.key for one, _ in audit.told(operations)} == {secret.split("_")[1]}
    (key,) = keys.every(operations)
    assert key.last_used is not None
    assert key.last_used % 60 == 0
    assert CANARY not in repr(audit.told(operations))


def test_a_route_that_fails_is_answered_and_told_like_any(
    released: ReleaseStore,
    operations: Database,
    settings: Settings,
    pipeline: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With the headers of every answer and an id under which the log says more."""

    def broken(*_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("service.api.pairs._pairs", broken)
    running = serve(State(settings, pipeline, released, operations), make_key(operations, "read"))
    client = next(running)
    answer, whole = client.get("/v1/pairs"), client.get("/v1/weeks")
    next(running, None)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems#internal")
    assert CANARY not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert whole.headers.keys() - answer.headers.keys() == {"etag", "vary"}
    (logged,) = [r for r in caplog.records if r.name == "friction.problems"]
    assert logged.fields == {"request_id": answer.headers["x-request-id"]}  # type: ignore[attr-defined]
    assert _told(operations) == {("GET /v1/pairs", "", 500): 1, ("GET /v1/weeks", "", 200): 1}


def test_what_lasts_is_told_before_it_is_answered(client: httpx.Client, operations: Database) -> None:
    done = {"from_team": "sales", "about_team": "it", "date": "2026-W09", "description": CANARY}
    assert client.post("/v1/interventions", json=done).status_code == 201
    assert ("POST /v1/interventions", "sales/it/2026-W09", 201) in _told(operations)
    client.post("/sign-in", data={"key": make_key(operations, "read")})
    assert ("POST /sign-in", "", 303) in _told(operations)


def test_what_cannot_be_told_is_not_answered_as_done(
    client: httpx.Client, operations: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise UsageError("disk full")

    monkeypatch.setattr(audit, "note", full)
    answer = client.post("/sign-in", data={"key": make_key(operations, "read")})
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    assert client.get("/v1/pairs").status_code == 200


def test_notes_wait_for_a_store_that_is_away(operations: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """And are then written once."""
    key, _ = keys.create(operations, ["read"])
    one = audit.Asked(600, key.id, "GET /v1/pairs", "", 200)
    notes = Notes(operations, days=100_000, idle=3600)
    with monkeypatch.context() as away:
        away.setattr(keys, "note_use", lambda *_: (_ for _ in ()).throw(UsageError("away")))
        notes.asked(one)
        notes.used(key.id, None)
        notes._write()
    assert keys.every(operations)[0].last_used is None
    notes._write()
    assert keys.every(operations)[0].last_used is not None
    assert audit.told(operations) == [(one, 1)]


def test_what_is_old_is_forgotten(operations: Database) -> None:
    key, _ = keys.create(operations, ["read"])
    days = int(time.time()) // 86_400 * 86_400
    old, new = (audit.Asked(days - back * 86_400, key.id, "GET /", "", 200) for back in (11, 9))
    audit.note(operations, {old: 1, new: 1})
    token = sessions.open_with(operations, key)
    sessions.note_seen(operations, {sessions.digest(token): int(time.time())})
    notes = Notes(operations, days=10, idle=3600)
    notes.start()
    notes.close()
    assert audit.told(operations) == [(new, 1)]
    assert sessions.find(operations, token, 3600) == key


class TestPace:
    """Of keys, and of those who have none."""

    @pytest.fixture
    def config(self, config: Path) -> Path:
        with config.open("a", encoding="utf-8") as file:
            file.write("[service]\nrequests_per_minute = 5\nfailures_per_minute = 3\n")
        return config

    def test_a_key_that_asks_too_often_is_told_when_to_come_again(
        self, client: httpx.Client, operations: Database
    ) -> None:
        one, other = make_key(operations, "read"), make_key(operations, "read")
        answers = [client.get("/v1/pairs", headers=bearing(one)) for _ in range(12)]
        assert [a.status_code for a in answers[:5]] == [200] * 5
        assert answers[-1].status_code == 429  # a minute may have ended meanwhile: some more than 5 are let through
        assert answers[-1].json()["type"] == "/problems#too-many"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 120
        assert client.get("/v1/pairs", headers=bearing(other)).status_code == 200

    def test_bad_keys_are_counted_and_lock_nobody_else_out(self, client: httpx.Client, operations: Database) -> None:
        statuses = [client.get("/v1/pairs", headers=bearing("no key")).status_code for _ in range(8)]
        assert statuses[:3] == [401] * 3
        assert statuses[-1] == 429
        assert client.post("/sign-in", data={"key": "no key"}).status_code == 429
        assert client.get("/v1/pairs", headers={"authorization": ""}).status_code == 401
        assert client.get("/v1/pairs").status_code == 200


def test_no_address_is_kept() -> None:
    pace = Pace(requests=5, failures=5)
    assert pace.failed("192.0.2.77") is None
    held = vars(pace._limiter.storage) | vars(pace)
    assert "192.0.2.77" not in repr(held)
    assert "/failed/" in repr(held)  # the control: it is counted there


PUBLIC = 'public_url = "https://friction.example"\n'
PROXIES = 'proxies = ["10.0.0.5"]\n'


@pytest.mark.parametrize(
    ("host", "lines", "tls", "has_key", "refusal"),
    [
        ("127.0.0.1", "", False, False, None),
        ("localhost", PROXIES, False, False, None),
        ("::1", PUBLIC + PROXIES, False, True, None),
        ("0.0.0.0", PUBLIC + PROXIES, False, True, None),
        ("0.0.0.0", PUBLIC, True, True, None),
        ("0.0.0.0", "", False, True, "Say under which name"),
        ("0.0.0.0", "", True, True, "Say under which name"),
        ("192.0.2.1", PUBLIC.replace("https", "http") + PROXIES, False, True, "Say under which name"),
        ("friction.example", PUBLIC, False, True, "in the clear"),
        ("127.0.0.1", PUBLIC, False, True, "in the clear"),
        ("127.0.0.1", PUBLIC + PROXIES, False, False, "friction keys create"),
        ("0.0.0.0", PUBLIC + PROXIES, True, False, "friction keys create"),
    ],
)
def test_others_connect_over_tls_and_with_keys_only(
    config: Path, host: str, lines: str, tls: bool, has_key: bool, refusal: str | None
) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write(f"[service]\n{lines}")
    service = load(config).service
    if refusal is None:
        require_safe(host, service, tls=tls, has_key=has_key)
    else:
        with pytest.raises(UsageError, match=refusal):
            require_safe(host, service, tls=tls, has_key=has_key)


def test_a_proxy_is_an_address(config: Path) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('[service]\nproxies = ["friction.example"]\n')
    with pytest.raises(UsageError, match=r"service\.proxies takes addresses"):
        load(config)
