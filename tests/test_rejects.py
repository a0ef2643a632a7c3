"""The lists of rows that could not be used: whose they are, and how soon they are gone."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from friction.batch_report import Report
from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.records import Week
from friction.settings import Settings
from friction.store.scores import ScoreStore
from tests.service.served import FRICTION

HEADER = "text,from_team,respondent,week\n"
ROW = "Marketing is late,sales,p1,2026-W10\n"
LOST = "Marketing is rude,sales,p2,\n"
DAY = 86_400


@pytest.fixture
def lists(settings: Settings) -> Path:
    return settings.data / "rejects"


@pytest.fixture
def run(settings: Settings, pipeline: Pipeline, scores: ScoreStore) -> Callable[..., Report]:
    def ingest_rows(*rows: str, week: Week | None = None) -> Report:
        path = settings.home / "week.csv"
        path.write_text(HEADER + "".join(rows), encoding="utf-8")
        return ingest(str(path), settings=settings, pipeline=pipeline, store=scores, week=week)

    return ingest_rows


def test_a_list_is_its_batch_s_until_the_file_comes_whole(
    run: Callable[..., Report], lists: Path, scores: ScoreStore
) -> None:
    first = run(ROW, LOST)
    assert [path.name for path in lists.iterdir()] == [f"{scores.batches()[0].id}.csv"]
    assert first.rejects_file == next(lists.iterdir())
    first.rejects_file.write_text("old")
    assert run(ROW, LOST).batch == first.batch
    assert first.rejects_file.read_text().splitlines()[1].startswith('3,"no week')
    whole = run(ROW, LOST, week=Week.parse("2026-W10"))
    assert (whole.batch, whole.added, whole.rejects_file) == (first.batch, 1, None)
    assert list(lists.iterdir()) == []


def test_a_release_deletes_the_lists_of_a_week_ago_and_those_named_by_their_file(
    run: Callable[..., Report], lists: Path
) -> None:
    fresh = run(ROW, LOST).rejects_file
    assert fresh is not None
    fresh.with_name("3faba746f1c80d11.csv").write_text("row,reason\n")
    fresh.with_name("3faba746f1c80d11.part").write_text("row,reason\n")
    for name, age in (("0123456789ab.csv", 7), ("0123456789ac.part", 8), ("0123456789ad.csv", 6)):
        fresh.with_name(name).write_text("row,reason\n")
        os.utime(fresh.with_name(name), (time.time(), time.time() - age * DAY))
    for _ in range(2):
        done = subprocess.run([FRICTION, "release"], cwd=lists.parents[1], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        assert {path.name for path in lists.iterdir()} == {fresh.name, "0123456789ad.csv"}


def test_a_list_that_cannot_be_deleted_stops_no_release(config: Path, lists: Path) -> None:
    (lists / "3faba746f1c80d11.csv").mkdir(parents=True)
    done = subprocess.run([FRICTION, "release"], cwd=config.parent, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stderr.startswith(f"friction: {lists / '3faba746f1c80d11.csv'}: ")
    assert done.stderr.endswith(". Delete this list of rejected rows\n")
