"""Every request gets an id, one line in the log and a place in the metrics.

The line says method, route template, status and time; never an address, a path, a query, a header's value or a body.
A request id is taken from ``X-Request-Id`` only in the form of a UUID or a trace id, in which no word can be written,
and is made otherwise; the answer carries it, and so does everything that is noted about the request.
"""

import logging
import re
import time
import uuid
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import Metrics, coarse
from .paths import Paths

_log = logging.getLogger("friction.requests")
_HEADER: Final = "X-Request-Id"
_WELL_FORMED: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SCORING: Final = "/v1/score"


class Traffic:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Paths) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and note how."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        sent = Headers(scope=scope).get(_HEADER, "")
        request_id = sent if _WELL_FORMED.fullmatch(sent) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._note(scope, request_id, status, time.perf_counter() - started)

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = self._paths.of(scope) or "other"
        self._metrics.request(method, route, status, seconds, scoring=route == SCORING)
        if _log.isEnabledFor(logging.INFO):
            told = coarse(seconds) if route == SCORING else seconds
            fields = {"method": method, "route": route, "status": status, "ms": round(1000 * told, 1)}
            _log.info("request", extra={"fields": {"request_id": request_id} | fields})
