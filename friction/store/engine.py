"""Opening a database: SQLite by default, no set-up; bound parameters never shown in errors or logs."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from friction.errors import UsageError


def open_database(address: str, metadata: MetaData, *, create: bool = True) -> Engine:
    """Connect and bring the tables up.

    Args:
        address: SQLAlchemy URL.
        metadata: the tables that belong there.
        create: False opens what is there, for readers.

    Raises:
        UsageError: the address is no URL, or the database cannot be opened.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        raise UsageError("[store]: an address must be a URL like sqlite:////path/file.sqlite") from None
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    if is_file:
        _prepare_file(Path(str(url.database)), create=create)
    engine = create_engine(url, hide_parameters=True)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        if create:
            metadata.create_all(engine)
        elif missing := set(metadata.tables) - set(inspect(engine).get_table_names()):
            raise UsageError(f"{url.render_as_string()} is no friction store (no table {min(missing)}); check [store]")
    except DatabaseError as error:
        raise UsageError(f"Cannot open the store at {url.render_as_string()}: {error.orig}") from None
    return engine


def _prepare_file(path: Path, *, create: bool) -> None:
    """A folder and a file that only their owner may read."""
    if not create:
        if not path.exists():
            raise UsageError(f"No store at {path} yet. Run friction release first.")
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise UsageError(f"Cannot write the store at {path}: {error.strerror}") from None


def _pragmas(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
