"""Interventions that people entered; those of the configuration file stand there (``friction.settings``)."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError as Taken

from friction.errors import UsageError
from friction.records import Intervention, TeamId, Week
from friction.store.engine import Database
from friction.store.operations import INTERVENTIONS

MOST: Final = 200
"""Interventions that may be entered: each is reckoned anew with every release."""


class NotTaken(UsageError):
    """An intervention cannot be kept beside those that are there."""


def add(operations: Database, intervention: Intervention, *, team: TeamId | None = None) -> None:
    """Keep an intervention.

    Args:
        operations: the store.
        intervention: on any pair.
        team: count its pairs alone towards ``MOST``: whoever is bound to it must not learn what was done elsewhere.

    Raises:
        NotTaken: the pair has one in that week already, or there are ``MOST``.
    """
    row = {**_key(intervention), "description": intervention.description}
    counted = select(func.count()).select_from(INTERVENTIONS)
    if team is not None:
        counted = counted.where(or_(INTERVENTIONS.c.from_team == team, INTERVENTIONS.c.about_team == team))
    with operations.write() as db:
        if (db.scalar(counted) or 0) >= MOST:
            raise NotTaken(f"There are {MOST} interventions; remove one that is long past")
        try:
            db.execute(insert(INTERVENTIONS).values(row))
        except Taken:
            raise NotTaken(
                f"This pair has an intervention in {intervention.week} already; tell both in one description"
            ) from None


def remove(operations: Database, intervention: Intervention) -> bool:
    """Forget an intervention that was entered; False where there is none of that pair and week."""
    with operations.write() as db:
        done = db.execute(delete(INTERVENTIONS).filter_by(**_key(intervention)))
    return bool(done.rowcount)


def _key(intervention: Intervention) -> dict[str, str | int]:
    return {
        "from_team": intervention.from_team,
        "about_team": intervention.about_team,
        "week": intervention.week.index,
    }


def entered(operations: Database) -> list[Intervention]:
    """Every intervention that was entered, oldest first."""
    with operations.read() as db:
        rows = db.execute(select(INTERVENTIONS)).all()
    found = (Intervention(TeamId(r.from_team), TeamId(r.about_team), Week(r.week), r.description) for r in rows)
    return sorted(found, key=lambda i: (i.week, i.from_team, i.about_team))


def together(configured: Iterable[Intervention], operations: Database) -> tuple[Intervention, ...]:
    """Those of the configuration and those entered; of two in one week of a pair, the configuration's."""
    found = {(i.from_team, i.about_team, i.week): i for i in (*entered(operations), *configured)}
    return tuple(found.values())
