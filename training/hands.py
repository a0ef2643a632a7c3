"""A comment as other hands would have written it, for a network that is to read anybody's.

Called by the stages that train.
"""

import random
from collections.abc import Sequence
from typing import Final

from friction.markers import ASKED, OTHER, TARGET, US, mark
from friction.records import TeamId

from .corpus import Example, Labelled
from .distil import without_accents

NOBODY: Final = TeamId("")
"""As seen from no team that there is, every team is another one."""


class Hands:
    """The same comment as other hands would type it, and with something else said before or after it.

    What else is said is beside the point, or is said of another team: then only the marker tells whose fault is whose.

    Args:
        rows: comments to learn from; those that speak of no team serve as what is beside the point, those that name
            the teams they speak of as what is said of others.
    """

    def __init__(self, rows: Sequence[Labelled]) -> None:
        self._beside: dict[str, list[str]] = {"en": [], "fr": []}
        self._of_others: dict[str, list[str]] = {"en": [], "fr": []}
        for row in rows:
            if row.reading.about_team is not None or len(row.reading.text.text) > 160:
                continue
            if row.reading.mentions:
                self._of_others[row.reading.lang].append(mark(row.reading, NOBODY).text)
            elif len(row.reading.text.text) < 120:
                self._beside[row.reading.lang].append(row.reading.text.text)

    def write(self, item: Example, rng: random.Random) -> str:
        """The comment's marked text in some hand: no accents, no final stop, no commas, a team less known."""
        text, chance = item.text, rng.random
        named = TARGET in text and ASKED not in item.question
        for pool, share in ((self._beside[item.lang], 0.12), (self._of_others[item.lang] if named else [], 0.1)):
            if pool and chance() < share:
                parts = [rng.choice(pool), text]
                text = " ".join(parts if chance() < 0.5 else parts[::-1])
        if item.lang == "fr" and chance() < 0.2:
            text = without_accents(text)
        if chance() < 0.2:
            text = text.rstrip(" .!…")
        if chance() < 0.1:
            text = text.replace(",", "")
        if chance() < 0.1:
            text = text.replace(US, OTHER)
        return text
