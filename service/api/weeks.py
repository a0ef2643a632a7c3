"""``GET /v1/weeks``: weeks in which cells closed; ``/v1/weeks/{week}``: those cells, the matrix of the week.

A week is listed because a cell closed in it, and for nothing else: a week without one says nothing (rule 12).
"""

from collections import Counter
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from friction.records import Week
from friction.report import cell_json
from friction.trends import Trend

from ..access import Reader
from ..answers import Body, answer, made, view_of
from .parameters import MOST, Limit, WeekCursor, WeekPath, page, released_week
from .shapes import CellOut, WeekListed, WeekOut, WeeksOut

router = APIRouter(tags=["released cells"])


@router.get("/weeks", response_model=WeeksOut)
async def weeks(request: Request, caller: Reader, limit: Limit = MOST, cursor: WeekCursor = None) -> Response:
    """Weeks in which cells closed, oldest first, and how many."""
    view = await view_of(request)
    key = ("weeks", caller.key.team, limit, cursor)
    return answer(request, await made(view, key, lambda: _weeks(caller.seen(view.trends), limit, cursor)))


def _weeks(found: Sequence[Trend], limit: int, cursor: str | None) -> Body:
    closed = Counter(str(point.cell.last_week) for trend in found for point in trend.points)
    shown, following = page(sorted(closed), lambda week: (week,), limit, cursor)
    listed = [WeekListed(week=week, cells=closed[week]) for week in shown]
    return Body.of(WeeksOut(weeks=listed, next=following).model_dump_json())


@router.get("/weeks/{week}", response_model=WeekOut)
async def week(request: Request, caller: Reader, week: WeekPath) -> Response:
    """The cells that closed in a week, by pair. None is an answer too, of a quiet week.

    Weeks before the first cell that the key may see, and those that are not released yet, are not found.
    """
    view = await view_of(request)
    asked = released_week(week, view, caller)
    key = ("week", caller.key.team, asked)
    return answer(request, await made(view, key, lambda: _week(caller.seen(view.trends), asked)))


def _week(found: Sequence[Trend], week: Week) -> Body:
    closed = [point for trend in found for point in trend.points if point.cell.last_week == week]
    return Body.of(WeekOut(week=str(week), cells=[CellOut(**cell_json(p)) for p in closed]).model_dump_json())
