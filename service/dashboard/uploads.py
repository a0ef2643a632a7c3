"""Files that were sent with the reader's key and what became of them: the public part of their reports, and no more."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from friction.store import uploads as store

from ..access import Access, Caller
from ..state import state_of
from .page import render

router = APIRouter()
_MOST: Final = 50


@router.get("/batches")
def uploads(request: Request, caller: Annotated[Caller, Depends(Access("upload", page=True))]) -> HTMLResponse:
    """The latest uploads of this key, newest first."""
    sent = store.sent(state_of(request).operations, caller.key.id, before=None, limit=_MOST)
    received = [(upload, datetime.fromtimestamp(upload.received, UTC)) for upload in sent]
    return render(request, "uploads.html", caller=caller, received=received, most=_MOST)
