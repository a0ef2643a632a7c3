"""``GET /v1/pairs``: every released pair with its latest cell; ``/v1/pairs/{from}/{about}``: one with its series."""

from collections.abc import Sequence

from fastapi import APIRouter, HTTPException, Request, Response

from friction.report import to_json
from friction.trends import Trend

from ..access import Reader
from ..answers import Body, answer, made, view_of
from ..state import state_of
from .parameters import MOST, Limit, OtherTeamPath, PairCursor, TeamPath, page
from .shapes import PairOut, PairsOut

router = APIRouter(tags=["released cells"])


@router.get("/pairs", response_model=PairsOut)
async def pairs(request: Request, caller: Reader, limit: Limit = MOST, cursor: PairCursor = None) -> Response:
    """Every released pair: latest cell and verdict. A page of them where there are more than `limit`."""
    view = await view_of(request)
    key = ("pairs", caller.key.team, limit, cursor)
    return answer(request, await made(view, key, lambda: _pairs(caller.seen(view.trends), limit, cursor)))


def _pairs(found: Sequence[Trend], limit: int, cursor: str | None) -> Body:
    shown, following = page(found, lambda trend: trend.pair, limit, cursor)
    pairs = [PairOut(**to_json(trend, latest_only=True)) for trend in shown]
    return Body.of(PairsOut(pairs=pairs, next=following).model_dump_json())


@router.get("/pairs/{from_team}/{about_team}", response_model=PairOut)
async def pair(from_team: TeamPath, about_team: OtherTeamPath, request: Request, caller: Reader) -> Response:
    """A pair's series, oldest cell first, its verdict, and what interventions changed.

    A pair that nothing can be said about has no cells, whatever the reason.
    """
    view = await view_of(request)
    trend, teams = view.pair(from_team, about_team), state_of(request).directory.teams
    is_known = bool(trend.points) or (from_team in teams and about_team in teams and from_team != about_team)
    if not (is_known and caller.sees(from_team, about_team)):
        raise HTTPException(404, "There is no such pair of teams in the directory.")
    return answer(request, await made(view, ("pair", from_team, about_team), lambda: _pair(trend)))


def _pair(trend: Trend) -> Body:
    return Body.of(PairOut(**to_json(trend)).model_dump_json())
