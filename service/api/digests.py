"""``GET /v1/digests/{week}``: the digest as it stood when the week was released; HTML, text or JSON by ``Accept``."""

from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from friction.records import Week
from friction.report import to_json
from friction.trends import Trend

from ..access import Caller, Reader
from ..answers import JSON, Body, answer, made, preferred, view_of
from ..digest import about, render
from ..state import State, state_of
from .parameters import WeekPath, released_week
from .shapes import DigestOut, PairName, PairOut

HTML: Final = "text/html"
TEXT: Final = "text/plain"
_MAIL_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)
"""A mail says its styles in place and holds its pictures; it still runs nothing and loads nothing."""
router = APIRouter(tags=["digest"])


@router.get(
    "/digests/{week}",
    response_model=DigestOut,
    responses={200: {"content": {HTML: {"schema": {"type": "string"}}, TEXT: {"schema": {"type": "string"}}}}},
)
async def digest(request: Request, caller: Reader, week: WeekPath) -> Response:
    """The digest of a released week: what rose or fell, what is steady, what cannot be told.

    It tells what was released up to that week and nothing since. `Accept` chooses between `application/json` (given
    where nothing is said), `text/html` and `text/plain`.
    """
    kind = preferred(request, (JSON, HTML, TEXT))
    view, state = await view_of(request), state_of(request)
    asked = released_week(week, view, caller)
    key = ("digest", caller.key.team, asked, kind)
    body = await made(view, key, lambda: _body(state, caller, asked, kind), state.released.alone)
    said = answer(request, body, vary="Accept")
    if kind == HTML:
        said.headers["Content-Security-Policy"] = _MAIL_POLICY
    return said


def _body(state: State, caller: Caller, week: Week, kind: str) -> Body:
    trends = state.trends_at(week)
    found = caller.seen(trends)
    mail = render(
        trends, state.directory, week, state.settings.digest.language,
        team=caller.key.team, before=state.trends_at(week + -1), link=about(state.settings.public_url),
        pictures=kind == HTML,
    )  # fmt: skip
    if kind != JSON:
        return Body.of(mail.page if kind == HTML else mail.text, f"{kind}; charset=utf-8")
    return Body.of(
        DigestOut(
            week=str(week),
            subject=mail.subject,
            changes=[PairOut(**to_json(t, latest_only=True)) for t in _moved(found)],
            steady=_names(t for t in found if t.verdict == "steady"),
            cannot_tell=_names(t for t in found if t.verdict == "cannot tell"),
            relationship_conflict=_names(t for t in found if t.relationship_conflict is not None),
        ).model_dump_json()
    )


def _moved(found: Sequence[Trend]) -> list[Trend]:
    return sorted((t for t in found if t.has_moved), key=lambda t: -abs(t.change or 0.0))


def _names(found: Iterable[Trend]) -> list[PairName]:
    return [PairName(from_team=t.from_team, about_team=t.about_team) for t in found]
