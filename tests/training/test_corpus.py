import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from friction.errors import UsageError
from friction.identity import TELLING
from friction.sources.rows import wording
from friction.taxonomy import HEADS, PATTERNS
from training.corpus import CORPUS, examples, load
from training.corpus_check import ALIKE, LONG, near_duplicates

DIRECTORY = '[teams.lab]\nname = "Lab"\n[teams.support]\nname = "Support"\n[teams.ward]\nname = "Ward"\n'
BLAME = {"team": "lab", "blame": True, "appreciation": False, "patterns": ["mistakes"]}


def _write(root: Path, *rows: dict) -> Path:  # type: ignore[type-arg]
    (root / "dev").mkdir()
    (root / "dev" / "org.toml").write_text(DIRECTORY)
    lines = [
        {"id": f"o-{i}", "lang": "en", "from_team": "ward", "about_team": None} | row for i, row in enumerate(rows)
    ]
    (root / "dev" / "org.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return root


def test_labels_stand_in_the_order_of_the_heads(tmp_path: Path) -> None:
    root = _write(tmp_path, {"text": "The lab lost it, ward 4 found it. Support us!", "targets": [BLAME]})
    lab, support = examples(load("dev", root))
    assert lab.text == "The [TARGET] lost it, [US] 4 found it. [OTHER] us!"
    assert dict(zip(HEADS, lab.labels, strict=True))["mistakes"] == 1
    assert lab.labels[:3] == (1, 1, 0)
    assert lab.weights == (1.0,) * len(HEADS)
    assert support.labels == (0.0,) * len(HEADS)
    assert support.weights[:2] == (1, 0), "an ordinary word trains is_team only"


def test_patterns_are_learnt_only_from_blame(tmp_path: Path) -> None:
    neutral = {"team": "lab", "blame": False, "appreciation": False, "patterns": []}
    root = _write(tmp_path, {"text": "fine", "about_team": "lab", "targets": [neutral]})
    (item,) = examples(load("dev", root))
    assert item.question == "[TARGET][ASKED]"
    assert item.weights[0] == 0
    assert item.weights[-len(PATTERNS) :] == (0.0,) * len(PATTERNS)


@pytest.mark.parametrize(
    "row",
    [
        {"text": "x"},
        {"text": "x", "targets": [BLAME | {"team": "nobody"}]},
        {"targets": []},
        {"text": 5, "targets": []},
    ],
)
def test_a_bad_row_is_named_by_line(tmp_path: Path, row: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError, match=r"org\.jsonl line 1: not a labelled comment"):
        load("dev", _write(tmp_path, row))


def test_an_absent_split_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No corpus"):
        load("test", tmp_path)


def test_near_duplicates_and_skeletons_are_found() -> None:
    texts = [
        ("a", "the planners sent us the wrong drawing for the third time this week"),
        ("b", "the planners sent us the wrong drawing for the third time this month"),
        ("c", "we in the lab sent it to them and they have not read it and it is on the desk"),
        ("d", "we in the shop gave it to them and they have not eaten it and it is on the floor"),
        ("e", "nothing in common with any of the others above"),
    ]
    assert {(one, other) for one, other, _ in near_duplicates(texts)} == {("a", "b"), ("c", "d")}


@given(st.lists(st.lists(st.sampled_from("red blue green ochre teal".split()), min_size=1, max_size=14), max_size=12))
def test_near_duplicates_are_those_of_every_pair_compared(said: list[list[str]]) -> None:
    trigrams = [{tuple(words[i : i + 3]) for i in range(len(words) - 2)} for words in said]
    alike = {
        (one, other)
        for one, other in combinations(range(len(said)), 2)
        if min(len(said[one]), len(said[other])) >= LONG
        and len(trigrams[one] & trigrams[other]) / len(trigrams[one] | trigrams[other]) >= ALIKE
    }
    texts = [(f"{i:02}", " ".join(words)) for i, words in enumerate(said)]
    assert {(int(one), int(other)) for one, other, _ in near_duplicates(texts)} == alike


@pytest.mark.parametrize("split", ["train", "dev"])
def test_the_corpus_is_what_its_datasheet_says(split: str) -> None:
    rows = load(split)  # type: ignore[arg-type]
    gold = [g for row in rows for g in row.targets.values()]
    assert {row.reading.lang for row in rows} == {"en", "fr"}
    assert sum(not g.blame for g in gold) / len(gold) >= 0.4
    assert {p for g in gold for p in g.patterns} == set(PATTERNS)


def test_splits_share_no_organisation() -> None:
    splits = [{file.stem for file in (CORPUS / split).glob("*.jsonl")} for split in ("train", "dev", "test")]
    assert all(splits)
    assert not splits[0] & splits[1] | splits[0] & splits[2] | splits[1] & splits[2]


def test_nobody_else_says_so_many_words() -> None:
    """A comment without an id is known by its words alone where they are as many (``friction.ingest``)."""
    spoken: dict[str, Path] = {}
    for file in sorted(CORPUS.glob("*/*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if len(said := wording(json.loads(line)["text"])) and said.count(" ") + 1 >= TELLING:
                assert spoken.setdefault(said, file) == file
    assert len(spoken) > 10_000
