"""How far a long command is, on a terminal; nothing in a pipe or a log."""

import sys
import time
from typing import TYPE_CHECKING, Final

from friction.wording import counted

if TYPE_CHECKING:
    from friction.batch_report import Report

_EVERY: Final = 0.2
"""Seconds between two lines."""
_SURE: Final = 2.0
"""Seconds after which the time left is worth telling."""


class Progress:
    """One line that is written over: rows, comments a second, time left by the bytes of the file.

    Args:
        name: of the file, as the user gave it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._to = sys.stderr if sys.stderr.isatty() else None
        self._start = self._last = time.monotonic()

    def __call__(self, report: "Report", share: float) -> None:
        """Show how far it is; does next to nothing between two lines."""
        now = time.monotonic()
        if self._to is not None and now - self._last >= _EVERY:
            self._last = now
            print(f"\r\033[K{line(self._name, report, share, now - self._start)}", end="", file=self._to, flush=True)

    def close(self) -> None:
        """Leave the line to what is said next."""
        if self._to is not None:
            print("\r\033[K", end="", file=self._to, flush=True)


def line(name: str, report: "Report", share: float, taken: float) -> str:
    """What a terminal shows after ``taken`` seconds, with ``share`` of the file's bytes read."""
    pace = round(report.comments / max(taken, 0.001))
    parts = [f"{name}: {counted(report.rows, 'row')}", f"{counted(pace, 'comment')} a second"]
    if taken >= _SURE and 0 < share < 1:
        parts.append(f"{_clock(taken / share - taken)} left")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
