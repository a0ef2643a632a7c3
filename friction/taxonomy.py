"""What is labelled, in the order in which the model puts it out.

The annotation guideline is the source; a change here is a new ``VERSION`` and a new model. Never reorder.
"""

from collections.abc import Mapping
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

STANCES: Final = ("blame", "appreciation")
PATTERNS: Final[tuple[Pattern, ...]] = get_args(Pattern)
HEADS: Final = ("is_team", *STANCES, *PATTERNS)
"""The model's outputs, in order: is the mention the team at all, the two stances, the nine patterns."""

Kind = Literal["task", "process", "relationship"]
KINDS: Final[Mapping[Kind, tuple[Pattern, ...]]] = {
    "task": ("poor_handoff", "no_follow_through", "mistakes"),
    "process": ("unfair_share", "unresponsive", "broken_commitment", "kept_in_the_dark", "competing_goals"),
    "relationship": ("disrespect",),
}
"""Which patterns show each kind of conflict in a group (Jehn 1995, "A multimethod examination of the benefits and
detriments of intragroup conflict"; process since Jehn 1997). Counts of people are never added up over patterns: one
person may voice several."""
