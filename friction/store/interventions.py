"""Interventions that people entered; those of the configuration file stand there (``friction.settings``)."""

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError as Taken

from friction.errors import UsageError
from friction.records import Intervention, TeamId, Week
from friction.store.engine import Database
from friction.store.operations import INTERVENTIONS


def add(operations: Database, intervention: Intervention) -> None:
    """Keep an intervention.

    Raises:
        UsageError: the pair has one in that week already.
    """
    row = {
        "from_team": intervention.from_team,
        "about_team": intervention.about_team,
        "week": intervention.week.index,
        "description": intervention.description,
    }
    with operations.write() as db:
        try:
            db.execute(insert(INTERVENTIONS).values(row))
        except Taken:
            raise UsageError(
                f"This pair has an intervention in {intervention.week} already; tell both in one description"
            ) from None


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
