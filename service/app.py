"""The web application: API, its documentation, health and the pages, with headers that allow nothing from elsewhere.

Promises for every route, known or not: no other host's name reaches it, no query parameter is taken, every error is a
problem document, and what a page loads is served from here.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

from friction import __version__

from . import api, dashboard, problems, scoring
from .state import State

MAX_BODY = 5_000_000
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_SWAGGER = ("fastapi_standalone_docs", "static/swagger")
"""The package that ships Swagger UI, and where in it. Found, never imported."""


def create_app(state: State, *, host: str = "127.0.0.1") -> FastAPI:
    """The application over a loaded state.

    Args:
        state: what it answers from.
        host: where it is served, as in a URL; it answers to this name and to those of loopback alone.
    """
    app = FastAPI(title="friction", version=__version__, docs_url=None, redoc_url=None)
    app.state.friction = state
    problems.install(app)
    app.include_router(api.router)
    app.include_router(scoring.router)
    app.include_router(dashboard.router)
    app.mount("/static/swagger", StaticFiles(packages=[_SWAGGER]), name="swagger")
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        """The API's documentation."""
        page = dashboard.templates.get_template("docs.html").render()
        return HTMLResponse(page, headers={"Content-Security-Policy": _DOCS_POLICY})

    # A page elsewhere whose name is made to resolve to loopback must read nothing (DNS rebinding).
    app.add_middleware(
        TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]", host], www_redirect=False
    )

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """Refuse what no route takes before it is read; add the security headers."""
        response = _refusal(request) or await call_next(request)
        if response.status_code == 400 and response.headers.get("content-type") != problems.MEDIA_TYPE:
            # only the host check refuses in words of its own
            response = problems.problem(400, "Not served under this name; use the address that friction serve printed.")
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return app


def _refusal(request: Request) -> Response | None:
    """The answer to a request that no route takes: a huge body, or a query, since no filter is free (rule 11)."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BODY:
        return problems.problem(413, f"The body is larger than {MAX_BODY} bytes; send fewer comments at once.")
    if request.method == "POST" and "content-length" not in request.headers:
        return problems.problem(411, "State the body's Content-Length.")
    if request.query_params:
        return problems.problem(400, "No route here takes query parameters.")
    return None
