"""Sources: files in, comments out, lazily. A bad row never stops a file; a bad file says so at once.

    read(file, name, mapping, resolve) ─> Opened(form, rows ─> Row(number, comment | reason))

The format is told from the content, not from the name; a name that contradicts it is an error, because it
usually means that the wrong file was picked. Standard input is ``-``; ``s3://``, ``gs://`` and ``az://`` are read from
their store.

    a table   delimited · workbook ─> grid ─> one of table.FORMS ─> columns ─> rows     survey tools
    objects   jsonlines ─> rows                                                         scripts
    chat      slack · teams · mattermost · google_chat ─> conversations ─> chat ─> rows  chat exports

Promises: no message holds a word of a comment, only row numbers, places and counts; memory stays bounded whatever the
file; nothing is unpacked onto a disk; of a chat's author no more is passed on than a key, which ingestion hashes.
"""

import errno
import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from friction.disclosure import FLOOR
from friction.errors import SourceError
from friction.settings import Settings, SourceSection
from friction.sources import (
    archive,
    chat,
    delimited,
    google_chat,
    jsonlines,
    mattermost,
    object_stores,
    slack,
    sniff,
    table,
    teams,
    workbook,
)
from friction.sources.columns import Find
from friction.sources.dates import Clock
from friction.sources.encoding import open_text
from friction.sources.grid import Record
from friction.sources.limits import MAX_STANDARD_INPUT, MAX_TEXT_BYTES, MAX_WORKBOOK_BYTES
from friction.sources.rows import Reader, Resolve, Row
from friction.targets import TargetFinder

_JSON_ENDINGS: Final = (".jsonl", ".ndjson", ".json")
_TABLE_ENDINGS: Final = (".csv", ".tsv", ".txt")
_INSIDE: Final = (*_JSON_ENDINGS, *_TABLE_ENDINGS, ".xlsx")
"""Endings of what is looked for in a zip: some tools pack the one file that they export."""
_SNIFFED: Final = 1 << 16
"""Characters of a JSON file that tell which tool wrote it."""
JSON_LINES: Final = "JSON lines"
_NO_FILE: Final = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file under way.

    Attributes:
        rows: what stands in it, in order.
        ignored: letters of the columns that are not used, since a header may be a person's words; sheets by number.
        form: the tool that wrote it, or the kind of file.
        taken: which columns were taken for comments, on whom, and for whose teams, by letter.
        asks: of these, what must be said of columns of teams, since their header does not.
    """

    rows: Iterator[Row]
    ignored: tuple[str, ...]
    form: str = table.PLAIN
    taken: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


Open = Callable[[BinaryIO, str], Opened]
"""Opens a file, by its bytes and its name, as ``read`` says."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file, and all that is needed to read it."""

    raw: BinaryIO
    name: str
    mapping: SourceSection
    resolve: Resolve
    find: Find | None
    clock: Clock
    min_people: int

    def table(self, lines: io.TextIOWrapper) -> Opened:
        """CSV and its kin."""
        return self._opened(delimited.read(lines))

    def workbook(self) -> Opened:
        """An XLSX workbook."""
        sheet = workbook.read(self.raw, self.name)
        if not sheet.others:
            return self._opened(sheet.rows)
        opened = replace(self, name=f"{self.name} (sheet {sheet.number})")._opened(sheet.rows)
        return replace(opened, ignored=(*opened.ignored, *(f"sheet {number}" for number in sheet.others)))

    def objects(self, lines: io.TextIOWrapper) -> Opened:
        """JSON lines."""
        reader = Reader(self.mapping, self.resolve, self.clock)
        return Opened(jsonlines.rows(lines, self.mapping, reader), (), JSON_LINES)

    def chat(self, export: chat.Export) -> Opened:
        """A chat export."""
        return Opened(chat.rows(export, self.mapping, clock=self.clock, min_people=self.min_people), (), export.form)

    def _opened(self, records: Iterator[Record]) -> Opened:
        form, layout, rows = table.read(
            records, self.name, self.mapping, resolve=self.resolve, find=self.find, clock=self.clock
        )
        return Opened(rows, layout.ignored, form, layout.taken, layout.asks)


def listed(path: str) -> list[str]:
    """What a path stands for: itself, or every file under a prefix of an object store.

    Raises:
        UsageError: nothing there, or the store refuses.
    """
    return object_stores.listed(path) if object_stores.is_address(path) else [path]


def open_bytes(path: str) -> BinaryIO:
    """A file, one in an object store, or standard input for ``-``.

    Raises:
        SourceError: missing, a folder, not readable, or more than standard input may bring.
    """
    if object_stores.is_address(path):
        return object_stores.fetch(path)
    if path == "-":
        content = sys.stdin.buffer.read(MAX_STANDARD_INPUT + 1)
        if len(content) > MAX_STANDARD_INPUT:
            raise SourceError(f"standard input is over {MAX_STANDARD_INPUT >> 20} MB; write it to a file and name that")
        return io.BytesIO(content)
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise SourceError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise SourceError(f"{path} is a folder; name the files in it") from None
    except PermissionError:
        raise SourceError(f"{path}: no permission to read it") from None
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise  # this machine's fault: the file may be read another time
        raise SourceError(f"{path} names no file: {error.strerror}") from None


def opener(settings: Settings, mapping: SourceSection, targets: TargetFinder) -> Open:
    """``read`` as the configuration has it, for everybody who reads comments with one: the same files are refused."""
    return partial(
        read,
        mapping=mapping,
        resolve=targets.resolve,
        find=targets.find,
        zone=settings.zone(mapping),
        min_people=settings.policy.min_respondents,
    )


def read(
    raw: BinaryIO,
    name: str,
    mapping: SourceSection,
    resolve: Resolve,
    *,
    find: Find | None = None,
    zone: tzinfo = UTC,
    min_people: int = FLOOR,
) -> Opened:
    """Rows of a file.

    Args:
        raw: the file, at its start, seekable; it is to stay open until the rows are read.
        name: its name, for messages and to check the ending against the content.
        mapping: which column holds what.
        resolve: finds the team that a cell names.
        find: finds the teams that a column's header names; without it, no header names any.
        zone: where the organisation counts its weeks.
        min_people: a chat's conversation of fewer people is refused unless ``mapping`` names it as private.

    Raises:
        SourceError: empty, binary, not what its name says, an unknown encoding, over a limit, or no text column.
    """
    file = _File(raw, name, mapping, resolve, find, Clock(zone=zone, order=mapping.dates), min_people)
    head = raw.read(sniff.ENOUGH)
    size = archive.size_of(raw)
    if sniff.check(head, name):
        return _packed(file)
    if size > MAX_TEXT_BYTES:
        raise SourceError(f"{name} is larger than {MAX_TEXT_BYTES >> 30} GB; split it by rows, the header on each part")
    return _text(file)


def _text(file: _File) -> Opened:
    lines = open_text(file.raw, file.name)
    start = lines.read(_SNIFFED).lstrip()
    lines.seek(0)
    is_json = start.startswith(("{", "["))
    _check_ending(file.name, is_json)
    if not is_json:
        return file.table(lines)
    for form in (mattermost, teams):
        if form.fits(start):
            return file.chat(form.export(lines, file.name))
    if google_chat.is_part(start):
        raise SourceError(f"{file.name} is one conversation of a Google Chat takeout; give the whole of it as a zip")
    if slack.is_part(start):
        raise SourceError(f"{file.name} is one day of a Slack channel; give the whole export as a zip")
    if start.startswith("["):
        raise SourceError(f"{file.name} is one JSON array; write one object a line instead (JSON lines)")
    return file.objects(lines)


def _check_ending(name: str, is_json: bool) -> None:
    ending = Path(name).suffix.lower()
    if is_json and ending in _TABLE_ENDINGS:
        raise SourceError(f"{name} holds JSON, not {ending[1:].upper()}; rename it to .jsonl if it is the right file")
    if not is_json and ending in _JSON_ENDINGS:
        raise SourceError(f"{name} does not hold JSON lines; rename it to .csv if it is the right file")


def _packed(file: _File) -> Opened:
    """A workbook, a chat export, or the one table in a zip."""
    packed = archive.open_archive(file.raw, file.name)
    entries = _own([entry for entry in packed.infolist() if not archive.is_clutter(entry.filename)])
    names = [entry.filename for entry in entries]
    if workbook.PART in names:
        return file.workbook()
    for form in (slack, google_chat):
        if form.fits(names):
            return file.chat(form.export(packed, file.name))
    tables = [entry for entry in entries if Path(entry.filename).suffix.lower() in _INSIDE]
    if len(tables) != 1:
        raise SourceError(
            f"{file.name} is a zip archive with {len(tables)} tables in it, and no chat export that is known; "
            "unpack it and give the file with the answers"
        )
    return _inside(file, packed, tables[0])


def _own(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """What the tool wrote itself: beside its one file of JSON lines, Mattermost packs what people attached under data/.

    https://docs.mattermost.com/administration-guide/manage/bulk-export-tool
    """
    top = [name for entry in entries if "/" not in (name := entry.filename)]
    is_mattermost = len(top) == 1 and top[0].lower().endswith(".jsonl")
    return [entry for entry in entries if not (is_mattermost and entry.filename.startswith("data/"))]


def _inside(file: _File, packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Opened:
    raw = archive.open_entry(packed, entry, file.name)
    if Path(entry.filename).suffix.lower() == ".xlsx":
        if entry.file_size > MAX_WORKBOOK_BYTES:
            raise SourceError(
                f"{file.name} holds a workbook of over {MAX_WORKBOOK_BYTES >> 20} MB; save it as CSV (UTF-8)"
            )
        with archive.damage(file.name):
            raw = io.BytesIO(raw.read())
        return replace(file, raw=raw).workbook()
    with archive.damage(file.name):
        head = raw.read(1)
        raw.seek(0)
    if not head:
        raise SourceError(f"{file.name} is empty")
    return _text(replace(file, raw=raw))


__all__ = ["Open", "Opened", "Row", "listed", "open_bytes", "opener", "read"]
