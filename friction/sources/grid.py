"""Rows of cells, whatever file they stand in, and what the rows at the top say about the columns.

    delimited · workbook ─> Record ... ─> a form's Head ─> columns.Layout ─> rows.comments

A **form** is what one survey tool writes: how it is recognised, how many header rows it has, what its own columns
hold. One file per form; ``table.FORMS`` is the table of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, cast

from friction.sources.dates import Order
from friction.targets import fold

TOP: Final = 3
"""The most header rows that any form has."""
Role = Literal["id", "week", "respondent", "from_team", "about_team", "text", "status", "question", "other"]
"""What a tool's own column holds. ``text`` holds comments, whatever they look like; ``other`` never does."""


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of a row, or the reason why it could not be read. ``number`` is its row in a spreadsheet.

    ``merged``: what cells above say that are merged down over this row, by column. A comment that spans several rows
    is one comment all the same; whatever else does holds for each of them. ``across``: what cells to the left say that
    are merged over others of this row; a header means each of its columns, an answer stands once.
    """

    number: int
    cells: tuple[str, ...] = field(repr=False)
    reason: str | None = None
    merged: Mapping[int, str] = field(default_factory=dict, repr=False)
    across: Mapping[int, str] = field(default_factory=dict, repr=False)


Rows = Sequence[tuple[str, ...]]
"""The first rows of a file, ``TOP`` at most."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the top of a file says.

    Attributes:
        rows: how many rows it takes.
        names: the question of each column, by which people know it; found teams are found here.
        keys: the column's short name, where the tool has one ("Q3"); else the same as ``names``.
        roles: what the tool's own columns hold, by position.
        people: columns that name a person in every survey, the best first; one that is blank or "anonymous" does not.
        responses: columns that tell the responses to this one survey apart, the best first.
        is_survey: a row is a response, and so a person, within the survey, though nothing says who.
        order: how the tool writes the days of a date.
        utc: its moments are in UTC though they do not say so.
        undated: how a moment starts that stands for none.
        previews: values of a ``status`` column, folded, of rows that nobody sent.
        prose: only these columns can hold comments; None where all may.
    """

    rows: int
    names: tuple[str, ...]
    keys: tuple[str, ...]
    roles: Mapping[int, Role] = field(default_factory=dict)
    people: tuple[int, ...] = ()
    responses: tuple[int, ...] = ()
    is_survey: bool = False
    order: Order | None = None
    utc: bool = False
    undated: str | None = None
    previews: frozenset[str] = frozenset()
    prose: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """What one tool writes. ``head`` answers None to rows that are not its own."""

    name: str
    head: Callable[[Rows], Head | None]


def level(name: str) -> str:
    """A cell without regard to case, accents and blanks, for comparison."""
    return " ".join((name.casefold() if name.isascii() else fold(name)).split())


def leveled(row: Sequence[str]) -> tuple[str, ...]:
    """The names of a row, levelled."""
    return tuple(map(level, row))


def held(**names: str) -> dict[str, Role]:
    """Roles by levelled name, from the names under each role, parted by bars.

    >>> held(id="response id|id", week="end date")
    {'response id': 'id', 'id': 'id', 'end date': 'week'}
    """
    return {" ".join(name.split()): cast(Role, role) for role, listed in names.items() for name in listed.split("|")}


def named(names: Sequence[str], roles: Mapping[str, Role]) -> dict[int, Role]:
    """Roles by position, from roles by levelled name."""
    return {index: roles[name] for index, name in enumerate(names) if name in roles}


_KEYS: Final = (
    "employee number|employee no|employee no.|employee id|staff number|staff no|staff id|personnel number|"
    "payroll number|badge|badge number|respondent|respondent id|participant id|pseudonym|identifiant|matricule|"
    "numéro de matricule|numéro d'employé|numéro d'employée|numéro de badge|pseudonyme"
)
"""How people head the column of a key that they were given: a tool that tells responses apart does not know it."""


def survey(row: tuple[str, ...], roles: Mapping[str, Role], *, people: str = "", responses: str = "") -> Head:
    """The head of a survey with one header row; names of columns are levelled, and parted by bars.

    Args:
        row: that row.
        roles: what the tool's own columns hold, by name.
        people: columns of the tool's own that name a person in every survey, the best first; ``_KEYS`` come after them.
        responses: columns that tell the responses to this one survey apart, the best first.
    """
    names, told_apart = leveled(row), responses.split("|")
    keys = [key for key in _KEYS.split("|") if key not in told_apart]
    return Head(
        rows=1,
        names=row,
        keys=row,
        roles=named(names, {**held(respondent="|".join(keys)), **roles}),
        people=places(names, *filter(None, people.split("|")), *keys),
        responses=places(names, *filter(None, told_apart)),
        is_survey=True,
    )


def places(names: Sequence[str], *wanted: str) -> tuple[int, ...]:
    """Positions of the wanted levelled names, in the order wanted."""
    return tuple(names.index(name) for name in wanted if name in names)
