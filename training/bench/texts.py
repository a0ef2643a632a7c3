"""What is scored: the comments of dev, organisation by organisation, each with its own directory.

Where they are taken more than once, every later copy ends in its number: no duplicate is spared anybody.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from friction.classifier import Classifier
from friction.pipeline import Pipeline
from friction.records import Comment, Directory
from training.corpus import CORPUS, read_directory


@dataclass(frozen=True, slots=True)
class Work:
    """One organisation's comments: for us with who wrote them and a file, for the peers as strings.

    Attributes:
        file: the same comments as JSON lines, for ``friction score``.
    """

    directory: Directory
    pipeline: Pipeline
    comments: tuple[Comment, ...]
    file: Path

    @property
    def texts(self) -> list[str]:
        """The bare texts."""
        return [comment.text for comment in self.comments]


def load(folder: Path, classifier: Classifier, *, each: int, copies: int) -> list[Work]:
    """The work of a run.

    Args:
        folder: where the files go.
        classifier: shared by all organisations.
        each: comments of an organisation.
        copies: how often each is taken.
    """
    return [
        _work(path, read_directory(path.with_suffix(".toml")), folder, classifier, each, copies)
        for path in sorted((CORPUS / "dev").glob("*.jsonl"))
    ]


def _work(path: Path, directory: Directory, folder: Path, classifier: Classifier, each: int, copies: int) -> Work:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:each]]
    chosen = list(_copies(rows, copies))
    file = folder / path.name
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chosen), encoding="utf-8")
    comments = tuple(
        Comment(
            text=row["text"],
            id=row["id"],
            from_team=row["from_team"],
            about_team=row["about_team"],
        )
        for row in chosen
    )
    return Work(directory, Pipeline(directory, classifier), comments, file)


def _copies(rows: list[dict[str, Any]], copies: int) -> Iterator[dict[str, Any]]:
    for copy in range(copies):
        for row in rows:
            text = row["text"] if copy == 0 else f"{row['text']} ({copy})"
            yield {key: row[key] for key in ("id", "from_team", "about_team")} | {"text": text}
