"""The release bench fills a store that a release takes for its own, and fails where a row or a cell is missing."""

import json
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from friction.store.scores import ScoreStore
from tests.conftest import query
from training.bench import release
from training.bench.waiting import Start, alone

WEEKS, PEOPLE = 2, 5
ROWS = WEEKS * PEOPLE * release.COMMENTS * len(release.PAIRS)


def test_everybody_finds_every_row_and_the_release_deletes_them(tmp_path: Path) -> None:
    for library in ("polars", "duckdb"):
        pytest.importorskip(library, reason=f"{library} comes with the extra bench")
    settings, address = release.configure(tmp_path), f"sqlite:///{tmp_path}/friction-data/scores.sqlite"
    assert release.fill(address, people=PEOPLE, weeks=WEEKS) == ROWS
    beside = "select (select count(*) from arrivals), (select count(*) from seen), (select sum(votes) from parts)"
    assert query(address, beside) == [(ROWS, ROWS, ROWS)]
    release.export(address, tmp_path / "votes")
    store = tmp_path / "friction-data" / "scores.sqlite"
    for code, place in ((release.DUCKDB, tmp_path / "votes"), (release.SQLITE, store)):
        assert alone(release.command(code, place, ROWS, 1)).megabytes > 1
        with pytest.raises(subprocess.CalledProcessError):
            alone(release.command(code, place, ROWS + 1, 1))
    cells = WEEKS * len(release.PAIRS)
    alone(release.command(release.FRICTION, settings, tmp_path / "took.json", release.FIRST, WEEKS, cells))
    weeks, spent = json.loads((tmp_path / "took.json").read_text())
    assert len(weeks) == WEEKS
    assert sum(weeks) > sum(spent[part] for part in ("SELECT", "DELETE", "COMMIT", "PRAGMA"))
    assert query(address, "select count(*) from scores") == query(address, "select count(*) from parts") == [(0,)]
    with closing(ScoreStore(address)) as store:
        assert store.batches() == []
    with pytest.raises(subprocess.CalledProcessError):
        alone(release.command(release.FRICTION, settings, tmp_path / "took.json", release.FIRST, WEEKS, cells + 1))


def test_the_page_says_all_their_ratios_and_what_deleting_takes() -> None:
    spent = {"SELECT": 2.0, "DELETE": 3.0, "COMMIT": 1.0, "PRAGMA": 0.5, "UPDATE": 0.1}
    text = release.page(
        release.Measured(1_000_000, 10**9, Start(10, 100), Start(5, 10), Start(4, 900), [0.2] * 20, spent)
    )
    assert "| SQLite, bare `GROUP BY` | 5.0 | 200,000 | 10 |" in text
    assert "| DuckDB, bare `GROUP BY` | 4.0 | 250,000 | 900 |" in text
    assert "takes 2.5 times as long as DuckDB, and 2.0 times as long as SQLite" in text
    assert "20% to read and count, 30% to delete, and 15% to put\non the disk" in text
