"""The real application over released cells, behind a real server on loopback."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import uvicorn

from friction.pipeline import Pipeline
from friction.records import Cell, TeamId
from friction.settings import Settings
from friction.store.engine import Database
from friction.store.keys import Scope, create
from friction.store.releases import ReleaseStore, serialise
from service.app import create_app
from service.state import State

MakeCells = Callable[..., list[Cell]]


@pytest.fixture
def released(releases: ReleaseStore, make_cells: MakeCells) -> ReleaseStore:
    rising = make_cells([0.1] * 8 + [0.8] * 8)
    flat = make_cells([0.3] * 16, from_team="support", about_team="it", people=9)
    for one, other in zip(rising, flat, strict=True):
        releases.append(one.last_week, serialise([one, other]))
    return releases


@pytest.fixture
def client(
    released: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline
) -> Iterator[httpx.Client]:
    yield from serve(State(settings, pipeline, released, operations), make_key(operations, "admin"))


@pytest.fixture
def empty_client(
    releases: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline
) -> Iterator[httpx.Client]:
    yield from serve(State(settings, pipeline, releases, operations), make_key(operations, "admin"))


def make_key(operations: Database, *scopes: Scope, team: str | None = None, days: int | None = None) -> str:
    """What the holder of a new key presents."""
    return create(operations, scopes, team=None if team is None else TeamId(team), days=days)[1]


def bearing(key: str) -> dict[str, str]:
    """The header of a request with another key than the client's own."""
    return {"Authorization": f"Bearer {key}"}


def serve(state: State, key: str) -> Iterator[httpx.Client]:
    """A client with a key, of a server of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(state), log_level="critical", lifespan="on", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with httpx.Client(base_url=url, headers=bearing(key), timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
