"""Routes under ``/v1``: released pairs for people, and the scoring endpoint for its caller's own text."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from friction.interventions import Finding
from friction.pipeline import MAX_CHARACTERS
from friction.records import Comment, Scored, TeamId
from friction.report import read_trends, to_json
from friction.scoring import to_json as scored_json
from friction.taxonomy import Pattern
from friction.trends import Trend, Verdict

from .state import State

MAX_COMMENTS = 500
router = APIRouter(prefix="/v1")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CommentIn(_Model):
    """A comment to score. Teams are ids, names or aliases of the directory."""

    id: Annotated[str, StringConstraints(max_length=200)] | None = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CHARACTERS)]
    from_team: Annotated[str, StringConstraints(max_length=200)] | None = None
    about_team: Annotated[str, StringConstraints(max_length=200)] | None = None


class ScoreRequest(_Model):
    """Comments to score."""

    comments: Annotated[list[CommentIn], Field(min_length=1, max_length=MAX_COMMENTS)]


class EvidenceOut(_Model):
    """Characters of the text as sent that carry the blame, and the share of it that they carry."""

    start: int
    end: int
    weight: float


class TargetOut(_Model):
    """Scores of one target."""

    team: str
    blame: float
    appreciation: float
    blamed: bool
    appreciated: bool
    patterns: dict[Pattern, float]
    labels: list[Pattern]
    evidence: list[EvidenceOut]


class _RowOut(_Model):
    id: str | None
    lang: Literal["en", "fr"] | None
    model: str


class ScoredOut(_RowOut):
    """A scored comment, as ``friction score`` prints it."""

    targets: list[TargetOut]


class FailedOut(_RowOut):
    """A comment that could not be scored: ``error`` stands in the place of ``targets``."""

    error: str


class ScoreResponse(_Model):
    """Results in the order of the request."""

    model: str
    results: list[ScoredOut | FailedOut]


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


def _state(request: Request) -> State:
    state: State = request.app.state.friction
    return state


@router.post("/score")
async def score(body: ScoreRequest, request: Request) -> ScoreResponse:
    """Score comments and keep nothing."""
    state = _state(request)
    rows = await run_in_threadpool(_score, state, body.comments)
    return ScoreResponse.model_validate({"model": state.pipeline.model, "results": rows})


def _score(state: State, sent: Sequence[CommentIn]) -> list[dict[str, Any]]:
    comments: list[Comment | str] = [_comment(state, row) for row in sent]
    scores = iter(state.pipeline.score([c for c in comments if isinstance(c, Comment)]))
    model = state.pipeline.model
    return [
        scored_json(
            next(scores) if isinstance(comment, Comment) else Scored(id=row.id, lang=None, error=comment), model
        )
        for row, comment in zip(sent, comments, strict=True)
    ]


def _comment(state: State, row: CommentIn) -> Comment | str:
    """The comment, or the reason why it cannot be scored."""
    teams: dict[str, TeamId | None] = {}
    for column, name in (("from_team", row.from_team), ("about_team", row.about_team)):
        teams[column] = state.pipeline.targets.resolve(name) if name else None
        if name and teams[column] is None:
            return f"unknown team in {column}"
    if not row.text.strip():
        return "the text is empty"
    return Comment(text=row.text, id=row.id, from_team=teams["from_team"], about_team=teams["about_team"])


@router.get("/pairs")
def pairs(request: Request) -> PairsOut:
    """Every released pair: latest cell and verdict."""
    state = _state(request)
    found = read_trends(state.releases, state.interventions())
    return PairsOut(pairs=[PairOut(**to_json(t, latest_only=True)) for t in found])


@router.get("/pairs/{from_team}/{about_team}")
def pair(from_team: str, about_team: str, request: Request) -> PairOut:
    """A pair's series and verdict. A pair that nothing can be said about has no cells, whatever the reason."""
    state = _state(request)
    if from_team not in state.directory.teams or about_team not in state.directory.teams or from_team == about_team:
        raise HTTPException(404, "There is no such pair of teams in the directory.")
    found = [
        t
        for t in read_trends(state.releases, state.interventions())
        if (t.from_team, t.about_team) == (from_team, about_team)
    ]
    return PairOut(**to_json(found[0] if found else Trend(TeamId(from_team), TeamId(about_team), ())))
