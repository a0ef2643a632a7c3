"""The reader's choice of a language, kept in a cookie."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse

from friction.wording import Language

from ..access import OPEN
from .page import COOKIE, own

router = APIRouter()
_YEAR = 365 * 24 * 3600


@router.post("/language", dependencies=[OPEN])
def language(
    language: Annotated[Language, Form()], page: Annotated[str, Form(max_length=600)] = "/"
) -> RedirectResponse:
    """Keep it, and lead back to the page: one of ours, whatever was sent."""
    answer = RedirectResponse(own(page), 303)
    answer.set_cookie(COOKIE, language, max_age=_YEAR, httponly=True, samesite="lax")
    return answer
