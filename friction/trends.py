"""What the released cells say: for each pair its rates, a verdict, and what interventions changed. Pure; cells only.

Composes ``friction.rates`` (single cells), ``friction.verdicts`` (change), ``friction.conflict`` (disrespect that
rises) and ``friction.interventions`` (effects). A share is only set beside one of the same model and mechanism; where
a pair's series goes on under another, it starts anew there, and the trend says so. Each is corrected with the error
rates of the model that made it, so that another model in its place changes no number that was shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from friction import voiced
from friction.conflict import Rise, rises
from friction.interventions import Effect, effects
from friction.likelihood import Errors, Stance
from friction.model_folder import StanceErrors, errors_of
from friction.rates import Rate, rates
from friction.records import Cell, Intervention, Pair, TeamId, Week
from friction.shares import newest_maker
from friction.taxonomy import Pattern
from friction.verdicts import RECENT_WEEKS, Change, Verdict, changes

__all__ = ["Break", "Point", "Rate", "Trend", "Verdict", "trends", "with_effects"]


@dataclass(frozen=True, slots=True)
class Point:
    """A released cell with its corrected rates.

    ``patterns`` are plain shares of respondents, uncorrected (see ``voiced.shares``).
    """

    cell: Cell
    blame: Rate
    appreciation: Rate
    patterns: Mapping[Pattern, float]


@dataclass(frozen=True, slots=True)
class Break:
    """The first window of a pair that another model or mechanism made: numbers before it are not compared with."""

    week: Week
    model: str
    mechanism: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A pair's series and verdict.

    Attributes:
        change, low, high: recent rate less earlier rate with its 95 % interval; None without two periods.
        smallest_visible_change: change that would have been found four times out of five; None likewise, and where none
            would.
        breaks: where the series starts anew, oldest first.
        effects: of interventions on the pair.
        relationship_conflict: how far it rises; None where no rise can be told.
    """

    from_team: TeamId
    about_team: TeamId
    points: tuple[Point, ...]
    verdict: Verdict = "cannot tell"
    change: float | None = None
    low: float | None = None
    high: float | None = None
    smallest_visible_change: float | None = None
    breaks: tuple[Break, ...] = ()
    effects: tuple[Effect, ...] = ()
    relationship_conflict: Rise | None = None

    @property
    def pair(self) -> Pair:
        """Who speaks, and about whom."""
        return self.from_team, self.about_team

    @property
    def has_moved(self) -> bool:
        """Whether blame rises or falls."""
        return self.verdict in ("rising", "falling")

    @property
    def is_news(self) -> bool:
        """Whether blame rises or falls, or relationship conflict rises."""
        return self.has_moved or self.relationship_conflict is not None


def trends(
    cells: Iterable[Cell],
    errors: StanceErrors,
    interventions: Sequence[Intervention] = (),
    *,
    through: Week | None = None,
) -> list[Trend]:
    """Every pair that has a cell, by name, with its verdict.

    Args:
        cells: released cells, none after ``through``.
        errors: of the model in use; cells of one that was never released are corrected with them too, for want of
            better, and never compared with its own.
        interventions: on any pairs.
        through: the last week released, which verdicts speak of: what is older than their weeks is not told as new
            where nobody has written since. None for the last week of all cells.
    """
    pairs: dict[Pair, list[Cell]] = {}
    for cell in cells:
        pairs.setdefault(cell.pair, []).append(cell)
    for series in pairs.values():
        series.sort(key=lambda c: c.last_week)
    if not pairs:
        return []
    week = max(series[-1].last_week for series in pairs.values()) if through is None else through
    pairs = dict(sorted(pairs.items()))
    points = _points(pairs, errors)
    comparable = _comparable(pairs)
    found = changes(comparable, _measured(comparable, "blame", errors), week)
    risen = rises(comparable, week)
    told = [
        _trend(pair, points[pair], found.get(pair, Change()), risen.get(pair), series) for pair, series in pairs.items()
    ]
    return with_effects(told, errors, interventions)


def with_effects(
    found: Sequence[Trend],
    errors: StanceErrors,
    interventions: Sequence[Intervention],
) -> list[Trend]:
    """The same trends with the effects of other interventions: all that these change, at a fraction of the work."""
    if not (found and interventions):
        return [replace(trend, effects=()) for trend in found]
    series = _comparable({t.pair: [point.cell for point in t.points] for t in found})
    by_pair: dict[Pair, list[Effect]] = {}
    for effect in effects(series, interventions, _measured(series, "blame", errors)):
        by_pair.setdefault(effect.intervention.pair, []).append(effect)
    return [replace(t, effects=tuple(by_pair.get(t.pair, ()))) for t in found]


def _comparable(pairs: Mapping[Pair, Sequence[Cell]]) -> dict[Pair, list[Cell]]:
    """The current cells of the pairs that the newest model and mechanism made."""
    current = {pair: _segments(series)[-1] for pair, series in pairs.items() if series}
    if not current:
        return {}
    last = max(series[-1].last_week for series in current.values())
    newest = newest_maker((cell for series in pairs.values() for cell in series), last + 1 + -RECENT_WEEKS)
    return {p: s for p, s in current.items() if s[-1].maker == newest}


def _measured(series: Mapping[Pair, Sequence[Cell]], stance: Stance, errors: StanceErrors) -> Errors:
    """Error rates of the one model that made these cells, of which there is at least one."""
    made_by = next(iter(series.values()))[0].model
    return Errors(errors_of(made_by, errors)[stance])


def _segments(series: Sequence[Cell]) -> list[list[Cell]]:
    """A pair's cells, cut wherever another model or mechanism takes over."""
    return [list(cells) for _, cells in groupby(series, key=lambda cell: cell.maker)]


def _points(pairs: Mapping[Pair, Sequence[Cell]], errors: StanceErrors) -> dict[Pair, list[Point]]:
    """Points of every pair; the segments of one maker steady each other, and no others."""
    found: dict[Pair, list[Point]] = {pair: [] for pair in pairs}
    segments = [(pair, cells) for pair, series in pairs.items() for cells in _segments(series)]
    makers = list(dict.fromkeys(cells[0].maker for _, cells in segments))
    for maker in makers:
        own = [(pair, cells) for pair, cells in segments if cells[0].maker == maker]
        series = [cells for _, cells in own]
        measured = errors_of(maker[0], errors)
        blamed = rates(series, "blame", Errors(measured["blame"]))
        appreciated = rates(series, "appreciation", Errors(measured["appreciation"]))
        for (pair, cells), b, a in zip(own, blamed, appreciated, strict=True):
            found[pair] += [Point(*of, voiced.shares(of[0])) for of in zip(cells, b, a, strict=True)]
    for points in found.values():
        points.sort(key=lambda p: p.cell.last_week)
    return found


def _trend(pair: Pair, points: Sequence[Point], change: Change, rise: Rise | None, series: Sequence[Cell]) -> Trend:
    return Trend(
        *pair,
        tuple(points),
        verdict=change.verdict,
        change=change.value,
        low=change.low,
        high=change.high,
        smallest_visible_change=change.smallest_visible,
        breaks=tuple(Break(after[0].first_week, *after[0].maker) for _, after in pairwise(_segments(series))),
        relationship_conflict=rise,
    )
