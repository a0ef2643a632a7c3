"""Which cells of a row are what, and who a row is: of tables by column, of JSON objects by key.

Where nothing names a person, a row of a survey is one: its response's id tells it apart, else the row itself does.
Such a key holds within the survey only, and the comment says so: next week's survey has the same people under others.
A row keeps its key when its file comes again with more columns: only cells that say something make it, in any order.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from friction.errors import RowError
from friction.settings import SourceSection
from friction.sources.columns import Layout, Named, how_to_map
from friction.sources.grid import Record, level
from friction.sources.rows import Cells, is_unicode, shown
from friction.wording import counted

_NOBODY: Final = frozenset({"", "anonymous", "anonyme", "n/a", "-", "null", "none"})


def of_object(number: int, found: Mapping[str, str], mapping: SourceSection) -> Cells:
    """The cells of a JSON object.

    Raises:
        RowError: not valid Unicode, or no key of a comment.
    """
    if not all(map(is_unicode, (*found, *found.values()))):
        raise RowError("holds a character that is not valid Unicode")
    present = [wanted for wanted in mapping.texts if wanted in found]
    if not present:
        raise RowError(f"no key {mapping.texts[0]!r}. {how_to_map('key', mapping)}")
    respondent = found.get(mapping.respondent, "")
    survey = None
    if len(present) > 1 and mapping.one_row_per_person and not respondent.strip():
        survey = _pseudonym(0, found)
        respondent = _of_response(found.get(mapping.id, ""), survey) or _pseudonym(number, found.values())
    return Cells(
        number=number,
        texts=tuple(
            (found[wanted], mapping.about(wanted), _again([found[key] for key in present[:place]], found[wanted]))
            for place, wanted in enumerate(present)
        ),
        id=found.get(mapping.id, ""),
        from_team=found.get(mapping.from_team, ""),
        about_team=found.get(mapping.about_team, ""),
        respondent=respondent,
        survey=survey,
        realm=level(mapping.respondent),
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
                f"more cells than the {counted(width, 'column')} of row {head.rows}; is a text with the delimiter in "
                "it unquoted?"
            )
        if not is_unicode("".join(cells)):
            raise RowError("holds a character that is not valid Unicode")
        if level(_at(cells, layout.status)) in head.previews:
            raise RowError("a preview or a test of the survey, not an answer")
        person = _first(cells, layout.people)
        respondent, survey = _at(cells, person), None
        about = None
        if layout.question is not None:
            self._check_question(
                _at(cells, layout.question), bool(respondent) or _first(cells, head.responses) is not None
            )
            about = self._named(_at(cells, layout.question))
        week = _at(cells, layout.week)
        if head.undated and week.startswith(head.undated):
            week = ""
        if not respondent and (head.is_survey or (self._mapping.one_row_per_person and len(layout.texts) > 1)):
            survey = self._survey
            response = _at(cells, _first(cells, head.responses)) or _at(cells, layout.id)
            place = 0 if week.strip() and head.is_survey else record.number
            respondent = _of_response(response, survey) or _pseudonym(place, cells)
        return Cells(
            number=record.number,
            texts=tuple(
                (said := _at(cells, text.column), text.about or about, _again(cells[: text.column], said))
                for text in layout.texts
            ),
            id=_at(cells, layout.id),
            from_team=_at(cells, layout.from_team),
            about_team=_at(cells, layout.about_team),
            respondent=respondent,
            survey=survey,
            realm="" if person is None else level(head.keys[person]),
            week=week,
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


def _first(cells: tuple[str, ...], columns: tuple[int, ...]) -> int | None:
    """The first of the columns that names anybody."""
    return next((column for column in columns if level(_at(cells, column)) not in _NOBODY), None)


def _at(cells: tuple[str, ...], index: int | None) -> str:
    return cells[index] if index is not None and index < len(cells) else ""


def _again(before: Sequence[str], text: str) -> int:
    """How many cells before a text say the same."""
    return sum(cell.strip() == text.strip() for cell in before)


def _of_response(id: str, survey: str) -> str:
    """What stands for the person of a response, where it has an id: some tools number each survey's from 1."""
    return f"{id} {survey}" if id.strip() else ""


def _pseudonym(number: int, cells: Iterable[str]) -> str:
    """What stands for a person where it is known only that a row is one.

    With a time in it, the same row is the same person again; without, only in the same place.
    """
    said = sorted(filter(None, map(str.strip, cells)))
    return hashlib.sha256("\x1f".join((str(number), *said)).encode()).hexdigest()[:32]
