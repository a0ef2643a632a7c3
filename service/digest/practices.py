"""Practices worth trying, from ``practices.toml``: what to do together, and who says so. Never who is at fault.

Called by ``service.digest.content``. ``tests/service/test_practices.py`` holds that every pattern has one, in both
languages and with a source.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from friction.records import Week
from friction.taxonomy import Pattern
from friction.wording import Language

from ..words import LANGUAGES


@dataclass(frozen=True, slots=True)
class Practice:
    """One thing to try.

    Attributes:
        fits: patterns that it answers; ``any`` where none is voiced, ``keep`` where blame falls.
        title, how: by the reader's language.
        source: author, year and work that describe it.
    """

    fits: frozenset[str]
    title: Mapping[Language, str]
    how: Mapping[Language, str]
    source: str


@cache
def library() -> tuple[Practice, ...]:
    """Every practice, in the file's order."""
    found = tomllib.loads((files(__package__) / "practices.toml").read_text(encoding="utf-8"))["practices"]
    return tuple(
        Practice(
            frozenset(p["fits"]),
            {language: p[language]["title"] for language in LANGUAGES},
            {language: p[language]["how"] for language in LANGUAGES},
            p["source"],
        )
        for p in found
    )


def worth_trying(pattern: Pattern | None, week: Week, *, is_rising: bool) -> Practice:
    """The practice for a pair this week; where several fit, the weeks take turns.

    Args:
        pattern: most voiced in the pair; None where none is.
        week: of the digest.
        is_rising: where blame falls, it is worth knowing what helped.
    """
    wanted = (pattern or "any") if is_rising else "keep"
    fitting = [practice for practice in library() if wanted in practice.fits]
    return fitting[week.index % len(fitting)]
