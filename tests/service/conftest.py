"""The real application over released cells, behind a real server on loopback."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import uvicorn

from friction.pipeline import Pipeline
from friction.records import Cell
from friction.settings import Settings
from friction.store.engine import Database
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
    yield from serve(State(settings, pipeline, released, operations))


@pytest.fixture
def empty_client(
    releases: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline
) -> Iterator[httpx.Client]:
    yield from serve(State(settings, pipeline, releases, operations))


def serve(state: State) -> Iterator[httpx.Client]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(state), log_level="critical", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
            yield client
        server.should_exit = True
        thread.join()
