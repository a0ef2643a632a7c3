"""Collected comments: what real people wrote, of the public sets, labelled to the guideline. Labels only, never a text.

    training/collected/SPLIT/ORG.toml    a directory that fits those comments
    training/collected/SPLIT/ORG.jsonl   a label a line: the public set, the id there, and what a row of the corpus has

The corpus is written; these say how what is learnt from it fares on what is not. The texts are joined from the folder
of the public data (see the datasheet), and without it everything goes on without them.
"""

import json
from pathlib import Path
from typing import Final, Literal

from friction.errors import UsageError
from friction.redaction import Redactor
from friction.targets import TargetFinder

from .corpus import Labelled, labelled, read_directory
from .intermediate import read_lines

COLLECTED: Final = Path(__file__).parent / "collected"


def load(split: Literal["train", "test"], data: Path, root: Path = COLLECTED) -> list[Labelled]:
    """Every labelled comment of a split, by organisation, its text taken from the public sets in ``data``.

    Raises:
        UsageError: a set is not there, or has no such row.
    """
    texts: dict[str, dict[str, str]] = {}
    rows: list[Labelled] = []
    for path in sorted((root / split).glob("*.jsonl")):
        directory = read_directory(path.with_suffix(".toml"))
        finder, redactor = TargetFinder(directory), Redactor(directory)
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            source = row["source"]
            if source not in texts:
                texts[source] = _texts(data / f"{source}.jsonl.gz")
            if row["id"] not in texts[source]:
                raise UsageError(f"{data / source}.jsonl.gz has no row {row['id']}: it is another version of that set")
            rows.append(labelled(row | {"text": texts[source][row["id"]]}, path.stem, finder, directory, redactor))
    return rows


def _texts(path: Path) -> dict[str, str]:
    """Texts by id, on one line each."""
    if not path.is_file():
        raise UsageError(f"{path} is missing; the datasheet of the public data says where it is published")
    return {row["id"]: " ".join(row["text"].split()) for row in read_lines(path)}
