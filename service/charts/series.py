"""A pair over time: its share with the interval, and the patterns behind it.

Each window is drawn as long as it is. Where another model or mechanism took over the line is cut, since nothing before
is compared with what follows; so it is where weeks are missing. The share's axis always goes from none to all, so that
no change looks larger than it is.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from friction.records import Directory
from friction.taxonomy import PATTERNS, Pattern
from friction.trends import Point, Trend
from friction.wording import Language

from ..words import Words, words
from .calendar import Calendar
from .chart import Chart

WIDE: Final = 1040.0
USUAL: Final = 860.0
NARROW: Final = 360.0
"""Widths for a desk, a sheet and a telephone: letters keep their size in all of them."""
_LEFT, _RIGHT, _TOP, _PLOT, _BOTTOM = 50.0, 14.0, 40.0, 220.0, 30.0
_ROW, _BAR = 62.0, 30.0
MOST_PATTERNS: Final = 5


def series(trend: Trend, directory: Directory, language: Language, width: float = USUAL) -> Chart:
    """The share of each window as a step, in the band of its interval.

    Args:
        trend: of the pair.
        directory: for the teams' names.
        language: of the reader.
        width: in pixels.
    """
    say, calendar = words(language), Calendar.of(trend, _LEFT, width - _RIGHT)
    runs = _runs(trend)
    last = trend.points[-1]
    scene = {
        "grid": [{"y": _y(share), "word": say.percent(share)} for share in (0.0, 0.25, 0.5, 0.75, 1.0)],
        "bands": [_band(run, calendar) for run in runs],
        "values": [_value(run, calendar) for run in runs],
        "windows": [
            {"x": x, "width": end - x, "label": _label(p, say)} for p in trend.points for x, end in [calendar.span(p)]
        ],
        "plot": {"left": _LEFT, "right": width - _RIGHT, "top": _TOP, "bottom": _TOP + _PLOT},
        **_around(trend, calendar, say),
    }
    description = say(
        "series.description",
        count=len(trend.points),
        weeks=say.weeks(trend.points[0].cell.first_week, last.cell.last_week),
        share=say.percent(last.blame.value),
        interval=say.interval(last.blame.low, last.blame.high),
    )
    return Chart(
        "series", _title("series.title", trend, directory, say), description, width, _TOP + _PLOT + _BOTTOM, scene
    )


def patterns(trend: Trend, directory: Directory, language: Language, width: float = USUAL) -> Chart | None:
    """How many voiced each pattern in each window, the most voiced first; None where nobody voiced any.

    Args:
        trend: of the pair.
        directory: for the teams' names.
        language: of the reader.
        width: in pixels.
    """
    say, calendar = words(language), Calendar.of(trend, _LEFT, width - _RIGHT)
    most = most_voiced(trend.points)[:MOST_PATTERNS]
    if not most:
        return None
    top, tallest = max((s, p) for point in trend.points for p, s in point.patterns.items())
    rows = [
        {
            "y": _TOP + i * _ROW,
            "word": say.patterns[pattern],
            "last": say("patterns.last" if width > NARROW else "patterns.last_short", share=latest),
            "bars": [
                {
                    "x": x + 1,
                    "width": max(end - x - 2, 1.0),
                    "height": share / top * _BAR,
                    "label": _voiced(p, share, say),
                }
                for p in trend.points
                for x, end in [calendar.span(p)]
                if (share := p.patterns.get(pattern, 0.0))
            ],
        }
        for i, pattern in enumerate(most)
        for latest in [say.percent(trend.points[-1].patterns.get(pattern, 0.0))]
    ]
    scene = {
        "rows": rows,
        "base": _BAR + 20,
        "plot": {"left": _LEFT, "right": width - _RIGHT, "top": _TOP, "bottom": _TOP + len(rows) * _ROW},
        **_around(trend, calendar, say),
    }
    description = say("patterns.description", pattern=say.patterns[tallest], top=say.percent(top))
    height = _TOP + len(rows) * _ROW + _BOTTOM
    return Chart("patterns", _title("patterns.title", trend, directory, say), description, width, height, scene)


def most_voiced(points: Iterable[Point]) -> list[Pattern]:
    """Patterns that were voiced at all, the most first; the taxonomy's order decides between equals."""
    totals = dict.fromkeys(PATTERNS, 0.0)
    for point in points:
        for pattern, share in point.patterns.items():
            totals[pattern] += share * point.cell.respondents
    return sorted((p for p in PATTERNS if totals[p]), key=lambda p: -totals[p])


def _around(trend: Trend, calendar: Calendar, say: Words) -> dict[str, object]:
    return {
        "say": say,
        "ticks": calendar.ticks(say),
        "marks": calendar.marks(trend),
        "breaks": calendar.breaks(trend),
    }


def _title(key: str, trend: Trend, directory: Directory, say: Words) -> str:
    speaks, about = (directory.names.get(team, team) for team in trend.pair)
    return say(key, speaks=speaks, about=about)


def _runs(trend: Trend) -> list[list[Point]]:
    """Windows that follow each other without a gap under one model and mechanism."""
    runs = [[trend.points[0]]]
    for one, other in pairwise(trend.points):
        if one.cell.maker == other.cell.maker and other.cell.first_week - one.cell.last_week == 1:
            runs[-1].append(other)
        else:
            runs.append([other])
    return runs


def _y(share: float) -> float:
    return _TOP + (1 - share) * _PLOT


def _value(run: Sequence[Point], calendar: Calendar) -> str:
    return "M" + "L".join(_steps([(calendar.span(p), p.blame.value) for p in run]))


def _band(run: Sequence[Point], calendar: Calendar) -> str:
    high = _steps([(calendar.span(p), p.blame.high) for p in run])
    low = _steps([(calendar.span(p), p.blame.low) for p in run])
    return "M" + "L".join([*high, *reversed(low)]) + "Z"


def _steps(spans: Sequence[tuple[tuple[float, float], float]]) -> list[str]:
    return [f"{x:.1f} {_y(share):.1f}" for (start, end), share in spans for x in (start, end)]


def _label(point: Point, say: Words) -> str:
    return say(
        "series.window",
        weeks=say.weeks(point.cell.first_week, point.cell.last_week),
        share=say.percent(point.blame.value),
        interval=say.interval(point.blame.low, point.blame.high),
        people=say.people(point.cell.respondents),
    )


def _voiced(point: Point, share: float, say: Words) -> str:
    weeks = say.weeks(point.cell.first_week, point.cell.last_week)
    return say("patterns.window", weeks=weeks, share=say.percent(share))
