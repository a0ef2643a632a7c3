"""Signing in to the dashboard through the organisation's OpenID provider, where ``[oidc]`` names one.

The authorization code flow of OpenID Connect Core 1.0 (3.1) with PKCE (RFC 7636); authlib speaks it and checks what
comes back. Part of the application only where configured (``service.app``); nothing else loads authlib. The provider is
asked when somebody signs in, and at no other time: once for where its pages are, then for each code and for its keys.

Security properties:

- State, nonce and the proof of PKCE stay with the browser that began, in a cookie of this host that no script reads,
  for ten minutes and one return. A return in another browser opens nothing.
- An ID token counts only if a key of the provider signed it, with an algorithm that needs one, and if it is from this
  issuer, for this client, with this nonce, and not expired.
- Whoever has no value of ``[oidc.people]`` in their claim gets nothing; among several, the first in the file decides.
- Nothing that the provider says of a person is kept, logged or shown (``friction.store.subjects``).
"""

import hmac
import logging
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from authlib.integrations.starlette_client import StarletteOAuth2App
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from httpx2 import create_ssl_context
from starlette.concurrency import run_in_threadpool

from friction.records import TeamId
from friction.settings import Settings
from friction.settings.sections import OidcSection
from friction.store import subjects
from friction.store.keys import Key

from .access import OPEN, SIGN_IN, Caller, gate_of, note
from .signing import PROVIDER, Back, ask, open_session

RETURN: Final = f"{SIGN_IN}/return"
ALGORITHMS: Final = [f"{kind}{size}" for kind in ("RS", "PS", "ES") for size in (256, 384, 512)] + ["EdDSA", "Ed25519"]
"""Those whose signatures only the provider can make; a provider may name others, "none" among them."""
_PATIENCE: Final = 600
_FAILED: Final = "Too many sign-ins that did not come through."
router = APIRouter(include_in_schema=False)
_log = logging.getLogger(__name__)


class Provider:
    """The configured provider.

    Raises:
        UsageError: the client's secret is not in the environment.
    """

    def __init__(self, settings: Settings, section: OidcSection) -> None:
        self.section = section
        self._base = settings.public_url
        self._claims = {
            "iss": {"essential": True, "value": section.issuer},
            "aud": {"essential": True, "value": section.client_id},
        }
        self._client = StarletteOAuth2App(
            None,
            client_id=section.client_id,
            client_secret=settings.oidc_secret,
            server_metadata_url=section.issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": section.scope,
                "code_challenge_method": "S256",
                "verify": create_ssl_context(),  # once: to read the authorities' certificates keeps everybody waiting
            },
        )

    async def begin(self, request: Request) -> dict[str, str]:
        """The ``url`` to send a browser to, and what it must keep until it comes back."""
        begun: dict[str, str] = await self._client.create_authorization_url(self._return_to(request))
        return begun

    async def claims(self, request: Request, begun: Mapping[str, str], code: str) -> Mapping[str, Any]:
        """What the provider says, and proves, of who came back."""
        client = self._client
        sent = await client.fetch_access_token(
            self._return_to(request), code=code, code_verifier=begun["code_verifier"]
        )
        client.server_metadata["id_token_signing_alg_values_supported"] = ALGORITHMS
        client.server_metadata.pop("jwks", None)  # kept, a key that the provider has withdrawn would go on signing
        said: Mapping[str, Any] = await client.parse_id_token(
            {"id_token": sent["id_token"], "access_token": sent["access_token"]},
            nonce=begun["nonce"],
            claims_options=self._claims,
        )
        return said

    def group(self, claims: Mapping[str, Any]) -> str | None:
        """The first value of ``[oidc.people]`` that a person has."""
        said = claims.get(self.section.claim)
        has = said if isinstance(said, list) else [said]
        return next((value for value in self.section.people if value in has), None)

    def _return_to(self, request: Request) -> str:
        return (self._base or str(request.base_url).rstrip("/")) + RETURN


@router.get(PROVIDER, dependencies=[OPEN])
async def begin(request: Request, back: Back = "/") -> Response:
    """Send a browser to the provider. A link and no form: ``form-action`` would stop a form that leads elsewhere."""
    gate = gate_of(request)
    try:
        begun = await _provider_of(request).begin(request)
    except Exception as error:  # what a provider answers, or does not, can be anything
        return _failed(request, back, error)
    answer = RedirectResponse(begun.pop("url"), 303)
    kept = urlencode(begun | {"back": back})
    answer.set_cookie(
        f"{gate.cookie}-oidc", kept, _PATIENCE, path="/", secure=gate.is_secure, httponly=True, samesite="lax"
    )
    return answer


@router.get(RETURN, dependencies=[OPEN])
async def come_back(
    request: Request, code: Annotated[str, Query()] = "", state: Annotated[str, Query()] = ""
) -> Response:
    """Open a session for whom the provider sends back. It may add parameters of its own, which say nothing here."""
    gate = gate_of(request)
    begun = dict(parse_qsl(request.cookies.get(f"{gate.cookie}-oidc", "")))
    if not (state and hmac.compare_digest(begun.get("state", "").encode(), state.encode())):
        return _failed(request, begun.get("back", "/"))  # the one that is awaited may still come, from another tab
    answer = await _finish(request, begun, code)
    answer.delete_cookie(f"{gate.cookie}-oidc", path="/", secure=gate.is_secure, httponly=True, samesite="lax")
    return answer


async def _finish(request: Request, begun: Mapping[str, str], code: str) -> Response:
    provider, back = _provider_of(request), begun.get("back", "/")
    if not code:
        return _failed(request, back)
    try:
        claims = await provider.claims(request, begun, code)
    except Exception as error:  # fails closed, whatever came back
        return _failed(request, back, error)
    group = provider.group(claims)
    key = None if group is None else await run_in_threadpool(_key, request, provider, group, claims["sub"])
    if key is None:
        return ask(request, back, "stranger", 403)
    note(request, Caller(key), lasting=True)
    return await open_session(request, key, back)


def _key(request: Request, provider: Provider, group: str, subject: str) -> Key | None:
    gate, may = gate_of(request), provider.section.people[group]
    return subjects.key_of(
        gate.operations,
        f"{provider.section.issuer} {subject}",
        may.scopes,
        team=None if may.team is None else TeamId(may.team),
        name=f"signed in: {group}",
        seconds=gate.idle,
    )


def _failed(request: Request, back: str, error: Exception | None = None) -> Response:
    gate_of(request).count_failure(request, _FAILED)
    why = "no sign-in was begun in this browser, or it was refused" if error is None else type(error).__name__
    _log.warning("signing in through the provider failed", extra={"fields": {"why": why}})
    return ask(request, back, "provider", 403)


def _provider_of(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider
