"""The tables of a store and their history: what is there, what it should be, and who may bring it there.

A store says in ``<name>_version`` which revision of ``friction/store/migrations/<name>`` its tables have. Whoever
opens it for writing makes it or brings it up to date, alone, in one transaction; a reader never does. Alembic is
imported only when there is something to do: looking costs two short queries.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import DatabaseError

from friction.errors import UsageError
from friction.store.engine import Database, connect

STORES: Final = ("scores", "releases", "operations")


@dataclass(frozen=True, slots=True)
class Schema:
    """A store's tables.

    Attributes:
        name: one of ``STORES``.
        metadata: the tables as the code uses them.
        head: their revision, the last one in the store's folder of migrations.
        unversioned: (table, column) that tells a store of revision 0002, made before revisions were kept, from 0001;
            None where every store says its revision.
    """

    name: str
    metadata: MetaData
    head: str
    unversioned: tuple[str, str] | None = None

    @property
    def version_table(self) -> str:
        """Where the store keeps its revision."""
        return f"{self.name}_version"


def open_store(address: str, schema: Schema, *, create: bool) -> Database:
    """Open a store whose tables are those of this version.

    Args:
        address: SQLAlchemy URL.
        schema: the tables that belong there.
        create: make the tables, or bring them up to date. False for readers.

    Raises:
        UsageError: it cannot be opened, holds something else, or its tables are not those of this version.
    """
    database = connect(address, schema.name, create=create)
    with ExitStack() as undo:
        undo.callback(database.close)
        try:
            _check(database, schema, create=create)
        except DatabaseError as error:
            raise database.refusal(error) from None
        undo.pop_all()
    return database


def is_made(address: str, schema: Schema) -> bool:
    """Whether a database that is there holds the store's tables, of whatever revision.

    Raises:
        UsageError: it cannot be opened, or holds the other store.
    """
    database = connect(address, schema.name, create=False)
    try:
        with database.read() as db:
            return revision(db, schema)[0] is not None
    except DatabaseError as error:
        raise database.refusal(error) from None
    finally:
        database.close()


def _check(database: Database, schema: Schema, *, create: bool) -> None:
    with database.read() as db:
        found, is_noted = revision(db, schema)
    if found is not None and found > schema.head:
        raise UsageError(
            f"The store at {database.shown} was written by a newer friction (schema {found}; this one knows "
            f"{schema.head}). Install that version."
        )
    if create and not (found == schema.head and is_noted):
        with database.write() as db:
            _bring_up(db, schema)
    elif found is None:
        raise UsageError(
            f"{database.shown} is no friction store (no table {schema.version_table}). Run friction release first, "
            "or check [store]."
        )
    elif found < schema.head:
        raise UsageError(
            f"The store at {database.shown} was written by an earlier friction (schema {found}; this one reads "
            f"{schema.head}). Run friction release once: it brings the store up to date."
        )


def is_current(database: Database, schema: Schema) -> bool:
    """Whether a store that was opened answers and still has the tables of this version.

    Raises:
        UsageError: it cannot be reached, or holds another store.
    """
    with database.read() as db:
        return revision(db, schema) == (schema.head, True)


def revision(db: Connection, schema: Schema) -> tuple[str | None, bool]:
    """The revision of a store's tables, None where it has none yet; and whether the store itself says so.

    Raises:
        UsageError: the database holds the other store.
    """
    found = inspect(db)
    tables = set(found.get_table_names())
    for other in STORES:
        if other != schema.name and tables & {other, f"{other}_version"}:
            raise UsageError(f"[store]: the address of {schema.name} holds the store {other}; give each its own")
    if schema.version_table in tables:
        return db.scalar(text(f"select version_num from {schema.version_table}")), True  # noqa: S608
    if schema.unversioned is None or schema.name not in tables:
        return None, False
    table, column = schema.unversioned
    return ("0002" if column in {c["name"] for c in found.get_columns(table)} else "0001"), False


def _bring_up(db: Connection, schema: Schema) -> None:
    """Make, recognise or upgrade the tables. Whoever waited for another to do so finds nothing left to do."""
    from friction.store import migrations

    found, is_noted = revision(db, schema)
    if found is not None and not is_noted:
        migrations.stamp(db, schema, found)
    if found is None or found < schema.head:
        migrations.upgrade(db, schema)
