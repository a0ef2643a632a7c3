"""Who is at a file: a lock that a dead process cannot keep, and a look at whether somebody still writes it.

Called by ``friction.inbox``, ``friction.spool`` and ``friction.store.engine``. Locks are those of flock(2): they are
taken back by the system when their process ends, however it ends, and hold among all processes of one machine, its
containers included.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from friction.errors import UsageError


@contextmanager
def held(path: Path) -> Iterator[int | None]:
    """A file under this process's lock for as long as the block lasts: its descriptor, open to read.

    None where another process has it, or where it is gone, another file by now, or not this user's to read. Links are
    not followed.

    Raises:
        UsageError: its file system knows no locks.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        yield None
        return
    try:
        yield file if _locked(file) and _is_still(path, file) else None
    finally:
        os.close(file)


@contextmanager
def created(path: Path) -> Iterator[int]:
    """A new file under this process's lock for as long as the block lasts: its descriptor, open to write."""
    while True:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_still(path, file):  # nobody took it for one that was left behind, before it was locked
                yield file
                return
        finally:
            os.close(file)


@contextmanager
def waited_for(path: Path) -> Iterator[None]:
    """One process at a time, for as long as the block lasts; others wait. The file is made, and says nothing.

    Raises:
        UsageError: the file cannot be made.
    """
    try:
        file = path.open("w")
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_written(file: int) -> bool:
    """Whether somebody has an open file open to write, as far as the system can tell; where it cannot, False.

    A read lease is refused on such a file (fcntl(2), ``F_SETLEASE``; Linux, local file systems, own files).
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # who opens it now signals us; this signal does nothing
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise UsageError(
            f"This file system knows no locks ({error.strerror}). Keep the inbox on this machine."
        ) from None
    return True


def _is_still(path: Path, file: int) -> bool:
    """Whether the name still stands for this file: whoever had the lock before may have moved or deleted it."""
    try:
        return os.path.samestat(os.fstat(file), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False
