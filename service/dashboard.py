"""The first page: the matrix of pairs. Server-rendered; reads without JavaScript; knows released cells only."""

from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from friction.disclosure import band
from friction.records import TeamId
from friction.trends import Trend

from .access import PageReader
from .state import State

router = APIRouter(include_in_schema=False)
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters |= {"percent": lambda v: f"{v:.0%}", "signed": lambda v: f"{v:+.0%}", "band": band}


def _shade(trend: Trend) -> str:
    """A step of the colour scale; the number stands beside it, so colour carries nothing alone."""
    return f"step-{min(int(trend.points[-1].blame.value * 5), 4)}"


templates.filters["shade"] = _shade


@router.get("/", response_class=HTMLResponse)
def matrix(request: Request, caller: PageReader) -> HTMLResponse:
    """Who speaks about whom, and how the latest window stands."""
    state: State = request.app.state.friction
    view = state.view()
    found = {(t.from_team, t.about_team): t for t in caller.seen(view.trends)}
    page = templates.get_template("matrix.html").render(
        teams=list(state.directory.teams.values()), trends=found, last_week=view.last_week, caller=caller
    )
    return HTMLResponse(page)


@router.get("/pairs/{from_team}/{about_team}", response_class=HTMLResponse)
def pair(from_team: str, about_team: str, request: Request, caller: PageReader) -> HTMLResponse:
    """A pair's series as a table."""
    state: State = request.app.state.friction
    teams = state.directory.teams
    known = from_team in teams and about_team in teams and from_team != about_team
    if not (known and caller.sees(from_team, about_team)):
        raise HTTPException(404, "There is no such pair of teams in the directory.")
    trend = state.view().pair(from_team, about_team)
    page = templates.get_template("pair.html").render(
        speaks=teams[TeamId(from_team)],
        spoken_of=teams[TeamId(about_team)],
        trend=trend if trend.points else None,
        caller=caller,
    )
    return HTMLResponse(page)
