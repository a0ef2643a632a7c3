"""No more digests, by one click from the mail or from the mail client itself (RFC 8058); nobody need sign in.

Promises: whoever holds a recipient's token can say that they want no more, and do or learn nothing else; looking at the
address changes nothing, since scanners look at every address in a mail; saying it twice is as saying it once.
"""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import HTMLResponse

from friction.store import recipients

from .access import OPEN
from .dashboard import render
from .state import state_of

router = APIRouter(include_in_schema=False, dependencies=[OPEN])
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")]
_UNKNOWN = "This address is of nobody who was sent a digest."


@router.get("/unsubscribe/{token}", response_class=HTMLResponse)
def ask(token: Token, request: Request) -> HTMLResponse:
    """A page with the button."""
    if not recipients.is_known(state_of(request).operations, recipients.key_of(token)):
        raise HTTPException(404, _UNKNOWN)
    return render(request, "unsubscribe.html", done=False)


@router.post("/unsubscribe/{token}", response_class=HTMLResponse)
def leave(token: Token, request: Request) -> HTMLResponse:
    """No more digests to the token's owner. What the body says does not matter."""
    if not recipients.mark_left(state_of(request).operations, recipients.key_of(token)):
        raise HTTPException(404, _UNKNOWN)
    return render(request, "unsubscribe.html", done=True)
