"""The matrix of pairs: who speaks about whom, in the order of the directory.

Security property (``tests/service/test_charts.py``): pairs without a trend are drawn alike but for their place, and no
order, size or colour hangs on anything that is not in the trends (rule 12), but for whose pairs the reader may see.
"""

from collections.abc import Sequence
from typing import Any, Final

from friction.records import Directory, Team, Week
from friction.trends import Point, Trend, Verdict
from friction.wording import Language

from ..words import Words, words
from .chart import Chart

STEPS: Final = 5
_LETTER: Final = 7.7
"""Width of a letter of a team's name, on average and a little more."""
_DIGIT: Final = 9.4
"""Width of a character of a share."""
_LONGEST: Final = 16
_TALL: Final = 58
_TOP: Final = 46


def matrix(
    found: Sequence[Trend],
    directory: Directory,
    language: Language,
    week: Week | None = None,
    *,
    only: str | None = None,
) -> Chart:
    """Each pair's latest share with its interval and verdict, or its share in the window that closed in a week.

    Args:
        found: every released pair.
        directory: whose teams are the rows and columns; other pairs are not drawn.
        language: of the reader.
        week: show its windows alone, without verdicts, which are of now.
        only: the team whose pairs alone may be seen; the places of other pairs stay empty.
    """
    say, teams = words(language), list(directory.teams.values())
    points = {
        t.pair: (p, t.verdict if week is None else None)
        for t in found
        if t.from_team in directory.teams and t.about_team in directory.teams
        for p in (t.points[-1:] if week is None else t.points)
        if week is None or p.cell.last_week == week
    }
    longest = max((len(_short(team)) for team in teams), default=0)
    left, wide = longest * _LETTER + 14, max(84.0, longest * _LETTER + 10)
    rows = [
        {
            "short": _short(speaks),
            "y": _TOP + i * _TALL,
            "cells": [
                {
                    "x": left + j * wide,
                    "self": speaks == about,
                    "empty": only is not None and only not in (speaks.id, about.id),
                }
                | _shown(points.get((speaks.id, about.id)), speaks, about, say)
                for j, about in enumerate(teams)
            ],
        }
        for i, speaks in enumerate(teams)
    ]
    pairs = [pair for pair in directory.pairs if only is None or only in pair]
    counts = {"count": len(points), "all": len(pairs)}
    scene = {
        "say": say,
        "rows": rows,
        "columns": [{"short": _short(team), "x": left + (j + 0.5) * wide} for j, team in enumerate(teams)],
        "left": left,
        "top": _TOP,
        "wide": wide,
        "tall": _TALL,
    }
    return Chart(
        "matrix",
        say("matrix.title"),
        say("matrix.description", **counts)
        if only is None
        else say("matrix.description_of", **counts, team=next((t.name for t in teams if t.id == only), only)),
        left + len(teams) * wide + 2,
        _TOP + len(teams) * _TALL + 2,
        scene,
    )


def step(share: float) -> int:
    """The step of the colour scale for a share; its number always stands beside it."""
    return min(int(share * STEPS), STEPS - 1)


def _short(team: Team) -> str:
    return team.name if len(team.name) <= _LONGEST else team.name[: _LONGEST - 1] + "…"


def _shown(found: tuple[Point, Verdict | None] | None, speaks: Team, about: Team, say: Words) -> dict[str, Any]:
    if found is None:
        return {"step": None}
    point, verdict = found
    share, blame = say.percent(point.blame.value), point.blame
    words_of = {
        "speaks": speaks.name,
        "about": about.name,
        "share": share,
        "interval": say.interval(blame.low, blame.high),
        "people": say.people(point.cell.respondents),
    }
    label = say("matrix.cell", **words_of)
    return {
        "step": step(blame.value),
        "leads": f"/pairs/{speaks.id}/{about.id}",
        "verdict": verdict,
        "share": share,
        "half": (len(share) * _DIGIT + 5) / 2,
        "interval": say("common.span", first=round(blame.low * 100), last=say.percent(blame.high)),
        "label": label if verdict is None else f"{label}; {say.verdict(verdict)}",
    }
