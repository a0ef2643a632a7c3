"""JSON lines: one object a line; the row number is the line number."""

import json
from collections.abc import Iterator
from typing import IO

from friction.errors import SourceError
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
            found = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            yield RawRow(number, {}, "not a JSON object")
            continue
        if not isinstance(found, dict):
            yield RawRow(number, {}, "not a JSON object")
            continue
        yield RawRow(number, {k: str(v) for k, v in found.items() if isinstance(v, str | int | float)})
