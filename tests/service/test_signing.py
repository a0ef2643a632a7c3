"""Signing in and out over real HTTP, as a browser does it."""

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from friction.store import keys
from friction.store.engine import Database
from tests.service.conftest import make_key

FROM_HERE = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def browser(client: httpx.Client) -> Iterator[httpx.Client]:
    """Knows no key, keeps cookies."""
    with httpx.Client(base_url=client.base_url, timeout=30) as browser:
        yield browser


def _sign_in(browser: httpx.Client, key: str, **more: str) -> httpx.Response:
    return browser.post("/sign-in", data={"key": key, **more}, headers=FROM_HERE)


def _token(browser: httpx.Client) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{64})"', browser.get("/").text)
    assert found is not None
    return found[1]


def test_a_page_leads_to_signing_in_and_back(browser: httpx.Client, operations: Database) -> None:
    sent_away = browser.get("/pairs/sales/marketing")
    assert sent_away.status_code == 303
    form = browser.get(sent_away.headers["location"])
    assert form.status_code == 200
    assert "/sign-in/provider" not in form.text
    assert browser.get("/sign-in/provider").status_code == 404
    back = re.search(r'name="back" value="([^"]+)"', form.text)
    assert back is not None
    answer = _sign_in(browser, make_key(operations, "read"), back=html.unescape(back[1]))
    assert (answer.status_code, answer.headers["location"]) == (303, "/pairs/sales/marketing")
    assert "20–49" in browser.get("/pairs/sales/marketing").text
    assert browser.get("/v1/pairs").status_code == 200


def test_the_cookie_is_kept_from_scripts_and_other_sites(browser: httpx.Client, operations: Database) -> None:
    cookie = _sign_in(browser, make_key(operations, "read")).headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert re.fullmatch(r"friction=[\w-]{43}", name)
    assert set(attributes) == {"HttpOnly", "Path=/", "SameSite=lax"}


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "", "/\n/evil", "javascript:alert()"]
)
def test_the_way_back_leads_nowhere_else(browser: httpx.Client, operations: Database, back: str) -> None:
    assert _sign_in(browser, make_key(operations, "read"), back=back).headers["location"] == "/"
    assert 'value="/"' in browser.get("/sign-in", params={"back": back}).text


def test_a_key_that_does_not_hold_opens_nothing(browser: httpx.Client, operations: Database) -> None:
    for key in ("", "friction", make_key(operations, "read")[:-1]):
        answer = _sign_in(browser, key)
        assert answer.status_code in (401, 422)
        assert "set-cookie" not in answer.headers
    assert _sign_in(browser, make_key(operations, "score", "upload")).status_code == 403
    assert browser.get("/").status_code == 303


def test_a_session_is_new_with_every_sign_in(browser: httpx.Client, operations: Database) -> None:
    """One that was planted opens nothing, before and after; and the one before ends."""
    key = make_key(operations, "read")
    browser.cookies.set("friction", "planted")
    assert browser.get("/").status_code == 303
    browser.cookies.clear()
    _sign_in(browser, key)
    first = browser.cookies["friction"]
    _sign_in(browser, key)
    second = browser.cookies["friction"]
    assert len({"planted", first, second}) == 3
    for token, status in (("planted", 303), (first, 303), (second, 200)):
        browser.cookies.clear()
        assert browser.get("/", headers={"cookie": f"friction={token}"}).status_code == status


def test_signing_out_ends_the_session_itself(browser: httpx.Client, operations: Database) -> None:
    _sign_in(browser, make_key(operations, "read"))
    kept = browser.cookies["friction"]
    answer = browser.post("/sign-out", data={"token": _token(browser)}, headers=FROM_HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "friction" not in browser.cookies
    assert browser.get("/", headers={"cookie": f"friction={kept}"}).status_code == 303


def test_a_session_ends_with_its_key(browser: httpx.Client, operations: Database) -> None:
    secret = make_key(operations, "read")
    _sign_in(browser, secret)
    assert browser.get("/").status_code == 200
    keys.revoke(operations, secret.split("_")[1])
    assert browser.get("/").status_code == 303
    assert browser.get("/v1/pairs").status_code == 401


@pytest.mark.parametrize(
    ("headers", "has_token", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, True, 303),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True, 303),
        ({"origin": "http://HOST"}, True, 303),
        ({"sec-fetch-site": "same-origin"}, False, 403),
        ({"sec-fetch-site": "cross-site"}, True, 403),
        ({"sec-fetch-site": "same-site"}, True, 403),
        ({"origin": "http://evil.example"}, True, 403),
        ({"origin": "http://localhost"}, True, 403),
        ({"origin": "null"}, True, 403),
    ],
)
def test_no_other_site_sends_our_forms(
    browser: httpx.Client, operations: Database, headers: dict[str, str], has_token: bool, status: int
) -> None:
    _sign_in(browser, make_key(operations, "read"))
    sent = {name: value.replace("HOST", browser.base_url.netloc.decode()) for name, value in headers.items()}
    data = {"token": _token(browser) if has_token else "0" * 64}
    assert browser.post("/sign-out", data=data, headers=sent).status_code == status
    assert browser.get("/").status_code == (303 if status == 303 else 200)
    if not has_token:
        assert browser.post("/sign-out", headers=sent).status_code == status


def test_no_other_site_signs_anybody_in(browser: httpx.Client, operations: Database) -> None:
    data = {"key": make_key(operations, "read")}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}):
        answer = browser.post("/sign-in", data=data, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_a_session_changes_nothing_through_the_api(browser: httpx.Client, operations: Database) -> None:
    _sign_in(browser, make_key(operations, "admin"))
    answer = browser.post("/v1/score", json={"comments": [{"text": "x"}]}, headers=FROM_HERE)
    assert answer.status_code == 401
