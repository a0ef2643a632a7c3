"""What a week's digest tells, chosen from released trends; no words yet. Pure. Called by ``service.digest``.

Promises: a change is told as its verdict has it, and only then, and that relationship conflict rises where it does;
every shown pair of the directory is told of exactly once (as a change, as steady, or as one that cannot be told);
hidden pairs are a number. A pair whose team has left the directory is told of where it changed, and counted nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from friction.conflict import RELATIONSHIP
from friction.interventions import Effect
from friction.records import Directory, TeamId, Week
from friction.taxonomy import Pattern
from friction.trends import Point, Trend
from friction.verdicts import RECENT_WEEKS
from friction.voiced import leading

from .practices import Practice, worth_trying

MOST_CHANGES: Final = 3


@dataclass(frozen=True, slots=True)
class News:
    """A pair whose blame rose or fell, or in which relationship conflict rises.

    Attributes:
        is_new: a week before, that was not told.
        pattern: most voiced in its recent cells; None where none clearly is.
        back: the pair the other way round; None where it is hidden.
    """

    trend: Trend
    is_new: bool
    pattern: Pattern | None
    practice: Practice
    back: Trend | None


@dataclass(frozen=True, slots=True)
class Content:
    """A week's digest.

    Attributes:
        team: all that is told is of pairs of this team; None for every pair.
        news: at most ``MOST_CHANGES``: new ones first, and of those where relationship conflict rises, since it does
            the lasting damage; then the largest.
        new, standing: how many changes there are of either kind, told or not.
        maybe_chance: pairs with two periods whose difference may be chance.
        unmatched: pairs without an earlier period to compare with.
        lapsed: pairs without a recent one.
        silent: how many pairs are hidden.
        effects: of interventions, the latest first.
    """

    week: Week
    team: TeamId | None
    news: tuple[News, ...]
    new: int
    standing: int
    steady: tuple[Trend, ...]
    maybe_chance: tuple[Trend, ...]
    unmatched: tuple[Trend, ...]
    lapsed: tuple[Trend, ...]
    silent: int
    effects: tuple[Effect, ...]

    @property
    def shown(self) -> int:
        """How many pairs have a number."""
        told_of = (self.steady, self.maybe_chance, self.unmatched, self.lapsed)
        return self.new + self.standing + sum(map(len, told_of))

    @property
    def is_first(self) -> bool:
        """Whether all there is are first numbers: no pair had one before that its own can be compared with."""
        first = [t for t in self.unmatched if not t.breaks]
        return len(first) == self.shown > 0


def choose(
    trends: Sequence[Trend],
    directory: Directory,
    week: Week,
    *,
    team: TeamId | None = None,
    before: Sequence[Trend] = (),
) -> Content:
    """Choose what is told.

    Args:
        trends: every released pair, with cells up to and with ``week``; verdicts are over all of them.
        directory: to count the pairs that stay silent.
        week: the last week of what is told.
        team: tell of its pairs alone.
        before: the same trends as they stood a week earlier; what they say already is no news.
    """
    told_before = {t.pair: t for t in before}
    by_pair = {t.pair: t for t in trends}
    own = [t for t in trends if team is None or team in t.pair]
    moved = [t for t in own if t.is_news]
    is_new = {t.pair: _is_new(t, told_before.get(t.pair)) for t in moved}
    moved.sort(key=lambda t: (not is_new[t.pair], t.relationship_conflict is None, -abs(t.change or 0.0)))
    news = [_news(t, week, by_pair.get((t.about_team, t.from_team)), is_new=is_new[t.pair]) for t in moved]
    pairs = {pair for pair in directory.pairs if team is None or team in pair}
    unmoved = [t for t in own if not t.is_news and t.pair in pairs]
    untold = [t for t in unmoved if t.verdict == "cannot tell"]
    unmatched = [t for t in untold if t.change is None]
    return Content(
        week=week,
        team=team,
        news=tuple(news[:MOST_CHANGES]),
        new=sum(is_new.values()),
        standing=len(moved) - sum(is_new.values()),
        steady=tuple(t for t in unmoved if t.verdict == "steady"),
        maybe_chance=tuple(t for t in untold if t.change is not None),
        unmatched=tuple(t for t in unmatched if _is_recent(t.points[-1], week)),
        lapsed=tuple(t for t in unmatched if not _is_recent(t.points[-1], week)),
        silent=len(pairs - by_pair.keys()),
        effects=tuple(sorted((e for t in own for e in t.effects), key=lambda e: -e.intervention.week.index)),
    )


def _is_new(trend: Trend, before: Trend | None) -> bool:
    """Whether something is told of a pair that was not told of it before."""
    if before is None:
        return True
    if trend.relationship_conflict is not None and before.relationship_conflict is None:
        return True
    return trend.has_moved and trend.verdict != before.verdict


def _is_recent(point: Point, week: Week) -> bool:
    return week - point.cell.last_week < RECENT_WEEKS


def _news(trend: Trend, week: Week, back: Trend | None, *, is_new: bool) -> News:
    pattern, is_rising = leading_pattern(trend, week), trend.verdict == "rising"
    if trend.relationship_conflict is None:
        practice = worth_trying(pattern, week, is_rising=is_rising)
    else:
        practice = worth_trying(RELATIONSHIP, week, is_rising=True)
    return News(trend, is_new, pattern, practice, back)


def leading_pattern(trend: Trend, week: Week) -> Pattern | None:
    """The pattern that leads in the weeks that the verdict is about, where one clearly does."""
    return leading(p.cell for p in trend.points if _is_recent(p, week))
