"""Health, readiness and metrics: what they tell, and what they must not."""

import itertools
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from friction.pipeline import Pipeline
from friction.processor import has_vnni
from friction.records import Cell
from friction.settings import Settings
from friction.spool import HOLDS
from friction.store.engine import Database
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore, serialise
from service.metrics import COARSE, MINUTE, Busy, Metrics
from service.state import State
from tests import postgres
from tests.conftest import ENGINES, query
from tests.service.conftest import make_key, serve

MakeCells = Callable[..., list[Cell]]
BLAMES = "Marketing never answers us, we have chased them five times, nobody cares."
PRAISES = "Marketing always answers us, we have thanked them five times, we all care."


@ENGINES
def test_ready(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    parts = {"model": "ok", "releases": "ok", "operations": "ok", "uploads": "ok"}
    assert answer.json() == {"status": "ok", "parts": parts}


@ENGINES
@pytest.mark.parametrize("store", ["releases", "operations"])
def test_not_ready_where_the_tables_are_of_another_version(
    client: httpx.Client, settings: Settings, store: str
) -> None:
    query(getattr(settings, f"{store}_address"), f"update {store}_version set version_num = '0000'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    parts = answer.json()["parts"]
    assert parts.pop(store) == "its tables are not those of this version"
    assert set(parts.values()) == {"ok"}
    assert f'friction_store_up{{store="{store}"}} 0.0' in client.get("/metrics").text


def test_not_ready_where_a_store_cannot_be_reached(settings: Settings, pipeline: Pipeline) -> None:
    """The server of a database goes away. Neither its address nor its words are told."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.serving() as server:
        server.run("create role web login password 'sesame'", "create database away owner web")
        address = server.address("away", role="web", password="sesame")
        releases = ReleaseStore(address, create=True)
        state = State(settings, pipeline, releases, open_operations(settings.operations_address))
        clients = serve(state, make_key(state.operations, "read"))
        client = next(clients)
        assert client.get("/readyz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    parts = {"model": "ok", "releases": "cannot be reached", "operations": "ok", "uploads": "ok"}
    assert answer.json()["parts"] == parts
    for secret in ("sesame", str(server.folder), "postgresql", "psycopg", "web"):
        assert secret not in answer.text
    assert 'friction_store_up{store="releases"} 0.0' in client.get("/metrics").text
    assert client.get("/healthz").status_code == 200
    next(clients, None)
    state.operations.close()
    releases.close()


def test_not_ready_where_what_people_enter_would_not_be_kept(
    released: ReleaseStore, settings: Settings, pipeline: Pipeline
) -> None:
    """The database is set read only, and once that is mended its server is a standby, as after a failover."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.serving() as server:
        server.run("create database entered")
        operations = open_operations(server.address("entered"))
        for client in serve(State(settings, pipeline, released, operations), make_key(operations, "read")):
            for value, said in (("on", "takes no writes"), ("off", "ok")):
                server.run(f"alter system set default_transaction_read_only = {value}", "select pg_reload_conf()")
                for _ in range(100):  # each session is told by a signal
                    if client.get("/readyz").json()["parts"]["operations"] == said:
                        break
                    time.sleep(0.1)
                else:
                    pytest.fail(f"it does not say: {said}")
            postgres.demote(server)
            answer = client.get("/readyz")
            assert (answer.status_code, answer.json()["parts"]["operations"]) == (503, "takes no writes")
            assert set(answer.json()["parts"].values()) == {"ok", "takes no writes"}
            assert 'friction_store_up{store="operations"} 0.0' in client.get("/metrics").text
        operations.close()
        postgres.end(server)


class Down(Pipeline):
    """What scores has ended, and another has not begun."""

    is_up = False


def test_not_ready_where_nothing_scores(
    released: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline
) -> None:
    down = Down(settings.directory, pipeline.classifier)
    for client in serve(State(settings, down, released, operations), make_key(operations, "read")):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert int(answer.headers["retry-after"]) >= 1
        parts = answer.json()["parts"]
        assert parts.pop("model") == "its process ended, and is started again"
        assert set(parts.values()) == {"ok"}
        assert "friction_scoring_up 0.0" in client.get("/metrics").text
        assert client.get("/healthz").status_code == client.get("/v1/pairs").status_code == 200


def test_degraded_where_uploads_cannot_be_kept(
    client: httpx.Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Scores and reads are served as before, and a balancer goes on sending them."""
    assert client.get("/readyz").json()["status"] == "ok"
    assert "friction_uploads_up 1.0" in client.get("/metrics").text
    assert list(settings.spool.iterdir()) == []
    settings.spool.rmdir()
    settings.spool.write_text("a file in the folder's place")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert {part for part, said in answer.json()["parts"].items() if said == "ok"} == {
        "model",
        "releases",
        "operations",
    }
    assert answer.json()["parts"]["uploads"] == "cannot be written"
    assert str(settings.spool) not in answer.text
    assert "friction_uploads_up 0.0" in client.get("/metrics").text
    sent = client.post("/v1/batches", files={"file": ("a.csv", "text\nMarketing never answers\n")})
    assert (sent.status_code, sent.headers["retry-after"]) == (503, "60")
    assert [(r.getMessage(), r.__dict__["fields"]) for r in caplog.records if r.name == "friction.uploads"] == [
        ("an upload cannot be kept", {"error": "EEXIST"})
    ]
    assert client.post("/v1/score", json={"comments": [{"text": "Marketing never answers us."}]}).status_code == 200
    assert client.get("/v1/pairs").status_code == 200


def test_degraded_where_there_is_no_room_for_uploads(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that is full, whoever writes to it."""
    with monkeypatch.context() as patched, Path("/dev/full").open("wb") as full:
        patched.setattr("friction.spool.tempfile.TemporaryFile", lambda dir: full)
        answer = client.get("/readyz").json()
    assert (answer["status"], answer["parts"]["uploads"]) == ("degraded", "there is no room")
    assert client.get("/readyz").json()["status"] == "ok"


def test_who_asks_often_makes_the_disk_work_seldom(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Path] = []
    real = tempfile.TemporaryFile

    def counted(*, dir: Path) -> object:
        tried.append(dir)
        return real(dir=dir)

    monkeypatch.setattr("friction.spool.tempfile.TemporaryFile", counted)
    for path in ("/readyz", "/metrics", "/readyz"):
        assert client.get(path).status_code == 200
    assert len(tried) == 1
    now = time.monotonic()
    monkeypatch.setattr("friction.spool.time.monotonic", lambda: now + HOLDS + 1)
    assert client.get("/readyz").json()["parts"]["uploads"] == "ok"
    assert len(tried) == 2


def test_the_last_release(client: httpx.Client, released: ReleaseStore, make_cells: MakeCells) -> None:
    """The released weeks of 2026 end on Monday 20 April at midnight."""
    assert "friction_last_release_week_end_seconds 1.7766432e+09" in client.get("/metrics").text
    released.append(make_cells([0.1] * 17)[-1].last_week, serialise([]))
    assert "friction_last_release_week_end_seconds 1.777248e+09" in client.get("/metrics").text


def test_requests_are_counted_by_what_we_named_them(client: httpx.Client) -> None:
    client.get("/v1/pairs/sales/marketing")
    client.get("/v1/pairs/sales/kumquat")
    client.get("/kumquat")
    client.head("/healthz")
    client.request("PROPFIND", "/v1/pairs")
    client.post("/v1/score", json={"comments": [{"text": "kumquat", "about_team": "kumquat"}]})
    told = client.get("/metrics").text
    assert "kumquat" not in told.lower()
    assert "marketing" not in told
    pair = 'method="GET",route="/v1/pairs/{from_team}/{about_team}"'
    assert f'friction_request_seconds_count{{{pair},status="200"}} 1.0' in told
    assert f'friction_request_seconds_count{{{pair},status="404"}} 1.0' in told
    assert 'friction_request_seconds_count{method="GET",route="other",status="404"} 1.0' in told
    assert 'friction_request_seconds_count{method="HEAD",route="/healthz",status="200"} 1.0' in told
    assert 'friction_request_seconds_count{method="other",route="' in told


def test_labels_take_a_few_values_and_no_others(client: httpx.Client) -> None:
    """Whoever asks for anything makes no new series, which would fill the memory."""
    for number in range(30):
        client.get(f"/v1/pairs/a{number}/b{number}")
        client.get(f"/{number}")
        client.request(("PROPFIND", "REPORT", "COPY")[number % 3], "/healthz")
    told = client.get("/metrics").text
    assert set(re.findall(r"(\w+)=\"", told)) == {
        "int8", "le", "method", "model", "reason", "route", "status", "store"
    }  # fmt: skip
    assert len(set(re.findall(r"_count{(.*)}", told))) < 10


def test_metrics_before_and_after_do_not_tell_what_a_colleague_said(client: httpx.Client) -> None:
    """An insider reads the metrics around one scoring request of somebody else: all comments look the same.

    That a comment blames (it takes the model several more passes), how long it is, and that it is in a language that
    is not scored.
    """

    def change(text: str) -> dict[str, float]:
        before = _values(client)
        assert client.post("/v1/score", json={"comments": [{"text": text, "from_team": "sales"}]}).status_code == 200
        after = _values(client)
        return {
            name: round(value - before.get(name, 0.0), 6) for name, value in after.items() if value != before.get(name)
        }

    change(BLAMES)
    changes = [change(text) for text in (BLAMES, PRAISES, "ok", "Das Marketing antwortet uns leider nie auf Fragen")]
    mine = [{k: v for k, v in c.items() if "/metrics" not in k and "busy" not in k} for c in changes]
    slow = [any('le="0.1"' in k and "/v1/score" in k for k in c) for c in mine]
    assert any(slow), "on no machine does each of them take a tenth of a second"
    for one, other in itertools.combinations([c for c, is_quick in zip(mine, slow, strict=True) if is_quick], 2):
        assert one == other


def _values(client: httpx.Client) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_which_products_the_model_takes_is_told(client: httpx.Client, pipeline: Pipeline) -> None:
    (told,) = (line for line in client.get("/metrics").text.splitlines() if line.startswith("friction_model_info"))
    assert f'model="{pipeline.model}"' in told
    assert ('int8="vnni"' in told) == has_vnni()


def test_scoring_is_timed_in_steps_that_one_comment_does_not_fill() -> None:
    told = []
    for seconds in (0.004, 0.02, 0.09):
        metrics = Metrics()
        metrics.request("POST", "/v1/score", 200, seconds, scoring=True)
        told.append(metrics.text())
    assert told[0] == told[1] == told[2]
    assert COARSE[0] >= 0.1


def test_the_models_work_is_told_by_the_minute_and_the_percent() -> None:
    now = 600.0
    busy = Busy(lambda: now)
    busy.add(0.2)
    assert busy.percent() == 0, "the minute is not over"
    now += MINUTE
    assert busy.percent() == 0, "a fifth of a second is no percent of a minute"
    busy.add(30)
    now += MINUTE
    assert busy.percent() == 50
    now += 2 * MINUTE
    assert busy.percent() == 0
