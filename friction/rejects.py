"""Rows that could not be used: how many, why and where. Never what stood in them.

``Rejects`` counts them for a report, in memory that does not grow with the file. ``Listing`` keeps every one of them
outside memory until the file is read, so that a file that fails leaves nothing behind. Filled by ``friction.ingest``.

A list is for whoever mends the file, and reading the file again makes it again. So it goes soon: when its batch is
withdrawn, when the file comes whole, and at the first release a week on (``forget``, called by ``friction release``).
Its name is the batch's id, which tells nothing of the file.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from heapq import merge
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Final, Literal, Self

SHOWN: Final = 10
"""Row numbers that a report shows of each reason: its first."""
MOST_REASONS: Final = 200
OTHER: Final = "another reason than those above"
KEPT: Final = timedelta(weeks=1)
"""A list is as old as this when a release deletes it: a weekly one leaves a week to mend what the last one read."""
_BY_CONTENT: Final = re.compile(r"[0-9a-f]{16}\.(csv|part)")
"""What lists were once called: the digest of their file, people and all, under no key."""
Stage = Literal["reading", "scoring"]
"""Where a row was rejected. Within a stage rows come in order; reading is some hundred rows ahead of scoring."""


@dataclass(slots=True)
class Group:
    """Rows that were rejected for one reason: how many, and the first ``SHOWN`` of them."""

    count: int = 0
    rows: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Rejects:
    """Rejected rows by reason, the reason of the first one first."""

    count: int = 0
    groups: dict[str, Group] = field(default_factory=dict)

    def add(self, row: int, reason: str) -> None:
        """Count a row. Beyond ``MOST_REASONS`` a new reason counts as ``OTHER``."""
        self.count += 1
        if reason not in self.groups and len(self.groups) >= MOST_REASONS:
            reason = OTHER
        group = self.groups.setdefault(reason, Group())
        group.count += 1
        if len(group.rows) < SHOWN:
            group.rows.append(row)

    def shown(self) -> list[tuple[int, str]]:
        """The rows that a report shows, in order, each with its reason."""
        return sorted((row, reason) for reason, group in self.groups.items() for row in group.rows)


class Listing:
    """Every rejected row of one file, until it is written."""

    def __init__(self) -> None:
        self._stages: dict[Stage, IO[str]] = {"reading": _spool(), "scoring": _spool()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for spool in self._stages.values():
            spool.close()

    def add(self, row: int, reason: str, stage: Stage) -> None:
        """Keep a row."""
        csv.writer(self._stages[stage]).writerow([row, reason])

    def put(self, path: Path) -> Path | None:
        """Write all of them, in order, to a file that only its owner may read; it is there whole or not at all.

        Returns:
            The file; None where there are no rows, and so no file, not even one from before.
        """
        if not any(spool.tell() for spool in self._stages.values()):
            path.unlink(missing_ok=True)
            return None
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        with part.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.writer(lines)
            writer.writerow(["row", "reason"])
            writer.writerows(merge(*map(_rows, self._stages.values())))
        return part.replace(path)


def place(data: Path, batch: str) -> Path:
    """Where the list of a batch is, if there is one."""
    return data / "rejects" / f"{batch}.csv"


def forget(data: Path, today: date) -> None:
    """Delete the lists that are over, and every one that is called as lists once were.

    Raises:
        OSError: one cannot be deleted.
    """
    folder = data / "rejects"
    for path in folder.iterdir() if folder.exists() else ():
        if _BY_CONTENT.fullmatch(path.name) or today - date.fromtimestamp(path.stat().st_mtime) >= KEPT:
            path.unlink()


def _spool() -> IO[str]:
    """A file without a name: in memory while it is small, gone with the process."""
    return SpooledTemporaryFile(1 << 20, "w+", newline="", encoding="utf-8")


def _rows(spool: IO[str]) -> Iterator[tuple[int, str]]:
    spool.seek(0)
    yield from ((int(row), reason) for row, reason in csv.reader(spool))
