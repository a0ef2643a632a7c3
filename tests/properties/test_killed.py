"""``kill -9`` at any moment of an ingestion, then run again: the same store as the undisturbed run."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import CONFIG

FRICTION = Path(sys.executable).parent / "friction"
KILLS = 20
COLUMNS = "from_team, about_team, week, blamed, appreciated, patterns, count(*), count(distinct respondent)"


def _prepare(home: Path) -> list[str]:
    home.mkdir()
    (home / "friction.toml").write_text(CONFIG, encoding="utf-8")
    for file in range(3):
        rows = [
            f"Marketing was {word} about order {n} and the helpdesk knew,sales,,p{n % 11},2026-W{10 + n % 3}\n"
            for n, word in enumerate(["late", "great", "silent", "rude"] * 12)
        ]
        lines = "".join(row.replace("order", f"order {file}-") for row in rows)
        (home / f"{file}.csv").write_text("text,from_team,about_team,respondent,week\n" + lines)
    return [FRICTION.as_posix(), "ingest", "0.csv", "1.csv", "2.csv"]


def _state(home: Path) -> Counter[tuple[object, ...]]:
    with sqlite3.connect(home / "friction-data" / "scores.sqlite") as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        rows = db.execute(f"select {COLUMNS} from scores group by 1, 2, 3, 4, 5, 6").fetchall()
        return Counter(rows) + Counter({("batches", n): 1 for (n,) in db.execute("select count(*) from batches")})


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Counter[tuple[object, ...]], float]:
    home = tmp_path_factory.mktemp("undisturbed") / "org"
    command = _prepare(home)
    started = time.monotonic()
    subprocess.run(command, cwd=home, check=True, capture_output=True, timeout=120)
    taken = time.monotonic() - started
    first = _state(home)
    subprocess.run(command, cwd=home, check=True, capture_output=True, timeout=120)
    assert _state(home) == first
    return first, taken


@pytest.mark.parametrize("point", range(KILLS))
def test_killed_and_run_again(
    point: int, tmp_path: Path, undisturbed: tuple[Counter[tuple[object, ...]], float]
) -> None:
    expected, taken = undisturbed
    home = tmp_path / "org"
    command = _prepare(home)
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.Random(point).uniform(0.3, 1.0) * taken)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run(command, cwd=home, check=True, capture_output=True, timeout=120)
    assert _state(home) == expected
