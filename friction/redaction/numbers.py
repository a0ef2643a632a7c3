"""Whether something that has the shape of a number is one. Checks are those of python-stdnum and the registries.

Called by ``friction.redaction.patterns``.
"""

import ipaddress
import re
from typing import Final

from stdnum import iban, luhn
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.us import ssn

_CARD_PREFIX: Final = re.compile(r"3[4-7]|[4-6]|2[2-7]|62|81")
_NINO: Final = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-ZQ][A-CEGHJ-NPR-TW-ZQ]\d{6}[A-D]")
"""Prefixes that HM Revenue & Customs allots; QQ stands in its own examples."""
_FRENCH: Final = re.compile(r"0[1-9](?:\d{8})")
_BRITISH: Final = re.compile(r"0(?:2\d{9}|1\d{8,9}|3\d{9}|7\d{9}|8\d{8,9})")


def digits(text: str) -> str:
    """The digits alone."""
    return re.sub(r"\D", "", text)


def is_card(text: str) -> bool:
    """A payment card: an issuer's first digits, 13 to 19 digits, the Luhn checksum (ISO/IEC 7812)."""
    number = digits(text)
    return 13 <= len(number) <= 19 and bool(_CARD_PREFIX.match(number)) and bool(luhn.is_valid(number))


def iban_length(text: str) -> int:
    """How many characters from the start are an account number of ISO 13616, whatever the case; words may follow."""
    while len(text) >= 15:
        if iban.is_valid(text.replace("-", " ")):
            return len(text)
        text = re.sub(r"[ -]?[^ -]+$", "", text)
    return 0


def is_nir(text: str) -> bool:
    """A French social security number: by its key, or, with a slip in it or without one, by its grouping."""
    number = re.sub(r"[^0-9AB]", "", text.upper())
    grouped = re.fullmatch(r"[12]\D\d\d\D\d\d\D..\D\d{3}\D\d{3}(?:\D+\d\d)?", text) is not None
    return bool(nir.is_valid(number)) or (grouped and "01" <= number[3:5] <= "12")


def is_nhs_number(text: str) -> bool:
    """An NHS number of England and Wales, by its check digit."""
    return bool(nhs.is_valid(digits(text)))


def is_nino(text: str) -> bool:
    """A British National Insurance number."""
    return _NINO.fullmatch(text.upper().replace(" ", "")) is not None


def is_ssn(text: str) -> bool:
    """A number that the US Social Security Administration could have given, or its best-known invalid one."""
    return bool(ssn.is_valid(text)) or text in ("078-05-1120", "219-09-9999", "457-55-5462")


def is_sin(text: str) -> bool:
    """A Canadian social insurance number, by its checksum; none begins with 8, and 0 is not given to people."""
    number = digits(text)
    return len(number) == 9 and number[0] not in "08" and bool(luhn.is_valid(number))


def is_ip(text: str) -> bool:
    """An address of IPv4 or IPv6, or a network; a version number ("2.14.0.3", "1.0.0.127") is none."""
    address, _, prefix = text.partition("/")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if parsed.version == 6:
        return address.count(":") >= 2 and len(address) > 6 and any(c.isdigit() for c in address)
    first, *others = (int(part) for part in address.split("."))
    if prefix or address in ("10.0.0.1", "127.0.0.1", "8.8.8.8", "1.1.1.1"):
        return True
    return first >= 10 and not (first == 10 and max(others) < 16) and max(first, *others) > 19


def is_phone_shaped(text: str) -> bool:
    """Grouped and long as people write their numbers in France, Britain and North America, allotted or not."""
    number = digits(text)
    groups = [len(group) for group in re.findall(r"\d+", text)]
    if text.startswith(("+", "00")):
        return 9 <= len(number) <= 15
    if text.startswith("("):
        return len(number) in (10, 11)
    if _FRENCH.fullmatch(number) and (
        groups in ([10], [2] * 5, [1, 3, 3, 3], [1, 3, 2, 2, 2], [4, 2, 2, 2], [2, 2, 3, 3], [4, 3, 3], [4, 6])
    ):
        return True
    if _BRITISH.fullmatch(number) and groups[0] in (3, 4, 5, 10, 11) and len(groups) <= 4:
        return True
    return groups in ([3, 3, 4], [1, 3, 3, 4]) and number[-10] in "23456789" and number[-7] in "23456789"
