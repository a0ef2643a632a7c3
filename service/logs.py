"""The log: one JSON object a line on standard error, friction's own and that of every library alike.

Promises: no text of a comment, no query, no header's value and no exception's words. So a message is written as its
template, filled in where there are only numbers to fill in; a library's message, which may have been filled in
already, is told by its place only; an exception is its type and place. What we want to say stands in ``fields``, whose
values are numbers, ids and route templates. A line's time is in whole seconds: between the lines of a client that asks
for one score after another, milliseconds would tell how long each took, and so what was said. Called by
``friction serve``.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

_OWN: Final = ("friction", "service", "uvicorn")
"""Loggers whose templates are known to hold nothing but words of their own."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name.partition(".")[0] in _OWN and isinstance(record.msg, str):
            entry["event"] = (record.getMessage() if _is_of_numbers(record) else record.msg).strip()
        else:
            entry["place"] = f"{record.filename}:{record.lineno}"
        entry |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            entry["error"] = record.exc_info[0].__name__
            entry["raised"] = _place(record.exc_info[2])
        return json.dumps(entry)


def _is_of_numbers(record: logging.LogRecord) -> bool:
    return isinstance(record.args, tuple) and all(isinstance(filled, int) for filled in record.args)


def _place(found: TracebackType | None) -> str:
    frames = traceback.extract_tb(found)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"


CONFIG: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"handlers": ["lines"], "level": "WARNING"},
    "loggers": {"friction": {"level": "INFO"}, "uvicorn": {"level": "INFO", "handlers": []}},
}
"""For ``logging.config.dictConfig``, and so for uvicorn's ``log_config``."""
