"""Released trends in the forms that people read: JSON (the contract's pair object), CSV and a table.

Shares and changes are published to ``PLACES``: finer ones would claim more than the intervals do.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from friction.conflict import Rise
from friction.disclosure import band
from friction.interventions import Effect, Step
from friction.model_folder import RELEASED, read_card
from friction.records import Directory, Intervention, Pair, Week
from friction.store.releases import ReleaseStore
from friction.taxonomy import PATTERNS
from friction.trends import Point, Trend, trends
from friction.wording import aligned, counted, last_of

TOO_FEW = "too few voices"
PLACES: Final = 2


def read_trends(releases: ReleaseStore, interventions: Sequence[Intervention] = ()) -> list[Trend]:
    """Trends of every released pair, with what interventions changed."""
    return trends(releases.cells(), read_card(RELEASED).errors, interventions, through=releases.last_week())


def cell_json(point: Point) -> dict[str, Any]:
    """A released cell as the contract shows it."""
    cell = point.cell
    return {
        "from_team": cell.from_team,
        "about_team": cell.about_team,
        "first_week": str(cell.first_week),
        "last_week": str(cell.last_week),
        "respondents": band(cell.respondents),
        "blame_rate": _rounded(point.blame.value),
        "low": _rounded(point.blame.low),
        "high": _rounded(point.blame.high),
        "appreciation_rate": _rounded(point.appreciation.value),
        "patterns": dict(point.patterns),
        "model": cell.model,
        "mechanism": cell.mechanism,
    }


def to_json(trend: Trend, *, latest_only: bool = False) -> dict[str, Any]:
    """A pair as the contract shows it, oldest cell first."""
    points = trend.points[-1:] if latest_only else trend.points
    return {
        "from_team": trend.from_team,
        "about_team": trend.about_team,
        "verdict": trend.verdict,
        "change": _rounded(trend.change),
        "low": _rounded(trend.low),
        "high": _rounded(trend.high),
        "smallest_visible_change": _rounded(trend.smallest_visible_change),
        "breaks": [{"week": str(b.week), "model": b.model, "mechanism": b.mechanism} for b in trend.breaks],
        "cells": [cell_json(p) for p in points],
        "interventions": [_effect_json(e) for e in trend.effects],
        "relationship_conflict": _rise_json(trend.relationship_conflict),
    }


def _rise_json(rise: Rise | None) -> dict[str, float | None] | None:
    """How far relationship conflict rises; null where no rise can be told."""
    if rise is None:
        return None
    return {"change": _rounded(rise.value), "low": _rounded(rise.low), "high": _rounded(rise.high)}


def _effect_json(effect: Effect) -> dict[str, Any]:
    """An intervention and its effect: shares of a pair's respondents, less what untouched pairs did meanwhile."""
    return {
        "week": str(effect.intervention.week),
        "description": effect.intervention.description,
        "finding": effect.finding,
        **_step_json(effect.step),
        "placebo": None if effect.placebo is None else _step_json(effect.placebo),
    }


def _step_json(step: Step | None) -> dict[str, float | None]:
    if step is None:
        return dict.fromkeys(("change", "low", "high", "smallest_visible_change"))
    found = (step.value, step.low, step.high, step.smallest_visible)
    return dict(zip(("change", "low", "high", "smallest_visible_change"), map(_rounded, found), strict=True))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, PLACES) + 0.0  # never -0.0


CSV_COLUMNS: Final = (
    "from_team", "about_team", "first_week", "last_week", "respondents", "blame_rate", "low", "high",
    "appreciation_rate", "verdict", *PATTERNS, "model", "mechanism", "relationship_conflict",
)  # fmt: skip
"""Stable: a column that comes later comes at the end."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(found: Iterable[Trend]) -> Iterator[str]:
    """Every released cell, one a line, after the names of the columns. A pattern that a cell does not show is 0.

    Two columns are of the pair as it stands now: the verdict, and by how much relationship conflict rises, if it does.
    """
    line = io.StringIO()
    writer = csv.DictWriter(line, CSV_COLUMNS, restval=0.0, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for trend in found:
        rise = trend.relationship_conflict
        of_pair = {"verdict": trend.verdict, "relationship_conflict": "" if rise is None else _rounded(rise.value)}
        for point in trend.points:
            cell = cell_json(point)
            writer.writerow({k: _tame(v) for k, v in {**cell, **cell["patterns"], **of_pair}.items()})
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


def to_csv(found: Iterable[Trend]) -> str:
    """The same as one text."""
    return "".join(csv_lines(found))


def _tame(value: object) -> object:
    """A value that no spreadsheet takes for a formula: a text that starts like one is kept a text by an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _effect_words(effect: Effect) -> str:
    done, step = effect.intervention, effect.step
    words = f"{done.from_team} -> {done.about_team} since {done.week}, {done.description}: {effect.finding}"
    if step is None:
        return f"{words}, too few cells before or after it, or too few untouched pairs"
    return f"{words}, {_change(step.value, step.low, step.high)} against {effect.controls} untouched pairs"


def _rise_words(trend: Trend, rise: Rise) -> str:
    change = _change(rise.value, rise.low, rise.high)
    return f"{trend.from_team} -> {trend.about_team}: disrespect is voiced by more people than before, {change}"


def _change(value: float, low: float, high: float) -> str:
    """A change of a share with the ends of its interval, in points; what rounds to 0 has no sign.

    >>> _change(0.124, -0.004, 0.25)
    '+12 points (0 to +25)'
    """
    points = (round(100 * x) for x in (value, low, high))
    change, first, last = (f"{p:+d}" if p else "0" for p in points)
    return f"{change} points ({first} to {last})"


def _weeks(first: Week, last: Week) -> str:
    """A window, for whoever reads a terminal.

    >>> _weeks(Week.parse("2026-W44"), Week.parse("2026-W45")), _weeks(Week.parse("2026-W44"), Week.parse("2026-W44"))
    ('2026-W44..W45', '2026-W44')
    """
    return str(first) if first == last else f"{first}..{last_of(first, last)}"


def to_table(found: Sequence[Trend], directory: Directory, pair: Pair | None = None) -> str:
    """Pairs with their latest cell and verdict, then those that nothing can be said about, all alike."""
    rows = [("from", "about", "latest weeks", "wrote", "blame (95 %)", "change (95 %)", "verdict")]
    for trend in found:
        last = trend.points[-1]
        change = "-"
        if trend.change is not None and trend.low is not None and trend.high is not None:
            change = _change(trend.change, trend.low, trend.high)
        rows.append(
            (
                trend.from_team,
                trend.about_team,
                _weeks(last.cell.first_week, last.cell.last_week),
                band(last.cell.respondents),
                f"{last.blame.value:.0%} ({last.blame.low:.0%} to {last.blame.high:.0%})",
                change,
                trend.verdict + (f", new since {trend.breaks[-1].week}" if trend.breaks else ""),
            )
        )
    lines = aligned(rows)
    lines.append("Shares are of those who wrote, not of the staff.")
    if any(trend.breaks for trend in found):
        lines.append("New: another model or mechanism counts since then; nothing before it is compared with.")
    if risen := [_rise_words(trend, rise) for trend in found if (rise := trend.relationship_conflict)]:
        lines += ["", "relationship conflict:", *(f"  {words}" for words in risen)]
    effects = [effect for trend in found for effect in trend.effects]
    if effects:
        lines += ["", "interventions:", *(f"  {_effect_words(effect)}" for effect in effects)]
    seen = {trend.pair for trend in found}
    silent = [p for p in directory.pairs if p not in seen and pair in (None, p)]
    if silent:
        lines += ["", f"{TOO_FEW} ({counted(len(silent), 'pair')}):"]
        by_from: dict[str, list[str]] = {}
        for a, b in silent:
            by_from.setdefault(a, []).append(b)
        lines += [f"  {a} -> {', '.join(b)}" for a, b in by_from.items()]
    return "\n".join(lines) + "\n"
