"""Who asked for what: key, route, subject and how it was answered, by the minute. Read by ``friction keys audit``.

Holds no text, no query and no address. Rows that are alike within a minute are one row with a count, so that a
program that asks all day makes a row a minute.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import JSON, bindparam, cast, column, delete, func, select, true

from friction.store.engine import Database
from friction.store.operations import AUDIT

MINUTE = 60


class Asked(NamedTuple):
    """Somebody asked for something.

    Attributes:
        minute: its first second, since 1970.
        key: the id of the key.
        route: method and path of the route, its parameters by name.
        subject: the pair, week or batch, once the route knew it to be one; else nothing.
        status: of the answer.
    """

    minute: int
    key: str
    route: str
    subject: str
    status: int


def note(operations: Database, asked: Mapping[Asked, int]) -> None:
    """Add so many times of each.

    One statement takes them all, as JSON: the database does the work, and answers of other threads go on meanwhile.
    A statement for each of some hundred rows keeps the interpreter busy for a tenth of a second.
    """
    if operations.is_sqlite:
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]  # the same methods
    each = func.json_each if operations.is_sqlite else func.json_array_elements
    row = each(bindparam("told", type_=JSON)).table_valued(column("value", JSON)).c.value
    values = [cast(row[place].as_string(), of.type) for place, of in enumerate(AUDIT.c)]
    added = insert(AUDIT).from_select(list(AUDIT.c), select(*values).where(true()))
    counted = added.on_conflict_do_update(
        index_elements=list(AUDIT.primary_key), set_={"times": AUDIT.c.times + added.excluded.times}
    )
    with operations.write() as db:
        db.execute(counted, {"told": [[*one, times] for one, times in asked.items()]})


def told(operations: Database, *, key: str | None = None, since: int = 0) -> list[tuple[Asked, int]]:
    """What was asked and how many times, oldest first.

    Args:
        operations: the store.
        key: by this key only.
        since: from this second on.
    """
    chosen = select(AUDIT).where(AUDIT.c.minute >= since).order_by(*AUDIT.primary_key.columns)
    if key is not None:
        chosen = chosen.where(AUDIT.c.key == key)
    with operations.read() as db:
        return [(Asked(*row[:-1]), row.times) for row in db.execute(chosen)]


def forget(operations: Database, before: int) -> None:
    """Delete what is older than a second since 1970."""
    with operations.write() as db:
        db.execute(delete(AUDIT).where(AUDIT.c.minute < before))
