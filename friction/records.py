"""Value types, and the glossary of the field's terms as this project uses them.

A **comment** is what one person wrote; its **targets** are the teams that it speaks of. A **cell** is one
directed pair (from_team → about_team) over one closed **window** of whole ISO weeks: all that ever leaves.

Promise: nothing here shows a comment's text in its ``repr``.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import total_ordering
from itertools import permutations
from operator import attrgetter
from typing import Final, Literal, NewType, Self, get_args

from friction.errors import UsageError
from friction.taxonomy import Pattern

TeamId = NewType("TeamId", str)
Pair = tuple[TeamId, TeamId]
"""Who speaks, and about whom."""
Lang = Literal["en", "fr"]
LANGS: Final[tuple[Lang, ...]] = get_args(Lang)

_WEEK = re.compile(r"(\d{4})-?[Ww](\d{2})")


@total_ordering
@dataclass(frozen=True, slots=True)
class Week:
    """An ISO 8601 week, counted from the week of 1970-01-01.

    >>> str(Week.parse("2026-W53") + 1), Week.parse("2026-W02") - Week.parse("2025-W52")
    ('2027-W01', 2)
    >>> str(Week.parse("0999-W01"))
    '0999-W01'
    """

    index: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2026-W47``, ``2026W47`` (the basic format of ISO 8601) or ``2026-w47``.

        Raises:
            UsageError: not a week, or one that its year does not have.
        """
        match = _WEEK.fullmatch(text.strip())
        try:
            if match is None:
                raise ValueError
            return cls.of(date.fromisocalendar(int(match[1]), int(match[2]), 1))
        except ValueError:
            raise UsageError("not an ISO week; write it like 2026-W47") from None

    @classmethod
    def of(cls, day: date) -> Self:
        """The week that holds ``day``."""
        return cls((day.toordinal() - date(1969, 12, 29).toordinal()) // 7)

    @property
    def monday(self) -> date:
        """The week's first day."""
        return date(1969, 12, 29) + timedelta(weeks=self.index)

    def __str__(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year:04d}-W{number:02d}"

    def __add__(self, weeks: int) -> "Week":
        return Week(self.index + weeks)

    def __sub__(self, other: "Week") -> int:
        return self.index - other.index

    def __lt__(self, other: "Week") -> bool:
        return self.index < other.index


@dataclass(frozen=True, slots=True)
class Team:
    """A team of the directory. ``headcount`` is None where none is stated: then it is never reported on."""

    id: TeamId
    name: str
    headcount: int | None = None
    aliases: tuple[str, ...] = ()
    parent: TeamId | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """The organisation's teams, by id."""

    teams: Mapping[TeamId, Team]

    @property
    def names(self) -> dict[TeamId, str]:
        """What each team is called."""
        return {team.id: team.name for team in self.teams.values()}

    @property
    def pairs(self) -> list[Pair]:
        """Every directed pair, in the directory's order."""
        return list(permutations(self.teams, 2))

    def reportable(self, team: TeamId, min_team_size: int, *, by: TeamId | None = None) -> TeamId | None:
        """The team itself, or its nearest parent, that is large enough to be spoken of; None where there is none.

        A parent serves for a small team only if enough people are left in it besides the teams that are spoken of by
        themselves, and besides the team ``by`` which it is spoken of: whatever is said of it, and not of them, would
        be said of the few others.
        """
        seen: set[TeamId] = set()
        at: TeamId | None = team
        while at is not None and at not in seen and at in self.teams:
            if self.may_be_spoken_of(at, min_team_size, merged=at != team, by=by):
                return at
            seen.add(at)
            at = self.teams[at].parent
        return None

    def may_be_spoken_of(self, team: TeamId, min_team_size: int, *, merged: bool, by: TeamId | None = None) -> bool:
        """Whether a team is large enough to be spoken of; with ``merged``, for the small teams in it as well."""
        known = self.teams.get(team)
        if known is None or known.headcount is None:
            return False
        apart = self._apart(known, min_team_size, by) if merged else 0
        return known.headcount - apart >= min_team_size

    def heard(self, speaks: TeamId, voices: int) -> int:
        """How many people spoke, and never more than the team has: of one that the directory does not know, nobody."""
        team = self.teams.get(speaks)
        if team is None:
            return 0
        return voices if team.headcount is None else min(voices, team.headcount)

    def _apart(self, parent: Team, min_team_size: int, by: TeamId | None) -> int:
        """People of a team who are in teams below it that are spoken of by themselves, or speak.

        All of them, where nobody knows how many it is who speak.
        """
        apart, waiting, seen = 0, [parent.id], {parent.id}
        while waiting:
            at = waiting.pop()
            for below in self.teams.values():
                if below.parent == at and below.id not in seen:
                    seen.add(below.id)
                    people = below.headcount
                    if below.id == by:
                        apart += people or parent.headcount or 0
                    elif people is not None and people >= min_team_size:
                        apart += people
                    else:
                        waiting.append(below.id)
        return apart


@dataclass(frozen=True, slots=True)
class Intervention:
    """Something done about one pair from a week on, e.g. "weekly meeting with an agenda"."""

    from_team: TeamId
    about_team: TeamId
    week: Week
    description: str

    @property
    def pair(self) -> Pair:
        """Who speaks, and about whom."""
        return self.from_team, self.about_team


LONGEST: Final = 200
"""Characters of an intervention's description, without blanks around it."""
_HIDDEN: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
DESCRIPTION: Final = rf"^[^{_HIDDEN}]*[^\s{_HIDDEN}][^{_HIDDEN}]*$"
"""A description as a regular expression: one line that says something, and no character that would move other text."""
Misdated = Literal["past", "ahead"]
MISDATED: Final[Mapping[Misdated, str]] = {"past": "before the year 2000", "ahead": "more than a year ahead"}
_FIRST: Final = Week.of(date(2000, 1, 1))
_AHEAD: Final = timedelta(days=366)


def misdated(week: Week, today: date) -> Misdated | None:
    """Why an intervention cannot be said to begin in a week, however it is entered; None where it can."""
    if week < _FIRST:
        return "past"
    return "ahead" if week > Week.of(today + _AHEAD) else None


@dataclass(frozen=True, slots=True)
class Comment:
    """What one person wrote, as a source gives it. ``row`` is where it stands in its file, for messages.

    ``survey``: where the respondent's key tells only the responses to one survey apart, not people from one survey to
    the next, what tells the survey from others. ``stated``: what a row itself says of teams, however the
    configuration reads it today; of a chat's message, its moment. ``message``: an id that a chat gives a
    message, which nobody else's has and which stays when its author edits it. ``realm``: where the respondent's key
    holds, a chat's company or a table's column: whoever has another key elsewhere may be the same person.
    """

    text: str = field(repr=False)
    id: str | None = None
    row: int = 0
    from_team: TeamId | None = None
    about_team: TeamId | None = None
    respondent: str | None = field(default=None, repr=False)
    survey: str | None = None
    week: Week | None = None
    stated: str = field(default="", repr=False)
    message: str | None = field(default=None, repr=False)
    realm: str = field(default="", repr=False)
    lang: Lang | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a rewritten text, ``start`` to ``end``: copied from the original, or put in place of ``behind``."""

    start: int
    end: int
    behind: Span
    copied: bool


@dataclass(frozen=True, slots=True)
class AlignedText:
    """A rewritten text that remembers where its characters stood in the text as sent: nothing is kept a character."""

    text: str = field(repr=False)
    _pieces: tuple[_Piece, ...] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Self:
        """``text`` as it is."""
        return cls(text, (_Piece(0, len(text), Span(0, len(text)), copied=True),))

    def replace(self, edits: Sequence[tuple[Span, str]]) -> "AlignedText":
        """Put each replacement in the place of its span. Spans must not overlap."""
        if not edits:
            return self
        text: list[str] = []
        pieces: list[_Piece] = []
        at = length = 0
        for span, put in [*sorted(edits, key=lambda edit: edit[0].start), (Span(len(self.text), len(self.text)), "")]:
            pieces += self._between(at, span.start, length)
            length += span.start - at
            if put:
                pieces.append(_Piece(length, length + len(put), self.source(span), copied=False))
            text += [self.text[at : span.start], put]
            length += len(put)
            at = span.end
        return AlignedText("".join(text), tuple(pieces))

    def source(self, span: Span) -> Span:
        """The span of the original behind a span of this text; behind none of its characters, the empty one."""
        if span.start >= min(span.end, len(self.text)):
            return Span(0, 0)
        first = self._pieces[self._place(span.start)]
        last = self._pieces[self._place(span.end - 1)]
        start = first.behind.start + (span.start - first.start if first.copied else 0)
        end = last.behind.start + span.end - last.start if last.copied else last.behind.end
        return Span(start, end)

    def _place(self, at: int) -> int:
        """Which piece a character belongs to."""
        return bisect_right(self._pieces, at, key=attrgetter("start")) - 1

    def _between(self, start: int, end: int, moved: int) -> Iterator[_Piece]:
        """The pieces of a stretch of this text, as they are where it begins at ``moved``."""
        if start >= end:
            return
        for piece in self._pieces[self._place(start) : self._place(end - 1) + 1]:
            first, last = max(piece.start, start), min(piece.end, end)
            yield _Piece(first - start + moved, last - start + moved, self.source(Span(first, last)), piece.copied)


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a text that names a team of the directory."""

    span: Span
    team: TeamId


@dataclass(frozen=True, slots=True)
class Reading:
    """A comment as the classifier reads it: redacted, its language known, its mentions found."""

    text: AlignedText
    lang: Lang
    mentions: tuple[Mention, ...]
    from_team: TeamId | None = None
    about_team: TeamId | None = None

    @property
    def candidates(self) -> tuple[TeamId, ...]:
        """Teams mentioned or asked about, less the author's own, in order of appearance."""
        named = [m.team for m in self.mentions] + ([self.about_team] if self.about_team else [])
        return tuple(t for t in dict.fromkeys(named) if t != self.from_team)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Characters of the text as sent that carry the blame; ``weight`` is the share of it that they carry."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class TargetScore:
    """The verdict on one target: calibrated probabilities, and the labels at the model's thresholds."""

    team: TeamId
    blame: float
    appreciation: float
    blamed: bool
    appreciated: bool
    patterns: Mapping[Pattern, float]
    labels: tuple[Pattern, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """A comment's scores, or the reason why it has none. ``masked``: how many of each kind redaction masked in it."""

    id: str | None
    lang: Lang | None
    targets: tuple[TargetScore, ...] = ()
    error: str | None = None
    masked: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """A released cell: rounded counts of people over one closed window. Written once, never changed.

    Attributes:
        respondents: people who spoke of the target, rounded; published only as its band.
        languages: how many of them wrote mostly in each language, rounded at random; never a stance by language.
        blame, appreciation, patterns: how many of them blame, appreciate, voice each pattern, rounded.
        model: name of the model that scored them; ``mechanism`` the disclosure control, e.g. ``rounding-3``.
    """

    from_team: TeamId
    about_team: TeamId
    first_week: Week
    last_week: Week
    respondents: int
    languages: Mapping[Lang, int]
    blame: int
    appreciation: int
    patterns: Mapping[Pattern, int]
    model: str
    mechanism: str

    @property
    def pair(self) -> Pair:
        """Who speaks, and about whom."""
        return self.from_team, self.about_team

    @property
    def maker(self) -> tuple[str, str]:
        """Model and mechanism: a share is only set beside one of the same."""
        return self.model, self.mechanism
