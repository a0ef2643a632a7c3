"""The access matrix: every route of the running application, for every caller there is, over real HTTP."""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import iter_route_contexts

from friction.errors import IntegrityError
from friction.pipeline import Pipeline
from friction.settings import Settings
from friction.store import keys, sessions
from friction.store.engine import Database
from friction.store.keys import SCOPES, Scope
from friction.store.releases import ReleaseStore
from service import access
from service.app import create_app
from service.state import State
from tests.service.conftest import bearing, make_key

NAMES: Final = {
    "from_team": "support",
    "about_team": "it",
    "team": "it",
    "week": "2026-W16",
    "id": "0" * 32,
    "token": "0" * 43,
}
"""What stands for a parameter of a path. A route with another one is to be added here."""
TEAMS: Final = (None, "it", "sales")
PLAIN: Final = {"/openapi.json", "/static", "/static/swagger"}
"""What is no route of FastAPI's kind: it is given as it is, and holds nothing of anybody."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A route, and what it says of who may ask."""

    method: str
    path: str
    scope: Scope | None
    page: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes(app: FastAPI) -> Iterator[Asked]:
    """Every route of an application, with names in the place of its parameters."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is None:
            assert route.path in PLAIN
            continue
        (scope,) = set(access.stated(dependant))
        page = any(isinstance(d.call, access.Access) and d.call.page for d in dependant.dependencies)
        path = re.sub(r"{(\w+)(:\w+)?}", lambda name: NAMES[name[1]], str(route.path))
        yield from (Asked(method, path, scope, page) for method in sorted(route.methods or ()))


@pytest.fixture
def config(config: Path) -> Path:
    """The matrix is asked within a minute."""
    with config.open("a", encoding="utf-8") as file:
        file.write("[service]\nfailures_per_minute = 1_000_000\n")
    return config


@pytest.fixture
def state(released: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline) -> State:
    return State(settings, pipeline, released, operations)


@pytest.fixture
def every(state: State) -> list[Asked]:
    return list(routes(create_app(state)))


@pytest.fixture
def stranger(client: httpx.Client) -> Iterator[Callable[..., httpx.Response]]:
    """Asks for a route with a key, or with none."""
    with httpx.Client(base_url=client.base_url, timeout=30) as plain:

        def ask(asked: Asked, key: str | None = None, **headers: str) -> httpx.Response:
            return plain.request(asked.method, asked.path, headers=headers | (bearing(key) if key else {}))

        yield ask


def test_the_matrix_has_every_kind(every: list[Asked]) -> None:
    assert {asked.scope for asked in every} == {*SCOPES, None}
    assert {"GET /v1/pairs", "POST /v1/score", "GET /", "POST /sign-out"} <= set(map(str, every))
    assert {"GET /healthz", "GET /readyz", "GET /docs", "GET /sign-in"} <= {str(a) for a in every if a.scope is None}
    assert not [str(a) for a in every if a.scope is None and a.path.startswith("/v1/")]


@pytest.mark.parametrize("team", TEAMS)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_opens_what_it_is_for_and_nothing_else(
    every: list[Asked], stranger: Callable[..., httpx.Response], operations: Database, scope: Scope, team: str | None
) -> None:
    key = make_key(operations, scope, team=team)
    for asked in every:
        answer = stranger(asked, key)
        assert answer.status_code < 500, asked
        assert answer.status_code != 401, asked
        if asked.path == "/metrics" and scope in ("read", "admin"):
            assert answer.status_code == (403 if team else 200)
        elif asked.scope is None or scope in (asked.scope, "admin"):
            assert answer.status_code != 403, asked
            assert not (asked.method == "GET" and answer.is_redirect), asked
        else:
            assert answer.status_code == 403, asked
            assert f'scope="{asked.scope}"' in answer.headers["www-authenticate"], asked


def _dead(operations: Database, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Keys for everything that do not hold, and why."""
    good, revoked = make_key(operations, "admin"), make_key(operations, "admin")
    keys.revoke(operations, revoked.split("_")[1])
    with monkeypatch.context() as earlier:
        earlier.setattr(keys.time, "time", lambda: 1_600_000_000.0)
        expired = make_key(operations, "admin", days=1)
    return {
        "revoked": revoked,
        "expired": expired,
        "wrong": good[:-8] + "00000000",
        "unknown": good.replace(good.split("_")[1], "00000000"),
        "malformed": "kumquat-zeppelin",
        "truncated": good[:-1],
        "twice": f"{good} {good}",
    }


def test_a_key_that_does_not_hold_is_no_key(
    every: list[Asked],
    stranger: Callable[..., httpx.Response],
    operations: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is wrong with it, the answer is the same to the byte, and nothing of it is in the answer."""
    dead = _dead(operations, monkeypatch)
    for asked in every:
        absent = stranger(asked)
        answers = {why: stranger(asked, key) for why, key in dead.items()}
        answers["no bearer"] = stranger(asked, authorization="Basic a3VtcXVhdDp6ZXBwZWxpbg==")
        answers["empty"] = stranger(asked, authorization="Bearer")
        if asked.scope is None:
            assert {a.status_code for a in answers.values()} == {absent.status_code}, asked
            continue
        said = {(a.status_code, a.content, a.headers["www-authenticate"]) for a in answers.values()}
        assert {status for status, _, _ in said} == {401}, asked
        assert len(said) == 1, asked
        if asked.page:
            assert absent.status_code == 303, asked
            assert absent.headers["location"].startswith("/sign-in"), asked
            assert not absent.content or b"blame" not in absent.content
        else:
            assert (absent.status_code, absent.content, absent.headers["www-authenticate"]) in said, asked


def _head_alone(url: httpx.URL, asked: Asked, **headers: str) -> int:
    """The status of the answer to a request whose body is announced and does not come."""
    lines = {"host": url.netloc.decode(), "content-length": "100", "content-type": "application/json"} | headers
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        connection.sendall(f"{asked.method} {asked.path} HTTP/1.1\r\n{head}\r\n".encode())
        with connection.makefile("rb") as answer:
            return int(answer.readline().split()[1])


def test_nobody_s_body_is_read_before_their_key_holds(
    every: list[Asked], client: httpx.Client, operations: Database
) -> None:
    """Whoever may not ask is told so, whatever they send, and before they have sent it."""
    wrong = {scope: bearing(make_key(operations, "read" if scope != "read" else "score")) for scope in SCOPES}
    bodies = {"application/json": b'{"comments": [', "application/x-www-form-urlencoded": b"%%%", "text/plain": b"?"}
    url = client.base_url
    with httpx.Client(base_url=url, timeout=30) as plain:
        for asked in every:
            if asked.scope is None:
                continue
            for kind, body in bodies.items():
                answer = plain.request(asked.method, asked.path, content=body, headers={"content-type": kind})
                assert answer.status_code == (303 if asked.page else 401), asked
            assert _head_alone(url, asked) == (303 if asked.page else 401), asked
            assert _head_alone(url, asked, **wrong[asked.scope]) == 403, asked


def test_a_session_reads_what_its_key_reads(
    every: list[Asked], stranger: Callable[..., httpx.Response], operations: Database
) -> None:
    key, secret = keys.create(operations, ["admin"])
    cookie = f"friction={sessions.open_with(operations, key)}"
    for asked in every:
        by_key, by_session = stranger(asked, secret), stranger(asked, cookie=cookie)
        if asked.scope is None or asked.method == "GET":
            assert by_key.status_code == by_session.status_code, asked
        else:  # a form without its token, and what programs send
            assert by_session.status_code == (403 if asked.page else 401), asked


def test_a_revoked_key_is_refused_from_the_next_request_on(
    client: httpx.Client, stranger: Callable[..., httpx.Response], operations: Database
) -> None:
    pairs = Asked("GET", "/v1/pairs", "read", False)
    secret = make_key(operations, "read")
    assert stranger(pairs, secret).status_code == 200
    tag = stranger(pairs, secret).headers["etag"]
    keys.revoke(operations, secret.split("_")[1])
    assert stranger(pairs, secret).status_code == 401
    assert stranger(pairs, secret, **{"if-none-match": tag}).status_code == 401


def test_a_team_sees_its_pairs_and_the_same_numbers(client: httpx.Client, operations: Database) -> None:
    ours = bearing(make_key(operations, "read", team="it"))
    everything = {(p["from_team"], p["about_team"]): p for p in client.get("/v1/pairs").json()["pairs"]}
    assert client.get("/v1/pairs", headers=ours).json()["pairs"] == [everything["support", "it"]]
    for path in ("/v1/pairs/support/it", "/v1/pairs/it/sales"):
        assert client.get(path, headers=ours).content == client.get(path).content


@pytest.mark.parametrize("path", ["/v1/pairs/{}/{}", "/pairs/{}/{}"])
def test_what_a_team_may_not_see_is_not_there(client: httpx.Client, operations: Database, path: str) -> None:
    ours = bearing(make_key(operations, "read", team="it"))
    assert client.get(path.format("sales", "marketing")).status_code == 200
    hidden, absent = (client.get(path.format("sales", about), headers=ours) for about in ("marketing", "nowhere"))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content


def test_a_route_that_states_no_access_stops_the_start(state: State) -> None:
    app = create_app(state)
    access.require_stated(app)

    @app.get("/secret")
    def secret() -> str:
        return "everything"

    with pytest.raises(IntegrityError, match="/secret does not state one access"):
        access.require_stated(app)


def test_a_route_that_reads_a_body_before_the_key_stops_the_start(state: State) -> None:
    app = create_app(state)

    @app.post("/told", dependencies=[Depends(access.Access("read"))])
    def told(body: dict[str, str]) -> None:
        """Takes anything."""

    with pytest.raises(IntegrityError, match="/told reads a body first"):
        access.require_stated(app)
