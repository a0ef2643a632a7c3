"""A pair's page: its verdict in words, its series and patterns as charts, what was done about it, and the numbers."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from .. import charts
from ..access import PageReader
from ..charts.calendar import numbered
from ..charts.series import NARROW, WIDE
from ..state import state_of
from .page import UNKNOWN, Seen, language_of, render, team_of

router = APIRouter()


@router.get("/pairs/{from_team}/{about_team}")
def pair(from_team: str, about_team: str, request: Request, caller: PageReader) -> HTMLResponse:
    """A pair's series. A pair that nothing can be said about looks the same, whatever the reason."""
    state = state_of(request)
    speaks, about = team_of(request, from_team), team_of(request, about_team)
    if speaks == about or not caller.sees(speaks.id, about.id):
        raise HTTPException(404, UNKNOWN)
    seen, language = Seen.by(caller, state), language_of(request, state)
    trend, back = seen.pair(speaks.id, about.id), seen.pair(about.id, speaks.id)
    shown: dict[str, Any] = {}
    if trend is not None:
        shown = {
            "series": [
                (name, charts.series(trend, state.directory, language, width))
                for name, width in (("wide", WIDE), ("narrow", NARROW))
            ],
            "patterns": [
                (name, chart)
                for name, width in (("wide", WIDE), ("narrow", NARROW))
                if (chart := charts.patterns(trend, state.directory, language, width)) is not None
            ],
            "numbers": {done: number for number, done in numbered(trend)},
        }
    return render(request, "pair.html", caller=caller, speaks=speaks, about=about, trend=trend, back=back, **shown)
