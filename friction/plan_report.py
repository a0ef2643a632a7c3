"""A plan in the forms that people read: a table, JSON and CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from friction.disclosure import Policy
from friction.plan import Habits, Outlook
from friction.visible import SEEN_AFTER
from friction.wording import aligned, counted

_SPREADS: Final = {
    "even": "each of them speaks of one other team, whichever",
    "size": "each of them speaks of one other team, the larger the likelier",
    "all": "each of them speaks of every other team",
}
_NOISE: Final = "Under noise the smallest rise is not reckoned; the year's budget is, the pairs of a team taking turns."
COLUMNS: Final = (
    "from_team", "about_team", "voices_a_week", "weeks_to_a_cell", "chance_of_a_cell", "smallest_visible_change",
    "never_because",
)  # fmt: skip


def to_json(outlooks: Sequence[Outlook], habits: Habits, policy: Policy) -> dict[str, Any]:
    """What was assumed, and every pair."""
    return {
        "assumed": {
            "share": habits.share,
            "spread": habits.spread,
            "blame": habits.blame,
            "min_respondents": policy.min_respondents,
            "max_window_weeks": policy.max_window_weeks,
            "seen_after_weeks": SEEN_AFTER,
        },
        "pairs": [_row(o) for o in outlooks],
    }


def to_csv(outlooks: Sequence[Outlook]) -> str:
    """One pair a line."""
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_row, outlooks))
    return lines.getvalue()


def to_table(outlooks: Sequence[Outlook], habits: Habits, policy: Policy) -> str:
    """Pairs that can be shown, then those that never are and why, then what was assumed."""
    window = policy.max_window_weeks
    rows = [("from", "about", "voices a week", "weeks to a cell", f"cell within {window}", "smallest rise seen")]
    rows += [
        (o.from_team, o.about_team, f"{o.voices:.1f}", _weeks(o.weeks), f"{o.chance:.0%}", _points(o.visible))
        for o in outlooks
        if o.never is None
    ]
    lines = aligned(rows)
    reasons: dict[str, list[str]] = {}
    for o in outlooks:
        if o.never is not None:
            reasons.setdefault(o.never, []).append(f"{o.from_team} -> {o.about_team}")
    if reasons:
        hidden = counted(sum(map(len, reasons.values())), "pair")
        lines += ["", f"Never shown, or not to be reckoned ({hidden}):"]
        lines += [f"  {why}: {', '.join(pairs)}" for why, pairs in reasons.items()]
    lines += [
        "",
        f"If {habits.share:.0%} of each team write in a week, {_SPREADS[habits.spread]}, and {habits.blame:.0%} of "
        f"them blame. A cell needs {policy.min_respondents} people.",
        "The smallest rise, in points of the share that blames, is found about four times out of five when it has "
        f"lasted {SEEN_AFTER} weeks and this pair alone changes; - where none would be.",
        *([_NOISE] if policy.epsilon is not None else []),
        "People are reckoned alike. Where the same few write every week, it takes longer.",
    ]
    return "\n".join(lines) + "\n"


def _row(o: Outlook) -> dict[str, Any]:
    values = (
        o.from_team,
        o.about_team,
        round(o.voices, 2),
        None if o.weeks is None else round(o.weeks, 1),
        round(o.chance, 3),
        None if o.visible is None else round(o.visible, 2),
        o.never,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _weeks(weeks: float | None) -> str:
    return "hardly ever" if weeks is None else f"{weeks:.1f}"


def _points(visible: float | None) -> str:
    return "-" if visible is None else f"{visible * 100:.0f}"
