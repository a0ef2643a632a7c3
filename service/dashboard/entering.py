"""Interventions: what was done about pairs and what changed, and the forms that add one and take one back."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from friction.records import DESCRIPTION, LONGEST, Intervention, TeamId, Week, misdated
from friction.store.interventions import NotTaken

from ..access import Access, Caller, KeyFirst, PageReader
from ..state import state_of
from ..trail import about, subject_of
from .page import Seen, render

router = APIRouter(route_class=KeyFirst)
Enterer = Annotated[Caller, Depends(Access("admin", page=True))]
Sent = Annotated[str, Form(max_length=1000)]


@router.get("/interventions")
def entered(request: Request, caller: PageReader) -> HTMLResponse:
    """Every intervention with its effect so far, newest first, and an empty form."""
    return _page(request, caller, {}, {})


@router.post("/interventions")
def enter(
    request: Request,
    caller: Enterer,
    from_team: Sent = "",
    about_team: Sent = "",
    day: Sent = "",
    description: Sent = "",
) -> Response:
    """Keep an intervention and show its pair, or show the form again and what is wrong with it."""
    sent = {"from_team": from_team, "about_team": about_team, "day": day, "description": description.strip()}
    wrong = _wrong(request, caller, sent)
    state = state_of(request)
    if not wrong:
        week = Week.of(date.fromisoformat(day))
        done = Intervention(TeamId(from_team), TeamId(about_team), week, sent["description"])
        try:
            state.enter(done, team=caller.key.team)
        except NotTaken:
            is_there = any((done.pair, week) == (other.pair, other.week) for other in state.interventions())
            wrong = {"day": "taken"} if is_there else {"description": "full"}
        else:
            about(request, subject_of(done))
            return RedirectResponse(f"/pairs/{from_team}/{about_team}", 303)
    return _page(request, caller, sent, wrong)


@router.post("/interventions/taken-back")
def take_back(
    request: Request, caller: Enterer, from_team: Sent = "", about_team: Sent = "", week: Sent = ""
) -> Response:
    """Forget an intervention that was entered, and show what is left; one that is not there is forgotten already."""
    state = state_of(request)
    for done in caller.seen(state.interventions()):
        is_meant = (done.from_team, done.about_team, str(done.week)) == (from_team, about_team, week)
        if is_meant and state.is_entered(done):
            state.take_back(done)
            about(request, subject_of(done))
    return RedirectResponse("/interventions", 303)


def _wrong(request: Request, caller: Caller, sent: Mapping[str, str]) -> dict[str, str]:
    """Fields that cannot be taken as they are, and which words say why. Of a hidden pair no team is there."""
    teams = state_of(request).directory.teams
    ends = sent["from_team"], sent["about_team"]
    wrong = {end: "team" for end in ("from_team", "about_team") if sent[end] not in teams or not caller.sees(*ends)}
    if not wrong and ends[0] == ends[1]:
        wrong["about_team"] = "same"
    try:
        if (day := misdated(Week.of(date.fromisoformat(sent["day"])), date.today())) is not None:
            wrong["day"] = day
    except ValueError:
        wrong["day"] = "day"
    if len(sent["description"]) > LONGEST or not re.fullmatch(DESCRIPTION, sent["description"]):
        wrong["description"] = "description"
    return wrong


def _page(request: Request, caller: Caller, sent: Mapping[str, str], wrong: Mapping[str, str]) -> HTMLResponse:
    state = state_of(request)
    effects = [effect for trend in Seen.by(caller, state).trends for effect in trend.effects]
    known = {effect.intervention for effect in effects}
    seen = caller.seen(state.interventions())
    return render(
        request,
        "interventions.html",
        status=422 if wrong else 200,
        caller=caller,
        teams=list(state.directory.teams.values()),
        names=state.directory.names,
        effects=sorted(effects, key=lambda e: e.intervention.week, reverse=True),
        unseen=[done for done in seen if done not in known],
        may_enter=caller.may("admin"),
        entered=[done for done in seen if state.is_entered(done)] if caller.may("admin") else (),
        sent=sent,
        wrong=wrong,
        longest=LONGEST,
    )
