"""Who may ask for what: every route states the access it asks for, or that it is open; one that states nothing stops
the start.

    router = APIRouter(prefix="/v1", dependencies=[Depends(Access("read"))])   # for all of its routes
    def pairs(request: Request, caller: Reader) -> PairsOut: ...               # and to know who asks
    def matrix(request: Request, caller: PageReader) -> HTMLResponse: ...      # a page leads to /sign-in instead

A program sends its key as ``Authorization: Bearer``. A browser has a session, opened with a key (``service.signing``).
A router whose routes read a body is made with ``route_class=KeyFirst``; one that reads a body before it looks at the
key stops the start.

Security properties:

- A key that is absent, malformed, unknown, wrong, expired or revoked gets the same 401; only a key that is good for
  something else is told so (403). The store is asked after every request has come (``service.shared``), so that
  revoking is at once.
- Nothing of a body is read, and nothing is said of it, before its sender's key holds and is for this.
- What a key bound to a team may not see is answered like what is not there, by the route: ``Caller.seen`` goes over
  what was computed for everybody, so that no number depends on who asks (rules 11 and 13).
- No other site can act through a reader's browser: its session is good for reading, and for forms of our own pages
  alone, which have its token and come from here, as the browser itself says.
"""

import hmac
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Final, Protocol, TypeVar
from urllib.parse import quote, urlsplit

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from friction.errors import IntegrityError
from friction.settings import Settings
from friction.store import keys, sessions
from friction.store.engine import Database
from friction.store.keys import Key, Scope
from friction.wording import counted

from .notes import Notes
from .pace import Pace
from .shared import Shared

READS: Final = frozenset({"GET", "HEAD"})
SIGN_IN: Final = "/sign-in"


class _Directed(Protocol):
    @property
    def from_team(self) -> str: ...
    @property
    def about_team(self) -> str: ...


Of = TypeVar("Of", bound=_Directed)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the holder of a key that holds.

    Attributes:
        session: the token of their browser's session; None where they sent the key itself.
    """

    key: Key
    session: str | None = field(default=None, repr=False)

    @property
    def token(self) -> str:
        """What a form that changes something must send as ``token``, beside the session; nothing without one."""
        return "" if self.session is None else hmac.digest(self.session.encode(), b"form", "sha256").hex()

    def may(self, scope: Scope) -> bool:
        """Whether the key is for this."""
        return scope in self.key.scopes or "admin" in self.key.scopes

    def sees(self, from_team: str, about_team: str) -> bool:
        """Whether a pair may be shown to them; the answer to another is that of a pair that is not there."""
        return self.key.team is None or self.key.team in (from_team, about_team)

    def seen(self, found: Iterable[Of]) -> list[Of]:
        """Of pairs, cells or trends, those that may be shown to them."""
        return [one for one in found if self.sees(one.from_team, one.about_team)]


class Gate:
    """What the access to one application stands on.

    Args:
        operations: the store of keys and sessions.
        settings: the configuration.
        tls: whether this process itself speaks TLS.
    """

    def __init__(self, operations: Database, settings: Settings, *, tls: bool) -> None:
        service = settings.service
        self.operations = operations
        self.idle = service.session_hours * 3600
        self.pace = Pace(requests=service.requests_per_minute, failures=service.failures_per_minute)
        self.notes = Notes(operations, days=service.audit_days, idle=self.idle)
        self.is_secure = tls or (settings.public_url or "").startswith("https:")
        self.cookie = "__Host-friction" if self.is_secure else "friction"
        self._keys = Shared(partial(keys.check, operations))

    async def holder(self, request: Request, presented: str) -> Key | None:
        """The key that somebody presents, or None.

        Raises:
            HTTPException: 429, too many keys from their address did not hold.
        """
        key = await self._keys.find(presented)
        if key is None:
            self.count_failure(request, "Too many keys that do not hold.")
        return key

    def count_failure(self, request: Request, why: str) -> None:
        """Count a failed try to come in against the address that it comes from.

        Raises:
            HTTPException: 429, there were too many.
        """
        _wait(self.pace.failed(request.client.host if request.client else ""), why)

    async def caller(self, request: Request, sent: HTTPAuthorizationCredentials | None) -> Caller | None:
        """Who asks, or None."""
        if sent is not None:
            key = await self.holder(request, sent.credentials)
            return None if key is None else Caller(key)
        token = request.cookies.get(self.cookie)
        if token is None or "authorization" in request.headers:
            return None
        key = await run_in_threadpool(sessions.find, self.operations, token, self.idle)
        return None if key is None else Caller(key, token)


def gate_of(request: Request) -> Gate:
    """The gate of the application that a request reached."""
    gate: Gate = request.app.state.gate
    return gate


def note(request: Request, caller: Caller, *, lasting: bool) -> None:
    """Have the audit trail tell of this request; before it is answered where it leaves something that lasts."""
    request.state.caller, request.state.lasting = caller, lasting


def _wait(seconds: int | None, why: str) -> None:
    if seconds is not None:
        raise HTTPException(429, f"{why} Ask again in {counted(seconds, 'second')}.", {"Retry-After": str(seconds)})


_bearer = HTTPBearer(
    scheme_name="key", description="A key from `friction keys create`.", bearerFormat="friction_…", auto_error=False
)
_UNKNOWN: Final = "This needs a key that holds: send Authorization: Bearer KEY. Make one with: friction keys create"
_REALM: Final = 'Bearer realm="friction"'


@dataclass(frozen=True, slots=True)
class Access:
    """A dependency: the caller, who has a key for ``scope``.

    Attributes:
        scope: what the key must be for.
        page: whether people read the answer in a browser. They are led to sign in, and may send forms.
        whole: whether the answer tells of what goes on everywhere, so that no key bound to a team is for it.
    """

    scope: Scope
    page: bool = False
    whole: bool = False

    async def __call__(
        self, request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Caller:
        """The caller.

        Raises:
            HTTPException: as ``admit``.
        """
        admitted: Caller | None = getattr(request.state, "admitted", None)  # by KeyFirst
        return admitted or await self.admit(request, sent)

    async def admit(self, request: Request, sent: HTTPAuthorizationCredentials | None) -> Caller:
        """The caller, counted and noted.

        Raises:
            HTTPException: 401 without a key that holds, or for a page 303 to the one to sign in; 403 with a key that
                is not for this, or a form that is not ours; 429 after too many requests.
        """
        gate = gate_of(request)
        caller = await gate.caller(request, sent)
        reads = request.method in READS
        if caller is None or (caller.session is not None and not (reads or self.page)):
            if self.page and "authorization" not in request.headers:
                back = f"?back={quote(request.url.path)}" if reads and request.url.path != "/" else ""
                raise HTTPException(303, "Sign in first.", {"Location": SIGN_IN + back})
            raise HTTPException(401, _UNKNOWN, {"WWW-Authenticate": _REALM})
        _wait(gate.pace.asked(caller.key.id), "This key asks too often.")
        gate.notes.used(caller.key.id, None if caller.session is None else sessions.digest(caller.session))
        note(request, caller, lasting=not reads and self.scope != "score")
        if not caller.may(self.scope):
            header = f'{_REALM}, error="insufficient_scope", scope="{self.scope}"'
            raise HTTPException(403, f"This needs a key for {self.scope}.", {"WWW-Authenticate": header})
        if self.whole and caller.key.team is not None:
            raise HTTPException(403, "This needs a key that is bound to no team.")
        if caller.session is not None and not reads:
            await _require_own_form(request, caller)
        return caller


class KeyFirst(APIRoute):
    """A route that reads a body, but first asks who sends it; FastAPI alone would read first."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, behind the access that the route states."""
        handle = super().get_route_handler()
        (asked,) = (inner.call for inner in self.dependant.dependencies if isinstance(inner.call, Access))

        async def answer(request: Request) -> Response:
            request.state.admitted = await asked.admit(request, await _bearer(request))
            return await handle(request)

        return answer


async def _require_own_form(request: Request, caller: Caller) -> None:
    sent = (await request.form()).get("token")
    has_token = isinstance(sent, str) and hmac.compare_digest(sent.encode(), caller.token.encode())
    if not (has_token and is_from_here(request)):
        raise HTTPException(403, "This form is not from a page of ours, or too old. Open the page again and send it.")


def is_from_here(request: Request) -> bool:
    """Whether a browser says that a form is from a page of ours; what is no browser carries nobody's session.

    ``Sec-Fetch-Site`` comes first: our pages state no referrer, for which browsers make ``Origin`` null.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers["host"]


Reader = Annotated[Caller, Depends(Access("read"))]
Uploader = Annotated[Caller, Depends(Access("upload"))]
Administrator = Annotated[Caller, Depends(Access("admin"))]
PageReader = Annotated[Caller, Depends(Access("read", page=True))]


def _nobody() -> None:
    """States that a route is open."""


OPEN = Depends(_nobody)
"""For a route that anybody may ask: it shows nothing of what was said, and takes nothing."""


def stated(dependant: Dependant) -> list[Scope | None]:
    """The scopes that a route asks for; None stands for an open one."""
    calls = [inner.call for inner in dependant.dependencies]
    found: list[Scope | None] = [call.scope for call in calls if isinstance(call, Access)]
    return found + [None] * (_nobody in calls)


def require_stated(app: FastAPI) -> None:
    """Hold every route to saying who may ask it, and to asking that before it reads a body.

    Raises:
        IntegrityError: one does not, or says both.
    """
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is None:
            continue
        scopes = set(stated(dependant))
        if len(scopes) != 1:
            raise IntegrityError(f"The route {route.path} does not state one access; see service/access.py")
        if route.body_field is not None and scopes != {None} and not isinstance(route.original_route, KeyFirst):
            raise IntegrityError(f"The route {route.path} reads a body first; make its router with KeyFirst")
