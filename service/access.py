"""Who may ask for what: every route states the access it asks for, or that it is open; one that states nothing stops
the start.

    router = APIRouter(prefix="/v1", dependencies=[Depends(Access("read"))])   # for all of its routes
    def pairs(request: Request, caller: Reader) -> PairsOut: ...               # and to know who asks

Security properties:

- A key that is absent, malformed, unknown, wrong, expired or revoked gets the same 401; only a key that is good for
  something else is told so (403).
- What a key bound to a team may not see is answered like what is not there, by the route: ``Caller.sees`` goes over
  what was computed for everybody, so that no number depends on who asks (rules 11 and 13).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from friction.errors import IntegrityError
from friction.store import keys
from friction.store.keys import Key, Scope

from .state import state_of


class _Directed(Protocol):
    @property
    def from_team(self) -> str: ...
    @property
    def about_team(self) -> str: ...


Of = TypeVar("Of", bound=_Directed)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the holder of a key that holds."""

    key: Key

    def may(self, scope: Scope) -> bool:
        """Whether the key is for this."""
        return scope in self.key.scopes or "admin" in self.key.scopes

    def sees(self, from_team: str, about_team: str) -> bool:
        """Whether a pair may be shown to them; the answer to another is that of a pair that is not there."""
        return self.key.team is None or self.key.team in (from_team, about_team)

    def seen(self, found: Iterable[Of]) -> list[Of]:
        """Of pairs, cells or trends, those that may be shown to them."""
        return [one for one in found if self.sees(one.from_team, one.about_team)]


_bearer = HTTPBearer(
    scheme_name="key", description="A key from `friction keys create`.", bearerFormat="friction_…", auto_error=False
)
_UNKNOWN = "This needs a key that holds: send Authorization: Bearer KEY. Make one with: friction keys create"


@dataclass(frozen=True, slots=True)
class Access:
    """A dependency: the caller, who has a key for ``scope``."""

    scope: Scope

    async def __call__(
        self, request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Caller:
        """The caller.

        Raises:
            HTTPException: 401 without a key that holds, 403 with one that is not for this.
        """
        operations = state_of(request).operations
        key = None if sent is None else await run_in_threadpool(keys.check, operations, sent.credentials)
        if key is None:
            raise HTTPException(401, _UNKNOWN, {"WWW-Authenticate": 'Bearer realm="friction"'})
        caller = Caller(key)
        if not caller.may(self.scope):
            header = f'Bearer realm="friction", error="insufficient_scope", scope="{self.scope}"'
            raise HTTPException(403, f"This needs a key for {self.scope}.", {"WWW-Authenticate": header})
        return caller


Reader = Annotated[Caller, Depends(Access("read"))]
Scorer = Annotated[Caller, Depends(Access("score"))]
Uploader = Annotated[Caller, Depends(Access("upload"))]
Administrator = Annotated[Caller, Depends(Access("admin"))]


def _nobody() -> None:
    """States that a route is open."""


OPEN = Depends(_nobody)
"""For a route that anybody may ask: it shows nothing of what was said, and takes nothing."""


def stated(dependant: Dependant) -> list[Scope | None]:
    """The accesses that a route asks for; None stands for an open one."""
    calls = [inner.call for inner in dependant.dependencies]
    found: list[Scope | None] = [call.scope for call in calls if isinstance(call, Access)]
    return found + [None] * (_nobody in calls)


def require_stated(app: FastAPI) -> None:
    """Hold every route to saying who may ask it.

    Raises:
        IntegrityError: one does not, or says both.
    """
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None and len(set(stated(dependant))) != 1:
            raise IntegrityError(f"The route {route.path} does not state one access; see service/access.py")
