"""The weeks: which windows closed when, and a week's matrix of them."""

from collections import Counter

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from friction.errors import UsageError
from friction.records import Week

from .. import charts
from ..access import PageReader
from ..state import state_of
from .page import Seen, language_of, render

router = APIRouter()


@router.get("/weeks")
def weeks(request: Request, caller: PageReader) -> HTMLResponse:
    """Weeks in which a window closed, newest first."""
    seen = Seen.by(caller, state_of(request))
    closed = Counter(p.cell.last_week for t in seen.trends for p in t.points)
    return render(
        request, "weeks.html", caller=caller, closed=sorted(closed.items(), reverse=True), last_week=seen.last_week
    )


@router.get("/weeks/{week}")
def week(week: str, request: Request, caller: PageReader) -> HTMLResponse:
    """The windows that closed in a week. A week in which none did looks the same, released or not."""
    state = state_of(request)
    try:
        asked = Week.parse(week)
    except UsageError:
        raise HTTPException(404, "There is no such week.") from None
    found = [(t, p) for t in Seen.by(caller, state).trends for p in t.points if p.cell.last_week == asked]
    language = language_of(request, state)
    chart = charts.matrix([t for t, _ in found], state.directory, language, asked, only=caller.key.team)
    return render(
        request,
        "week.html",
        caller=caller,
        week=asked,
        chart=chart if found else None,
        found=found,
        names=state.directory.names,
    )
