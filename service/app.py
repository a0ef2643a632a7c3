"""The web application: API, its documentation, health and the pages, with headers that allow nothing from elsewhere.

Promises for every route, known or not: no other host's name reaches it, every error is a problem document, what a page
loads is served from here, and what ``service.edge`` promises.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from friction import __version__
from friction.errors import FrictionError, UsageError
from friction.processor import has_vnni

from . import access, api, dashboard, health, problems, scoring, signing, unsubscribe, uploads
from .crowd import Crowd
from .edge import Edge, Hosts
from .metrics import Metrics
from .paths import Paths
from .queue import ScoringQueue
from .state import State
from .traffic import Traffic
from .trail import Trail

_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_SWAGGER = ("fastapi_standalone_docs", "static/swagger")
"""The package that ships Swagger UI, and where in it. Found, never imported."""


SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI would tell OpenTelemetry of every request, and of invalid ones what was sent: where the environment sets an
exporter up, a comment's text would leave. What there is to know of requests is at ``/metrics``."""


class _Static(StaticFiles):
    """Files of the pages: kept by browsers, which ask whether they have changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, or that it has not changed."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def create_app(state: State, *, host: str = "127.0.0.1", tls: bool = False) -> FastAPI:
    """The application over a loaded state.

    Args:
        state: what it answers from.
        host: where it is served, as in a URL; it answers to this name, to the configured public one, and to those of
            loopback.
        tls: whether it is served under TLS from this process.
    """
    app = FastAPI(
        title="friction",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        responses=problems.DOCUMENTED,
        lifespan=_life,
        redirect_slashes=False,  # whoever does not follow would get nothing to read
        telemetry=SILENT,
    )
    app.state.friction = state
    app.state.metrics = metrics = Metrics()
    app.state.queue = queue = ScoringQueue(state.pipeline.score, metrics.batch, threads=state.pipeline.at_once)
    metrics.watch(queue.__len__, lambda: state.pipeline.is_up)
    metrics.model(state.pipeline.model, "vnni" if has_vnni() else "slow")
    app.state.gate = gate = access.Gate(state.operations, state.settings, tls=tls)
    problems.install(app)
    app.include_router(scoring.router)  # first: routes are tried in turn, and this one is asked most often
    app.include_router(api.router)
    app.include_router(health.router)
    app.include_router(uploads.router)
    app.include_router(dashboard.router)
    app.include_router(unsubscribe.router)
    app.include_router(signing.router)
    loose = _sign_in_elsewhere(app, state)
    app.mount("/static/swagger", StaticFiles(packages=[_SWAGGER]), name="swagger")
    app.mount("/static", _Static(directory=Path(__file__).parent / "static"), name="static")

    @app.get("/docs", include_in_schema=False, dependencies=[access.OPEN])
    def docs() -> HTMLResponse:
        """The API's documentation."""
        page = dashboard.templates.get_template("docs.html").render()
        return HTMLResponse(page, headers={"Content-Security-Policy": _DOCS_POLICY})

    @app.get(problems.PAGE, include_in_schema=False, dependencies=[access.OPEN])
    def kinds(request: Request) -> HTMLResponse:
        """Every kind of error."""
        return dashboard.render(request, "problems.html", kinds=problems.KINDS)

    access.require_stated(app)

    paths = Paths(app.routes)
    app.add_middleware(problems.Unexpected)
    app.add_middleware(Trail, notes=gate.notes, paths=paths)
    # A page elsewhere whose name is made to resolve to loopback must read nothing (DNS rebinding).
    app.add_middleware(Hosts, names=["localhost", "127.0.0.1", "[::1]", host, *_public(state)])
    larger = {uploads.PATH: state.settings.max_upload + uploads.OVERHEAD}
    app.add_middleware(Edge, routes=app.routes, larger=larger, loose=loose)
    app.add_middleware(Crowd, queue=queue, metrics=metrics)
    app.add_middleware(Traffic, metrics=metrics, paths=paths)
    return app


def _sign_in_elsewhere(app: FastAPI, state: State) -> str | None:
    """Have people sign in through the configured provider, if any.

    Returns:
        The path that it sends them back to.

    Raises:
        UsageError: what that needs is not installed, or the client's secret is not in the environment.
    """
    if state.settings.oidc is None:
        return None
    try:
        from . import oidc
    except ModuleNotFoundError:
        raise UsageError("[oidc] needs authlib. Install it with: pip install 'friction[oidc]'") from None
    app.state.provider = oidc.Provider(state.settings, state.settings.oidc)
    app.include_router(oidc.router)
    return oidc.RETURN


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """From start to stop; when it stops, every request is answered."""
    gate: access.Gate = app.state.gate
    queue: ScoringQueue = app.state.queue
    gate.notes.start()
    queue.start()
    first_look = asyncio.create_task(run_in_threadpool(_reckon, app.state.friction))
    yield
    queue.close()
    await first_look
    await run_in_threadpool(gate.notes.close)


def _reckon(state: State) -> None:
    """Have the trends ready for whoever comes first: at many pairs they take seconds."""
    with suppress(FrictionError, DBAPIError):  # who asks is told; there is nobody to tell here
        state.view()


def _public(state: State) -> list[str]:
    """The host's public name, as requests state it."""
    url = state.settings.public_url
    return [] if url is None else [urlsplit(url).hostname or ""]
