"""Routes under ``/v1`` that read releases: pairs, for people."""

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict

from friction.interventions import Finding
from friction.report import to_json
from friction.taxonomy import Pattern
from friction.trends import Verdict

from .access import Reader
from .state import state_of

router = APIRouter(prefix="/v1")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CellOut(_Model):
    """A released cell; rates are shares of those who wrote, corrected for the classifier's errors."""

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
    """A change of the share that holds the target responsible, with its 95 % interval."""

    change: float | None
    low: float | None
    high: float | None
    smallest_visible_change: float | None


class InterventionOut(StepOut):
    """Something done about a pair, and what changed beyond what untouched pairs did meanwhile."""

    week: str
    description: str
    finding: Finding
    placebo: StepOut | None
    untouched_pairs: int


class PairOut(_Model):
    """A directed pair: verdict and cells, oldest first."""

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


class PairsOut(_Model):
    """Every released pair, each with its latest cell only."""

    pairs: list[PairOut]


@router.get("/pairs")
def pairs(request: Request, caller: Reader) -> PairsOut:
    """Every released pair: latest cell and verdict."""
    state = state_of(request)
    found = caller.seen(state.trends())
    return PairsOut(pairs=[PairOut(**to_json(t, latest_only=True)) for t in found])


@router.get("/pairs/{from_team}/{about_team}")
def pair(from_team: str, about_team: str, request: Request, caller: Reader) -> PairOut:
    """A pair's series and verdict. A pair that nothing can be said about has no cells, whatever the reason."""
    state = state_of(request)
    teams = state.directory.teams
    known = from_team in teams and about_team in teams and from_team != about_team
    if not (known and caller.sees(from_team, about_team)):
        raise HTTPException(404, "There is no such pair of teams in the directory.")
    return PairOut(**to_json(state.view().pair(from_team, about_team)))
