"""From a row's cells to its comments. Reasons for a reject name the column and the mend, never a value.

A row of a survey may answer several questions: each answer is a comment of its own, and all of them are one person's.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from friction.errors import RowError
from friction.language import SUPPORTED
from friction.records import Comment, Lang, TeamId, Week
from friction.settings import SourceSection
from friction.sources.blank import has_failed, is_blank
from friction.sources.columns import Layout, Named, how_to_map
from friction.sources.dates import Clock
from friction.sources.grid import Record, level

MAX_ID: Final = 200
BLANK: Final = "the text is empty"
_NOBODY: Final = frozenset({"", "anonymous", "anonyme", "n/a", "-", "null", "none"})
Resolve = Callable[[str], TeamId | None]


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in a place of a file: a comment, or the reason why there is none.

    ``number`` is the row as a spreadsheet shows it, or the message's place in a chat export; several comments may share
    it. ``blank``: an answer that says nothing, or a message that is no person's words: not an error, and not a comment.
    """

    number: int
    id: str | None = None
    comment: Comment | None = None
    reason: str | None = None
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """A row's cells by what they hold, of JSON lines and tables alike."""

    number: int
    texts: tuple[tuple[str, TeamId | None], ...]
    id: str = ""
    from_team: str = ""
    about_team: str = ""
    respondent: str = ""
    survey: str | None = None
    week: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes comments of cells: finds teams, reads weeks."""

    mapping: SourceSection
    resolve: Resolve
    clock: Clock

    def rows(self, cells: Cells) -> Iterator[Row]:
        """One row for each text of a row."""
        row_id = cells.id.strip()
        name = shown(row_id)
        try:
            texts = [(text, about) for text, about in cells.texts if not is_blank(text)]
            if texts:
                said = self._said(cells, row_id)
        except RowError as error:
            yield Row(cells.number, name, reason=str(error))
            return
        for text, about in cells.texts:
            if is_blank(text):
                yield Row(cells.number, name, reason=BLANK, blank=True)
            elif has_failed(text):
                yield Row(
                    cells.number, name, reason="a failed formula stands in place of the text; write the text again"
                )
            else:
                yield Row(cells.number, name, comment=said.comment(text.strip(), about))

    def _said(self, cells: Cells, row_id: str) -> "_Said":
        lang = next((known for known in SUPPORTED if known == cells.lang.strip().lower()), None)
        if cells.lang.strip() and lang is None:
            raise RowError(f"lang is not supported (supported: {', '.join(SUPPORTED)})")
        if len(row_id) > MAX_ID:
            raise RowError(f"id is longer than {MAX_ID} characters")
        return _Said(
            number=cells.number,
            id=row_id or None,
            from_team=self._team(cells.from_team, "from_team"),
            about_team=self._team(cells.about_team, "about_team"),
            respondent=cells.respondent.strip() or None,
            survey=cells.survey,
            week=self.clock.week(cells.week) if cells.week.strip() else None,
            lang=lang,
        )

    def _team(self, name: str, column: str) -> TeamId | None:
        name = name.strip()
        if not name:
            return None
        if name in self.mapping.codes:
            return TeamId(self.mapping.codes[name])
        team = self.resolve(name)
        if team is None:
            raise RowError(
                f"unknown team in {column}; add it, or this spelling as an alias, to [teams] of friction.toml"
            )
        return team


@dataclass(frozen=True, slots=True)
class _Said:
    """What is the same for every comment of a row."""

    number: int
    id: str | None
    from_team: TeamId | None
    about_team: TeamId | None
    respondent: str | None
    survey: str | None
    week: Week | None
    lang: Lang | None

    def comment(self, text: str, about: TeamId | None) -> Comment:
        return Comment(
            text=text,
            id=self.id,
            row=self.number,
            from_team=self.from_team,
            about_team=about or self.about_team,
            respondent=self.respondent,
            survey=self.survey,
            week=self.week,
            lang=self.lang,
        )


def of_object(number: int, found: Mapping[str, str], mapping: SourceSection) -> Cells:
    """The cells of a JSON object.

    Raises:
        RowError: not valid Unicode, or no key of a comment.
    """
    if not all(map(_is_unicode, found.values())):
        raise RowError("holds a character that is not valid Unicode")
    present = [wanted for wanted in mapping.texts if wanted in found]
    if not present:
        raise RowError(f"no key {mapping.texts[0]!r}. {how_to_map('key', mapping)}")
    respondent = found.get(mapping.respondent, "")
    survey = None
    if len(present) > 1 and mapping.one_row_per_person and not respondent.strip():
        respondent, survey = _pseudonym(number, tuple(found.values())), _pseudonym(0, tuple(found))
    return Cells(
        number=number,
        texts=tuple((found[wanted], mapping.about(wanted)) for wanted in present),
        id=found.get(mapping.id, ""),
        from_team=found.get(mapping.from_team, ""),
        about_team=found.get(mapping.about_team, ""),
        respondent=respondent,
        survey=survey,
        week=found.get(mapping.week, ""),
        lang=found.get(mapping.lang, ""),
    )


class Picker:
    """Picks a table's cells by their column."""

    def __init__(self, layout: Layout, mapping: SourceSection, named: Named) -> None:
        self._layout = layout
        self._named = named
        self._mapping = mapping
        self._asked = layout.asked
        self._survey = _pseudonym(0, layout.head.names)

    def id_of(self, record: Record) -> str | None:
        """The row's own id, for messages, even where the row is bad."""
        return shown(_at(record.cells, self._layout.id))

    def cells(self, record: Record) -> Cells:
        """The cells of a row.

        Raises:
            RowError: the row could not be read, has more cells than columns, or is not to be counted.
        """
        layout, head, cells = self._layout, self._layout.head, record.cells
        if record.reason:
            raise RowError(record.reason)
        width = len(head.names)
        if len(cells) > width and any(c.strip() for c in cells[width:]):
            raise RowError(
                f"more cells than the {width} columns of row {head.rows}; is a text with the delimiter in it unquoted?"
            )
        if not _is_unicode("".join(cells)):
            raise RowError("holds a character that is not valid Unicode")
        if level(_at(cells, layout.status)) in head.previews:
            raise RowError("a preview or a test of the survey, not an answer")
        respondent = _first(cells, layout.people)
        survey = None
        row_id = _at(cells, layout.id)
        about = None
        if layout.question is not None:
            self._check_question(_at(cells, layout.question), bool(respondent or _first(cells, head.responses)))
            about = self._named(_at(cells, layout.question))
        week = _at(cells, layout.week)
        if not respondent and (head.is_survey or (self._mapping.one_row_per_person and len(layout.texts) > 1)):
            survey = self._survey
            respondent = _first(cells, head.responses)
            if not respondent and week.strip() and head.is_survey:
                row_id = respondent = _pseudonym(0, cells)
            respondent = respondent or _pseudonym(record.number, cells)
        return Cells(
            number=record.number,
            texts=tuple((_at(cells, text.column), text.about or about) for text in layout.texts),
            id=row_id,
            from_team=_at(cells, layout.from_team),
            about_team=_at(cells, layout.about_team),
            respondent=respondent,
            survey=survey,
            week="" if head.undated and week.startswith(head.undated) else week,
            lang=_at(cells, layout.lang),
        )

    def _check_question(self, question: str, is_known: bool) -> None:
        """Keep to the questions that are asked for; without a respondent to one, so that nobody is counted twice."""
        asked = level(question)
        if not self._asked and not is_known:
            self._asked = frozenset({asked})
        if not self._asked or asked in self._asked:
            if len(self._asked) < 2 or is_known:
                return
            raise RowError("several questions and no respondent: the same person would count twice; name one question")
        raise RowError("another question than the one that is read; name the one to read with [sources.NAME] text")


def shown(row_id: str) -> str | None:
    """An id as a message may carry it."""
    found = row_id.strip()[:MAX_ID]
    return found if found and _is_unicode(found) else None


def _first(cells: tuple[str, ...], columns: tuple[int, ...]) -> str:
    """What the first of the columns says that names anybody."""
    return next((found for column in columns if level(found := _at(cells, column)) not in _NOBODY), "")


def _at(cells: tuple[str, ...], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""


def _pseudonym(number: int, cells: tuple[str, ...]) -> str:
    """What stands for a person where it is known only that a row is one.

    With a time in it, the same row is the same person again; without, only in the same place.
    """
    return hashlib.sha256("\x1f".join((str(number), *cells)).encode()).hexdigest()[:32]


def _is_unicode(cell: str) -> bool:
    """False for half a surrogate pair, which JSON can spell and UTF-8 cannot."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


__all__ = ["BLANK", "MAX_ID", "Cells", "Picker", "Reader", "Row", "of_object", "shown"]
