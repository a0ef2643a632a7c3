"""What is labelled, in the order in which the model puts it out.

The annotation guideline is the source; a change here is a new ``VERSION`` and a new model. Never reorder.
"""

from typing import Final, Literal, get_args

VERSION: Final = 1

Pattern = Literal[
    "poor_handoff",
    "no_follow_through",
    "unfair_share",
    "unresponsive",
    "broken_commitment",
    "kept_in_the_dark",
    "competing_goals",
    "mistakes",
    "disrespect",
]
Conflict = Literal["task", "process", "relationship"]

STANCES: Final = ("blame", "appreciation")
PATTERNS: Final[tuple[Pattern, ...]] = get_args(Pattern)
CONFLICTS: Final[dict[Pattern, Conflict]] = {
    "poor_handoff": "task",
    "no_follow_through": "task",
    "unfair_share": "process",
    "unresponsive": "process",
    "broken_commitment": "process",
    "kept_in_the_dark": "process",
    "competing_goals": "process",
    "mistakes": "task",
    "disrespect": "relationship",
}
"""Kind of group conflict behind each pattern (Jehn 1995, "A multimethod examination of intragroup conflict")."""

HEADS: Final = ("is_team", *STANCES, *PATTERNS)
"""The model's outputs, in order: is the mention the team at all, the two stances, the nine patterns."""
