"""Spans and near-misses of what has a form of its own. Angle quotes mark what must be found: ‹like this›."""

import re

import pytest

from friction.redaction.patterns import find
from friction.redaction.spans import without_overlaps

STAFF = re.compile(r"\b[EM]\d{6}\b")


def marked(text: str) -> str:
    out, at = "", 0
    for found in without_overlaps(find(text, STAFF)):
        out += f"{text[at : found.span.start]}‹{found.kind}:{text[found.span.start : found.span.end]}›"
        at = found.span.end
    return out + text[at:]


@pytest.mark.parametrize(
    "text",
    [
        "write to ‹email:a.b+c@corp.example.org›, please",
        "‹handle:U01ABC234› and ‹handle:W012A3CDEFG› never answer, <‹handle:U02XYZ789›>",
        "‹email:x@corp.example›;‹email:y@corp.example› in copy",
        "‹email:desk (at) corp.example› they said",
        "see ‹url:https://wiki.corp.example/x?user=jdoe&id=4›.",
        "on ‹url:http://intranet/rh› or ‹url:wiki.corp.local/display/OPS›",
        "in ‹url:\\\\srv-files02\\scans\\2026› where nobody has access",
        "host ‹url:vault01.int.corp.example:8443›, sorry",
        "at ‹url:HTTPS://CORP.EXAMPLE/NEW› (gone)",
        "‹phone:06 12 34 56 78›, ‹phone:06.39.98.40.15›, ‹phone:0639981207›, ‹phone:0 805 29 30 31›",
        "le 06/11/26: ‹phone:06/39/98/40/15› ou ‹phone:01/99/00/71/20›.",
        "‹phone:+33 (0)6 39 98 77 01› or ‹phone:0033 1 99 00 71 20›",
        "‹phone:020 7946 0958›, ‹phone:(020) 7946 0991›, ‹phone:07700 900123›, ‹phone:01632 960481›",
        "‹phone:(416) 555-0143›, ‹phone:202-555-0123›, ‹phone:416.555.0118›, ‹phone:1-800-555-0199›",
        "‹phone:+32 470 12 34 56›, ‹phone:+27 21 555 0188›",
        "NIR ‹national_number:2 90 08 58 261 195 92›, ‹national_number:187088131519189›",
        "with a slip in the key ‹national_number:2 90 08 58 261 195 93›, and none ‹national_number:2 90 08 58 261 195›",
        "in Corsica ‹national_number:1 93 07 2A 338 165 23›",
        "NHS ‹national_number:444 638 8878›, NHS no. ‹national_number:4550361026›",
        "NI ‹national_number:AB123456C›, ‹national_number:JG 10 37 59 A›",
        "SSN ‹national_number:536-22-4417› and ‹national_number:078-05-1120›",
        "SIN ‹national_number:738 475 540›, ‹national_number:114-703-572›",
        "to ‹iban:GB52 NWBK 1016 8802 6530 80› or ‹iban:FR7629607833867474591756194› PLEASE",
        "‹iban:FR14 2004 1010 0505 0001 3M02 606›",
        "fini le ‹iban:fr7629607833867474591756194› et ‹iban:gb52 nwbk 1016 8802 6530 80› then",
        "card ‹card:4539 1023 7409 5467›, ‹card:4974-9748-2123-7898›, ‹card:3782 933283 67912›",
        "server ‹ip:192.168.1.12›, net ‹ip:10.8.0.0/16›, ‹ip:2001:db8:85a3::8a2e:370:7334›",
        "‹handle:@marie.l› and ‹handle:<@U02ABCDEF>› and ‹handle:<!subteam^S0614TZR7|@ops>›",
        "staff ‹identifier:E104882›, badge ‹identifier:AB123456›, matricule ‹identifier:0044187›",
    ],
)
def test_found(text: str) -> None:
    plain = re.sub(r"‹\w+:(.*?)›", r"\1", text)
    assert marked(plain) == text


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3 shipped on 2026-11-24 at 10:30",
        "release 10.4.2.1 broke what 2.14.0.3 had fixed, build 1.0.0.127",
        "ticket 4512, order 99 of 1000, INC0048812, PO 55120",
        "email us @ noon, we ship @ 12.50 a unit, et nous @ 12,50",
        "et voilà, c.-à-d. rien, p.ex. ceci, etc.",
        "Q3 2026: 12 500 pieces, 3.5 % scrap, 1 204 lignes, 12 450,00 €",
        "on 12-03-2026, 19-03-2026 and 26-03-2026; 08:00-17:30",
        "98 76 54 32 10 on the audits, 1 000 000 rows, room 020 794",
        "Part no. 4000 1234 5678 9010, batch 20260314-001, ref 4415 8830",
        "they asked for an IBAN, a SIN, an SSN",
        "@channel, @here, @tous: dear @firstname",
        "UNDERWRITE, WAREHOUSES, U01ABC, W123456789, model E220 and E330, code E4471, SKU M10442",
        "1.Do this 2.Do that and so on.Then stop",
        "we use ASP.NET, e.g. for the shop",
        "5, 4, 3, 2, 1 and 48.8566, 2.3522",
        "::",
        "SIRET 732 829 320 00074",
    ],
)
def test_near_misses_stay(text: str) -> None:
    assert marked(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "12 ",
        "0612345678 ",
        "1.2.3.4 ",
        "123456789 ",
        "06/12/34/56/78 ",
        "+33 6 12 34 56 78, ",
        "06 12 34 56 78 x 12345678; ",
    ],
)
def test_of_a_text_of_figures_none_stays(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    assert len(re.findall(r"\d", re.sub(r"‹.*?›", "", marked(text), flags=re.DOTALL))) < 10


@pytest.mark.parametrize(
    "text",
    [
        "badge" + " " * 19_900 + "AB123456",
        "badge no." + " " * 19_900 + "12",
        "<@U1234|" * 2500,
        f"FR14{'A' * 34}_ " * 480 + "1234",
    ],
    ids=["blanks", "blanks and a word", "handles without an end", "accounts without an end"],
)
def test_a_shape_that_is_nearly_there_takes_no_longer_than_others(text: str) -> None:
    assert all(found.kind in ("identifier", "handle") for found in find(text, STAFF))
