"""What is scored: the comments of dev, organisation by organisation, each with its own directory."""

import json
from dataclasses import dataclass
from pathlib import Path

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


def load(folder: Path, classifier: Classifier, *, each: int) -> list[Work]:
    """The work of a run.

    Args:
        folder: where the files go.
        classifier: shared by all organisations.
        each: comments of an organisation.
    """
    return [
        _work(path, read_directory(path.with_suffix(".toml")), folder, classifier, each)
        for path in sorted((CORPUS / "dev").glob("*.jsonl"))
    ]


def _work(path: Path, directory: Directory, folder: Path, classifier: Classifier, each: int) -> Work:
    lines = path.read_text(encoding="utf-8").splitlines()[:each]
    rows = [{key: row[key] for key in ("id", "from_team", "about_team", "text")} for row in map(json.loads, lines)]
    file = folder / path.name
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    comments = tuple(Comment(**row) for row in rows)
    return Work(directory, Pipeline(directory, classifier), comments, file)
