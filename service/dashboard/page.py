"""What every page shares: its frame, the reader's language, and headers that let it load from here alone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from friction.records import Team, TeamId, Week
from friction.trends import Trend
from friction.wording import Language

from ..access import Caller
from ..state import State, state_of
from ..words import LANGUAGES, words

COOKIE: Final = "friction-language"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_FIRST: Final = ("/", "/teams", "/weeks", "/interventions")
_LAST: Final = ("/about", "/notice", "/export")
_WEEK: Final = re.compile(r"[0-9]{4}-W[0-9]{2}")
UNKNOWN: Final = "There is no such team or pair of teams in the directory."
"""One answer, so that a pair that a caller may not see is like one of a team that is not there."""
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals |= {"first": _FIRST, "last": _LAST, "languages": LANGUAGES}
templates.globals |= {"say": words("en"), "path": "/", "here": None, "caller": None, "only": None}
"""So that a page without a reader, like that of the errors, has a frame too."""


def _unbroken(text: object) -> Markup:
    """A text in which no line ends at the hyphen of a week, which stays as it is to be copied."""
    return Markup(_WEEK.sub(r'<span class="week">\g<0></span>', str(escape(text))))  # noqa: S704 - escaped


templates.filters["unbroken"] = _unbroken


def render(
    request: Request, template: str, /, *, caller: Caller | None = None, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page in the reader's language.

    Args:
        request: who asks, and for which page.
        template: its name.
        caller: whoever is signed in.
        status: of the answer.
        context: what the template names.
    """
    state = state_of(request)
    say, only = words(language_of(request, state)), _only(caller, state)
    page = templates.get_template(template).render(say=say, path=request.url.path, caller=caller, only=only, **context)
    headers = {"Content-Security-Policy": POLICY, "Content-Language": say.language, "Vary": "Cookie, Accept-Language"}
    return HTMLResponse(page, status, headers)


def _only(caller: Caller | None, state: State) -> str | None:
    """Name of the one team whose pairs a caller may see; None where they may see all."""
    if caller is None or caller.key.team is None:
        return None
    team = state.directory.teams.get(TeamId(caller.key.team))
    return caller.key.team if team is None else team.name


def language_of(request: Request, state: State) -> Language:
    """The language that the reader chose, or else one that their browser prefers, or else the configured one."""
    chosen = request.cookies.get(COOKIE)
    preferred = [chosen] if chosen else _accepted(request.headers.get("accept-language", ""))
    mains = (name.partition("-")[0].lower() for name in preferred)
    known = {str(language): language for language in LANGUAGES}
    return next((known[main] for main in mains if main in known), state.settings.digest.language)


def _accepted(header: str) -> list[str]:
    """Languages of an Accept-Language header (RFC 9110), the most wanted first."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, weight = part.partition(";q=")
        try:
            wanted.append((-float(weight or 1), name.strip()))
        except ValueError:
            continue
    return [name for weight, name in sorted(wanted, key=lambda w: w[0]) if weight < 0]


def own(path: str) -> str:
    """Where somebody asks to be led back to: a path of this host, and the first page where it is anything else."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else "/"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is released, as far as a caller may see it.

    Attributes:
        trends: in the order of the directory.
        last_week: the last week released; None before the first.
    """

    trends: Sequence[Trend]
    last_week: Week | None

    @classmethod
    def by(cls, caller: Caller, state: State) -> Self:
        """What ``caller`` may see of what is released now."""
        view, place = state.view(), {team: i for i, team in enumerate(state.directory.teams)}
        last = len(place)
        seen = caller.seen(view.trends)
        return cls(
            sorted(seen, key=lambda t: (place.get(t.from_team, last), place.get(t.about_team, last))), view.last_week
        )

    def pair(self, from_team: TeamId, about_team: TeamId) -> Trend | None:
        """The trend of a pair; None where nothing can be said, whatever the reason."""
        return next((t for t in self.trends if t.pair == (from_team, about_team)), None)


def team_of(request: Request, id: str) -> Team:
    """The team that a path names.

    Raises:
        HTTPException: 404, the directory has no such team.
    """
    teams: Mapping[TeamId, Team] = state_of(request).directory.teams
    if id not in teams:
        raise HTTPException(404, UNKNOWN)
    return teams[TeamId(id)]
