"""Connections to a database, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import event, text

from friction.store.engine import CONNECTIONS, Database
from tests.conftest import ENGINES

pytestmark = ENGINES


def test_a_crowd_of_readers_opens_each_connection_once(operations: Database) -> None:
    opened: list[object] = []
    event.listen(operations._engine, "connect", lambda *found: opened.append(found))
    together = Barrier(CONNECTIONS)

    def read(_: int) -> None:
        with operations.read() as db:
            together.wait(30)
            db.execute(text("select 1"))

    with ThreadPoolExecutor(CONNECTIONS) as readers:
        for _ in range(3):
            list(readers.map(read, range(CONNECTIONS)))
    assert 0 < len(opened) <= CONNECTIONS
