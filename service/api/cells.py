"""``GET /v1/cells.csv``: every released cell, for a spreadsheet."""

from collections.abc import AsyncIterator
from itertools import islice

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from friction.report import csv_lines

from ..access import Reader
from ..answers import Body, answer, made, stream, view_of

CSV = "text/csv; charset=utf-8"
_AT_ONCE = 500
"""Lines that are made and sent together, so that no thread is held for long."""
router = APIRouter(tags=["released cells"])


@router.get(
    "/cells.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "One cell a line."}},
)
async def cells(request: Request, caller: Reader) -> Response:
    """Every released cell, one a line, with its pair's verdict. No value can start a formula."""
    view = await view_of(request)
    team = caller.key.team
    if team is not None:  # few lines; and a tag of their own, that tells nothing of other pairs
        whole = await made(view, ("cells", team), lambda: Body.of("".join(csv_lines(caller.seen(view.trends))), CSV))
        return answer(request, whole)

    async def lines() -> AsyncIterator[str]:
        rest = csv_lines(view.trends)
        while some := await run_in_threadpool(lambda: list(islice(rest, _AT_ONCE))):
            yield "".join(some)

    return stream(request, lines, CSV, f'"{view.tag}"')
