"""The time axis that a pair's charts share: whole weeks, each as wide as any other, and what happened when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from friction.records import Intervention, Week
from friction.trends import Point, Trend

from ..words import Words

_AHEAD: Final = 8
"""Weeks past the last window that are drawn to show an intervention that no window follows yet."""
_APART: Final = 64
"""Pixels between two dates of the axis, at least."""
_FEWEST: Final = 6
"""Weeks that an axis has at least, so that one window does not look like all of time."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weeks from ``first`` up to and without ``end``, between two places of a chart."""

    first: Week
    end: Week
    left: float
    right: float

    @classmethod
    def of(cls, trend: Trend, left: float, right: float) -> "Calendar":
        """The weeks of a pair's windows, and of what was done about it since."""
        first, last = trend.points[0].cell.first_week, trend.points[-1].cell.last_week
        done = [e.intervention.week for e in trend.effects if e.intervention.week - last <= _AHEAD]
        end = max([last, *done]) + 1
        return cls(min(first, end + -_FEWEST), end, left, right)

    def x(self, week: Week) -> float:
        """Where a week begins."""
        return self.left + (week - self.first) / (self.end - self.first) * (self.right - self.left)

    def span(self, point: Point) -> tuple[float, float]:
        """Where a window begins and ends."""
        return self.x(point.cell.first_week), self.x(point.cell.last_week + 1)

    def ticks(self, say: Words) -> list[dict[str, object]]:
        """Dates of Mondays, as many as there is room for."""
        every = max(1, round(0.5 + _APART * (self.end - self.first) / (self.right - self.left)))
        weeks = (self.first + i for i in range(0, self.end - self.first, every))
        return [{"x": self.x(week), "word": say.day(week.monday)} for week in weeks]

    def marks(self, trend: Trend) -> list[dict[str, object]]:
        """Interventions within the axis, numbered as ``numbered`` does."""
        return [
            {"x": self.x(done.week), "number": number, "word": done.description}
            for number, done in numbered(trend)
            if self.first <= done.week < self.end
        ]

    def breaks(self, trend: Trend) -> list[dict[str, object]]:
        """Where another model or mechanism took over."""
        return [{"x": self.x(found.week), "model": found.model} for found in trend.breaks]


def numbered(trend: Trend) -> Sequence[tuple[int, Intervention]]:
    """A pair's interventions, oldest first, from 1: charts mark them by these numbers, and pages list them so."""
    done = sorted((e.intervention for e in trend.effects), key=lambda i: i.week)
    return list(enumerate(done, start=1))
