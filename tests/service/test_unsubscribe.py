"""One click from the mail, without signing in, and nothing else that the click can do."""

import re

import httpx
import pytest

from friction.store import recipients
from friction.store.engine import Database

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def token(operations: Database) -> str:
    token = recipients.token_of(recipients.delivery_key(operations), "Alice@Example.org")
    recipients.remember(operations, recipients.key_of(token))
    return token


def test_one_click_is_enough_and_twice_is_once(client: httpx.Client, operations: Database, token: str) -> None:
    for _ in range(2):
        response = client.post(f"/unsubscribe/{token}", data=ONE_CLICK, headers={"authorization": "", "cookie": ""})
        assert response.status_code == 200
        assert "You get no more digests" in response.text
        assert recipients.who_left(operations) == {recipients.key_of(token)}


def test_looking_changes_nothing(client: httpx.Client, operations: Database, token: str) -> None:
    """Scanners open every address in a mail."""
    page = client.get(f"/unsubscribe/{token}")
    assert page.status_code == 200
    assert re.search(r'<form [^>]*method="post"><p><button', page.text)
    french = client.get(f"/unsubscribe/{token}", headers={"accept-language": "fr"}).text
    assert "Ne plus recevoir le bilan" in french
    assert client.head(f"/unsubscribe/{token}").status_code == 200
    assert not recipients.who_left(operations)


@pytest.mark.parametrize("other", ["A" * 43, "a", "A" * 44, "x'--", "%00"])
def test_another_s_token_is_nobody_s(client: httpx.Client, operations: Database, token: str, other: str) -> None:
    for response in (client.post(f"/unsubscribe/{other}", data=ONE_CLICK), client.get(f"/unsubscribe/{other}")):
        assert response.status_code in (404, 422)
        assert response.headers["content-type"] == "application/problem+json"
    assert not recipients.who_left(operations)


def test_the_address_decides_and_its_case_does_not(operations: Database, token: str) -> None:
    key = recipients.delivery_key(operations)
    assert recipients.token_of(key, "alice@example.org") == token
    assert recipients.token_of(key, "alice@example.com") != token
    assert recipients.token_of(bytes(32), "alice@example.org") != token
    assert recipients.delivery_key(operations) == key
