"""A team's page: what others say of it and what it says of others, in total and by team; released cells alone."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from friction.margins import company, last_made, rate
from friction.trends import Trend

from ..access import PageReader
from ..state import State, state_of
from .page import Seen, render, team_of

router = APIRouter()
WEEKS = 13
"""A total is over this many weeks."""


@router.get("/teams")
def teams(request: Request, caller: PageReader) -> HTMLResponse:
    """Every team of the directory."""
    return render(request, "teams.html", caller=caller, teams=list(state_of(request).directory.teams.values()))


@router.get("/teams/{team}")
def team(team: str, request: Request, caller: PageReader) -> HTMLResponse:
    """A team, received and given, as far as the caller may see it."""
    state, known = state_of(request), team_of(request, team)
    seen = Seen.by(caller, state)
    others = [o for o in state.directory.teams.values() if o != known and caller.sees(o.id, known.id)]
    return render(
        request,
        "team.html",
        caller=caller,
        team=known,
        alone=caller.key.team not in (None, known.id),
        weeks=WEEKS,
        last_week=seen.last_week,
        received=_total(state, seen, [t for t in seen.trends if t.about_team == known.id]),
        given=_total(state, seen, [t for t in seen.trends if t.from_team == known.id]),
        others=[(other, seen.pair(other.id, known.id), seen.pair(known.id, other.id)) for other in others],
    )


def _total(state: State, seen: Seen, found: list[Trend]) -> dict[str, object] | None:
    """The total of the cells that closed in the last weeks; None where there are none."""
    last = seen.last_week
    if last is None:
        return None
    cells = last_made([p.cell for t in found for p in t.points], last + 1 + -WEEKS, last)
    share = rate(cells, state.errors)
    return None if share is None else {"share": share, "margin": company(cells)}
