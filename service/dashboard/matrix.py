"""The first page: the matrix of pairs, what changed, and every pair in numbers."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from friction.verdicts import RECENT_WEEKS

from .. import charts
from ..access import PageReader
from ..state import state_of
from .page import Seen, language_of, render

router = APIRouter()


@router.get("/")
def matrix(request: Request, caller: PageReader) -> HTMLResponse:
    """Who speaks about whom, and how the latest window stands."""
    state = state_of(request)
    seen, directory = Seen.by(caller, state), state.directory
    found, week, language = seen.trends, seen.last_week, language_of(request, state)
    shown = {t.pair for t in found}
    moved = [t for t in found if t.is_news]
    return render(
        request,
        "matrix.html",
        caller=caller,
        chart=charts.matrix(found, directory, language, only=caller.key.team) if found else None,
        found=found,
        moved=sorted(moved, key=lambda t: (t.relationship_conflict is None, -abs(t.change or 0.0))),
        is_first=week is not None and all(week - t.points[0].cell.last_week < RECENT_WEEKS for t in found),
        names=directory.names,
        silent=sum(caller.sees(*pair) and pair not in shown for pair in directory.pairs),
        last_week=week,
    )
