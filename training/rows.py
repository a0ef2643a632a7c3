"""A user's own labelled rows: CSV or JSON lines, over the directory of their ``friction.toml``.

JSON lines are in the guideline's form (``docs/taxonomy.md``). In a CSV each row is one target of a comment, and rows
with the same ``id`` are one comment:

    id,text,from_team,about_team,lang,team,blame,appreciation,patterns
    7,"Sales let our leads go cold.",marketing,,en,sales,1,0,no_follow_through
    8,"The room is booked.",marketing,,en,,,,

``lang`` may be left out and is then detected; patterns are separated by blanks. Messages never hold text.
"""

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from friction.errors import FrictionError, UsageError
from friction.language import SUPPORTED, detect
from friction.records import Directory
from friction.redaction import Redactor
from friction.sources.delimited import DELIMITERS
from friction.sources.encoding import open_text
from friction.targets import TargetFinder

from .corpus import Labelled, labelled

COLUMNS: Final = ("id", "text", "team", "blame", "appreciation", "patterns")
YES: Final = frozenset({"1", "true", "yes", "y", "x", "oui"})
NO: Final = frozenset({"", "0", "false", "no", "n", "non"})
DEV_SHARE: Final = 0.2


def read(path: Path, directory: Directory) -> list[Labelled]:
    """Every labelled comment of a file.

    Raises:
        UsageError: no such file, no labelled row, or a row that is none; the message has its number, not its text.
    """
    finder, redactor = TargetFinder(directory), Redactor(directory)
    rows = []
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    with path.open("rb") as raw:
        lines = open_text(raw, path.name)
        start = lines.read(1)
        lines.seek(0)
        for number, row in _from_json(lines, path) if start == "{" else _from_csv(lines, path):
            try:
                teams = {k: _team(row.get(k), finder) for k in ("from_team", "about_team")}
                targets = [t | {"team": _team(t["team"], finder)} for t in row["targets"]]
                lang = row.get("lang") or detect(row["text"])
                if lang not in SUPPORTED:
                    raise ValueError(f"lang is not one of {', '.join(SUPPORTED)}")
                whole = {"id": str(number)} | row | teams | {"targets": targets, "lang": lang}
                rows.append(labelled(whole, path.stem, finder, directory, redactor))
            except (KeyError, TypeError, ValueError, FrictionError) as error:
                raise UsageError(f"{path} row {number}: not a labelled comment ({_why(error)})") from None
    if not rows:
        raise UsageError(f"{path} holds no labelled comment")
    return rows


def split(rows: list[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """Rows to train on, and one in five to choose by, told by a hash of the text: repeats stay together."""
    parts: tuple[list[Labelled], list[Labelled]] = ([], [])
    for row in rows:
        digest = hashlib.sha256(" ".join(row.reading.text.text.lower().split()).encode()).digest()
        parts[digest[0] / 256 < DEV_SHARE].append(row)
    return parts


def _why(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _team(name: str | None, finder: TargetFinder) -> str | None:
    if not name:
        return None
    team = finder.resolve(name)
    if team is None:
        raise ValueError("it names a team that friction.toml does not have")
    return team


def _from_json(lines: Iterator[str], path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                raise UsageError(f"{path} row {number}: not a JSON object")
            yield number, row


def _from_csv(lines: IO[str], path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    header = lines.readline()
    lines.seek(0)
    reader = csv.DictReader(lines, delimiter=max(DELIMITERS, key=header.count))
    if missing := [c for c in COLUMNS if c not in (reader.fieldnames or ())]:
        raise UsageError(f"{path} has no column {missing[0]!r}; a labelled CSV has {', '.join(COLUMNS)}")
    comments: dict[str, tuple[int, dict[str, Any]]] = {}
    for number, cells in enumerate(reader, 2):
        row = {k: (v or "").strip() for k, v in cells.items() if isinstance(k, str)}
        _, comment = comments.setdefault(row["id"] or f"row {number}", (number, row | {"targets": []}))
        if row["team"]:
            comment["targets"].append(
                {
                    "team": row["team"],
                    "blame": _flag(row, "blame", path, number),
                    "appreciation": _flag(row, "appreciation", path, number),
                    "patterns": row["patterns"].split(),
                }
            )
    yield from comments.values()


def _flag(row: dict[str, str], column: str, path: Path, number: int) -> bool:
    value = row[column].lower()
    if value not in YES | NO:
        raise UsageError(f"{path} row {number}: {column} is neither 1 nor 0")
    return value in YES
