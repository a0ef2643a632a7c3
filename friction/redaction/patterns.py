"""What has a form of its own: addresses, numbers with a checksum, phones, handles. A table, read from top to bottom.

A recogniser is a shape, and a check of what has that shape; ``hint``: characters without any of which it need not look
("#" for a few digits, "." for one that ends no sentence).
Validity is python-stdnum's and phonenumbers' to say. Called by ``friction.redaction`` only.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import phonenumbers

from friction.records import Span
from friction.redaction.numbers import (
    iban_length,
    is_card,
    is_ip,
    is_nhs_number,
    is_nino,
    is_nir,
    is_phone_shaped,
    is_sin,
    is_ssn,
)
from friction.redaction.spans import Found, Kind

REGIONS: Final = ("FR", "GB", "US", "BE", "CH")
"""Regions whose national phone format is understood (US: all of North America); with a country code, any country."""
_TLD: Final = (
    r"(?:com|org|net|io|fr|ca|uk|eu|dev|be|ch|de|us|ie|app|ai|gov|edu|info|biz|gle|ly|co|me|tv|lu|qc|gouv"
    r"|example|local|lan|internal|intranet|corp)"
)
_HOST: Final = rf"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+{_TLD}"
_B: Final = r"(?<![\w.])"
"""Not inside a word or a longer number."""
_CONTEXT: Final = (
    r"(?:badge|matricules?|employee|personnel|staff(?: card)?|payroll|salarie|salari\u00e9|agent)"
    r"(?:\s+(?:no|id|number|nr|num|num\u00e9ro|n\u00b0|et|and|#))?\.?\s*(?:[:#\u00b0]\s*)?"
)


def _always(text: str) -> int:
    return len(text)


@dataclass(frozen=True, slots=True)
class Recogniser:
    """A shape and its check, which says how many characters of the match are good. ``group`` is what is masked."""

    kind: Kind
    shape: re.Pattern[str]
    check: Callable[[str], int] = _always
    hint: str = ""
    group: int = 0

    def find(self, text: str) -> Iterator[Found]:
        """What in ``text`` has the shape and passes the check."""
        at = 0
        while match := self.shape.search(text, at):
            at = match.end()
            if good := self.check(match[self.group]):
                start, end = match.span(self.group)
                if good is not True:
                    at = end = start + good
                yield Found(Span(start, end), self.kind)


_I: Final = re.IGNORECASE
RECOGNISERS: Final = (
    Recogniser(
        "email",
        re.compile(r"(?<![\w.+'%-])[\w.+'%-]{1,64}(?:@|\s?@\s?(?=[\w.-]*[^\W\d_]{2}(?![\w.])))[\w-]+(?:\.[\w-]+)+"),
        hint="@",
    ),
    Recogniser(
        "email",
        re.compile(
            rf"[\w.+%-]{{1,64}}\s?[(\[]\s?(?:at|a|arobase|chez)\s?[)\]]\s?(?:{_HOST}|[\w-]+\s?[(\[]\s?(?:dot|point)\s?[)\]]\s?\w+)",
            _I,
        ),
        hint="()[]",
    ),
    Recogniser(
        "url",
        re.compile(r"\b(?:https?|ftp|file|ssh|sftp|smb)://[^\s<>\"\u00bb]*[^\s<>\"\u00bb.,;:!?')\]}]", _I),
        hint=":",
    ),
    Recogniser("url", re.compile(r"(?<!\\)\\\\[\w.-]+(?:\\[\w$.-]+)+"), hint="\\"),
    Recogniser(
        "url",
        re.compile(
            rf"(?<![\w@.-])(?!(?:asp|vb|ado)\.net\b)(?:www\.[^\s<>\"\u00bb]*[\w/]|{_HOST}(?::\d{{2,5}})?(?:/[^\s<>\"\u00bb]*[\w/=&%-]|/)?)(?![\w@-]|\.\w)",
            _I,
        ),
        hint=".",
    ),
    Recogniser("iban", re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{1,4}+){3,8}\b", _I), iban_length, hint="#"),
    Recogniser(
        "national_number",
        re.compile(
            rf"{_B}[12378][ .]?\d{{2}}[ .]?\d{{2}}[ .]?(?:\d{{2}}|2[AB])[ .]?\d{{3}}[ .]?\d{{3}}"
            r"(?:[ ./]{0,3}\d{2})?(?!\w)"
        ),
        is_nir,
        hint="#",
    ),
    Recogniser("card", re.compile(rf"{_B}(?<!-)\d(?:[ -]?\d){{12,18}}(?![\w-])"), is_card, hint="#"),
    Recogniser(
        "ip",
        re.compile(rf"{_B}(?<!version )(?<!build )\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?:/\d{{1,2}})?(?![\w]|\.\d)"),
        is_ip,
        hint="#",
    ),
    Recogniser(
        "ip", re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:/\d{1,3})?(?![\w:])", _I), is_ip, hint=":"
    ),
    Recogniser(
        "handle",
        re.compile(r"<@[UWB][A-Z0-9]{4,}(?:\|[^>]{0,200})?>|<!subteam\^[A-Z0-9]+(?:\|[^>]{0,200})?>"),
        hint="<",
    ),
    Recogniser(
        "handle", re.compile(r"(?<![\w-])[UW](?=[A-Z]*\d[A-Z]*\d)(?=\d*[A-Z])[A-Z\d]{8,10}(?![\w-])"), hint="UW"
    ),
    Recogniser(
        "handle",
        re.compile(
            r"(?<![\w@./])@(?!(?:channel|here|everyone|all|tous|team|firstname|prenom|lastname|nom)\b)[^\W\d][\w.-]*\w"
        ),
        hint="@",
    ),
    Recogniser(
        "national_number", re.compile(r"(?<![\w-])[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)", _I), is_nino, hint="#"
    ),
    Recogniser("national_number", re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"), is_ssn, hint="#"),
    Recogniser(
        "national_number",
        re.compile(rf"{_B}(?<!-)\d{{3}}([ -])\d{{3}}\1\d{{4}}(?![\w-]|\.\d)"),
        is_nhs_number,
        hint="#",
    ),
    Recogniser(
        "national_number", re.compile(r"(?:nhs|patient)\D{0,16}(\d{10})(?!\w)", _I), is_nhs_number, hint="#", group=1
    ),
    Recogniser(
        "national_number", re.compile(rf"{_B}(?<!-)\d{{3}}([ -])\d{{3}}\1\d{{3}}(?! ?\d|[\w-])"), is_sin, hint="#"
    ),
    Recogniser("national_number", re.compile(r"\b(?:sin|nas)\b\D{0,16}(\d{9})(?!\w)", _I), is_sin, hint="#", group=1),
    Recogniser(
        "phone",
        re.compile(
            r"(?<![\w.,/-])(?:(?:\+|00)[1-9]\d{0,2}[ .-]?)?(?:\(0?\d{0,4}\)[ .-]?)?\d(?:[ .-]?\d){6,11}"
            r"(?![\w/-]|[.,]\d)"
        ),
        is_phone_shaped,
        hint="#",
    ),
    Recogniser("phone", re.compile(r"(?<![\w.,/-])0\d(?:/\d\d){4}(?![\w/-])"), is_phone_shaped, hint="#"),
    Recogniser("identifier", re.compile(rf"\b{_CONTEXT}([A-Z]{{0,4}}-?\d{{5,}})\b", _I), hint="#", group=1),
)
_PHONE_LIKE: Final = re.compile(r"\+?\(?\d[\d\s().-]{6,}\d")
_FIGURES: Final = re.compile(r"[+(]*\d[\W\d]{4,}\d")
_MOST_DIGITS: Final = 2000
"""A text with more is a table or an attack, on which phonenumbers would spend seconds: all its figures are masked."""
_DIGIT: Final = re.compile(r"\d")
_DOT: Final = re.compile(r"\.[^\W_]|www\.", _I)
_MARKS: Final = frozenset("".join(recogniser.hint for recogniser in RECOGNISERS)) - {"#", "."}
_FEWEST_DIGITS: Final = 4
"""An IP address has four; whatever else needs a digit needs more."""


def find(text: str, identifiers: re.Pattern[str] | None) -> list[Found]:
    """Everything with a form of its own; of two that overlap, the first is the surer.

    Args:
        text: a comment.
        identifiers: the organisation's own pattern of employee numbers.
    """
    found: list[Found] = []
    if identifiers is not None:
        found += (Found(Span(*match.span()), "identifier") for match in identifiers.finditer(text) if match[0])
    hints = {mark for mark in _MARKS if mark in text}
    digits = len(_DIGIT.findall(text))
    if digits >= _FEWEST_DIGITS:
        hints |= {"#"}
    if _DOT.search(text):
        hints |= {"."}
    for recogniser in RECOGNISERS:
        if not hints.isdisjoint(recogniser.hint):
            found += recogniser.find(text)
    if digits >= _FEWEST_DIGITS:
        rest = _without(text, found)
        if digits > _MOST_DIGITS:
            found += (Found(Span(*match.span()), "phone") for match in _FIGURES.finditer(rest))
        elif any(_DIGIT.search(rest, *match.span()) for match in _PHONE_LIKE.finditer(text)):
            found += _phones(text)
    return found


def _without(text: str, found: list[Found]) -> str:
    """``text`` with a letter in the place of each character that was found."""
    kept: list[str] = []
    at = 0
    for span in sorted((f.span for f in found), key=lambda span: span.start):
        kept += text[at : span.start], "x" * (span.end - max(at, span.start))
        at = max(at, span.end)
    return "".join(kept) + text[at:]


def _phones(text: str) -> Iterator[Found]:
    """Numbers that phonenumbers knows, in any country with a country code, and in REGIONS without one."""
    for region in REGIONS:
        for number in phonenumbers.PhoneNumberMatcher(text, region):
            if number.raw_string[0] in "+(0" or is_phone_shaped(number.raw_string):
                yield Found(Span(number.start, number.end), "phone")
