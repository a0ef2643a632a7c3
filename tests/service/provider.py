"""An OpenID provider in a process of its own, on loopback: authlib's server side, which checks the client, its secret,
the nonce and PKCE. Whoever signs in says which claims their token has, and may have it badly signed.

    python -m tests.service.provider REDIRECT_URI...     # prints its issuer
"""

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

CLIENT, SECRET = "friction", "a secret of thirty-two characters"


@contextmanager
def provider() -> Iterator[str]:
    """The issuer of a running one."""
    environment = os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"}  # noqa: TID251
    command = [sys.executable, "-m", "tests.service.provider"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _serve() -> None:
    from authlib.integrations.flask_oauth2 import AuthorizationServer
    from authlib.oauth2.rfc6749 import ClientMixin, grants
    from authlib.oauth2.rfc7636 import CodeChallenge
    from authlib.oidc.core import AuthorizationCodeMixin
    from authlib.oidc.core.grants import OpenIDCode
    from flask import Flask, Response, jsonify, request
    from joserfc.jwk import OctKey, RSAKey
    from werkzeug.serving import make_server

    keys = {name: RSAKey.generate_key(2048, {"kid": "one"}) for name in ("own", "other")}
    codes: dict[str, Any] = {}
    listener = socket.create_server(("127.0.0.1", 0))
    issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = Flask(__name__)

    class Client(ClientMixin):
        def get_client_id(self) -> str:
            return CLIENT

        def get_allowed_scope(self, scope: str) -> str:
            return scope

        def check_redirect_uri(self, uri: str) -> bool:
            return uri.startswith("http://127.0.0.1:") and uri.endswith("/sign-in/return")

        def check_client_secret(self, secret: str) -> bool:
            return secret == SECRET

        def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
            return method == "client_secret_basic"

        def check_response_type(self, kind: str) -> bool:
            return kind == "code"

        def check_grant_type(self, kind: str) -> bool:
            return kind == "authorization_code"

    class Code(dict[str, Any], AuthorizationCodeMixin):
        def __getattr__(self, name: str) -> Any:
            return self[name]

        def get_redirect_uri(self) -> str:
            return str(self["redirect_uri"])

        def get_scope(self) -> str:
            return str(self["scope"])

        def get_nonce(self) -> str:
            return str(self["nonce"])

        def get_auth_time(self) -> None:
            return None

        get_acr = get_amr = get_auth_time

    class Grant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic"]

        def save_authorization_code(self, code: str, asked: Any) -> None:
            sent = asked.payload.data
            kept = ("nonce", "code_challenge", "code_challenge_method", "redirect_uri", "scope")
            codes[code] = Code({name: sent.get(name) for name in kept}, user=asked.user)

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return codes.get(code)

        def delete_authorization_code(self, code: Code) -> None:
            codes.clear()

        def authenticate_user(self, code: Code) -> Any:
            return code["user"]

    class OpenID(OpenIDCode):
        def exists_nonce(self, nonce: str, asked: Any) -> bool:
            return False

        def get_client_algorithm(self, client: Client) -> str:
            return str(signing["alg"])

        def get_encode_header(self, client: Client) -> dict[str, str]:
            return {"alg": signing["alg"], "kid": "one"}

        def resolve_client_private_key(self, client: Client) -> Any:
            return OctKey.import_key(SECRET) if signing["alg"] == "HS256" else keys[signing["key"]]

        def get_client_claims(self, client: Client) -> dict[str, str]:
            return {"iss": issuer}

        def get_compatible_claims(self, asked: Any) -> dict[str, Any]:
            import time

            now = int(time.time())
            return {"iss": issuer, "aud": CLIENT, "iat": now, "exp": now + 300}

        def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
            return user

    signing = {"alg": "RS256", "key": "own"}
    server = AuthorizationServer(app, lambda id: Client() if id == CLIENT else None, lambda token, asked: None)
    server.register_grant(Grant, [OpenID(require_nonce=True), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def metadata() -> Response:
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            jwks_uri=f"{issuer}/jwks",
            id_token_signing_alg_values_supported=["RS256", "HS256", "none"],
        )

    @app.get("/jwks")
    def jwks() -> Response:
        return jsonify(keys=[keys["own"].as_dict(private=False)])

    @app.post("/authorize")
    def authorize() -> Any:
        assert request.args["code_challenge_method"] == "S256"
        if "rotate" in request.form:
            keys.update(withdrawn=keys["own"], own=RSAKey.generate_key(2048, {"kid": "one"}))
        signing.update(alg=request.form.get("alg", "RS256"), key=request.form.get("key", "own"))
        user = {"sub": "ada"} | json.loads(request.form["claims"])
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant_user=user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    app.secret_key = secrets.token_bytes(16)
    print(issuer, flush=True)
    make_server("127.0.0.1", 0, app, fd=listener.fileno()).serve_forever()


if __name__ == "__main__":
    _serve()
