"""The path of a route, its parameters by name: what a metric, a log line and the audit trail call a request.

``scope["route"].path`` lacks the prefix of the routers around it.
"""

from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import Scope


class Paths:
    """The paths of an application's routes; read with the first request, when every route is there."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes
        self._paths: dict[object, str] = {}

    def of(self, scope: Scope) -> str | None:
        """The path of the route that took a request; None where none did."""
        if not self._paths:
            self._paths = {r.endpoint: r.path for r in iter_route_contexts(self._routes) if r.endpoint and r.path}
        return self._paths.get(scope.get("endpoint")) or getattr(scope.get("route"), "path", None)
