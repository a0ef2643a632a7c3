"""The weekly digest: what changed, what stands, what cannot be told. Rendered from released trends only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from friction.disclosure import band
from friction.records import Directory, TeamId, Week
from friction.taxonomy import Pattern
from friction.trends import Trend
from friction.wording import PATTERN_WORDS, Language

MOST_CHANGES: Final = 3


@dataclass(frozen=True, slots=True)
class Digest:
    """The week's mail, in both of its parts."""

    subject: str
    html: str
    text: str


def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"percent": lambda v: f"{v * 100:.0f} %", "signed": lambda v: f"{v * 100:+.0f}", "band": band}
    return found


def changes(trends: Sequence[Trend]) -> list[Trend]:
    """Pairs that rose or fell, the largest change first."""
    moved = [t for t in trends if t.verdict in ("rising", "falling")]
    return sorted(moved, key=lambda t: -abs(t.change or 0.0))


def _leading_pattern(trend: Trend, language: Language) -> str | None:
    """The pattern most voiced over the pair's recent cells, where any is."""
    totals: dict[Pattern, int] = {}
    for point in trend.points[-8:]:
        for pattern, count in point.cell.patterns.items():
            totals[pattern] = totals.get(pattern, 0) + count
    most = max(totals, key=lambda p: totals[p], default=None)
    return PATTERN_WORDS[language][most] if most is not None and totals[most] else None


def render(trends: Sequence[Trend], directory: Directory, week: Week, language: Language) -> Digest:
    """The digest of a week.

    Args:
        trends: every released pair, with cells up to and with ``week``.
        directory: for the teams' names, and to count the pairs that stay silent.
        week: the last week of what is told.
        language: of the reader.
    """
    moved = changes(trends)
    names = {team.id: team.name for team in directory.teams.values()}
    context = {
        "week": str(week),
        "changes": [(t, _leading_pattern(t, language)) for t in moved[:MOST_CHANGES]],
        "more": len(moved) - len(moved[:MOST_CHANGES]),
        "steady": [t for t in trends if t.verdict == "steady"],
        "untold": [t for t in trends if t.verdict == "cannot tell"],
        "silent": len(directory.teams) * (len(directory.teams) - 1) - len(trends),
        "names": names,
    }
    environment = _environment()
    parts = {kind: environment.get_template(f"digest.{language}.{kind}").render(context) for kind in ("html", "txt")}
    return Digest(_subject(moved, names, week, language), parts["html"], parts["txt"])


def _subject(moved: Sequence[Trend], names: Mapping[TeamId, str], week: Week, language: Language) -> str:
    if not moved:
        return {"en": f"friction {week}: no change", "fr": f"friction {week} : rien de nouveau"}[language]
    first = moved[0]
    pair = f"{names.get(first.from_team, first.from_team)} → {names.get(first.about_team, first.about_team)}"
    rising = first.verdict == "rising"
    word = {"en": "rising" if rising else "falling", "fr": "en hausse" if rising else "en baisse"}[language]
    others = (
        {"en": f" and {len(moved) - 1} more", "fr": f" et {len(moved) - 1} autre(s)"}[language]
        if len(moved) > 1
        else ""
    )
    return f"friction {week}: {pair} {word}{others}"
