"""Many rows into a table at once, inside a writing transaction: COPY on PostgreSQL, one prepared statement on SQLite.

Errors of COPY come as those of any other statement, so that the store says them without their rows.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError


def load(db: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put rows into a table: values in the order of its columns, none of them left out.

    Raises:
        DBAPIError: as of any statement; the transaction is lost.
    """
    if not rows:
        return
    if db.dialect.name == "sqlite":
        statement = str(insert(table).compile(dialect=db.dialect))
        db.exec_driver_sql(statement, list(rows))
        return
    import psycopg

    statement = f"COPY {table.name} ({', '.join(column.name for column in table.columns)}) FROM STDIN"
    cursor = db.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True) from None
    finally:
        cursor.close()
