"""CSV and its kin: comma, semicolon or tab, quotes as RFC 4180, row 1 holds the column names.

A row is one record, as in a spreadsheet: a blank one counts, and so does a cell with line breaks in it, once. A row
that cannot be read counts as one too, and reading goes on at the line after those that it took.
"""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from typing import IO, Final

from friction.errors import SourceError
from friction.sources.rows import RawRow, Table

DELIMITERS: Final = ",;\t"
MAX_CELL: Final = 1_000_000

Record = list[str] | str
"""The cells of a row, or the reason why it could not be read."""


def read(lines: IO[str], name: str) -> Table:
    """Raw rows of a delimited file.

    Raises:
        SourceError: no header row, or no row under it.
    """
    csv.field_size_limit(MAX_CELL)
    first = lines.readline()
    lines.seek(0)
    records = _records(lines, max(DELIMITERS, key=first.count))
    names, second = next(records, None), next(records, None)
    if names is None:
        raise SourceError(f"{name} is empty")
    if isinstance(names, str):
        raise SourceError(f"{name}: row 1: {names}")
    if second is None:
        raise SourceError(f"{name} has a header in row 1 and no row under it")
    header = tuple(cell.strip() for cell in names)
    return Table(_rows(chain([second], records), header), header)


def _records(lines: IO[str], delimiter: str) -> Iterator[Record]:
    """Every record; after a bad one the reader starts afresh at the next line."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        start = reader.line_num + 1
        record: Record | None
        try:
            record = next(reader, None)
        except csv.Error as error:
            record = _reason(error, start, reader.line_num)
        if record is None:
            return
        yield record


def _reason(error: csv.Error, start: int, end: int) -> str:
    reason = "not CSV: a quote inside a quoted cell must be doubled, and a quoted cell closed"
    if "limit" in str(error):
        reason = f"a cell is longer than {MAX_CELL} characters; is a quote before it never closed?"
    if end > start:
        reason += f" ({end - start + 1} lines of the file, {start} to {end}, were read as this row)"
    return reason


def _rows(records: Iterable[Record], header: tuple[str, ...]) -> Iterator[RawRow]:
    for number, cells in enumerate(records, 2):
        if isinstance(cells, str):
            yield RawRow(number, {}, cells)
            continue
        reason = None
        if any(c.strip() for c in cells[len(header) :]):
            reason = f"more cells than the {len(header)} columns of row 1; is a text with the delimiter in it unquoted?"
        if any(c.strip() for c in cells):
            yield RawRow(number, dict(zip_longest(header, cells[: len(header)], fillvalue="")), reason)
