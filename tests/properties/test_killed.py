"""``kill -9`` at any moment, then run again: the same store as the undisturbed run, on both engines."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from friction.records import Week
from friction.settings import load
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from tests.conftest import CONFIG, ENGINES, query

FRICTION = Path(sys.executable).parent / "friction"
KILLS = [*((n, "sqlite") for n in range(20)), *((n, "postgresql") for n in range(4))]
WEEKS = [str(Week.parse("2025-W40") + n) for n in range(40)]
COLUMNS = "from_team, about_team, week, blamed, appreciated, patterns, count(*), count(distinct respondent)"


def _prepare(home: Path, store_section: str = "") -> list[str]:
    home.mkdir()
    (home / "friction.toml").write_text(CONFIG + store_section, encoding="utf-8")
    for file in range(3):
        rows = [
            f"Marketing was {word} about order {n} and the helpdesk knew,sales,,p{n % 11},2026-W{10 + n % 3}\n"
            for n, word in enumerate(["late", "great", "silent", "rude"] * 12)
        ]
        lines = "".join(row.replace("order", f"order {file}-") for row in rows)
        (home / f"{file}.csv").write_text("text,from_team,about_team,respondent,week\n" + lines)
    return [FRICTION.as_posix(), "ingest", "0.csv", "1.csv", "2.csv"]


def _state(home: Path) -> Counter[tuple[object, ...]]:
    address = load(home / "friction.toml").scores_address
    if address.startswith("sqlite"):
        assert query(address, "pragma integrity_check") == [("ok",)]
    rows = query(address, f"select {COLUMNS} from scores group by 1, 2, 3, 4, 5, 6")
    return Counter(rows) + Counter({("batches", n): 1 for (n,) in query(address, "select count(*) from batches")})


def _kill(command: list[str], home: Path, after: float) -> None:
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()


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


@pytest.mark.parametrize(("point", "engine"), KILLS, indirect=["engine"])
def test_killed_and_run_again(
    point: int, tmp_path: Path, store_section: str, undisturbed: tuple[Counter[tuple[object, ...]], float]
) -> None:
    expected, taken = undisturbed
    home = tmp_path / "org"
    command = _prepare(home, store_section)
    _kill(command, home, random.Random(point).uniform(0.3, 1.0) * taken)
    subprocess.run(command, cwd=home, check=True, capture_output=True, timeout=120)
    assert _state(home) == expected


@pytest.mark.parametrize("point", range(3))
@ENGINES
def test_a_release_killed_and_run_again(point: int, config: Path, engine: str, make_vote: Callable[..., Vote]) -> None:
    """Every cell once, in an unbroken chain, whether the kill fell inside a store or between the two."""
    settings = load(config)
    scores = ScoreStore(settings.scores_address)
    scores.add_batch(b"f", [make_vote(f"p{i}", week) for week in WEEKS for i in range(6)])
    scores.close()
    command = [FRICTION.as_posix(), "release", "--through", WEEKS[-1]]
    _kill(command, config.parent, random.Random(point).uniform(0.5, 1.5))
    subprocess.run(command, cwd=config.parent, check=True, capture_output=True, timeout=120)
    releases = ReleaseStore(settings.releases_address)
    assert [(str(c.last_week), c.respondents) for c in releases.cells()] == [(week, 6) for week in WEEKS]
    assert releases.verify()[0] == len(WEEKS)
    releases.close()
    assert query(settings.scores_address, "select count(*) from scores") == [(0,)]
    assert query(settings.scores_address, "select count(*) from outbox") == [(0,)]
