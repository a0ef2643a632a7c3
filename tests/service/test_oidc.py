"""Signing in through a real OpenID provider in a process of its own, over real HTTP, as a browser does it."""

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from friction.pipeline import Pipeline
from friction.settings import Settings, load
from friction.store import keys
from friction.store.audit import told
from friction.store.engine import Database
from friction.store.releases import ReleaseStore
from service.app import create_app
from service.state import State
from tests.conftest import CONFIG
from tests.service.conftest import make_key, serve
from tests.service.provider import CLIENT, SECRET, provider
from tests.service.test_access import Asked, routes

SECTION: Final = """
[oidc]
issuer = "{}"
client_id = "{}"
claim = "groups"
scope = "openid groups"
[oidc.people.it-lead]
scopes = ["read"]
team = "it"
[oidc.people.board]
scopes = ["read"]
"""
SignIn = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as found:
        yield found


@pytest.fixture
def settings(config: Path, issuer: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    with config.open("a", encoding="utf-8") as file:
        file.write(SECTION.format(issuer, CLIENT))
    monkeypatch.setenv("FRICTION_OIDC_SECRET", SECRET)
    return load(config)


@pytest.fixture
def browser(client: httpx.Client) -> Iterator[httpx.Client]:
    """Knows no key, keeps cookies."""
    with httpx.Client(base_url=client.base_url, timeout=30) as browser:
        yield browser


def _leave(browser: httpx.Client, back: str = "/") -> str:
    """Where the provider is to be asked."""
    answer = browser.get("/sign-in/provider", params={"back": back})
    assert answer.status_code == 303
    return answer.headers["location"]


def _at_provider(url: str, claims: dict[str, object], **signing: str) -> str:
    """Where the provider sends somebody with these claims back to."""
    with httpx.Client(timeout=30) as plain:
        answer = plain.post(url, data={"claims": json.dumps(claims), **signing})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


@pytest.fixture
def sign_in(browser: httpx.Client) -> SignIn:
    def whole(back: str = "/", signing: dict[str, str] | None = None, **claims: object) -> httpx.Response:
        return browser.get(_at_provider(_leave(browser, back), claims, **(signing or {})))

    return whole


def _is_refused(browser: httpx.Client, answer: httpx.Response) -> None:
    assert answer.status_code == 403
    assert "friction" not in browser.cookies
    assert "did not come through" in answer.text
    assert browser.get("/").status_code == 303


def test_a_whole_sign_in_and_out(
    browser: httpx.Client, sign_in: SignIn, operations: Database, settings: Settings
) -> None:
    assert "/sign-in/provider?back=/weeks" in browser.get("/sign-in?back=/weeks").text
    answer = sign_in("/weeks", groups=["elsewhere", "board"], name="Ada Lovelace", email="ada@example.org")
    assert (answer.status_code, answer.headers["location"]) == (303, "/weeks")
    assert browser.get("/pairs/sales/marketing").status_code == 200
    (key,) = [k for k in keys.every(operations) if k.name]
    assert (key.name, key.scopes, key.team) == ("signed in: board", {"read"}, None)
    assert key.expires is not None
    assert key.expires - key.created <= 12 * 3600
    assert [one.status for one, _ in told(operations, key=key.id) if one.route == "GET /sign-in/return"] == [303]
    token = browser.get("/").text.split('name="token" value="')[1][:64]
    assert browser.post("/sign-out", data={"token": token}).status_code == 303
    assert browser.get("/").status_code == 303


def test_a_person_has_one_key_and_nothing_of_them_is_kept(
    sign_in: SignIn, operations: Database, settings: Settings
) -> None:
    for group in ("board", "it-lead"):
        assert sign_in(sub="lovelace-77", groups=group, email="ada@example.org").status_code == 303
    (key,) = [k for k in keys.every(operations) if k.name]
    assert (key.name, key.team) == ("signed in: it-lead", "it")
    store = Path(settings.operations_address.removeprefix("sqlite:///"))
    kept = b"".join(p.read_bytes() for p in store.parent.glob(store.name + "*"))
    assert b"signed in" in kept
    assert b"lovelace" not in kept
    assert b"ada@" not in kept


def test_a_team_s_people_see_its_pairs_alone(browser: httpx.Client, sign_in: SignIn) -> None:
    sign_in(groups=["board", "it-lead"])  # the first in the file is theirs
    pairs = browser.get("/v1/pairs").json()["pairs"]
    assert [(p["from_team"], p["about_team"]) for p in pairs] == [("support", "it")]
    assert browser.get("/pairs/sales/marketing").text.count("20–49") == 0


@pytest.mark.parametrize("claims", [{}, {"groups": []}, {"groups": "boardroom"}, {"groups": None}, {"groups": {}}])
def test_whoever_is_in_no_group_is_refused(
    browser: httpx.Client, sign_in: SignIn, operations: Database, claims: dict[str, object]
) -> None:
    answer = sign_in(**claims)
    assert answer.status_code == 403
    assert "is not for these pages" in answer.text
    assert browser.get("/").status_code == 303
    assert not [k for k in keys.every(operations) if k.name]


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": ""},
        {"aud": "another"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1_600_000_000},
        {"exp": "never"},
        {"at_hash": "another"},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    browser: httpx.Client, sign_in: SignIn, claims: dict[str, object]
) -> None:
    _is_refused(browser, sign_in(groups="board", **claims))


@pytest.mark.parametrize("signing", [{"key": "other"}, {"alg": "HS256"}, {"alg": "none"}])
def test_a_token_that_the_provider_did_not_sign_is_refused(
    browser: httpx.Client, sign_in: SignIn, signing: dict[str, str]
) -> None:
    _is_refused(browser, sign_in(groups="board", signing=signing))
    assert sign_in(groups="board").status_code == 303


def test_a_key_that_the_provider_has_withdrawn_signs_nobody_in(browser: httpx.Client, sign_in: SignIn) -> None:
    """Its keys are asked for at each sign-in, so that a new one counts at once, though it be called like the old."""
    assert sign_in(groups="board").status_code == 303
    browser.cookies.clear()
    _is_refused(browser, sign_in(groups="board", signing={"rotate": "yes", "key": "withdrawn"}))
    assert sign_in(groups="board").status_code == 303


def test_a_return_that_was_not_awaited_ends_no_sign_in(browser: httpx.Client) -> None:
    """Somebody began in two tabs, and the provider asked for their password in both."""
    first, second = (_at_provider(_leave(browser), {"groups": "board"}) for _ in range(2))
    assert browser.get(first).status_code == 403
    assert browser.get(second).status_code == 303


def test_a_return_is_for_the_browser_that_began_and_once(browser: httpx.Client) -> None:
    back = _at_provider(_leave(browser), {"groups": "board"})
    with httpx.Client(base_url=browser.base_url, timeout=30) as other:
        _is_refused(other, other.get(back))  # began nothing
        _leave(other)
        _is_refused(other, other.get(back))  # began something else
    assert browser.get(back).status_code == 303
    session = browser.cookies["friction"]
    browser.cookies.delete("friction")
    _is_refused(browser, browser.get(back))
    assert session


def test_a_code_without_its_proof_is_worth_nothing(browser: httpx.Client) -> None:
    """The provider holds to PKCE, and is sent what it asks for: a code that was taken on the way opens nothing."""
    taken = _at_provider(_leave(browser), {"groups": "board"})
    _leave(browser)
    state = browser.cookies["friction-oidc"].strip('"').split("state=")[1].split("&")[0]
    code = parse_qs(urlsplit(taken).query)["code"][0]
    _is_refused(browser, browser.get("/sign-in/return", params={"code": code, "state": state}))


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/\n/evil"])
def test_the_way_back_leads_nowhere_else(sign_in: SignIn, back: str) -> None:
    assert sign_in(back, groups="board").headers["location"] == "/"


def test_nobody_waits_while_certificates_are_read(
    browser: httpx.Client, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the authorities are read at start: anybody may begin to sign in, as often as they like."""
    real, read = ssl.create_default_context, []
    monkeypatch.setattr(ssl, "create_default_context", lambda *a, **more: read.append(a) or real(*a, **more))
    assert sign_in(groups="board").status_code == 303
    assert len(read) == 1  # the test's own client, at the provider


def test_a_revoked_person_stays_out(browser: httpx.Client, sign_in: SignIn, operations: Database) -> None:
    sign_in(groups="board")
    (key,) = [k for k in keys.every(operations) if k.name]
    keys.revoke(operations, key.id)
    assert browser.get("/").status_code == 303
    assert sign_in(groups="board").status_code == 403
    assert sign_in(groups="board", sub="another").status_code == 303


def test_the_new_routes_are_open_and_show_nothing(
    browser: httpx.Client, operations: Database, released: ReleaseStore, settings: Settings, pipeline: Pipeline
) -> None:
    """The access matrix for them: every scope, a bound team, no key and a dead one get the same answer."""
    app = create_app(State(settings, pipeline, released, operations))
    new = [asked for asked in routes(app) if asked.path in ("/sign-in/provider", "/sign-in/return")]
    assert {(a.method, a.path, a.scope) for a in new} == {
        ("GET", "/sign-in/provider", None),
        ("GET", "/sign-in/return", None),
    }
    holders = [make_key(operations, scope) for scope in keys.SCOPES]
    holders += [make_key(operations, "read", team="it"), "malformed"]
    for asked in new:
        answers = [_ask(browser, asked)]
        answers += [_ask(browser, asked, authorization=f"Bearer {key}") for key in holders]
        assert {a.status_code for a in answers} == {303 if asked.path == "/sign-in/provider" else 403}
        assert all(b"blame" not in a.content for a in answers)
        assert browser.request("POST", asked.path, content=b"").status_code == 405


def _ask(browser: httpx.Client, asked: Asked, **headers: str) -> httpx.Response:
    browser.cookies.clear()
    return browser.request(asked.method, asked.path, headers=headers)


def test_a_provider_that_is_away_stops_nobody_with_a_key(
    config: Path, operations: Database, released: ReleaseStore, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked when somebody signs in, and at no other time: without it the service starts and answers."""
    config.write_text(CONFIG + SECTION.format("http://127.0.0.1:9", CLIENT), encoding="utf-8")
    monkeypatch.setenv("FRICTION_OIDC_SECRET", SECRET)
    for client in serve(State(load(config), pipeline, released, operations), make_key(operations, "admin")):
        assert client.get("/v1/pairs").status_code == 200
        assert client.get("/sign-in/provider").status_code == 403
        for language, said in (("en", "Sign in with your org"), ("fr", "Se connecter avec le compte de votre org")):
            assert said in client.get("/sign-in", headers={"accept-language": language}).text
