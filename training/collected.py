"""Collected comments: what real people wrote, of the public sets, labelled to the guideline. Labels only, never a text.

    training/collected/SPLIT/ORG.toml    a directory that fits those comments
    training/collected/SPLIT/ORG.jsonl   a label a line: the public set, the id there, and what a row of the corpus has

The corpus is written; these say how what is learnt from it fares on what is not. The texts are joined from the folder
of the public data (see the datasheet), and without it everything goes on without them.
"""

from pathlib import Path
from typing import Any, Final

from friction.errors import UsageError

from . import corpus
from .corpus import Labelled, Split, read_directory, read_rows
from .intermediate import read_lines

COLLECTED: Final = Path(__file__).parent / "collected"


def with_corpus(split: Split, data: Path | None) -> list[Labelled]:
    """The corpus' comments of a split and, where the folder of the public data is given, the collected ones."""
    return corpus.load(split) + (load(split, data) if data else [])


def load(split: Split, data: Path, root: Path = COLLECTED) -> list[Labelled]:
    """Every labelled comment of a split, by organisation, its text taken from the public sets in ``data``.

    Raises:
        UsageError: a set is not there, or has no such row.
    """
    texts: dict[str, dict[str, str]] = {}

    def with_text(row: dict[str, Any]) -> dict[str, Any]:
        path = data / f"{row['source']}.jsonl.gz"
        if path.name not in texts:
            texts[path.name] = _texts(path)
        if row["id"] not in texts[path.name]:
            raise UsageError(f"{path} has no row {row['id']}: it is another version of that set")
        return row | {"text": texts[path.name][row["id"]]}

    rows: list[Labelled] = []
    for path in sorted((root / split).glob("*.jsonl")):
        rows += read_rows(path, read_directory(path.with_suffix(".toml")), with_text)
    return rows


def _texts(path: Path) -> dict[str, str]:
    """Texts by id, on one line each."""
    if not path.is_file():
        raise UsageError(f"{path} is missing; the datasheet of the public data says where it is published")
    return {row["id"]: " ".join(row["text"].split()) for row in read_lines(path)}
