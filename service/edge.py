"""What holds for every request and every answer, whatever route takes it, or none.

- A query parameter that the route does not declare, or one that is given twice, is refused: no filter is free
  (rule 11), and one that was ignored would look like one.
- A body that is too large, or does not say how large it is, is refused before it is read.
- So is one under a ``Content-Encoding``: no route unpacks one, and none should say that it is malformed.
- A body of which nothing comes for ``SILENCE`` seconds is given up (408).
- HEAD is answered wherever GET is, and a wrong method is told which are right.
- Only names that the service is known by reach it.
- Headers of every answer allow nothing from elsewhere, and keep what is not said to be kept out of caches.

Pure ASGI: they add some microseconds to a request and hold no body. Made by ``service.app``.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from re import Pattern
from typing import Final

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import problems

MAX_BODY: Final = 5_000_000
MAX_QUERY: Final = 2_000
SILENCE: Final = 30.0
"""Seconds for which a sender may be silent in the middle of a request's body."""
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_AS_IT_IS: Final = "identity"
_ENCODED: Final = "The body has a Content-Encoding, and none is taken. Send it as it is, without that header."


class Hosts:
    """ASGI middleware: requests under another name than these get a problem document (DNS rebinding)."""

    def __init__(self, app: ASGIApp, *, names: list[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        is_ours = False

        async def through(scope: Scope, receive: Receive, _: Send) -> None:
            nonlocal is_ours
            is_ours = True
            await self._app(scope, receive, send)

        async def unsaid(_: Message) -> None:
            """The check's own words, which are no problem document."""

        await TrustedHostMiddleware(through, self._names, www_redirect=False)(scope, receive, unsaid)
        if not is_ours:
            said = problems.problem(400, "Not served under this name; use the address that friction serve printed.")
            await said(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a route takes."""

    path: Pattern[str]
    methods: frozenset[str]
    parameters: frozenset[str]


class Edge:
    """ASGI middleware over an application; see above.

    Args:
        app: the application.
        routes: what it takes.
        larger: paths that take larger bodies than ``MAX_BODY``, and how large; they stream them.
        loose: a path that others lead to with a query of their own making; it shows nothing of what was said.
    """

    def __init__(
        self, app: ASGIApp, *, routes: Sequence[BaseRoute], larger: Mapping[str, int], loose: str | None = None
    ) -> None:
        self._app = app
        self._routes = routes
        self._larger = larger
        self._loose = loose
        self._taken: tuple[_Taken, ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._taken = self._taken or tuple(_taken(self._routes))
        is_head = scope["method"] == "HEAD"
        asked = {**scope, "method": "GET"} if is_head else scope  # the server sends no body to a HEAD

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if message["status"] == 405:
                    headers["allow"] = ", ".join(sorted(self._methods(scope["path"]))) or headers.get("allow", "")
            await send(message)

        await (self._refusal(Request(asked)) or self._app)(asked, _in_time(receive), answer)
        scope["route"] = asked.get("route")  # for the log and the metrics; a HEAD has found it in a copy

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that no route takes."""
        headers: Headers = request.headers
        length = headers.get("content-length", "0")
        most = self._larger.get(request.scope["path"], MAX_BODY)
        if not length.isdigit() or int(length) > most:
            return problems.problem(413, f"The body is larger than {most} bytes; send less at once.")
        if request.method == "POST" and "content-length" not in headers:
            return problems.problem(411, "State the body's Content-Length.")
        if int(length) > 0 and any(coding.strip().lower() != _AS_IT_IS for coding in _codings(headers)):
            return problems.problem(415, _ENCODED, {"Accept-Encoding": _AS_IT_IS})  # RFC 9110, 12.5.3
        if not request.scope["query_string"] or request.scope["path"] == self._loose:
            return None
        if len(request.scope["query_string"]) > MAX_QUERY:
            return problems.problem(400, "The query is too long.")
        methods = self._methods(request.scope["path"])
        if methods and request.method not in methods:
            return None  # the application says which are right
        known = self._parameters(request)
        given = [name for name, _ in request.query_params.multi_items()]
        if not known:
            return problems.problem(400, "No query parameter is taken here.")
        if not given or not known.issuperset(given) or len(set(given)) < len(given):
            return problems.problem(400, f"Here are taken, once each: {', '.join(sorted(known))}.")
        return None

    def _parameters(self, request: Request) -> frozenset[str]:
        path = request.scope["path"]
        return frozenset().union(
            *(t.parameters for t in self._taken if request.method in t.methods and t.path.match(path))
        )

    def _methods(self, path: str) -> set[str]:
        return {method for t in self._taken if t.path.match(path) for method in t.methods | _heads(t.methods)}


def _in_time(receive: Receive) -> Receive:
    """What the sender says; 408 where they fall silent before their body is whole."""
    is_whole = False

    async def next_message() -> Message:
        nonlocal is_whole
        if is_whole:
            return await receive()  # only that they have gone
        try:
            message = await asyncio.wait_for(receive(), SILENCE)
        except TimeoutError:
            raise HTTPException(408, "The body did not come in time.", {"Connection": "close"}) from None
        is_whole = not message.get("more_body", False)
        return message

    return next_message


def _codings(headers: Headers) -> list[str]:
    return [coding for line in headers.getlist("content-encoding") for coding in line.split(",")]


def _heads(methods: frozenset[str]) -> set[str]:
    return {"HEAD"} if "GET" in methods else set()


def _taken(routes: Sequence[BaseRoute]) -> Iterator[_Taken]:
    for route in iter_route_contexts(routes):
        dependant = getattr(route, "dependant", None)
        names = frozenset(_names(dependant)) if dependant is not None else frozenset()
        yield _Taken(route.path_regex, frozenset(route.methods or ()), names)


def _names(dependant: Dependant) -> Iterator[str]:
    """Query parameters of a route and of what it depends on."""
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _names(inner)
