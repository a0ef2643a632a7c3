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

STANCES: Final = ("blame", "appreciation")
PATTERNS: Final[tuple[Pattern, ...]] = get_args(Pattern)
HEADS: Final = ("is_team", *STANCES, *PATTERNS)
"""The model's outputs, in order: is the mention the team at all, the two stances, the nine patterns."""
