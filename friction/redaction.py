"""Mask what could identify a person, before anything else looks at a text.

Promises: e-mail addresses, URLs, phone numbers, bank accounts, cards, national numbers, IP addresses and handles
become a neutral placeholder; nothing found is logged or kept. Finding and masking are apart, joined by ``Found``.
Called by ``friction.pipeline`` only.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import phonenumbers
from stdnum import iban, luhn
from stdnum.fr import nir

from friction.records import AlignedText, Span

Kind = Literal["email", "url", "phone", "iban", "card", "national_number", "ip", "handle", "identifier"]
REGIONS: Final = ("FR", "GB", "CA")
"""Regions whose national phone format is understood; numbers with a country code are, whatever the country."""

MASKS: Final[dict[Kind, str]] = {
    "email": "[email]",
    "url": "[link]",
    "phone": "[phone]",
    "iban": "[account]",
    "card": "[account]",
    "national_number": "[id]",
    "ip": "[link]",
    "handle": "[person]",
    "identifier": "[id]",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A span to be masked, and why."""

    span: Span
    kind: Kind


def _always(_: str) -> bool:
    return True


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_card(text: str) -> bool:
    return 13 <= len(_digits(text)) <= 19 and bool(luhn.is_valid(_digits(text)))


_RECOGNISERS: Final[tuple[tuple[Kind, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("email", re.compile(r"[\w.+'%-]{1,64}\s?@\s?[\w-]+(?:\.[\w-]+)+"), _always),
    (
        "url",
        re.compile(
            r"(?:https?|ftp)://\S+|\bwww\.\S+|\b(?:[\w-]+\.)+(?:com|org|net|io|fr|ca|uk|eu|dev)(?:/\S*)?\b", re.I
        ),
        _always,
    ),
    (
        "iban",
        re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b"),
        lambda t: bool(iban.is_valid(t)),
    ),
    (
        "national_number",
        re.compile(r"\b[12][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}\b"),
        lambda t: bool(nir.is_valid(t)),
    ),
    ("card", re.compile(r"\b\d(?:[ -]?\d){12,18}\b"), _is_card),
    ("ip", re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"), _always),
    ("handle", re.compile(r"(?<![\w@])@[\w.-]*\w|<@[UW][A-Z0-9]+(?:\|[^>]*)?>"), _always),
    ("identifier", re.compile(r"\b(?=[A-Z\d-]*\d[A-Z\d-]*\d)(?:[A-Z]{1,4}-?\d{5,}|\d{7,})\b"), _always),
)
_PHONE_LIKE: Final = re.compile(r"\+?\(?\d[\d\s().-]{6,}\d")


def find(text: str) -> list[Found]:
    """Everything to be masked, in order, without overlaps; an earlier recogniser wins over a later one."""
    taken: list[Found] = []
    for found in _candidates(text):
        if all(found.span.end <= t.span.start or found.span.start >= t.span.end for t in taken):
            taken.append(found)
    return sorted(taken, key=lambda f: f.span.start)


def _candidates(text: str) -> Iterator[Found]:
    for kind, pattern, is_valid in _RECOGNISERS[:-1]:
        for match in pattern.finditer(text):
            if is_valid(match[0]):
                yield Found(Span(match.start(), match.end()), kind)
    if _PHONE_LIKE.search(text):
        for region in REGIONS:
            for number in phonenumbers.PhoneNumberMatcher(text, region):
                yield Found(Span(number.start, number.end), "phone")
    kind, pattern, _ = _RECOGNISERS[-1]
    for match in pattern.finditer(text):
        yield Found(Span(match.start(), match.end()), kind)


def redact(text: str) -> AlignedText:
    """``text`` with everything that ``find`` finds masked."""
    return AlignedText.of(text).replace([(found.span, MASKS[found.kind]) for found in find(text)])
