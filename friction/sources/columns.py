"""Which column holds what: what the configuration says, else what the form says, else what the cells look like.

A column that is named in ``[sources.NAME]`` is what it is named to be. A tool's own columns are known by their form.
What is left is told from the first rows: a column of prose is a comment, and about the team that its header names; one
whose cells are teams of the directory is the author's team, or the one spoken of, where its header says so. Messages
name columns by their place, as a spreadsheet's letter, because a header may be a person's words.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, get_args

from friction.errors import SourceError
from friction.records import Mention, TeamId
from friction.settings import SourceSection
from friction.sources.blank import is_blank
from friction.sources.grid import Head, Role, level
from friction.sources.prose import is_prose
from friction.sources.rows import Resolve
from friction.sources.whose import Whose, whose

SAMPLE: Final = 200
"""Rows that are looked at before the first comment comes out."""
_SURE: Final = 0.8
_ASKED: Final = 0.5
"""Shares of a column's cells that are teams: to take it for one of teams, and to ask whose they are."""
_NUMBER: Final = re.compile(r"[\s\d.,%+/:-]*")
_IN_A_SOURCE: Final = '[sources.NAME] text = "..." and --source NAME (over HTTP: the field source)'
Find = Callable[[str], Sequence[Mention]]
Named = Callable[[str], TeamId | None]
"""The one team that a question names, if it names one."""


@dataclass(frozen=True, slots=True)
class Text:
    """A column of comments, and the team that it asks about."""

    column: int
    about: TeamId | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns by what they hold; None where the file has no such column."""

    head: Head
    texts: tuple[Text, ...]
    id: int | None = None
    from_team: int | None = None
    about_team: int | None = None
    week: int | None = None
    lang: int | None = None
    status: int | None = None
    question: int | None = None
    asked: frozenset[str] = frozenset()
    people: tuple[int, ...] = ()
    unsaid: tuple[int, ...] = ()
    """Columns of teams of which nothing says whose they are."""
    unknown: tuple[int, ...] = ()
    """Columns that say that they are the author's team, where no other is, and of whose cells not one is a team."""
    rivals: tuple[tuple[Whose, tuple[int, ...]], ...] = ()
    """Columns of teams that all say the same, so that one must be named: whose they say that they are, and which."""

    @property
    def asks(self) -> tuple[str, ...]:
        """What is asked of columns of teams, by letter; part of ``taken``."""
        return (
            *(f"whose team? say from_team or about_team: {_columns(column)}" for column in self.unsaid),
            *(
                f"author's team? add its teams to [teams] of friction.toml: {_columns(column)}"
                for column in self.unknown
            ),
        )

    @property
    def taken(self) -> tuple[str, ...]:
        """Which columns were taken for what, by letter: a header may be a person's words."""
        known = (("author's team", self.from_team), ("about", self.about_team))
        comments: dict[TeamId | None, list[int]] = {}
        for text in self.texts:
            comments.setdefault(text.about, []).append(text.column)
        return (
            *(f"{said}: {_columns(column)}" for said, column in known if column is not None),
            *(f"comments{f' on {team}' if team else ''}: {_columns(*found)}" for team, found in comments.items()),
            *self.asks,
            *(f"name one of them {whose} in [sources.NAME]: {_columns(*found)}" for whose, found in self.rivals),
        )

    @property
    def ignored(self) -> tuple[str, ...]:
        """Letters of the columns that are not used, but for the tool's own."""
        singles = (self.id, self.from_team, self.about_team, self.week, self.lang, self.status, self.question)
        used = {t.column for t in self.texts} | {*singles} | {*self.people} | {*self.head.roles}
        return tuple(letter(index) for index, name in enumerate(self.head.names) if name.strip() and index not in used)


def naming(find: Find | None) -> Named:
    """What finds the team that a question names; without a finder, none is ever named."""

    @lru_cache(1024)
    def named(question: str) -> TeamId | None:
        teams = {mention.team for mention in find(question)} if find else set()
        return teams.pop() if len(teams) == 1 else None

    return named


def letter(column: int) -> str:
    """A column as a spreadsheet calls it.

    >>> letter(0), letter(27)
    ('A', 'AB')
    """
    return (letter(column // 26 - 1) if column > 25 else "") + chr(65 + column % 26)


class Finder:
    """Lays out one file. ``sample`` are its first rows under the header."""

    def __init__(
        self,
        head: Head,
        mapping: SourceSection,
        sample: Sequence[tuple[str, ...]],
        *,
        resolve: Resolve,
        named: Named,
    ) -> None:
        self._head = head
        self._mapping = mapping
        self._sample = sample
        self._resolve = resolve
        self._team_named = named
        self._names = [level(name) for name in head.names]
        self._keys = [level(key) for key in head.keys]
        self._taken: set[int] = set()

    def layout(self, name: str) -> Layout:
        """Where everything is.

        Raises:
            SourceError: no comment column, one that stands twice, or one that the configuration names and is not there.
        """
        told = {
            field: self._told(field, name) for field in ("id", "week", "lang", "from_team", "about_team", "respondent")
        }
        question = self._role("question")
        self._taken |= {column for column in told.values() if column is not None}
        texts = self._texts(name, question)
        self._taken |= {t.column for t in texts} | {*self._head.roles}
        teams, unknown = self._team_columns() if self._head.is_survey else ([], [])
        respondent = told["respondent"]
        asked = {level(name) for name in self._mapping.texts} if question is not None else set()
        return Layout(
            head=self._head,
            texts=texts,
            id=told["id"] if told["id"] is not None else self._role("id"),
            from_team=told["from_team"] if told["from_team"] is not None else _only(teams, "from_team"),
            about_team=told["about_team"] if told["about_team"] is not None else _only(teams, "about_team"),
            week=told["week"] if told["week"] is not None else self._role("week"),
            lang=told["lang"],
            status=self._role("status"),
            question=question,
            asked=frozenset(asked - {"text"}),
            people=self._head.people if respondent is None else (respondent,),
            unsaid=tuple(column for column, said in teams if said is None),
            unknown=tuple(unknown) if told["from_team"] is None else (),
            rivals=tuple(
                (said, found)
                for said in get_args(Whose)
                if len(found := tuple(column for column, what in teams if what == said)) > 1 and told[said] is None
            ),
        )

    def _role(self, role: Role) -> int | None:
        return next((index for index, held in self._head.roles.items() if held == role), None)

    def _place(self, wanted: str, name: str) -> int | None:
        """Where a column stands, by its name as written or as near as case and accents."""
        prose = self._head.prose
        exact, near = (self._head.names, self._head.keys), (self._names, self._keys)
        for names, key in [(names, wanted) for names in exact] + [(names, level(wanted)) for names in near]:
            found = [index for index, known in enumerate(names) if known == key]
            if len(found) > 1 and prose is not None:
                found = [index for index in found if index in prose] or found
            if len(found) > 1:
                row = self._head.rows
                raise SourceError(f"{name}: column {wanted!r} stands twice in row {row}; rename one of them")
            if found:
                return found[0]
        return None

    def _told(self, field: str, name: str) -> int | None:
        wanted = getattr(self._mapping, field)
        place = self._place(wanted, name)
        if place is None and field not in self._mapping.model_fields_set:
            place = self._place(wanted.replace("_", " "), name)
        elif place is None:
            raise SourceError(
                f"{name} has no column {wanted!r}; [sources.NAME] says that it holds {field}. Mend the name there, or "
                "leave it out"
            )
        return place

    def _texts(self, name: str, question: int | None) -> tuple[Text, ...]:
        mapping = self._mapping
        if question is None:
            places = [(wanted, self._place(wanted, name)) for wanted in mapping.texts]
            missing = [wanted for wanted, place in places if place is None]
            if not missing:
                return tuple(
                    Text(place, mapping.about(wanted) or self._named(place))
                    for wanted, place in places
                    if place is not None
                )
            if "text" in mapping.model_fields_set:
                raise SourceError(
                    f"{name} has no column {missing[0]!r} in row {self._head.rows}. {how_to_map('column', mapping)}"
                )
        marked = [index for index, role in self._head.roles.items() if role == "text"]
        found = marked or self._prose() or self._unanswered()
        if len(self._head.names) == 1 and not marked:
            raise SourceError(
                f"{name} has no column {mapping.texts[0]!r} in row {self._head.rows}, but one of which that row may be "
                f"a comment. Write {mapping.texts[0]!r} on top of it, or say what stands there: {_IN_A_SOURCE}"
            )
        if not found and self._head.is_survey:
            raise SourceError(f"{name}: no column looks like comments. Say which one it is: {_IN_A_SOURCE}")
        if not found:
            raise SourceError(
                f"{name} has no column {mapping.texts[0]!r} in row {self._head.rows}. If the header stands further "
                f"down, delete what is above it. {how_to_map('column', mapping)}"
            )
        return tuple(Text(index, self._named(index)) for index in found)

    def _named(self, index: int) -> TeamId | None:
        return self._team_named(self._head.names[index])

    def _prose(self) -> list[int]:
        """Columns of comments. In a file of no known form, only those whose header names a team."""
        head = self._head
        found = []
        for index in range(len(head.names)):
            names_team = self._named(index) is not None
            if index in head.roles or (head.prose is not None and index not in head.prose):
                continue
            if (names_team or head.is_survey) and self._is_prose(index, names_team=names_team):
                found.append(index)
        return found

    def _unanswered(self) -> list[int]:
        """Columns of a survey in which nobody said anything: in a quiet week, that of the comments is among them."""
        head = self._head
        return [
            index
            for index, name in enumerate(head.names)
            if head.is_survey
            and name.strip()
            and index not in self._taken
            and index not in head.roles
            and (head.prose is None or index in head.prose)
            and whose(name) is None
            and all(index >= len(row) or is_blank(row[index]) for row in self._sample)
        ]

    def _is_prose(self, index: int, *, names_team: bool) -> bool:
        answers = [
            row[index]
            for row in self._sample
            if index < len(row) and not is_blank(row[index]) and not _is_number(row[index])
        ]
        if all(self._resolve(answer) for answer in answers):
            return False
        return is_prose(self._head.names[index], answers, names_team=names_team)

    def _team_columns(self) -> tuple[list[tuple[int, Whose | None]], list[int]]:
        """Columns whose cells are teams, and whose their headers say they are; and such as should be and are not.

        A header that says that it is the author's team is believed though some teams are unknown: their rows are
        rejected. But where not one is known, it may speak of something else.
        """
        shares: dict[int, float] = {}
        for index in range(len(self._head.names)):
            cells = [row[index] for row in self._sample if index < len(row) and row[index].strip()]
            if cells and index not in self._taken:
                shares[index] = sum(self._resolve(cell) is not None for cell in cells) / len(cells)
        said = {index: whose(self._head.names[index]) for index in shares}
        found = [index for index in shares if shares[index] >= (_ASKED if said[index] is None else _SURE)]
        unknown = []
        if "from_team" not in (said[index] for index in found):
            named = [index for index in shares if said[index] == "from_team"]
            known = [index for index in named if shares[index]]
            found, unknown = found + known, [] if known else named
        return [(index, said[index]) for index in found], unknown


def _only(teams: Sequence[tuple[int, Whose | None]], wanted: Whose) -> int | None:
    """The one column that says so."""
    columns = [column for column, said in teams if said == wanted]
    return columns[0] if len(columns) == 1 else None


def _is_number(answer: str) -> bool:
    return len(answer) < 40 and _NUMBER.fullmatch(answer) is not None


def _columns(*columns: int) -> str:
    return f"column{'s' * (len(columns) > 1)} {', '.join(map(letter, columns))}"


def how_to_map(kind: str, mapping: SourceSection) -> str:
    """What to do about a comment column that is not found."""
    return f"Rename the comment's {kind} to {mapping.texts[0]!r}, or say which one it is: {_IN_A_SOURCE}"
