"""The library of practices: whole, in both languages, with sources, and never about who is at fault."""

import re

import pytest

from friction.records import Week
from friction.taxonomy import PATTERNS, Pattern
from service.digest.practices import Practice, library, worth_trying

WEEK = Week.parse("2026-W47")
ACCUSING = re.compile(r"\b(guilty|fault|culprit|to blame|lazy|coupables?|fautes?|fautifs?|paresseu)", re.I)


@pytest.mark.parametrize("pattern", [*PATTERNS, None])
def test_every_pattern_has_one_each_week(pattern: Pattern | None) -> None:
    for is_rising in (True, False):
        suggested = {worth_trying(pattern, WEEK + i, is_rising=is_rising).source for i in range(6)}
        assert suggested
        fits = {p.source for p in library() if ((pattern or "any") if is_rising else "keep") in p.fits}
        assert suggested == fits  # the weeks take turns


@pytest.mark.parametrize("practice", library(), ids=lambda p: p.source[:20])
def test_a_practice_is_whole(practice: Practice) -> None:
    assert practice.fits <= {*PATTERNS, "any", "keep"}
    assert re.search(r"\((\w+, )?(19|20)\d\d\)|(, |:)(19|20)\d\d", practice.source), "no year"
    for language in ("en", "fr"):
        title, how = practice.title[language], practice.how[language]
        assert 10 < len(title) < 80
        assert 40 < len(how) < 260
        assert not title.endswith(".")
        assert how[-1] in ".?"
        found = ACCUSING.search(f"{title} {how}".replace("sans coupable", ""))
        assert found is None, found


def test_what_the_product_owes_is_there() -> None:
    """The six practices that it was asked for: each is found by a word of its own."""
    titles = " ".join(f"{p.title['en']} {p.how['en']}" for p in library()).lower()
    for word in ("agenda", "smart", "each other's job", "hand-off", "service mindset", "worked on both sides"):
        assert word in titles
