"""The bench of growth: the arithmetic of its page, and a run of its commands over a few comments; nothing is timed."""

import csv
import math
from pathlib import Path

import pytest

from training.bench import growing, reading
from training.bench.waiting import Start


def test_growth_is_told_from_what_a_single_comment_takes() -> None:
    starts = [Start(2 + 0.001 * rows**1.2, 100.0) for rows in (10, 100, 1000)]
    grown = growing.Grown("it", Start(2.0, 90.0), (10, 100, 1000), starts)
    assert math.isclose(grown.exponent, 1.2)
    assert grown.memory == 1.0


@pytest.mark.parametrize(("two", "word"), [(190.0, "met"), (150.0, "missed")])
def test_the_page_says_how_the_targets_stand(two: float, word: str) -> None:
    grown = growing.Grown("it", Start(1.0, 90.0), (10, 100), [Start(2.0, 100.0), Start(11.0, 150.0)])
    page = growing.page(growing.Run([grown], 100.0, {1: 95.0, 2: two}, 120.0, 5000.0), 1.0)
    assert "| growth of it | 0.95 to 1.05 | 1.000 | met |" in page
    assert "| its memory, last over first | at most 1.1 | 1.50 | missed |" in page
    assert f"| efficiency of two workers | at least 0.9 | {two / 200:.2f} | {word} |" in page
    assert "no more than 50 workers busy" in page


def test_no_text_of_the_file_is_there_twice(tmp_path: Path) -> None:
    file, _ = reading.write(tmp_path, 250, numbered=True)
    with file.open(encoding="utf-8", newline="") as lines:
        assert len({row["text"] for row in csv.DictReader(lines)}) == 250


def test_every_command_runs(tmp_path: Path) -> None:
    run = growing.measure(tmp_path, 0.0003)
    assert [g.sizes[-1] for g in run.grown] == [300, 30]
    assert run.shared.keys() == {1, 2}
