"""XLSX workbooks: the first visible sheet that holds anything, as a person would read it; the others are told of.

A workbook is looked over before it is opened (``workbook_check``). Cells merged in the header say their word over
each of their columns, an answer is in the first of them; those merged down over rows come with each of these rows.
Formulas count for what they last gave. Dates are written as ISO.
"""

import datetime as dt
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from friction.errors import SourceError
from friction.sources import limits
from friction.sources.grid import TOP, Record
from friction.sources.workbook_check import check, damaged

PART: Final = "xl/workbook.xml"
Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that is read: every row that is not blank, numbered as the sheet numbers them.

    ``number`` is its place among the visible ones, from 1; ``others`` are those of the others with cells.
    """

    rows: Iterator[Record]
    number: int
    others: tuple[int, ...]


def read(raw: BinaryIO, name: str) -> Sheet:
    """A workbook.

    Raises:
        SourceError: damaged, with a password, over a limit, no sheet with cells, or answers on several of them.
    """
    check(raw, name)
    with _damage(name):
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw.read()))
        sheets = _sheets(book)
        number, sheet = next(sheets, (0, None))
        if sheet is None:
            raise SourceError(f"{name} has no sheet with cells in it")
        header, others = _header(sheet), []
        for other, more in sheets:
            if len(header) > 1 and more.height > 1 and _header(more) == header:
                raise SourceError(
                    f"{name} has the same header on its sheets {number} and {other}; delete one that is a copy, or put "
                    "all answers on one sheet"
                )
            others.append(other)
    return Sheet(_guarded(sheet, name), number, tuple(others))


@contextmanager
def _damage(name: str) -> Iterator[None]:
    try:
        yield
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise damaged(name) from None


def _guarded(sheet: CalamineSheet, name: str) -> Iterator[Record]:
    with _damage(name):
        yield from _rows(sheet)


def _sheets(book: CalamineWorkbook) -> Iterator[tuple[int, CalamineSheet]]:
    """The visible sheets with cells, each with its place among the visible ones."""
    seen = [about for about in book.sheets_metadata if about.visible == SheetVisibleEnum.Visible]
    for number, about in enumerate(seen, 1):
        if about.typ == SheetTypeEnum.WorkSheet:
            sheet = book.get_sheet_by_name(about.name)
            if sheet.height:
                yield number, sheet


def _header(sheet: CalamineSheet) -> tuple[str, ...]:
    """What the first row says that says anything."""
    return next((tuple(filter(None, map(str.strip, row.cells))) for row in _rows(sheet)), ())


def _rows(sheet: CalamineSheet) -> Iterator[Record]:
    top, left = sheet.start or (0, 0)
    spans = {
        (row, column): start
        for start, end in sheet.merged_cell_ranges or ()
        if start[0] < top + TOP and end[1] - start[1] < limits.MAX_COLUMNS
        for row in (start[0],)
        for column in range(start[1] + 1, end[1] + 1)
    }
    down = {start: end[0] for start, end in sheet.merged_cell_ranges or () if end[0] > start[0]}
    above: dict[int, tuple[int, str]] = {}
    for number, cells in enumerate(sheet.iter_rows(), 1):  # empty rows above the first are given, columns are not
        texts = ["" for _ in range(left)] + [_text(cell) for cell in cells]
        across = {
            column: texts[start[1]]
            for column in (range(len(texts)) if number <= top + TOP else ())
            if (start := spans.get((number - 1, column))) is not None and start[1] < len(texts)
        }
        if any(text and not text.isspace() for text in texts):
            down_to_here = {column: said for column, (last, said) in above.items() if number <= last}
            yield Record(number, tuple(texts), merged=down_to_here, across=across)
        for column in range(len(texts) if down else 0):
            if (end := down.get((number - 1, column))) is not None:
                above[column] = (end + 1, texts[column])


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    return str(cell)
