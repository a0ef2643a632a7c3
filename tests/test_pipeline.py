"""Blocks go through two at a time; nobody can tell by the results."""

import json
import time
from pathlib import Path

import pytest

from friction import pipeline as module
from friction.errors import RowError, SourceError
from friction.pipeline import Pipeline, ahead, blocks
from friction.records import Comment
from friction.scored_rows import Rejected, score_files
from friction.settings import Settings
from friction.sources import opener

TEXTS = ("Marketing never answers us.", "x", "Thanks to the helpdesk for its help!", "Merci au marketing, vraiment.")


def test_results_come_in_order_whatever_takes_longest() -> None:
    def work(item: int) -> int:
        time.sleep(0.002 * (item % 3 == 0))
        return item * item

    assert list(ahead(work, range(20))) == [(i, i * i) for i in range(20)]


def test_items_are_taken_only_as_they_are_needed() -> None:
    taken: list[int] = []
    found = ahead(str, (taken.append(i) or i for i in range(100)))
    next(found)
    assert len(taken) <= 4


def test_a_failure_reaches_the_caller() -> None:
    def work(item: int) -> int:
        if item == 3:
            raise RowError("three")
        return item

    found = ahead(work, range(9))
    assert [next(found) for _ in range(3)] == [(0, 0), (1, 1), (2, 2)]
    with pytest.raises(RowError, match="three"):
        next(found)


def test_a_stream_gives_what_a_batch_gives(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    comments = [Comment(text=text, id=f"{n}", row=n) for n in range(3) for text in TEXTS]
    together = pipeline.score(comments)
    monkeypatch.setattr(module, "BLOCK", 5)
    assert [len(b) for b in blocks(comments)] == [5, 5, 2]
    assert list(pipeline.stream(comments)) == list(zip(comments, together, strict=True))


def test_files_keep_their_order_and_name_their_bad_rows(
    pipeline: Pipeline, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    rows = [f"{n},{text}" for n, text in enumerate(["", *TEXTS, "", *TEXTS])]
    for path, some in ((first, rows[:7]), (second, rows[7:])):
        lines = ["id,text", *(row.replace(",", ',"', 1) + '"' for row in some)]
        path.write_text("\n".join(lines), encoding="utf-8")
    rejected: list[Rejected] = []
    failed: list[SourceError] = []
    missing = str(tmp_path / "missing.csv")
    paths = [str(first), str(second)]
    read = opener(settings, settings.source(None), pipeline.targets)
    lines = score_files([paths[0], missing, paths[1]], pipeline, read, rejected=rejected, failed=failed)
    found = [json.loads(line) for line in lines]
    assert [str(failure) for failure in failed] == [f"{missing}: no such file"]
    with pytest.raises(SourceError, match=r"missing\.csv"):
        next(score_files([missing], pipeline, read, rejected=[], failed=[]))
    assert [row["id"] for row in found] == [str(n) for n in range(10)]
    assert [row["id"] for row in found if "error" in row] == ["0", "2", "5", "7"]
    assert [(of.file, of.row) for of in rejected] == [(paths[0], 2), (paths[0], 4), (paths[0], 7), (paths[1], 2)]


def test_what_was_masked_is_counted_for_the_report_also_where_nothing_can_be_scored(pipeline: Pipeline) -> None:
    read, refused = pipeline.score(
        [
            Comment("Karen from Marketing never answers us, call 020 7946 0958."),
            Comment("Karen antwortet uns leider nie, und das seit Wochen."),
        ]
    )
    assert read.masked == {"name": 1, "phone": 1}
    assert refused.error is not None
    assert refused.masked == {"name": 1}
