"""``POST /v1/score``: scores for its caller's own text, which is kept nowhere."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from friction.pipeline import MAX_CHARACTERS
from friction.records import Comment, Scored, TeamId
from friction.scored_rows import to_json
from friction.taxonomy import Pattern

from .access import Access, KeyFirst
from .metrics import metrics_of
from .queue import Refused, queue_of
from .state import State, state_of

MAX_COMMENTS: Final = 500
FEW: Final = 16
"""Comments that are read and written at once without another thread."""
GONE: Final = 499
"""What the log says of a request whose client did not wait (nginx's code; nobody receives it)."""
_HALF: Final = re.compile(r"[\ud800-\udfff]")
"""Half a character: JSON can write it, and no text has it."""
_SAID: Final = {
    "full": "More waits to be scored than can be in good time. Ask again after Retry-After seconds.",
    "away": "What scores has ended, and is started again. Ask again after Retry-After seconds.",
    "closing": "The service is about to stop. What it took before is still answered; ask again.",
}
Result = TypeVar("Result")
router = APIRouter(prefix="/v1", route_class=KeyFirst)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CommentIn(_Model):
    """A comment to score. Teams are ids, names or aliases of the directory.

    A text that is empty, not valid Unicode or longer than the pipeline takes is an error of its row, and keeps no other
    from its scores.
    """

    id: Annotated[str, StringConstraints(max_length=200)] | None = None
    text: str
    from_team: Annotated[str, StringConstraints(max_length=200)] | None = None
    about_team: Annotated[str, StringConstraints(max_length=200)] | None = None


class ScoreRequest(_Model):
    """Comments to score."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"comments": [{"id": "m-017", "text": "Marketing never answers us.", "from_team": "sales"}]}]
        }
    )
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


@router.post("/score", response_model=ScoreResponse, dependencies=[Depends(Access("score"))])
async def score(body: ScoreRequest, request: Request) -> Response:
    """Score comments and keep nothing."""
    state, queue, metrics = state_of(request), queue_of(request), metrics_of(request)
    comments = await _off_the_loop(body, lambda: [_comment(state, row) for row in body.comments])
    try:
        scored = await _unless_gone(request, queue.score([c for c in comments if isinstance(c, Comment)]))
    except Refused as refusal:
        metrics.refused(refusal.reason)
        raise HTTPException(503, _SAID[refusal.reason], {"Retry-After": str(refusal.after)}) from None
    if scored is None:
        metrics.refused("gone")
        return Response(status_code=GONE)
    metrics.answered(len(comments))
    answer = await _off_the_loop(body, lambda: _answer(body.comments, comments, scored, state.pipeline.model))
    return Response(answer, media_type="application/json")


async def _off_the_loop(body: ScoreRequest, work: Callable[[], Result]) -> Result:
    """The work's result; that of a large request is left to another thread, and keeps nobody waiting."""
    return work() if len(body.comments) <= FEW else await run_in_threadpool(work)


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result | None:
    """The work's result; None, and the work is cancelled, once the client has gone."""
    # once the body is read, the only message that comes is that the client has gone
    tasks = working, _ = asyncio.ensure_future(work), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in tasks:
            task.cancel()


def _answer(
    sent: Sequence[CommentIn], comments: Sequence[Comment | str], scored: Sequence[Scored], model: str
) -> bytes:
    """The ``ScoreResponse``; tests hold it to its shape, which would take as long again to check each time."""
    scores = iter(scored)
    results = [
        to_json(next(scores) if isinstance(comment, Comment) else Scored(id=row.id, lang=None, error=comment), model)
        for row, comment in zip(sent, comments, strict=True)
    ]
    return json.dumps({"model": model, "results": results}, ensure_ascii=False).encode()


def _comment(state: State, row: CommentIn) -> Comment | str:
    """The comment, or the reason why it cannot be scored."""
    teams: dict[str, TeamId | None] = {}
    for column, name in (("from_team", row.from_team), ("about_team", row.about_team)):
        teams[column] = state.pipeline.targets.resolve(name) if name else None
        if name and teams[column] is None:
            return f"unknown team in {column}"
    if not row.text.strip():
        return "the text is empty"
    if _HALF.search(row.text):
        return "the text is not valid Unicode"
    if len(row.text) > MAX_CHARACTERS:  # told here, since the queue weighs a text by its length
        return f"the comment is longer than {MAX_CHARACTERS} characters"
    return Comment(text=row.text, id=row.id, from_team=teams["from_team"], about_team=teams["about_team"])
