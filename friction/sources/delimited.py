"""CSV and its kin: comma, semicolon or tab, quotes as RFC 4180, row 1 holds the column names.

A row is one record, as in a spreadsheet: a blank one counts, and so does a cell with line breaks in it, once. A row
that cannot be read counts as one too, and reading goes on at the line after those that it took.
"""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Final

from friction.sources.encoding import bounded_lines
from friction.sources.grid import Record
from friction.sources.limits import MAX_CELL

DELIMITERS: Final = ",;\t"
_TOP: Final = 1 << 17
"""Characters from which the delimiter is told."""
_SAYS: Final = re.compile(r"\ufeff?\"?sep=([,;\t|])\"?(?:[\r\n]|\Z)", re.IGNORECASE)
"""What Excel writes, and reads, in a first line of its own."""


def read(lines: IO[str]) -> Iterator[Record]:
    """Every record of a delimited file that is not blank, the header rows too, numbered from 1."""
    csv.field_size_limit(MAX_CELL)
    top = lines.read(_TOP)
    lines.seek(0)
    said = _SAYS.match(top)
    delimiter = said[1] if said else max(DELIMITERS, key=lambda mark: _fits(top, mark))
    reader = csv.reader(bounded_lines(lines), delimiter=delimiter, strict=True)
    number = 0
    while True:
        start = reader.line_num + 1
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Record(number, (), _reason(error, start, reader.line_num))
            continue
        if cells is None:
            return
        if any(cell and not cell.isspace() for cell in cells) and not (number == 1 and said):
            yield Record(number, tuple(cells))


def _fits(top: str, delimiter: str) -> tuple[int, int]:
    r"""In how many rows it makes as many columns as in the header, and how many; a header may hold another's commas.

    >>> top = "Team;Well, so, what?\nIT;late, again"
    >>> _fits(top, ";"), _fits(top, ",")
    ((1, 2), (0, 3))
    """
    widths: list[int] = []
    with suppress(csv.Error):  # said of its row, once it is read
        for row in csv.reader(io.StringIO(top, newline=""), delimiter=delimiter):
            widths += [len(row)] if row else []
    header = widths[0] if widths else 0
    return (widths[1:].count(header) if header > 1 else 0), header


def _reason(error: csv.Error, start: int, end: int) -> str:
    reason = "not CSV: a quote inside a quoted cell must be doubled, and a quoted cell closed"
    if "limit" in str(error):
        reason = f"a cell is longer than {MAX_CELL} characters; is a quote before it never closed?"
    if end > start:
        reason += f" ({end - start + 1} lines of the file, {start} to {end}, were read as this row)"
    return reason
