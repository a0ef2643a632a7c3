"""CSV and its kin: comma, semicolon or tab, quotes as RFC 4180, row 1 holds the column names."""

import csv
from collections.abc import Iterator
from typing import IO, Final

from friction.errors import SourceError
from friction.sources.rows import RawRow, Table

DELIMITERS: Final = ",;\t"
MAX_CELL: Final = 1_000_000


def read(lines: IO[str], name: str) -> Table:
    """Raw rows of a delimited file.

    Raises:
        SourceError: no header row, or no row under it.
    """
    csv.field_size_limit(MAX_CELL)
    first = lines.readline()
    lines.seek(0)
    reader = csv.reader(lines, delimiter=max(DELIMITERS, key=first.count), strict=True)
    try:
        header = tuple(cell.strip() for cell in next(reader))
        second = next(reader, None)
    except csv.Error as error:
        raise SourceError(f"{name}: row 1 is not CSV ({error})") from None
    if second is None:
        raise SourceError(f"{name} has a header in row 1 and no row under it")
    return Table(_rows(reader, header, second), header)


def _rows(reader: Iterator[list[str]], header: tuple[str, ...], cells: list[str] | None) -> Iterator[RawRow]:
    number = 2
    while cells is not None:
        reason = None
        if len(cells) > len(header) and any(c.strip() for c in cells[len(header) :]):
            reason = f"more cells than the {len(header)} columns of row 1; is a text with the delimiter in it unquoted?"
        if any(c.strip() for c in cells):
            yield RawRow(number, dict(zip(header, cells, strict=False)), reason)
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            yield RawRow(number, {}, "not CSV from here on (an unclosed quote?); the rest of the file cannot be read")
            return
