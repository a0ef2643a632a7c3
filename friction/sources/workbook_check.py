"""A workbook is looked over before it is opened, so that none fills the memory.

What it unpacks to, how far its cells are apart, its width, what its cells say in all: a sheet that says little and
spans everything, or one long text that many cells share, asks for far more than its bytes. Called by
``friction.sources.workbook``.

Office Open XML (ECMA-376 part 1, 18.3.1): cells <c r="B7">, rows <row r="7">.
"""

import re
import zipfile
from array import array
from collections.abc import Sequence
from typing import IO, BinaryIO, Final
from xml.parsers import expat

from friction.errors import SourceError
from friction.sources import archive, limits

_CELLS: Final = b"sheetData"
"""In the XML of whatever can be read as a sheet, which may have any name."""
_ROW: Final = re.compile(r"[1-9][0-9]{0,6}")
_CELL: Final = re.compile(rf"([A-Za-z]{{1,3}})({_ROW.pattern})")
_DIGITS: Final = 12
"""More than the number of any shared text has."""
_SHARED: Final = "xl/sharedstrings.xml"
"""The texts that cells name by their number, each kept once (18.4.9); the reader finds it in any case of letters."""
_CHUNK: Final = 1 << 16


def check(raw: BinaryIO, name: str) -> None:
    """Look over a workbook, which is at its start again afterwards.

    Raises:
        SourceError: damaged, or over a limit.
    """
    if archive.size_of(raw) > limits.MAX_WORKBOOK_BYTES:
        raise SourceError(f"{name} is larger than {limits.MAX_WORKBOOK_BYTES >> 20} MB; save it as CSV (UTF-8)")
    with archive.damage(name), zipfile.ZipFile(raw) as book:
        archive.check(book, name, limits.MAX_WORKBOOK_UNPACKED)
        shared: Sequence[int] = ()
        for entry in book.infolist():
            archive.check_true_size(raw, entry, name)
            if entry.filename.replace("\\", "/").lower() == _SHARED:
                with book.open(entry) as texts:
                    shared = _Lengths(name).of(texts)
        for entry in book.infolist():
            if _has_cells(book, entry):
                with book.open(entry) as sheet:
                    _Extent(name, shared).read(sheet)
    raw.seek(0)


def _has_cells(book: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    with book.open(entry) as part:
        end = b""
        while chunk := part.read(_CHUNK):
            if _CELLS in end + chunk:
                return True
            end = chunk[-len(_CELLS) :]
    return False


class _Look:
    """A part of a workbook, looked over without keeping any of it.

    XML that is not UTF-8 is damage, whatever it says of itself: the reader sees only bytes.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def read(self, part: IO[bytes]) -> None:
        parser = expat.ParserCreate("UTF-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._said
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            while chunk := part.read(_CHUNK):
                if b"\0" in chunk:  # UTF-16
                    raise damaged(self._name)
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise damaged(self._name) from None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def _said(self, text: str) -> None:
        raise NotImplementedError

    def _end(self, tag: str) -> None:
        raise NotImplementedError

    def _doctype(self, *_: object) -> None:
        raise SourceError(f"{self._name} is no workbook of a spreadsheet; open it in one and save it again")


class _Lengths(_Look):
    """How many characters each shared text has."""

    def of(self, part: IO[bytes]) -> Sequence[int]:
        self._found: array[int] = array("Q")
        self.read(part)
        return self._found

    def _start(self, tag: str, _: dict[str, str]) -> None:
        if _kind(tag) == "si":
            self._found.append(0)

    def _said(self, text: str) -> None:
        if self._found:
            self._found[-1] += len(text)

    def _end(self, tag: str) -> None:
        pass


class _Extent(_Look):
    """How far the cells of a sheet are apart, and what those that name a shared text say in all.

    A place that is there and is none is damage: the reader would take room for whatever it makes of it.
    """

    def __init__(self, name: str, shared: Sequence[int]) -> None:
        super().__init__(name)
        self._shared = shared
        self._is_shared = False
        self._number = ""
        self._characters = 0
        self._row = self._column = 0
        self._top = self._left = 1 << 30
        self._bottom = self._right = 0

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = _kind(tag)
        self._number = ""
        if kind == "row":
            told = self._place(_ROW, attributes)
            self._row = int(told[0]) if told else self._row + 1
            self._column = 0
        elif kind == "c":
            self._is_shared = attributes.get("t") == "s"
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

    def _said(self, text: str) -> None:
        if self._is_shared:
            self._number += text[:_DIGITS]

    def _end(self, tag: str) -> None:
        if not self._is_shared or _kind(tag) != "v":
            return
        number = self._number.strip()
        if not (number.isascii() and number.isdigit() and len(number) < _DIGITS and int(number) < len(self._shared)):
            raise damaged(self._name)
        self._characters += self._shared[int(number)]
        if self._characters > limits.MAX_WORKBOOK_UNPACKED:
            raise SourceError(
                f"{self._name} says more than {limits.MAX_WORKBOOK_UNPACKED >> 20} million characters; "
                "save it as CSV (UTF-8)"
            )

    def _place(self, form: re.Pattern[str], attributes: dict[str, str]) -> re.Match[str] | None:
        if "r" not in attributes:
            return None
        found = form.fullmatch(attributes["r"])
        if found is None:
            raise damaged(self._name)
        return found


def damaged(name: str) -> SourceError:
    """What is said of a workbook that cannot be read."""
    return SourceError(f"{name} is a damaged workbook; open it in a spreadsheet and save it again")


def _kind(tag: str) -> str:
    """The name of an element without the prefix of its namespace."""
    return tag.rpartition(":")[2]


def _number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
