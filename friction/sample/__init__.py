"""What ``friction init`` writes: a starter configuration, or a whole sample company to look around in.

The sample's comments are fictional, written by hand, and in no training split.
"""

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Final

from friction.errors import UsageError
from friction.records import Week

LAST_WEEK: Final = Week.parse("2026-W46")
_WEEK: Final = re.compile(r"\b2026-W\d\d\b")


def write_starter(folder: Path) -> Path:
    """Write a commented ``friction.toml`` and an empty inbox; returns the configuration's path.

    Raises:
        UsageError: the folder holds a configuration already, or cannot be written.
    """
    path = _fresh(folder)
    path.write_text((files(__name__) / "starter.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def write(folder: Path) -> Path:
    """Write the sample company: its configuration and its inbox of surveys and one chat export.

    Its weeks are moved so that the last one is the week before this: then it looks alike whenever it is written.

    Raises:
        UsageError: the folder holds a configuration already, or cannot be written.
    """
    path = _fresh(folder)
    company = files(__name__) / "company"
    late = (Week.of(datetime.now(UTC).date()) + -1) - LAST_WEEK

    def moved(text: str) -> str:
        return _WEEK.sub(lambda week: str(Week.parse(week[0]) + late), text)

    path.write_text(moved((company / "friction.toml").read_text(encoding="utf-8")), encoding="utf-8", newline="")
    for source in (company / "inbox").iterdir():
        target = folder / "inbox" / moved(source.name)
        target.write_text(moved(source.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    return path


def comments() -> Iterator[tuple[str, str]]:
    """(file and id, text) of every comment of the sample company, for checks that it is in no training split."""
    for source in sorted((files(__name__) / "company" / "inbox").iterdir(), key=lambda f: f.name):
        lines = source.read_text(encoding="utf-8").splitlines()
        rows = map(json.loads, lines) if source.name.endswith(".jsonl") else csv.DictReader(lines)
        yield from ((f"{source.name} {row['id']}", row["text"]) for row in rows)


def _fresh(folder: Path) -> Path:
    path = folder / "friction.toml"
    if path.exists():
        raise UsageError(f"{path} exists already; nothing was changed. Choose another folder.")
    try:
        (folder / "inbox").mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(f"Cannot write to {folder}: {error.strerror}") from None
    return path
