"""The inbox: files that wait to be read. Each is taken by one process, and is gone from there once it is read.

    inbox/[SOURCE/][WEEK/]FILE    what people put there, for [sources.SOURCE], for rows that state no week
    inbox/.reading/CLAIM/...      taken: whoever reads it holds a lock on the file
    inbox/.reading/CLAIM+1/...    being read, or its process was ended; CLAIM+2, the second time, and so on
    inbox/done/CLAIM/...          read, where ``[inbox] after = "keep"``; otherwise it is deleted
    inbox/failed/CLAIM/...        cannot be read; CLAIM.txt beside it says why

Promises: a file is taken by one rename, under a lock that the system takes back from a dead process, so that two runs
never read the same one, and the next run goes on where one was killed; how often that happened is known; a file that
somebody still writes is left alone; what was taken can be read by its owner only, wherever it ends. Must never delete a
file before its comments are committed, nor write a word of a comment into a reason. Called by ``friction.worker``.
"""

import os
import secrets
import shutil
import stat
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from friction.errors import UsageError
from friction.locks import held, is_written
from friction.records import Week
from friction.wording import counted

READING: Final = ".reading"
DONE: Final = "done"
FAILED: Final = "failed"
SETTLING: Final = 1.0
"""Seconds over which a file that was just written must stay as it is before it is taken."""
_UNFINISHED: Final = (".part", ".tmp", ".crdownload", ".filepart")
_HIDDEN: Final = (".", "~")
_ABANDONED: Final = 86_400
"""Seconds after which a folder that was made for a claim, and got none, is removed."""
Origin = tuple[str | None, Week | None]


class Inbox:
    """A folder of files to be read.

    Args:
        folder: where it is.
        sources: names of ``[sources.NAME]``; a folder of such a name says what its files are.
        keep: whether a file that was read is kept, where only its owner may read it.
        make: makes the folder where there is none.

    Raises:
        UsageError: there is no such folder.
    """

    def __init__(self, folder: Path, *, sources: Collection[str] = (), keep: bool = False, make: bool = False) -> None:
        if make and not folder.exists():
            folder.mkdir(mode=0o700)
        if not folder.is_dir():
            raise UsageError(f"No inbox at {folder}. Make the folder, or run: friction init")
        self._folder = folder
        self._sources = sources
        self._keep = keep

    def waiting(self) -> list[Path]:
        """Files that may be taken, by their place and name."""
        return [path for path in self._files() if self._origin(path) is not None and os.access(path, os.R_OK)]

    def origin(self, path: Path) -> Origin:
        """Source and week that the place of a waiting file says, if any."""
        return self._origin(path) or (None, None)

    def take(self) -> Iterator["Claim"]:
        """Every file that waits, one by one; last those that a killed process had taken: one of them may have been why.

        A claim holds until the next one is asked for. What was neither done nor failed by then waits for the next run.
        """
        left_behind = list(self._taken())
        for path in _settled(self.waiting()):
            with held(path) as file:
                if file is not None and not is_written(file):
                    yield from self._read(self._move(path), file)
        for path in left_behind:
            with held(path) as file:
                if file is not None and not is_written(file):
                    yield from self._read(path, file)

    def complaints(self) -> list[str]:
        """What somebody should look after: who may read the inbox, files that nobody takes, files that failed.

        For a log: a folder is named only where its name is a source's or a week's. An unpacked export's are people's.
        """
        found = []
        if self._folder.stat().st_mode & stat.S_IRWXO:
            found.append(
                f"everybody on this machine may look into {self._folder}. Close it: chmod o-rwx {self._folder}"
            )
        files = list(self._files())
        if strange := {path.parent for path in files if self._origin(path) is None}:
            found.append(
                f"{self._folder} has {counted(len(strange), 'folder')} named after no [sources.NAME] and no week, so "
                "that what is in there waits. Look there, and call each as one of them, or move its files"
            )
        closed = {
            self._folder if self._origin(path) is None else path.parent
            for path in files
            if not os.access(path, os.R_OK)
        }
        found += [f"no permission to read a file in {folder}, so it waits" for folder in sorted(closed)]
        if failed := sum(path.is_dir() for path in _listed(self._folder / FAILED)):
            found.append(
                f"{self._folder / FAILED} has {counted(failed, 'file')} that could not be read, and beside it why. "
                "Mend and put back what is there, or delete it"
            )
        return found

    def _origin(self, path: Path) -> "Origin | None":
        return _origin(path.relative_to(self._folder).parts[:-1], self._sources)

    def _files(self) -> Iterator[Path]:
        for entry in _listed(self._folder):
            if entry.name not in (DONE, FAILED):
                yield from _finished(entry)

    def _taken(self) -> Iterator[Path]:
        for claim in _listed(self._folder / READING):
            files = [path for path in claim.rglob("*") if _is_file(path)]
            yield from files
            if not files and time.time() - claim.stat().st_mtime > _ABANDONED:
                shutil.rmtree(claim, ignore_errors=True)

    def _move(self, path: Path) -> Path:
        """Take a file that is locked; returns where it now is."""
        claim = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        taken = _private(self._folder / READING) / claim / path.relative_to(self._folder)
        _private(self._folder / READING / claim)
        taken.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path.rename(taken)

    def _read(self, path: Path, file: int) -> Iterator["Claim"]:
        """The claim of a taken file. It is called otherwise while it is read, so that an end of the process shows."""
        reading = self._folder / READING
        folder = reading / path.relative_to(reading).parts[0]
        name, _, ends = folder.name.partition("+")
        begun = folder.rename(reading / f"{name}+{int(ends or 0) + 1}")
        try:
            yield self._claim(begun / path.relative_to(folder), name, int(ends or 0), file)
        finally:
            with suppress(FileNotFoundError):  # done, or failed
                begun.rename(folder)

    def _claim(self, path: Path, name: str, ends: int, file: int) -> "Claim":
        with suppress(PermissionError):  # somebody else's file: the folder keeps others out
            os.fchmod(file, 0o600)
        folders = path.relative_to(self._folder / READING).parts[1:-1]
        source, week = _origin(folders, self._sources) or (None, None)
        return Claim(path, source, week, ends, self._folder, name, file, os.fstat(file), self._keep)


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that this process has taken.

    Attributes:
        path: where it now is.
        source: of the folder that it lay in, if any.
        week: likewise.
        ends: how often the process that read it was ended before it had done so.
    """

    path: Path
    source: str | None
    week: Week | None
    ends: int
    _inbox: Path
    _name: str
    _file: int
    _taken: os.stat_result
    _keep: bool

    def done(self) -> bool:
        """Delete the file, or keep it where only its owner may read it: its comments are committed.

        Returns:
            False where somebody wrote on while it was read: then it stays, to be read again; what is in counts once.
        """
        if is_written(self._file) or _look(os.fstat(self._file)) != _look(self._taken):
            return False
        if self._keep:
            self._put_into(DONE)
        else:
            self.path.unlink()
            shutil.rmtree(self._folder, ignore_errors=True)
        return True

    def failed(self, reason: str) -> Path:
        """Put the file aside, with the reason beside it; returns where that stands."""
        note = _private(self._inbox / FAILED) / f"{self._name}.txt"
        note.write_text(f"{self.path.name} was not read.\n{reason}\n", encoding="utf-8")
        note.chmod(0o600)
        self._put_into(FAILED)
        return note

    @property
    def _folder(self) -> Path:
        return self._inbox / READING / self.path.relative_to(self._inbox / READING).parts[0]

    def _put_into(self, place: str) -> None:
        self._folder.rename(_private(self._inbox / place) / self._name)


def _origin(folders: Sequence[str], sources: Collection[str]) -> Origin | None:
    """Source and week of a file, by the folders that it stands in; None where one of them is neither."""
    left = list(folders)
    source = left.pop(0) if left and left[0] in sources else None
    try:
        week = Week.parse(left.pop(0)) if left else None
    except UsageError:
        return None
    return None if left else (source, week)


def _settled(paths: list[Path]) -> list[Path]:
    """Those that stay as they are for ``SETTLING`` seconds; nobody waits for files that were written long ago."""
    before = {path: look for path in paths if (look := _looked(path)) is not None}
    if any(abs(time.time() - changed / 1e9) < SETTLING for _, changed in before.values()):
        time.sleep(SETTLING)
    return [path for path, look in before.items() if _looked(path) == look]


def _looked(path: Path) -> tuple[int, int] | None:
    with suppress(FileNotFoundError):
        return _look(path.stat())
    return None


def _look(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _finished(entry: Path) -> Iterator[Path]:
    """The files in a folder, or a file itself, but for hidden ones, links, and what its name calls unfinished."""
    if entry.name.startswith(_HIDDEN) or entry.name.lower().endswith(_UNFINISHED):
        return
    if entry.is_dir() and not entry.is_symlink():
        for inner in _listed(entry):
            yield from _finished(inner)
    elif _is_file(entry):
        yield entry


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _private(folder: Path) -> Path:
    """A folder that only its owner may look into, made where it is missing."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        folder.chmod(0o700)
    return folder
