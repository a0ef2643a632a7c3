"""Words for people: the taxonomy in both languages; weeks; counts and tables for whoever reads a terminal."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from friction.records import Week
from friction.taxonomy import Pattern

Language = Literal["en", "fr"]
"""Of a reader; the languages of comments are ``records.LANGS``."""

PATTERN_WORDS: Final[Mapping[Language, Mapping[Pattern, str]]] = {
    "en": {
        "poor_handoff": "what is handed over is bad or incomplete",
        "no_follow_through": "what is handed over is not worked on",
        "unfair_share": "the load is shared unfairly",
        "unresponsive": "no answer, no help",
        "broken_commitment": "late, or promises broken",
        "kept_in_the_dark": "information comes late or not at all",
        "competing_goals": "own numbers and rules come first",
        "mistakes": "errors at others' cost",
        "disrespect": "disrespect",
    },
    "fr": {
        "poor_handoff": "ce qui est transmis est mauvais ou incomplet",
        "no_follow_through": "ce qui est transmis n'est pas traité",
        "unfair_share": "la charge est mal partagée",
        "unresponsive": "pas de réponse, pas d'aide",
        "broken_commitment": "retards, promesses non tenues",
        "kept_in_the_dark": "l'information arrive tard ou jamais",
        "competing_goals": "ses chiffres et ses règles d'abord",
        "mistakes": "des erreurs au détriment des autres",
        "disrespect": "manque de respect",
    },
}


def counted(count: int, noun: str) -> str:
    """A count and what is counted, for whoever reads a terminal. Pages and mails: ``service.words``.

    >>> counted(1, "row"), counted(0, "row"), counted(12000, "row")
    ('1 row', '0 rows', '12,000 rows')
    """
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def last_of(first: Week, last: Week) -> str:
    """The last week of a span as it is written after the first: without its year, where that is the same.

    >>> last_of(Week.parse("2026-W44"), Week.parse("2026-W45")), last_of(Week.parse("2026-W53"), Week.parse("2027-W01"))
    ('W45', '2027-W01')
    """
    year, _, week = str(last).partition("-")
    return week if str(first).startswith(year) else str(last)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of a table as lines of text, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
