"""Names and descriptions as a mail may hold them. They come from the configuration and from people's entries.

What could end a line or a header, turn the reading order or hide is taken out, once, for every part of the mail.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from friction.records import Directory
from friction.trends import Trend

LONGEST_DESCRIPTION: Final = 200
"""Characters of what was done, as ``[[interventions]]`` takes them."""
LONGEST_NAME: Final = 40


def plain(text: str, longest: int = LONGEST_NAME) -> str:
    r"""One line without control, format and private characters, cut to a length.

    >>> plain("Sales\r\nBcc: x"), plain("a" * 50, 5)
    ('Sales Bcc: x', 'aaaa…')
    """
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    line = " ".join(kept.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def plain_directory(directory: Directory) -> Directory:
    """The same teams, by names that a mail may hold."""
    return Directory({id: replace(team, name=plain(team.name)) for id, team in directory.teams.items()})


def plain_trends(trends: Iterable[Trend]) -> list[Trend]:
    """The same trends, with descriptions of what was done that a mail may hold."""

    def described(trend: Trend) -> Trend:
        effects = (
            replace(e, intervention=replace(done, description=plain(done.description, LONGEST_DESCRIPTION)))
            for e in trend.effects
            for done in (e.intervention,)
        )
        return replace(trend, effects=tuple(effects))

    return [described(trend) for trend in trends]
