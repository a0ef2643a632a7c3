"""Connections to a database, on both engines."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url

from friction.errors import UsageError
from friction.settings import Settings
from friction.store import audit, engine, keys
from friction.store.engine import CONNECTIONS, Database
from friction.store.operations import open_operations
from service.notes import Notes
from tests.conftest import ENGINES


@ENGINES
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


def test_where_every_connection_hangs_the_next_is_told_and_notes_go_on(
    operations: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a database that hangs for a while would end the thread that writes the audit trail, until a restart."""
    key, _ = keys.create(operations, ["read"])
    monkeypatch.setattr(engine, "QUEUE", 0.1)
    store = open_operations(settings.operations_address)
    notes = Notes(store, days=100_000, idle=3600)
    one = audit.Asked(600, key.id, "GET /v1/pairs", "", 200)
    with ExitStack() as hanging:
        for _ in range(CONNECTIONS):
            hanging.enter_context(store.read())
        with pytest.raises(UsageError, match="every connection to it is busy"):
            keys.every(store)
        notes.asked(one)
        notes._write()
    notes.start()
    notes.close()
    assert audit.told(store) == [(one, 1)]
    store.close()


@ENGINES
def test_opening_a_store_again_takes_no_lock_from_who_has_it_open(operations: Database, settings: Settings) -> None:
    """What another process writes is seen by whoever had the store open before, however often it is opened here."""
    assert not keys.every(operations)
    open_operations(settings.operations_address).close()
    make = (
        "import sys; from friction.store import keys; from friction.store.operations import open_operations;"
        "store = open_operations(sys.argv[1]); keys.create(store, ['read']); store.close()"
    )
    for made in (1, 2):
        subprocess.run([sys.executable, "-c", make, settings.operations_address], check=True, timeout=60)
        assert len(keys.every(operations)) == made


def test_who_reads_what_was_there_keeps_a_scrub_from_its_work_and_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log could not be cut, and holds what was deleted."""
    monkeypatch.setattr(engine, "_PRAGMAS", [*engine._PRAGMAS, "busy_timeout=100"])
    monkeypatch.setattr(engine, "PATIENCE", 0.1)
    store = open_operations(settings.operations_address)
    with store.read() as db:
        db.execute(text("select count(*) from keys"))
        keys.create(store, ["read"])
        with pytest.raises(UsageError, match="Another friction process is reading"):
            store.scrub("keys")
    store.scrub("keys")
    store.close()


def test_a_scrub_waits_for_another_that_is_cutting_the_log(settings: Settings) -> None:
    """SQLite does not: it says at once that it is busy. So two commands that ended together told one that it failed."""
    store = open_operations(settings.operations_address)
    keys.create(store, ["read"])
    cutting = (  # SQLite's own lock of a checkpoint, WAL_CKPT_LOCK
        "import fcntl, sys, time; shared = open(sys.argv[1], 'r+b'); fcntl.lockf(shared, fcntl.LOCK_EX, 1, 121);"
        "print('locked', flush=True); time.sleep(0.5)"
    )
    shared = f"{make_url(settings.operations_address).database}-shm"
    with subprocess.Popen([sys.executable, "-c", cutting, shared], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        store.scrub("keys")
        assert other.wait(60) == 0
    store.close()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_keeps_a_scrub_from_its_work_is_said(operations: Database, settings: Settings) -> None:
    hasty = open_operations(f"{settings.operations_address}%20-clock_timeout%3D200")
    with operations.write() as db:
        db.execute(text("lock table keys in access exclusive mode"))
        with pytest.raises(UsageError, match="Another friction process"):
            hasty.scrub("keys")
    hasty.scrub("keys")
    hasty.close()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_once_it_has_answered_takes_nothing_back(
    operations: Database, settings: Settings
) -> None:
    """To let go of the connection fails then; what was read is read, and the next one is a new one."""
    with operations.read() as db:
        process = _cut_off(db, settings)
    with operations.read() as db:
        assert db.scalar(text("select pg_backend_pid()")) != process


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_is_told_of_as_such(operations: Database, settings: Settings) -> None:
    def read_on() -> None:
        with operations.read() as db:
            _cut_off(db, settings)
            db.execute(text("select 1"))

    with pytest.raises(UsageError, match="Cannot use the store"):
        read_on()


def _cut_off(db: Connection, settings: Settings) -> int:
    """End PostgreSQL's process behind a connection; returns its number."""
    process = int(db.execute(text("select pg_backend_pid()")).scalar_one())
    other = open_operations(settings.operations_address)
    with other.read() as them:
        assert them.scalar(text(f"select pg_terminate_backend({process}, 10000)"))
    other.close()
    return process
