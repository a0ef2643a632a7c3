"""One error shape for every route: RFC 9457 problem documents that never echo what was sent."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not valid",
    500: "Internal error",
}


def problem(status: int, detail: str, **more: Any) -> JSONResponse:
    """A problem document."""
    body = {"type": "about:blank", "title": _TITLES.get(status, "Error"), "status": status, "detail": detail} | more
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document."""

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def not_valid(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"where": _where(e["loc"]), "what": e["msg"]} for e in error.errors() if e["type"] != "value_error"]
        return problem(422, "The request is not as documented; see errors.", errors=errors)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> JSONResponse:
        return problem(500, f"Something went wrong here ({type(error).__name__}). Nothing was kept.")


def _where(location: tuple[int | str, ...]) -> str:
    """Names of the contract's own fields and places in lists; a name that the caller made up is not repeated."""
    known = {"body", "query", "path", "comments", "id", "text", "from_team", "about_team"}
    return ".".join(str(part) if isinstance(part, int) or part in known else "?" for part in location)
