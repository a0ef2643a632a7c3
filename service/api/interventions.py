"""``/v1/interventions``: what was done about pairs. Its measured effect comes with the pair.

A description is the operators' own text, shown to everybody who may see the pair: a line, of limited length, without
characters that would move other text. It is kept in the operations store and in no log.
"""

import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from friction.records import DESCRIPTION, LONGEST, MISDATED, Intervention, TeamId, misdated
from friction.store.interventions import NotTaken

from ..access import Administrator, Caller, KeyFirst, Reader
from ..answers import Body, answer
from ..state import State, state_of
from ..trail import about, subject_of
from .parameters import MOST, DateText, DoneCursor, Limit, OtherTeamPath, TeamPath, WeekPath, page, week_of
from .shapes import DoneListOut, DoneOut

router = APIRouter(tags=["interventions"], route_class=KeyFirst)
_PAIR: Final[dict[str, Any]] = {"from_team": "sales", "about_team": "marketing"}
_GONE: Final = "There is no such intervention."


class InterventionIn(BaseModel):
    """Something done about a pair. Teams are ids; `date` is a day, or an ISO week: its week is what counts."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                _PAIR | {"date": "2026-W16", "description": "weekly meeting with an agenda"},
                _PAIR | {"date": "2026-03-04", "description": "one queue for both teams"},
            ]
        },
    )
    from_team: Annotated[str, Field(max_length=64)]
    about_team: Annotated[str, Field(max_length=64)]
    date: DateText
    description: Annotated[
        str,
        StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=LONGEST, pattern=DESCRIPTION),
    ]

    def read(self) -> Intervention:
        """The intervention.

        Raises:
            HTTPException: 404, the calendar has no such week or day.
            RequestValidationError: it is too far from now.
        """
        week = week_of(self.date)
        if (wrong := misdated(week, datetime.date.today())) is not None:
            said = f"It is {MISDATED[wrong]}; send the day or the week in which it began"
            raise RequestValidationError([{"type": wrong, "loc": ("body", "date"), "msg": said}])
        return Intervention(TeamId(self.from_team), TeamId(self.about_team), week, self.description)


@router.get("/interventions", response_model=DoneListOut)
def listed(request: Request, caller: Reader, limit: Limit = MOST, cursor: DoneCursor = None) -> Response:
    """What was done about pairs, oldest first."""
    shown, following = page(_all(state_of(request), caller), _key, limit, cursor)
    return answer(request, Body.of(DoneListOut(interventions=list(shown), next=following).model_dump_json()))


@router.get("/interventions/{from_team}/{about_team}/{week}", response_model=DoneOut)
def one(request: Request, caller: Reader, from_team: TeamPath, about_team: OtherTeamPath, week: WeekPath) -> Response:
    """One intervention."""
    return answer(request, Body.of(_find(state_of(request), caller, from_team, about_team, week).model_dump_json()))


@router.post("/interventions", status_code=201, response_model=DoneOut)
def add(request: Request, caller: Administrator, body: InterventionIn) -> Response:
    """Enter an intervention; its effect shows with the pair at once. One that is there already is a conflict."""
    state, done = state_of(request), body.read()
    teams = state.directory.teams
    is_known = done.from_team in teams and done.about_team in teams and done.from_team != done.about_team
    if not (is_known and caller.sees(done.from_team, done.about_team)):
        raise HTTPException(404, "There is no such pair of teams in the directory.")
    try:
        state.enter(done, team=caller.key.team)
    except NotTaken as error:
        raise HTTPException(409, f"{error}.") from None
    subject = subject_of(done)
    about(request, subject)
    content, where = _shown(done, is_entered=True).model_dump_json(), f"/v1/interventions/{subject}"
    return Response(content, status_code=201, media_type="application/json", headers={"Location": where})


@router.delete("/interventions/{from_team}/{about_team}/{week}", status_code=204)
def remove(
    request: Request, caller: Administrator, from_team: TeamPath, about_team: OtherTeamPath, week: WeekPath
) -> Response:
    """Take back an intervention that was entered; one of the configuration is a conflict."""
    state = state_of(request)
    found = _find(state, caller, from_team, about_team, week)
    if found.source == "configuration":
        raise HTTPException(409, "This one stands in friction.toml; remove it there.")
    state.take_back(Intervention(TeamId(from_team), TeamId(about_team), week_of(week), ""))
    return Response(status_code=204)


def _all(state: State, caller: Caller) -> list[DoneOut]:
    shown = [_shown(done, is_entered=state.is_entered(done)) for done in state.interventions()]
    return sorted(caller.seen(shown), key=_key)


def _find(state: State, caller: Caller, from_team: str, about_team: str, week: str) -> DoneOut:
    wanted = (str(week_of(week)), from_team, about_team)
    found = next((done for done in _all(state, caller) if _key(done) == wanted), None)
    if found is None:
        raise HTTPException(404, _GONE)
    return found


def _shown(done: Intervention, *, is_entered: bool) -> DoneOut:
    return DoneOut(
        from_team=done.from_team,
        about_team=done.about_team,
        week=str(done.week),
        description=done.description,
        source="entered" if is_entered else "configuration",
    )


def _key(done: DoneOut) -> tuple[str, ...]:
    return done.week, done.from_team, done.about_team
