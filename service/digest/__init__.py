"""The weekly digest: what changed, what could not be seen, what to try. Rendered from released trends only.

    trends ─> content (what is told) ─> letter (in words) ─> layout (HTML and text)

Called by the commands ``digest`` and ``weekly`` and by the API. Never says who is at fault; never tells hidden pairs
apart.
"""

from collections.abc import Sequence
from typing import Final

from friction.records import Directory, TeamId, Week
from friction.trends import Trend
from friction.wording import Language

from .content import choose
from .layout import Digest, lay_out
from .letter import Letter, write
from .names import plain_directory, plain_trends

__all__ = ["Digest", "Language", "Letter", "about", "compose", "lay_out", "render"]

METHOD: Final = "docs/statistics.md"


def about(public_url: str | None) -> str:
    """Where readers find how numbers are made: a page of the service, or a document where it has no address."""
    return METHOD if public_url is None else f"{public_url}/about"


def compose(
    trends: Sequence[Trend],
    directory: Directory,
    week: Week,
    language: Language,
    *,
    team: TeamId | None = None,
    before: Sequence[Trend] = (),
    link: str = METHOD,
    pictures: bool = True,
) -> Letter:
    """The digest of a week in words.

    Args:
        trends: every released pair, with cells up to and with ``week``.
        directory: for the teams' names, and to count the pairs that stay silent.
        week: the last week of what is told.
        language: of the reader.
        team: tell of its pairs alone; verdicts are over all pairs nonetheless.
        before: the trends as they stood a week earlier; what they say already is no news.
        link: where the reader finds more, as ``about`` says.
        pictures: draw them; False for who wants words alone.
    """
    teams = plain_directory(directory)
    content = choose(plain_trends(trends), teams, week, team=team, before=before)
    return write(content, teams, language, link=link, pictures=pictures)


def render(
    trends: Sequence[Trend],
    directory: Directory,
    week: Week,
    language: Language,
    *,
    team: TeamId | None = None,
    before: Sequence[Trend] = (),
    link: str = METHOD,
    pictures: bool = True,
) -> Digest:
    """The digest of a week, laid out; arguments as for ``compose``."""
    letter = compose(trends, directory, week, language, team=team, before=before, link=link, pictures=pictures)
    return lay_out(letter)
