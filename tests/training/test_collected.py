"""What people wrote: the project has the labels, the public data has the texts."""

import gzip
import json
from pathlib import Path

import pytest

from friction.errors import UsageError
from friction.taxonomy import PATTERNS
from training import collected
from training.collected import COLLECTED
from training.corpus import load, read_directory

DIRECTORY = '[teams.ward]\nname = "Ward"\naliases = ["nurses"]\n'
PRAISED = {"team": "ward", "blame": False, "appreciation": True, "patterns": []}
ROW = {"source": "survey", "id": "a-1", "lang": "en", "about_team": None, "targets": [PRAISED]}


def _data(root: Path) -> Path:
    (root / "train").mkdir()
    (root / "train" / "patients.toml").write_text(DIRECTORY)
    (root / "train" / "patients.jsonl").write_text(json.dumps(ROW) + "\n")
    return root


def _publish(root: Path, *rows: dict[str, str]) -> None:
    with gzip.open(root / "survey.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def test_a_label_finds_its_text(tmp_path: Path) -> None:
    _publish(tmp_path, {"id": "a-0", "text": "no"}, {"id": "a-1", "text": "Thank\nthe nurses."})
    (row,) = collected.load("train", tmp_path, _data(tmp_path))
    assert (row.org, row.reading.text.text) == ("patients", "Thank the nurses.")
    assert row.reading.candidates == ("ward",)
    assert row.targets["ward"].appreciation  # type: ignore[index]


def test_without_the_public_data_the_corpus_stands_alone() -> None:
    assert [row.id for row in collected.with_corpus("test", None)] == [row.id for row in load("test")]


def test_a_set_that_is_missing_or_another_is_named(tmp_path: Path) -> None:
    root = _data(tmp_path)
    with pytest.raises(UsageError, match=r"survey\.jsonl\.gz is missing"):
        collected.load("train", tmp_path, root)
    _publish(tmp_path, {"id": "b-1", "text": "Thank the nurses."})
    with pytest.raises(UsageError, match="has no row a-1"):
        collected.load("train", tmp_path, root)


def test_no_text_is_kept_and_no_comment_is_in_two_splits() -> None:
    seen: set[tuple[str, str]] = set()
    for path in sorted(COLLECTED.glob("*/*.jsonl")):
        teams = set(read_directory(path.with_suffix(".toml")).teams)
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert set(row) == {"source", "id", "lang", "about_team", "targets"}
            for target in row["targets"]:
                assert set(target) == {"team", "blame", "appreciation", "patterns"}
                assert target["team"] in teams
                assert set(target["patterns"]) <= set(PATTERNS)
                assert target["blame"] or not target["patterns"]
            assert (row["source"], row["id"]) not in seen
            seen.add((row["source"], row["id"]))
    assert len(seen) > 1000
