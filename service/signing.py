"""Signing in to the dashboard with a key, and out again. Works without JavaScript.

Security properties: the session's token is made here and now, so that one planted before opens nothing; the cookie is
for this host alone and not to be read by scripts. It is ``SameSite=Lax``, not Strict, since the weekly mail links to
pages: under Strict whoever follows a link would seem signed out. Nothing is changed by a link, and a form needs more
(``service.access``). The way back leads to a page of ours or to the first.
"""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from friction.store import sessions
from friction.store.keys import Key

from .access import OPEN, SIGN_IN, Access, Caller, gate_of, is_from_here, note
from .dashboard import own, render
from .state import state_of

router = APIRouter(include_in_schema=False)
PROVIDER: Final = f"{SIGN_IN}/provider"
"""Where signing in through the organisation's provider begins, if one is configured (``service.oidc``)."""
_LONGEST: Final = 500
Back = Annotated[str, Query(max_length=_LONGEST)]
SentBack = Annotated[str, Form(max_length=_LONGEST)]


@router.get(SIGN_IN, dependencies=[OPEN])
def form(request: Request, back: Back = "/") -> HTMLResponse:
    """Ask for a key."""
    return ask(request, back)


@router.post(SIGN_IN, dependencies=[OPEN])
async def sign_in(request: Request, key: Annotated[str, Form(max_length=_LONGEST)], back: SentBack = "/") -> Response:
    """Open a session, and lead back to where its reader came from."""
    if not is_from_here(request):
        return ask(request, back, "elsewhere", 403)
    gate = gate_of(request)
    found = await gate.holder(request, key.strip())
    if found is None:
        return ask(request, back, "unknown", 401)
    caller = Caller(found)
    note(request, caller, lasting=True)
    if not caller.may("read"):
        return ask(request, back, "scope", 403)
    return await open_session(request, found, back)


async def open_session(request: Request, key: Key, back: str) -> Response:
    """Open a session, end the one before, and lead back."""
    await _close(request)
    gate = gate_of(request)
    token = await run_in_threadpool(sessions.open_with, gate.operations, key)
    answer = RedirectResponse(own(back), 303)
    answer.set_cookie(gate.cookie, token, path="/", secure=gate.is_secure, httponly=True, samesite="lax")
    return answer


@router.post("/sign-out", dependencies=[Depends(Access("read", page=True))])
async def sign_out(request: Request) -> Response:
    """End the session."""
    await _close(request)
    gate = gate_of(request)
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(gate.cookie, path="/", secure=gate.is_secure, httponly=True, samesite="lax")
    return answer


async def _close(request: Request) -> None:
    gate = gate_of(request)
    if token := request.cookies.get(gate.cookie):
        await run_in_threadpool(sessions.end, gate.operations, token)


def ask(request: Request, back: str, wrong: str = "", status: int = 200) -> HTMLResponse:
    """The page to sign in, which says what was ``wrong``."""
    query = f"?back={quote(own(back))}"
    provider = "" if state_of(request).settings.oidc is None else PROVIDER + query
    here = SIGN_IN + query
    return render(request, "sign-in.html", status=status, back=own(back), here=here, provider=provider, wrong=wrong)
