"""What a comment says of a team, and the votes of a whole file while it is read.

A file's votes go in together or not at all, and scoring takes hours for a very large one: so they wait in memory, not
in a transaction that keeps everybody else out, nor in a file, where respondents would stand in the clear.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from friction.records import Lang, TeamId, Week
from friction.taxonomy import PATTERNS, Pattern

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Vote:
    """One comment's stance on one target, without its text.

    Attributes:
        respondent: as the source gives it, and nobody else in a pool; only its keyed hash is stored.
        comment: what makes the comment the same one when another file brings it; only its keyed hash is stored.
        is_ambiguous: somebody else may say the same, and count: a few words of people who are named, with nothing by
            which their tool tells the comment from all others.
        pool: that within which two respondents are surely two people: the source, the tool that wrote its file, and
            the realm of the key, or whether it is an address, since a tool may call one person by that and by a name or
            a number. None where nobody is named: then it is the vote's file and its week, since a row may be another
            row of an earlier file, written otherwise. Whoever writes in another pool may be the same under another
            name.
        merged: it counts for the target, but some of what it says is of a smaller team in it.
    """

    from_team: TeamId
    about_team: TeamId
    week: Week
    respondent: str = field(repr=False)
    comment: str = field(repr=False)
    lang: Lang
    blamed: bool
    appreciated: bool
    labels: tuple[Pattern, ...]
    model: str
    is_ambiguous: bool = True
    pool: str | None = ""
    merged: bool = False

    @property
    def patterns(self) -> int:
        """The labels as bits, in the order of ``PATTERNS``."""
        return sum(1 << PATTERNS.index(label) for label in self.labels)


class Votes:
    """Any number of votes in about a hundred bytes each, a fifth of what as many ``Vote`` take; read in their order."""

    def __init__(self) -> None:
        self._frames: _Numbered[_Frame] = _Numbered()
        self._people: _Numbered[str] = _Numbered()
        self._comments = bytearray()
        self._rows = bytearray()

    def add(self, vote: Vote) -> None:
        """Take a vote."""
        frame = (vote.from_team, vote.about_team, vote.week, vote.lang, vote.model, vote.is_ambiguous, vote.pool)
        is_own = vote.respondent == vote.comment  # nobody is named: each comment is a person
        self._comments += vote.comment.encode()
        self._rows += _ROW.pack(
            self._frames.number(frame),
            0 if is_own else 1 + self._people.number(vote.respondent),
            len(self._comments),
            vote.blamed,
            vote.appreciated,
            vote.merged,
            vote.patterns,
        )

    def __len__(self) -> int:
        return len(self._rows) // _ROW.size

    def __iter__(self) -> Iterator[Vote]:
        start = 0
        for frame, person, end, blamed, appreciated, merged, patterns in _ROW.iter_unpack(self._rows):
            comment = self._comments[start:end].decode()
            start = end
            from_team, about_team, week, lang, model, is_ambiguous, pool = self._frames[frame]
            yield Vote(
                from_team=from_team,
                about_team=about_team,
                week=week,
                respondent=self._people[person - 1] if person else comment,
                comment=comment,
                lang=lang,
                blamed=blamed,
                appreciated=appreciated,
                labels=tuple(pattern for place, pattern in enumerate(PATTERNS) if patterns >> place & 1),
                model=model,
                is_ambiguous=is_ambiguous,
                pool=pool,
                merged=merged,
            )


_Frame = tuple[TeamId, TeamId, Week, Lang, str, bool, str | None]
_ROW: Final = struct.Struct("<IIQ???I")
"""Number of the frame, of the respondent, where the comment's key ends, stances, merged, patterns."""


class _Numbered(Generic[Item]):
    """Different things by the number under which each was first met."""

    def __init__(self) -> None:
        self._numbers: dict[Item, int] = {}
        self._items: list[Item] = []

    def number(self, item: Item) -> int:
        if (found := self._numbers.get(item)) is not None:
            return found
        self._items.append(item)
        return self._numbers.setdefault(item, len(self._items) - 1)

    def __getitem__(self, number: int) -> Item:
        return self._items[number]
