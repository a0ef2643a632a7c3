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

import traceback
from pathlib import Path


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


def place(error: Exception) -> str:
    """What went wrong and where, of an error that nobody expected: its own words may hold a comment's."""
    frames = traceback.extract_tb(error.__traceback__)
    home = str(Path(__file__).parent.parent)
    ours = [f for f in frames if f.filename.startswith(home) and "site-packages" not in f.filename]
    frame = (ours or frames)[-1]
    return f"unexpected {type(error).__name__} in {Path(frame.filename).name} line {frame.lineno}"
