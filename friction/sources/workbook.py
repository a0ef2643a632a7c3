"""XLSX workbooks: the first visible sheet that holds anything, as a person would read it; the others are told of.

A workbook is looked over before it is opened: what it unpacks to, how far its cells are apart, its width. A sheet that
says little and spans everything would otherwise fill the memory. Cells merged in the header say their word over
each of their columns, an answer is in the first of them; those merged down over rows come with each of these rows.
Formulas count for what they last gave. Dates are written as ISO.

Office Open XML (ECMA-376 part 1, 18.3.1): cells <c r="B7">, rows <row r="7">.
"""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, Final
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from friction.errors import SourceError
from friction.sources import archive, limits
from friction.sources.grid import TOP, Record

PART: Final = "xl/workbook.xml"
_CELLS: Final = b"sheetData"
"""In the XML of whatever can be read as a sheet, which may have any name."""
_ROW: Final = re.compile(r"[1-9][0-9]{0,6}")
_CELL: Final = re.compile(rf"([A-Za-z]{{1,3}})({_ROW.pattern})")
_CHUNK: Final = 1 << 16
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
    _check(raw, name)
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


def _damaged(name: str) -> SourceError:
    return SourceError(f"{name} is a damaged workbook; open it in a spreadsheet and save it again")


@contextmanager
def _damage(name: str) -> Iterator[None]:
    try:
        yield
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise _damaged(name) from None


def _guarded(sheet: CalamineSheet, name: str) -> Iterator[Record]:
    with _damage(name):
        yield from _rows(sheet)


def _check(raw: BinaryIO, name: str) -> None:
    if archive.size_of(raw) > limits.MAX_WORKBOOK_BYTES:
        raise SourceError(f"{name} is larger than {limits.MAX_WORKBOOK_BYTES >> 20} MB; save it as CSV (UTF-8)")
    with archive.damage(name), zipfile.ZipFile(raw) as book:
        archive.check(book, name, limits.MAX_WORKBOOK_UNPACKED)
        for entry in book.infolist():
            archive.check_true_size(raw, entry, name)
            if _has_cells(book, entry):
                with book.open(entry) as sheet:
                    _Extent(name).read(sheet)
    raw.seek(0)


def _has_cells(book: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    with book.open(entry) as part:
        end = b""
        while chunk := part.read(_CHUNK):
            if _CELLS in end + chunk:
                return True
            end = chunk[-len(_CELLS) :]
    return False


class _Extent:
    """How far the cells of a sheet are apart, told from its XML without keeping any.

    A place that is there and is none is damage: the reader would take room for whatever it makes of it. So is XML that
    is not UTF-8, whatever it says of itself: the reader sees only bytes.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._row = self._column = 0
        self._top = self._left = 1 << 30
        self._bottom = self._right = 0

    def read(self, sheet: IO[bytes]) -> None:
        parser = expat.ParserCreate("UTF-8")
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            while chunk := sheet.read(_CHUNK):
                if b"\0" in chunk:  # UTF-16
                    raise _damaged(self._name)
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise _damaged(self._name) from None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        if kind == "row":
            told = self._place(_ROW, attributes)
            self._row = int(told[0]) if told else self._row + 1
            self._column = 0
        elif kind == "c":
            told = self._place(_CELL, attributes)
            row, self._column = (int(told[2]), _number(told[1])) if told else (self._row, self._column + 1)
            self._top, self._bottom = min(self._top, row), max(self._bottom, row)
            self._left, self._right = min(self._left, self._column), max(self._right, self._column)
            if self._right - self._left >= limits.MAX_COLUMNS:
                raise SourceError(
                    f"{self._name} is wider than {limits.MAX_COLUMNS} columns; leave out what is not asked"
                )
            area = (self._bottom - self._top + 1) * (self._right - self._left + 1)
            if area > limits.MAX_WORKBOOK_AREA:
                raise SourceError(
                    f"{self._name} spans more than {limits.MAX_WORKBOOK_AREA} cells; save it as CSV (UTF-8)"
                )

    def _place(self, form: re.Pattern[str], attributes: dict[str, str]) -> re.Match[str] | None:
        if "r" not in attributes:
            return None
        found = form.fullmatch(attributes["r"])
        if found is None:
            raise _damaged(self._name)
        return found

    def _doctype(self, *_: object) -> None:
        raise SourceError(f"{self._name} is no workbook of a spreadsheet; open it in one and save it again")


def _number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


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
