"""Scoring requests beyond what can be answered in time are turned away at the door, before they cost anything.

The queue (``service.queue``) bounds what waits for the model; what comes before it, reading a body and looking up a
key, costs as much as a comment's scores. Under twice the load that can be served, the server would be busy with
requests that it is to refuse, and answer nobody. So nobody is asked for a key here: being told that there is a crowd
tells nothing else.

Pure ASGI. Made by ``service.app``, inside what counts requests.
"""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from . import problems
from .metrics import Metrics
from .queue import BATCH, PLACES, ScoringQueue
from .traffic import SCORING

AT_ONCE: Final = PLACES + BATCH
"""Scoring requests in the house: those that may wait, and a batch under way. Of single comments the queue so never has
too many, and serves first who came first."""


class Crowd:
    """ASGI middleware: no more than ``AT_ONCE`` scoring requests at once."""

    def __init__(self, app: ASGIApp, *, queue: ScoringQueue, metrics: Metrics) -> None:
        self._app = app
        self._queue = queue
        self._metrics = metrics
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or turn it away."""
        if scope["type"] != "http" or scope["path"] != SCORING:
            await self._app(scope, receive, send)
            return
        if self._inside >= AT_ONCE:
            self._metrics.refused("full")
            refusal = problems.problem(503, "Too many ask at once.", {"Retry-After": str(self._queue.after())})
            await refusal(scope, receive, send)
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
