"""How a reading is put to the model: teams become markers, so that a team's name cannot matter.

Used alike at run time and in training, so that the two cannot drift apart. The markers' names and order are
part of the model format: a change needs a new model.
"""

import re
from typing import Final

from friction.records import AlignedText, Reading, Span, TeamId

US: Final = "[US]"
TARGET: Final = "[TARGET]"
OTHER: Final = "[OTHER]"
ASKED: Final = "[ASKED]"
MARKERS: Final = (US, TARGET, OTHER, ASKED)
_SPECIAL: Final = re.compile(r"\[(?=(?:US|TARGET|OTHER|ASKED|CLS|SEP|PAD|UNK|MASK)\])")


def question(reading: Reading, target: TeamId) -> str:
    """What stands before the text: the target, and whether the survey asked about it."""
    return f"{TARGET}{ASKED}" if target == reading.about_team else TARGET


def mark(reading: Reading, target: TeamId) -> AlignedText:
    """The reading's text with every mention of a team replaced by its role as seen from ``target``.

    A marker that the author typed is disarmed: it must not be read as ours.
    """
    roles = {target: TARGET}
    if reading.from_team is not None:
        roles[reading.from_team] = US
    disarmed = reading.text.replace([(Span(*m.span()), "(") for m in _SPECIAL.finditer(reading.text.text)])
    return disarmed.replace([(m.span, roles.get(m.team, OTHER)) for m in reading.mentions])


def clauses(text: str) -> list[Span]:
    """Stretches between punctuation marks, at least three words long, that together cover ``text``."""
    spans: list[Span] = []
    start, words = 0, 0
    for at, char in enumerate(text):
        words += char.isspace()
        if char in ".!?;:,\u2026\n" and words >= 3:
            spans.append(Span(start, at + 1))
            start, words = at + 1, 0
    if text[start:].strip():
        if spans and words < 3:
            spans[-1] = Span(spans[-1].start, len(text))
        else:
            spans.append(Span(start, len(text)))
    return spans
