"""Who asked for what: key, route, subject and how it was answered, by the minute. Read by ``friction keys audit``.

Holds no text, no query and no address. Rows that are alike within a minute are one row with a count, so that a
program that asks all day makes a row a minute.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update

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
    """Add so many times of each."""
    with operations.write() as db:
        for one, times in asked.items():
            row = one._asdict()
            same = [AUDIT.c[name] == value for name, value in row.items()]
            done = db.execute(update(AUDIT).where(*same).values(times=AUDIT.c.times + times))
            if not done.rowcount:
                db.execute(insert(AUDIT).values(**row, times=times))


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
