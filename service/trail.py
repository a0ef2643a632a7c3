"""The audit trail's place in the application: every request of a known caller is noted when its answer begins.

What is noted: the key's id, the route's method and path with its parameters by name, the status, the minute, and as
subject what the path names, once the route has answered that there is such a thing: an unknown name may be anything
that somebody typed. A route whose subject is in the body, or is made by it, says so with ``about``.
"""

import time
from typing import Final

from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from friction.errors import UsageError
from friction.records import Intervention
from friction.store.audit import MINUTE, Asked

from . import problems
from .access import Caller
from .notes import Notes
from .paths import Paths

_FOUND: Final = 400
"""Statuses under this say that what was asked for is there."""
_UNNOTED: Final = "It cannot be noted who asks. Look whether it was done before you ask again."


def about(request: Request, subject: str) -> None:
    """Say what a request is about; an id of ours, never a text."""
    request.state.subject = subject


def subject_of(done: Intervention) -> str:
    """What a request about an intervention is about."""
    return f"{done.from_team}/{done.about_team}/{done.week}"


class Trail:
    """ASGI middleware over an application."""

    def __init__(self, app: ASGIApp, *, notes: Notes, paths: Paths) -> None:
        self._app = app
        self._notes = notes
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and note who asked for what; what lasts and cannot be noted is not answered as done."""
        is_noted = True

        async def answer(message: Message) -> None:
            nonlocal is_noted
            if message["type"] == "http.response.start" and "caller" in scope.get("state", {}):
                try:
                    await self._note(scope, message["status"])
                except (UsageError, DBAPIError):
                    is_noted = False
                    await problems.problem(503, _UNNOTED, {"Retry-After": problems.WAIT})(scope, receive, send)
            if is_noted:
                await send(message)

        await self._app(scope, receive, answer)

    async def _note(self, scope: Scope, status: int) -> None:
        state = scope["state"]
        caller: Caller = state["caller"]
        subject = state.get("subject") or "/".join(map(str, scope["path_params"].values()))
        asked = Asked(
            minute=int(time.time()) // MINUTE * MINUTE,
            key=caller.key.id,
            route=f"{scope['method']} {self._paths.of(scope)}",
            subject=subject if status < _FOUND else "",
            status=status,
        )
        if state["lasting"]:
            await run_in_threadpool(self._notes.at_once, asked)
        else:
            self._notes.asked(asked)
