"""One error shape for every route: RFC 9457 problem documents that never echo what was sent.

``KINDS`` is the whole list: a problem's ``type`` leads to its entry on the page ``/problems``, and is a promise to
people's scripts like the name of a field. ``title`` goes with the type; ``detail`` says what to do about this one.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from friction.errors import UsageError

from .released import TooBusy

MEDIA_TYPE: Final = "application/problem+json"
PAGE: Final = "/problems"
WAIT: Final = "5"
"""Seconds after which to ask again where a store is away."""
_log = logging.getLogger("friction.problems")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: ``name`` is the end of its ``type``, ``meaning`` what its page says."""

    name: str
    title: str
    meaning: str


KINDS: Final[Mapping[int, Kind]] = {
    400: Kind(
        "bad-request", "Bad request", "The request cannot be read, or has a query parameter that no route takes."
    ),
    401: Kind("no-key", "Who asks?", "The request has no key that holds. friction keys create makes one."),
    403: Kind("not-allowed", "Not allowed", "The key holds, and is for something else."),
    404: Kind("not-found", "Not found", "There is nothing here, or nothing that this key may see."),
    405: Kind("wrong-method", "Method not allowed", "The header Allow names the methods that are taken here."),
    406: Kind(
        "not-acceptable", "Not acceptable", "The answer cannot be given in any form that the header Accept takes."
    ),
    408: Kind("too-slow", "Too slow", "The request did not come whole in time. Send it again."),
    409: Kind("conflict", "Conflict", "Something is there already that this would contradict."),
    411: Kind("no-length", "Length required", "The request must state its Content-Length."),
    413: Kind("too-large", "Too large", "The body is larger than is taken here. Send less at once."),
    415: Kind(
        "wrong-media-type", "Unsupported media type", "The body is of a kind that is not taken here, or encoded."
    ),
    422: Kind("not-valid", "Not valid", "The request is not as documented; errors names the fields and what is wrong."),
    429: Kind("too-many", "Too many requests", "Ask again after the seconds that Retry-After names."),
    500: Kind("internal", "Internal error", "A mistake of the service's own. Nothing was kept. Its log says more."),
    503: Kind("busy", "Not now", "The service is busy, or a store is away: ask again after Retry-After seconds."),
    507: Kind("full", "No room", "There is no room left to keep what was sent."),
}
_OTHER: Final = Kind("other", "Error", "Anything else; the HTTP status says what.")


class Invalid(BaseModel):
    """What is wrong with one field. A name that the caller made up is shown as ``?``."""

    where: str
    what: str


class Problem(BaseModel):
    """Every error's answer (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"type": "/problems#not-found", "title": "Not found", "status": 404, "detail": "There is nothing here."}
            ]
        }
    )
    type: str
    title: str
    status: int
    detail: str
    errors: list[Invalid] | None = None


_SCHEMAS: Final = "#/components/schemas/{model}"
_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": _SCHEMAS.format(model="Problem")}}}
DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"description": "A problem document.", "content": _CONTENT}
}
"""For ``responses=`` of the application: how OpenAPI tells of every error of every route."""


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem document."""
    kind = KINDS.get(status, _OTHER)
    body = {"type": f"{PAGE}#{kind.name}", "title": kind.title, "status": status, "detail": detail} | more
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document, and tell of their shape in its OpenAPI document."""
    plain = app.openapi

    def with_problems() -> dict[str, Any]:
        document = plain()
        _, shape = models_json_schema([(Problem, "serialization")], ref_template=_SCHEMAS)
        document.setdefault("components", {}).setdefault("schemas", {}).update(shape["$defs"])
        for path in document["paths"].values():
            for operation in path.values():
                if "requestBody" in operation:
                    operation["responses"]["415"] = {"description": KINDS[415].meaning, "content": _CONTENT}
        return document

    app.openapi = with_problems  # type: ignore[method-assign]  # FastAPI's own way to extend it

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, UnicodeDecodeError):  # FastAPI's own words do not say what is wrong
            return problem(400, "The body is not UTF-8. Send JSON in UTF-8.")
        return problem(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
        body = getattr(request.scope.get("route"), "body_field", None)
        errors = [{"where": _where(e["loc"]), "what": _what(e, body)} for e in error.errors()]
        return problem(422, "The request is not as documented; see errors.", errors=errors)

    @app.exception_handler(UsageError)
    @app.exception_handler(DBAPIError)
    async def store_is_away(_: Request, __: Exception) -> JSONResponse:
        return problem(503, "A store cannot be reached. Ask again.", {"Retry-After": WAIT})

    @app.exception_handler(TooBusy)
    async def too_busy(_: Request, __: Exception) -> JSONResponse:
        return problem(503, "Too many ask for what takes long to reckon. Ask again.", {"Retry-After": WAIT})

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> JSONResponse:
        """Of the middleware alone: Starlette answers here outside all of it. A route's own is for ``Unexpected``."""
        return _mistake(error)


def _mistake(error: Exception) -> JSONResponse:
    return problem(500, f"Something went wrong here ({type(error).__name__}). Nothing was kept.")


class Unexpected:
    """ASGI middleware, the innermost: an exception that no route should raise is logged and answered.

    So its answer passes all other middleware: it has their headers and its request's id, and is noted like any. Once an
    answer has begun the exception goes on, and the connection is cut.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        has_begun = False

        async def answer(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:
            if scope["type"] != "http" or has_begun:
                raise
            _log.error("unexpected", exc_info=error, extra={"fields": {"request_id": scope["state"]["request_id"]}})
            await _mistake(error)(scope, receive, send)


_KNOWN: Final = frozenset(
    {"body", "query", "path", "header", "file", "source", "comments", "id", "text", "from_team", "about_team", "team"}
    | {"week", "date", "description", "limit", "cursor"}
)


def _where(location: tuple[int | str, ...]) -> str:
    """Names of the contract's own fields and places in lists; a name that the caller made up is not repeated."""
    return ".".join(str(part) if isinstance(part, int) or part in _KNOWN else "?" for part in location)


_FORMS: Final[Mapping[int | str, str]] = {
    "week": "Write an ISO week, like 2026-W07",
    "date": "Write an ISO week, like 2026-W07, or a day, like 2026-02-14; from 2000 on",
    "cursor": "It is not whole: send next of the page before as it was",
    "description": "Write one line, without characters that are not seen",
}
"""What a field that a regular expression holds says, by its name."""


def _what(error: Mapping[str, Any], body: Any) -> str:
    """What is wrong, in words that name what is wanted and never what was sent: pydantic's, or better ones.

    A check of our own raises ``PydanticCustomError`` with fixed words; a bare ``ValueError`` may hold anything.
    """
    match error["type"]:
        case "value_error":
            return "not valid"
        case "string_pattern_mismatch":
            return _FORMS.get(error["loc"][-1], "not of its form")
        case "model_attributes_type" | "model_type" | "dict_type":
            is_whole = len(error["loc"]) == 1
            return "Send a JSON object" + (", and with it Content-Type: application/json" if is_whole else "")
        case "extra_forbidden" if known := _known(error["loc"], body):
            return f"There is no such field. Known here: {', '.join(known)}"
    return str(error["msg"])


def _known(location: tuple[int | str, ...], body: Any) -> list[str]:
    """Fields that are known where one is not: those of a body's object, or of the objects in a list of it."""
    model = None if body is None else body.field_info.annotation
    for part in location[1:-1]:
        if isinstance(part, str) and model is not None:
            annotation = model.model_fields[part].annotation
            model = next(iter(get_args(annotation)), annotation)
    return [] if model is None else list(model.model_fields)
