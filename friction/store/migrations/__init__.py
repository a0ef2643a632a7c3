"""The history of each store's tables, run by Alembic inside the transaction of whoever opens the store for writing.

A change of tables is a new file in the folder of its store, numbered on, and the new number in the store's
``Schema``. ``tests/store/test_migrations.py`` fails where tables and history differ, and says in what.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from friction.store.schema import Schema


def upgrade(db: Connection, schema: Schema, revision: str = "head") -> None:
    """Bring a store's tables up to a revision."""
    command.upgrade(configuration(db, schema), revision)


def stamp(db: Connection, schema: Schema, revision: str) -> None:
    """Note that a store's tables are those of a revision, without touching them."""
    command.stamp(configuration(db, schema), revision)


def configuration(db: Connection, schema: Schema) -> Config:
    """What Alembic needs to know to work in an open transaction."""
    here = str(Path(__file__).parent).replace("%", "%%")
    config = Config(attributes={"connection": db, "schema": schema})
    config.set_main_option("script_location", here)
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{here}/{schema.name}")
    return config
