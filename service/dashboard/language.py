"""The reader's choice of a language, kept in a cookie."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse

from friction.wording import Language
from service.access import OPEN

from .page import COOKIE

router = APIRouter()
_YEAR = 365 * 24 * 3600


@router.post("/language", dependencies=[OPEN])
def language(
    language: Annotated[Language, Form()], page: Annotated[str, Form(max_length=600)] = "/"
) -> RedirectResponse:
    """Keep it, and lead back to the page: one of ours, whatever was sent."""
    ours = page.startswith("/") and not page.startswith("//") and "\\" not in page and page.isprintable()
    answer = RedirectResponse(page if ours else "/", 303)
    answer.set_cookie(COOKIE, language, max_age=_YEAR, httponly=True, samesite="lax")
    return answer
