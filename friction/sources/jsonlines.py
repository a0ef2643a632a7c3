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
            found = _object(line, mapping)
            cells = {key: str(value) if isinstance(value, str | int | float) else "" for key, value in found.items()}
            row_id = shown(cells.get(mapping.id, ""))
            _check(found, mapping)
            yield from reader.rows(of_object(number, cells, mapping))
        except RowError as error:
            yield Row(number, row_id, reason=str(error))


def _object(line: str, mapping: SourceSection) -> dict[str, object]:
    """Every key of the object."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            for key in _used(mapping):
                if keys.count(key) > 1:
                    raise RowError(f"{key} stands twice in the object; leave one of them out")
        return found

    try:
        found = json.loads(line, parse_constant=_refuse, object_pairs_hook=once)
    except json.JSONDecodeError:
        raise RowError("not a JSON object") from None
    except (ValueError, RecursionError):
        raise RowError("JSON with a number too long, or nested too deep, to be read") from None
    if not isinstance(found, dict):
        raise RowError("not a JSON object")
    return found


def _check(found: dict[str, object], mapping: SourceSection) -> None:
    """Refuse what cannot be meant: a comment that is no string, or another value that is neither one nor a number."""
    for key in _used(mapping):
        value = found.get(key)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and key not in mapping.texts
        if not (value is None or isinstance(value, str) or is_number):
            raise RowError(f"{key} is not a string; write one, or null for an empty cell")


def _used(mapping: SourceSection) -> tuple[str, ...]:
    """The keys that are read."""
    told = (mapping.id, mapping.from_team, mapping.about_team, mapping.respondent, mapping.week, mapping.lang)
    return (*mapping.texts, *told)


def _refuse(_constant: str) -> Never:
    raise RowError("NaN and Infinity are not JSON; write null for an empty cell")
