import pytest
from hypothesis import given
from hypothesis import strategies as st

from friction.records import Span
from friction.redaction import redact


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to jean.dupont+x@corp.example.org now", "write to [email] now"),
        ("appelle le 06 12 34 56 78 ou +33 6 12 34 56 78", "appelle le [phone] ou [phone]"),
        ("call 020 7946 0958", "call [phone]"),
        ("voir https://wiki.corp.example/x?user=jdoe.", "voir [link]"),
        ("see www.acme.com or intranet.acme.fr/rh", "see [link] or [link]"),
        ("@marie.l did it", "[person] did it"),
        ("<@U02ABCDEF> did it", "[person] did it"),
        ("IBAN FR14 2004 1010 0505 0001 3M02 606", "IBAN [account]"),
        ("card 4111 1111 1111 1111 declined", "card [account] declined"),
        ("server 192.168.1.12 down", "server [link] down"),
        ("badge AB123456", "badge [id]"),
    ],
)
def test_masks(text: str, masked: str) -> None:
    assert redact(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3 shipped on 2026-11-24 at 10:30",
        "we waited 3 weeks, 2 days and 14 hours",
        "ticket 4512 and order 99 of 1000",
        "email us @ noon",
        "et voilà, c.-à-d. rien",
        "Q3 2026: 12 500 pieces, 3.5 % scrap",
    ],
)
def test_near_misses_stay(text: str) -> None:
    assert redact(text).text == text


@given(st.text(max_size=200))
def test_offsets_stay_true(text: str) -> None:
    masked = redact(text)
    assert len(masked.origin) == len(masked.text)
    for place, char in enumerate(masked.text):
        span = masked.source(Span(place, place + 1))
        assert char in "[]abcdefghijklmnopqrstuvwxyz" or text[span.start : span.end] == char
