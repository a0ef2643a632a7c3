"""The reading bench finds every row, and fails where one is missing; nothing here is timed."""

import csv
import json
import subprocess
from pathlib import Path

import pytest

from friction.settings import load
from training.bench import reading
from training.bench.rounds import Contestant
from training.bench.waiting import Start, alone

ROWS = 60


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return reading.write(tmp_path_factory.mktemp("bench"), ROWS)


def test_the_file_is_as_long_as_is_said_and_its_teams_are_known(written: tuple[Path, Path]) -> None:
    file, settings = written
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len({row["text"] for row in rows}) == len(rows) == ROWS
    assert {row["from_team"] for row in rows} <= {*load(settings).directory.teams, ""}


@pytest.mark.parametrize("name", [reading.SOURCES, reading.CSV, reading.POLARS, reading.STREAMING])
def test_a_contestant_that_loses_a_row_fails(written: tuple[Path, Path], name: str) -> None:
    if name in (reading.POLARS, reading.STREAMING):
        pytest.importorskip("polars", reason="polars comes with the extra bench")
    assert alone(reading.commands(*written, ROWS)[name]).megabytes > 1
    with pytest.raises(subprocess.CalledProcessError):
        alone(reading.commands(*written, ROWS + 1)[name])


def test_the_whole_ingestion_reads_every_row_and_scores_none(written: tuple[Path, Path]) -> None:
    command = (*reading.commands(*written, ROWS)[reading.WHOLE], "--format", "json")
    report = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)
    assert (report["rows"], report["comments"]) == (ROWS, ROWS)


def test_the_page_takes_ratios_round_by_round() -> None:
    def found(name: str, *seconds: float) -> tuple[Contestant, list[Start]]:
        return Contestant(name, list, 100, list(seconds)), [Start(s, 10 * s) for s in seconds]

    text = reading.page({reading.POLARS: found("a", 1, 2), reading.SOURCES: found("b", 2, 10)}, 100, 2_000_000)
    assert "100 rows and 2 MB" in text
    assert f"| {reading.SOURCES} | 30 (10 to 50) | 3.5 (2.0 to 5.0) | 100 |" in text
