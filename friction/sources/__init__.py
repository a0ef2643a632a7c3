"""Sources: files in, comments out, lazily. A bad row never stops a file; a bad file says so at once.

    read(path, mapping, resolve) ─> Row(number, comment | reason)

The format is told from the content, not from the name; a name that contradicts it is an error, because it
usually means that the wrong file was picked. Standard input is ``-``.
"""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from friction.errors import SourceError
from friction.records import Comment, TeamId
from friction.settings import SourceSection
from friction.sources import delimited, jsonlines, rows
from friction.sources.encoding import open_text

Resolve = Callable[[str], TeamId | None]
_MAGIC: Final = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; save it as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV (UTF-8)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"SQLite format 3": "a database",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: its number as a spreadsheet shows it, and a comment or the reason why it has none."""

    number: int
    id: str | None = None
    comment: Comment | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A file under way: its rows, and the columns that are not used (named once, for the report)."""

    rows: Iterator[Row]
    ignored: tuple[str, ...]


def open_bytes(path: str) -> BinaryIO:
    """A file, or standard input for ``-``.

    Raises:
        SourceError: missing, a folder, or not readable.
    """
    if path == "-":
        return io.BytesIO(sys.stdin.buffer.read())
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise SourceError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise SourceError(f"{path} is a folder; name the files in it, or use --inbox") from None
    except PermissionError:
        raise SourceError(f"{path}: no permission to read it") from None


def read(raw: BinaryIO, name: str, mapping: SourceSection, resolve: Resolve) -> Opened:
    """Rows of a file.

    Args:
        raw: the file, at its start, seekable.
        name: its name, for messages and to check the ending against the content.
        mapping: which column holds what.
        resolve: finds the team that a cell names.

    Raises:
        SourceError: empty, binary, not what its name says, an unknown encoding, or no text column.
    """
    head = raw.read(4096)
    raw.seek(0)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise SourceError(f"{name} is {kind}, not CSV or JSON lines")
    if not head.strip():
        raise SourceError(f"{name} is empty")
    lines = open_text(raw, name)
    try:
        table = _table(lines, name)
        return Opened(_rows(table.rows, mapping, resolve, lines), table.check(mapping, name))
    except SourceError:
        lines.detach()
        raise


def _table(lines: io.TextIOWrapper, name: str) -> rows.Table:
    is_json = _looks_like_json(lines)
    ending = Path(name).suffix.lower()
    if is_json and ending in (".csv", ".tsv", ".txt"):
        raise SourceError(f"{name} holds JSON, not {ending[1:].upper()}; rename it to .jsonl if it is the right file")
    if not is_json and ending in (".jsonl", ".ndjson", ".json"):
        raise SourceError(f"{name} does not hold JSON lines; rename it to .csv if it is the right file")
    return jsonlines.read(lines, name) if is_json else delimited.read(lines, name)


def _looks_like_json(lines: IO[str]) -> bool:
    start = lines.read(256).lstrip()
    lines.seek(0)
    return start.startswith(("{", "["))


def _rows(
    table: Iterator[rows.RawRow], mapping: SourceSection, resolve: Resolve, lines: io.TextIOWrapper
) -> Iterator[Row]:
    for raw in table:
        row_id = rows.id_of(raw, mapping)
        try:
            yield Row(raw.number, row_id, comment=rows.to_comment(raw, mapping, resolve))
        except rows.RowError as error:
            yield Row(raw.number, row_id, reason=str(error))
    lines.detach()
