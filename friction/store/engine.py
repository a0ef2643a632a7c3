"""One store's database: SQLite by default, without set-up, or PostgreSQL. The same promises on both.

- A writing transaction has the store to itself from its first statement to its commit; whoever else wants to write
  waits. SQLite: ``BEGIN IMMEDIATE``. PostgreSQL: an advisory lock of the transaction, since it also guards the moment
  before the first table is there, needs no right on any row, and goes with the connection when a process is killed.
  Statements see what was committed before they began (read committed): a snapshot taken before the lock would be old.
- A reading transaction sees one state of the store, and keeps no writer waiting.
- No error and no log shows a bound parameter or a password.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree

from friction.errors import UsageError
from friction.locks import waited_for

PATIENCE: Final = 600
"""Seconds that a writer waits for another: as long as a very large file may take."""
CONNECTIONS: Final = 15
"""To a database, from one process, at most; each stays open, since to open one takes longer than to read."""
QUEUE: Final = 10
"""Seconds that a thread waits for one of them: where the database hangs, none comes back."""
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={PATIENCE * 1000}",
    "foreign_keys=ON",
    "secure_delete=ON",
)
_TAKES_WRITES: Final = "select not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off'"
BETWEEN_CUTS: Final = 0.05
"""Seconds."""


class Database:
    """An open database.

    Attributes:
        shown: its address as messages may show it, without a password.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self.shown = engine.url.render_as_string()

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that has the store to itself; commits at the end, or nothing of it happened.

        Raises:
            UsageError: the database cannot be reached or is lost on the way, its disk is full, or another process has
                written for ``PATIENCE`` seconds.
        """
        with self._connected() as db:
            with self._said():
                transaction = db.execution_options(alone=True).begin()
                if not self.is_sqlite:
                    db.execute(text(f"set local lock_timeout = '{PATIENCE}s'"))
                    key = f"pg_advisory_xact_lock(hashtextextended(current_schema() || '.friction.{self._name}', 0))"
                    db.execute(text(f"select {key}"))
            with self._said(OperationalError), transaction:
                yield db

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store.

        Raises:
            UsageError: the database cannot be reached, or is lost on the way.
        """
        with self._connected() as db:
            if not self.is_sqlite:
                db.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with self._said(OperationalError):
                yield db

    def takes_writes(self) -> bool:
        """Whether what is written would be taken: a standby, or a database or file that is set read only, takes none.

        Raises:
            UsageError: the database cannot be reached, or is lost on the way.
        """
        if self.is_sqlite:
            return os.access(str(self._engine.url.database), os.W_OK)
        with self.read() as db:
            return bool(db.scalar(text(_TAKES_WRITES)))

    @contextmanager
    def alone(self, task: str) -> Iterator[None]:
        """At most one process at a time is in here, for one task; others wait. A process that dies leaves it at once.

        Nothing is written meanwhile but what is written by ``write``. SQLite: a lock of the operating system on a file
        beside the store; PostgreSQL: an advisory lock of the session.

        Args:
            task: what is done, one word.

        Raises:
            UsageError: the database cannot be reached, or the file not be made.
        """
        if self.is_sqlite:
            with waited_for(Path(f"{self._engine.url.database}.{task}-lock")):
                yield
            return
        with self._connected() as db:
            db.execution_options(isolation_level="AUTOCOMMIT")
            key = f"hashtextextended(current_schema() || '.friction.{self._name}.{task}', 0)"
            with self._said(OperationalError):
                db.execute(text(f"select pg_advisory_lock({key})"))
            try:
                yield
            finally:
                db.invalidate()  # a pooled connection would keep the lock

    def scrub(self, *tables: str) -> None:
        """Leave nothing in the files of what was deleted from these tables; without one, only cut SQLite's log.

        SQLite overwrites what is deleted (``secure_delete``), but not always what it moved from one page to another
        before, until the file is written anew; its write-ahead log keeps earlier pages until it is cut. PostgreSQL
        keeps deleted rows until a table is written anew. Costs what is left, on SQLite in memory too.

        Raises:
            UsageError: the database cannot be reached or is lost on the way, its disk is full, or another is at work.
        """
        with self._connected() as db, self._said(OperationalError):
            db.execution_options(isolation_level="AUTOCOMMIT")
            if not self.is_sqlite:
                for table in tables:
                    db.exec_driver_sql(f"VACUUM (FULL) {table}")
                return
            if tables:
                _write_anew(db)
            if not _cut(db) and tables:
                raise UsageError(f"Another friction process is reading {self.shown}. Try again when it is done.")

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._said():
                db = self._engine.connect()
        except NoneFree:
            raise UsageError(f"Cannot use the store at {self.shown}: every connection to it is busy") from None
        try:
            yield db
        finally:
            with suppress(DatabaseError):  # a database that is gone: what it did is done, and why it did not is said
                db.close()

    @contextmanager
    def _said(self, kind: type[DatabaseError] = DatabaseError) -> Iterator[None]:
        try:
            yield
        except kind as error:
            raise self.refusal(error) from None

    def refusal(self, error: DatabaseError) -> UsageError:
        """What to say when the database does not let us in."""
        why = str(error.orig).strip().split("\n")[0]
        if "locked" in why or "lock timeout" in why:
            return UsageError(f"Another friction process is writing to {self.shown}. Try again when it is done.")
        return UsageError(f"Cannot use the store at {self.shown}: {why}")


def connect(address: str, name: str, *, create: bool) -> Database:
    """Reach for a database. No table is touched yet.

    Args:
        address: SQLAlchemy URL.
        name: the store, for its lock.
        create: False opens what is there, for readers.

    Raises:
        UsageError: the address is none, the driver is not installed, or a file cannot be read or made.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        raise UsageError("[store]: an address must be a URL like sqlite:////path/file.sqlite") from None
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise UsageError(f"[store]: {kind} is not a database that friction knows; use sqlite or postgresql")
    if kind == "postgresql" and url.drivername == kind:
        url = url.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and url.database not in (None, "", ":memory:"):
        _prepare_file(Path(str(url.database)), create=create)
    return Database(_engine(url), name)


def _engine(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            poolclass=QueuePool,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=QUEUE,
            pool_pre_ping=url.get_backend_name() != "sqlite",
        )
    except NoSuchModuleError:
        raise UsageError(
            f"[store]: {url.drivername} is not a driver that friction knows; write postgresql://"
        ) from None
    except ModuleNotFoundError:
        raise UsageError(
            "[store]: PostgreSQL needs its driver. Install it with: pip install 'friction[postgres]'"
        ) from None
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare_file(path: Path, *, create: bool) -> None:
    """A folder and a file that only their owner may read.

    A file that is there is left to SQLite: to close a descriptor of it here would drop the locks of this process's open
    connections (POSIX), whereupon another process may delete the write-ahead log that they still read and write.
    """
    if not create:
        try:
            path.stat()
        except FileNotFoundError:
            raise UsageError(f"No store at {path} yet. Run friction release first.") from None
        except OSError as error:
            raise UsageError(f"Cannot open the store at {path}: {error.strerror}") from None
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise UsageError(f"Cannot open the store at {path}: {error.strerror}") from None


def _pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)  # one file, one store
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _write_anew(db: Connection) -> None:
    """By way of memory: by way of a temporary file, SQLite would leave what is in the store in another folder."""
    file: Any = db.connection.dbapi_connection
    file.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)  # what it writes
    try:
        for command in ("PRAGMA temp_store=MEMORY", "VACUUM", "PRAGMA temp_store=DEFAULT"):
            db.exec_driver_sql(command)
    finally:
        file.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)


def _cut(db: Connection) -> bool:
    """Whether the log could be cut. SQLite waits for readers and writers itself, but for no other that is cutting."""
    until = monotonic() + PATIENCE
    while db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar():
        if monotonic() > until:
            return False
        sleep(BETWEEN_CUTS)
    return True


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("alone") else "BEGIN")
