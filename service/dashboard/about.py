"""What is behind the pages: how numbers are made, what is read and can never be shown, and the numbers as a file."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from friction.conflict import LEAST
from friction.interventions import WEEKS_AFTER, WEEKS_BEFORE
from friction.verdicts import EARLIER_WEEKS, FALSE_DISCOVERIES, RECENT_WEEKS, STEADY_WITHIN

from ..access import PageReader
from ..state import state_of
from ..words import words
from .page import Seen, language_of, render

router = APIRouter()


@router.get("/about")
def about(request: Request, caller: PageReader) -> HTMLResponse:
    """How a share, an interval and a verdict come about."""
    state = state_of(request)
    policy = state.settings.policy
    return render(
        request,
        "about.html",
        caller=caller,
        figures={
            "voices": policy.min_respondents,
            "size": policy.min_team_size,
            "longest": words(language_of(request, state))("about.longest", count=policy.max_window_weeks),
            "recent": RECENT_WEEKS,
            "earlier": EARLIER_WEEKS,
            "wrong": round(100 * FALSE_DISCOVERIES),
            "steady": round(100 * STEADY_WITHIN),
            "least": round(100 * LEAST),
            "before": WEEKS_BEFORE,
            "after": WEEKS_AFTER,
        },
    )


@router.get("/notice")
def notice(request: Request, caller: PageReader) -> HTMLResponse:
    """The transparency notice, as ``friction notice`` writes it."""
    from markdown_it import MarkdownIt

    from friction.model_folder import RELEASED, read_card
    from friction.notice import notice as write

    state = state_of(request)
    language = language_of(request, state)

    def rendered() -> str:
        text = write(state.settings, read_card(RELEASED), language)
        return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))

    body = state.view().once(("notice", language), rendered)
    return render(request, "notice.html", caller=caller, body=Markup(body))  # noqa: S704 - no HTML is let through


@router.get("/export")
def export(request: Request, caller: PageReader) -> HTMLResponse:
    """Where the released cells can be had as a file."""
    return render(request, "export.html", caller=caller, last_week=Seen.by(caller, state_of(request)).last_week)
