"""The error tree. Messages carry row numbers, ids, keys and counts; never a comment's text.

    FrictionError
    ├── UsageError        the operator can mend it: wrong file, option or configuration (exit code 2)
    │   └── SourceError   a whole file cannot be read
    ├── RowError          one row cannot be used; the file goes on
    ├── SendingError      a mail did not go out; what did is noted (exit code 1)
    └── IntegrityError    going on would break a promise: stop (exit code 1)

Says what is wrong, where, and what to do next. Raised everywhere; turned into exit codes by ``friction.cli``
and into problem documents by ``service``.
"""

import errno
import os
import traceback
from collections.abc import Collection
from pathlib import Path
from typing import Final

ENDINGS: Final = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""What ends a process or a generator and is no mistake. All else is told by its ``place`` alone, a panic of a library
in Rust too, which is no Exception and whose words may hold a comment's."""
_PACKAGES: Final = ("friction", "service", "training")


class FrictionError(Exception):
    """Base of every error that friction raises on purpose."""


class UsageError(FrictionError):
    """The operator can mend it; shown without a traceback."""


class SourceError(UsageError):
    """A file as a whole cannot be read as comments."""


class RowError(FrictionError):
    """One row cannot be used. The message is a reason that is safe to list beside the row number."""


class SendingError(FrictionError):
    """A mail did not go out. Addresses in the message are masked."""


class IntegrityError(FrictionError):
    """Going on would break a promise."""


def place(error: BaseException) -> str:
    """What went wrong and where, of an error that nobody expected: its own words may hold a comment's."""
    frames = [(Path(f.filename), f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    home = Path(__file__).parent.parent
    inside = [(path.relative_to(home), line) for path, line in frames if path.is_relative_to(home)]
    ours = [(path, line) for path, line in inside if path.parts[0] in _PACKAGES]
    path, line = ours[-1] if ours else (frames[-1][0].name, frames[-1][1])
    return f"unexpected {type(error).__name__} in {path} line {line}"


def trouble(error: OSError, named: Collection[str]) -> str | None:
    """What this machine refused, and what to do; None where the system itself said nothing.

    Args:
        error: its own words are left out, and its file where nobody named it: they may hold a comment's, or a person's.
        named: what the user gave.
    """
    if error.errno is None:
        return None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        advice = "Make room on the disk, the temporary folder's too, and run this again"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = "Run this as the user who may read and write there: files of stores belong to whoever made them"
    else:
        advice = "Mend that, and run this again"
    file = f"{error.filename}: " if str(error.filename) in named else ""
    return f"{file}{os.strerror(error.errno)}. {advice}"
