"""``POST /v1/score``: scores for its caller's own text, which is kept nowhere."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from friction.pipeline import MAX_CHARACTERS
from friction.records import Comment, Scored, TeamId
from friction.scoring import to_json
from friction.taxonomy import Pattern

from .access import Access
from .state import State, state_of

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


@router.post("/score", dependencies=[Depends(Access("score"))])
async def score(body: ScoreRequest, request: Request) -> ScoreResponse:
    """Score comments and keep nothing."""
    state = state_of(request)
    rows = await run_in_threadpool(_score, state, body.comments)
    return ScoreResponse.model_validate({"model": state.pipeline.model, "results": rows})


def _score(state: State, sent: Sequence[CommentIn]) -> list[dict[str, Any]]:
    comments: list[Comment | str] = [_comment(state, row) for row in sent]
    scores = iter(state.pipeline.score([c for c in comments if isinstance(c, Comment)]))
    model = state.pipeline.model
    return [
        to_json(next(scores) if isinstance(comment, Comment) else Scored(id=row.id, lang=None, error=comment), model)
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
