"""JSON lines: one object a line; the row number is the line number."""

import json
from collections.abc import Iterator
from typing import IO, Never

from friction.errors import RowError
from friction.settings import SourceSection
from friction.sources.encoding import bounded_lines
from friction.sources.picker import of_object
from friction.sources.rows import Reader, Row, shown


def rows(lines: IO[str], mapping: SourceSection, reader: Reader) -> Iterator[Row]:
    """The comments of a JSON lines file; a blank line only counts."""
    for number, line in enumerate(bounded_lines(lines), 1):
        if not line.strip():
            continue
        row_id = None
        try:
            found = _cells(line)
            row_id = shown(found.get(mapping.id, ""))
            yield from reader.rows(of_object(number, found, mapping))
        except RowError as error:
            yield Row(number, row_id, reason=str(error))


def _cells(line: str) -> dict[str, str]:
    """Every key of the object; a value that is neither text nor a number is an empty cell."""
    try:
        found = json.loads(line, parse_constant=_refuse)
    except json.JSONDecodeError:
        raise RowError("not a JSON object") from None
    except (ValueError, RecursionError):
        raise RowError("JSON with a number too long, or nested too deep, to be read") from None
    if not isinstance(found, dict):
        raise RowError("not a JSON object")
    return {k: str(v) if isinstance(v, str | int | float) else "" for k, v in found.items()}


def _refuse(_constant: str) -> Never:
    raise RowError("NaN and Infinity are not JSON; write null for an empty cell")
