"""What the routes answer, as OpenAPI tells it: the contract's objects, with an example of each.

Field names and their order are promises to people's scripts. Nothing is added to an answer that is not declared here.
"""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from friction.interventions import Finding
from friction.taxonomy import Pattern
from friction.trends import Verdict

_CELL: Final[dict[str, Any]] = {
    "from_team": "marketing", "about_team": "sales", "first_week": "2026-W44", "last_week": "2026-W45",
    "respondents": "20-49", "blame_rate": 0.41, "low": 0.27, "high": 0.56, "appreciation_rate": 0.1,
    "patterns": {"no_follow_through": 0.3}, "model": "friction-enfr-2", "mechanism": "rounding-3",
}  # fmt: skip
_EFFECT: Final[dict[str, Any]] = {
    "week": "2026-W40", "description": "weekly meeting with an agenda", "finding": "fell",
    "change": -0.14, "low": -0.25, "high": -0.03, "smallest_visible_change": 0.16,
    "placebo": {"change": 0.02, "low": -0.1, "high": 0.14, "smallest_visible_change": 0.17},
}  # fmt: skip
_RISE: Final[dict[str, Any]] = {"change": 0.17, "low": 0.08, "high": 0.26}
_PAIR: Final[dict[str, Any]] = {
    "from_team": "marketing", "about_team": "sales", "verdict": "falling", "change": -0.12, "low": -0.2, "high": -0.04,
    "smallest_visible_change": 0.11, "breaks": [], "cells": [_CELL], "interventions": [_EFFECT],
    "relationship_conflict": _RISE,
}  # fmt: skip
_NAMES: Final = {"from_team": "marketing", "about_team": "sales"}
_DONE: Final = _NAMES | {"week": "2026-W40", "description": "weekly meeting with an agenda", "source": "entered"}


def _like(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [example]})


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CellOut(_Model):
    """A released cell; rates are shares of those who wrote, corrected for the classifier's errors.

    They are steadied by the pair's past and by other pairs: a sudden change takes weeks to show in full, and until then
    `low` to `high` often misses the truth.
    """

    model_config = _like(_CELL)
    from_team: str
    about_team: str
    first_week: str
    last_week: str
    respondents: str
    blame_rate: float
    low: float
    high: float
    appreciation_rate: float
    patterns: dict[Pattern, float]
    model: str
    mechanism: str


class BreakOut(_Model):
    """Where another model or mechanism takes over: nothing before that week is compared with what follows."""

    week: str
    model: str
    mechanism: str


class StepOut(_Model):
    """A change of the share that holds the target responsible, with its 95 % interval.

    `smallest_visible_change` would have been found about four times out of five; null where no change would.
    """

    change: float | None
    low: float | None
    high: float | None
    smallest_visible_change: float | None


class InterventionOut(StepOut):
    """Something done about a pair, and what changed beyond what untouched pairs did meanwhile."""

    model_config = _like(_EFFECT)
    week: str
    description: str
    finding: Finding
    placebo: StepOut | None


class RiseOut(_Model):
    """How much larger the recent share of those who wrote and voice disrespect is than the earlier one; 95 % interval.

    As the classifier finds them, not corrected for its errors.
    """

    model_config = _like(_RISE)
    change: float
    low: float
    high: float


class PairOut(_Model):
    """A directed pair: verdict and cells, oldest first.

    `relationship_conflict` tells that more people voice disrespect than before, whatever the verdict on blame; null
    where no such rise can be told, which does not mean that there is none.
    """

    model_config = _like(_PAIR)
    from_team: str
    about_team: str
    verdict: Verdict
    change: float | None
    low: float | None
    high: float | None
    smallest_visible_change: float | None
    breaks: list[BreakOut]
    cells: list[CellOut]
    interventions: list[InterventionOut]
    relationship_conflict: RiseOut | None


class PairsOut(_Model):
    """Released pairs by name, each with its latest cell only; `next` is the next page's cursor, null on the last."""

    model_config = _like({"pairs": [_PAIR], "next": "marketing/sales"})
    pairs: list[PairOut]
    next: str | None


class WeekListed(_Model):
    """A week, and how many cells closed in it."""

    week: str
    cells: int


class WeeksOut(_Model):
    """Weeks in which cells closed, oldest first. `next` is the cursor of the next page; null on the last."""

    model_config = _like({"weeks": [{"week": "2026-W45", "cells": 12}], "next": "2026-W45"})
    weeks: list[WeekListed]
    next: str | None


class WeekOut(_Model):
    """The cells that closed in a week, by pair."""

    model_config = _like({"week": "2026-W45", "cells": [_CELL]})
    week: str
    cells: list[CellOut]


class PairName(_Model):
    """A directed pair: who speaks, and about whom."""

    from_team: str
    about_team: str


class DigestOut(_Model):
    """What a week's digest tells: pairs that rose or fell, the largest first; those that are steady; the rest.

    `relationship_conflict` names those in which it rises, whatever the verdict on blame.
    """

    model_config = _like(
        {
            "week": "2026-W45", "subject": "friction 2026-W45: Marketing → Sales falling", "changes": [_PAIR],
            "steady": [], "cannot_tell": [{"from_team": "support", "about_team": "it"}],
            "relationship_conflict": [_NAMES],
        }
    )  # fmt: skip
    week: str
    subject: str
    changes: list[PairOut]
    steady: list[PairName]
    cannot_tell: list[PairName]
    relationship_conflict: list[PairName]


class DoneOut(PairName):
    """Something done about a pair from a week on, and whether it stands in the configuration or was entered."""

    model_config = _like(_DONE)
    week: str
    description: str
    source: Literal["configuration", "entered"]


class DoneListOut(_Model):
    """What was done about pairs, oldest first. `next` is the cursor of the next page; null on the last."""

    model_config = _like({"interventions": [_DONE], "next": "2026-W40/marketing/sales"})
    interventions: list[DoneOut]
    next: str | None
