"""The spool: uploaded files that wait to be read, each by its id and nothing else.

The web process writes here, and ``friction.worker`` reads and deletes. A file is whole, and may be read, once the
store ``operations`` has a row of its id: that row is the upload's acknowledgement, and is written last, under the
file's lock. So whatever a killed process leaves is told apart: a file that nobody has locked and that has no row was
never acknowledged.

Promises: what is here can be read by its owner only (and by the group of a folder that was set up for two users, with
the set-group-id bit); a file is on the disk before its row is written; nothing is left of an upload that failed.
"""

import errno
import math
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from friction.locks import created, held

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that has no more room."""
HOLDS: Final = 60.0
"""Seconds for which a try that went well holds."""


class Spool:
    """A folder of uploads; the first one makes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tried = -math.inf

    def path(self, id: str) -> Path:
        """Where the file of an upload is."""
        return self._folder / id

    def try_out(self) -> None:
        """Write a little where uploads would be written, under no name, and leave nothing but the folder.

        Raises:
            OSError: why uploads cannot be kept now.
        """
        self._make()
        with tempfile.TemporaryFile(dir=self._folder) as file:
            file.write(bytes(4096))
        self._tried = time.monotonic()

    def check(self) -> None:
        """``try_out``, or only a look where that went well within ``HOLDS``: who asks often makes the disk work seldom.

        Raises:
            OSError: as ``try_out``.
        """
        if time.monotonic() - self._tried > HOLDS or not self._looks_well():
            self.try_out()

    def _looks_well(self) -> bool:
        try:
            return os.access(self._folder, os.W_OK | os.X_OK) and os.statvfs(self._folder).f_bavail > 0
        except OSError:
            return False

    @contextmanager
    def receive(self, id: str) -> Iterator[int]:
        """A new file, open to write and locked: the block fills it, calls ``keep``, and writes the row of the upload.

        Where the block fails, the file is gone.
        """
        self._make()
        with created(self.path(id)) as file:
            try:
                yield file
            except BaseException:
                self.remove(id)
                raise

    def _make(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, file: int) -> None:
        """Return once a received file and its name are on the disk."""
        shared = self._folder.stat().st_mode & stat.S_ISGID
        os.fchmod(file, 0o640 if shared else 0o600)
        os.fsync(file)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def ids(self) -> list[str]:
        """Files that are here, oldest first; some of them may be on their way. Folders and links are no uploads."""
        if not self._folder.is_dir():
            return []
        return sorted(entry.name for entry in self._folder.iterdir() if entry.is_file() and not entry.is_symlink())

    @contextmanager
    def take(self, id: str) -> Iterator[Path | None]:
        """A file under this process's lock, None where it is on its way, taken or gone."""
        with held(self.path(id)) as file:
            yield None if file is None else self.path(id)

    def remove(self, id: str) -> None:
        """Delete a file; it may be gone already."""
        self.path(id).unlink(missing_ok=True)
