"""Every word that the pages and charts say, in English and French, and numbers and dates as each writes them.

One catalogue for each language, ``en.toml`` and ``fr.toml``; a test holds that they have the same keys with the same
places to fill in. Never HTML: a template escapes what it gets from here. Called by ``service.charts``,
``service.dashboard`` and ``service.digest``.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.dates import format_interval, format_skeleton
from babel.numbers import format_percent

from friction.conflict import Rise
from friction.disclosure import band
from friction.records import Week
from friction.trends import Verdict
from friction.wording import PATTERN_WORDS, Language, last_of

LANGUAGES: Final[tuple[Language, ...]] = ("en", "fr")
_LOCALES: Final[Mapping[Language, str]] = {"en": "en_GB", "fr": "fr"}


class Words:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.patterns = PATTERN_WORDS[language]
        self._locale = Locale.parse(_LOCALES[language])
        self._said: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text("utf-8"))

    def __call__(self, key: str, /, **values: object) -> str:
        """What stands under a key such as ``matrix.title``, filled in.

        Where that is a table of plural forms, ``count`` chooses one (Unicode CLDR).

        Raises:
            KeyError: the catalogue has no such key, or a value for one of its places is missing.
        """
        found: Any = self._said
        for part in key.split("."):
            found = found[part]
        if isinstance(found, dict):
            found = found[self._locale.plural_form(int(str(values["count"])))]
        return str(found).format_map(values)

    def percent(self, share: float) -> str:
        r"""A share in whole percent.

        >>> Words("en").percent(0.413), Words("fr").percent(0.413)
        ('41%', '41\xa0%')
        """
        return str(format_percent(share, locale=self._locale))

    def points(self, change: float) -> str:
        r"""A change of a share in points, with its sign: 0 has none.

        >>> Words("en").points(-0.12), Words("en").points(0.001)
        ('\u221212', '0')
        """
        points = round(change * 100)
        return f"{points:+d}".replace("-", "\N{MINUS SIGN}") if points else "0"

    def change(self, value: float, low: float, high: float) -> str:
        r"""A change of a share with the ends of its interval.

        >>> Words("en").change(0.12, 0.03, 0.2), Words("fr").change(-0.01, -0.03, 0.0)
        ('+12 points (+3 to +20)', '\u22121 point (\u22123 à 0)')
        """
        points, first, last = map(self.points, (value, low, high))
        return self("common.points", count=round(value * 100), points=points, low=first, high=last)

    def people(self, count: int) -> str:
        r"""A number of people as it is published: its band.

        >>> Words("fr").people(12)
        '10\u201319'
        """
        return band(count).replace("-", "\N{EN DASH}")

    def day(self, day: date) -> str:
        """A day and its month.

        >>> Words("en").day(date(2026, 11, 2)), Words("fr").day(date(2026, 11, 2))
        ('2 Nov', '2 nov.')
        """
        return str(format_skeleton("MMMd", day, locale=self._locale))

    def full_day(self, day: date) -> str:
        """A day, its month and year."""
        return str(format_skeleton("yMMMd", day, locale=self._locale))

    def days(self, week: Week) -> str:
        """A week from Monday to Sunday.

        >>> Words("en").days(Week.parse("2026-W47"))
        '16–22 Nov 2026'
        """
        return str(format_interval(week.monday, week.monday + timedelta(days=6), "yMMMd", locale=self._locale))

    def weeks(self, first: Week, last: Week) -> str:
        """A span of weeks by their ISO names, the year once.

        >>> Words("en").weeks(Week.parse("2026-W44"), Week.parse("2026-W45"))
        '2026-W44 to W45'
        """
        if first == last:
            return str(first)
        return self("common.span", first=first, last=last_of(first, last))

    def disrespect(self, rise: Rise) -> str:
        """That relationship conflict rises, and by how much."""
        return self("common.disrespect", change=self.change(rise.value, rise.low, rise.high))

    def verdict(self, verdict: Verdict) -> str:
        """A verdict."""
        return self(f"verdict.{verdict.replace(' ', '_')}")

    def interval(self, low: float, high: float) -> str:
        """The ends of an interval of shares."""
        return self("common.span", first=self.percent(low), last=self.percent(high))


@cache
def words(language: Language) -> Words:
    """The words of a language, read once."""
    return Words(language)
