"""The web application: API, health and the first page, with headers that allow nothing from elsewhere."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from friction import __version__

from . import api, dashboard, problems
from .state import State

MAX_BODY = 5_000_000
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(state: State) -> FastAPI:
    """The application over a loaded state."""
    app = FastAPI(title="friction", version=__version__, redoc_url=None)
    app.state.friction = state
    problems.install(app)
    app.include_router(api.router)
    app.include_router(dashboard.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """Refuse huge bodies before they are read; add the security headers."""
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            return problems.problem(413, f"The body is larger than {MAX_BODY} bytes; send fewer comments at once.")
        if request.method == "POST" and "content-length" not in request.headers:
            return problems.problem(411, "State the body's Content-Length.")
        response = await call_next(request)
        for name, value in _HEADERS.items():
            if name != "Content-Security-Policy" or request.url.path not in ("/docs", "/openapi.json"):
                response.headers.setdefault(name, value)
        return response

    return app
