"""JSON lines: one object a line; the row number is the line number."""

import json
from collections.abc import Iterator
from typing import IO, Never

from friction.errors import RowError, SourceError
from friction.sources.rows import RawRow, Table


def read(lines: IO[str], name: str) -> Table:
    """Raw rows of a JSON lines file.

    Raises:
        SourceError: the file is one JSON array.
    """
    start = lines.read(1)
    lines.seek(0)
    if start == "[":
        raise SourceError(f"{name} is one JSON array; write one object a line instead (JSON lines)")
    return Table(_rows(lines), None)


def _rows(lines: IO[str]) -> Iterator[RawRow]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield RawRow(number, _cells(line))
        except RowError as error:
            yield RawRow(number, {}, str(error))


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
