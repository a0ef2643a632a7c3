"""``kill -9`` at any moment, then run again: the same released cells, byte for byte, as the undisturbed run.

``FRICTION_KILLS=200`` in the environment is the long campaign (``make kills``).
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import insert

from friction.records import TeamId, Week
from friction.release import release
from friction.settings import load
from friction.store.engine import connect
from friction.store.releases import ReleaseStore, serialise
from friction.store.scores import ScoreStore
from friction.store.scores.tables import WINDOWS
from tests.conftest import CONFIG, query

FRICTION = Path(sys.executable).parent / "friction"
ROUNDS = int(os.environ.get("FRICTION_KILLS", "12"))  # noqa: TID251 (how long to test is no setting of friction)
KILLS = [*((n, "sqlite") for n in range(ROUNDS)), *((n, "postgresql") for n in range(3 + ROUNDS // 20))]
LAST = Week.parse("2026-W12")
COLUMNS = "from_team, about_team, week, blamed, appreciated, patterns, count(*), count(distinct respondent)"


@dataclass(frozen=True)
class Outcome:
    """What a run left: what stands in the private store, and what its release says."""

    scores: Counter[tuple[object, ...]]
    cells: str
    chain: tuple[int, str]


def _prepare(home: Path, store_section: str = "") -> list[str]:
    """Three files, and a store whose windows have the same salts in every run: on them hang the roundings."""
    home.mkdir()
    (home / "friction.toml").write_text(CONFIG + store_section, encoding="utf-8")
    for file in range(3):
        rows = [
            f"Marketing was {word} about order {n} and the helpdesk knew,sales,,p{n % 11},2026-W{10 + n % 3}\n"
            for n, word in enumerate(["late", "great", "silent", "rude"] * 12)
        ]
        lines = "".join(row.replace("order", f"order {file}-") for row in rows)
        (home / f"{file}.csv").write_text("text,from_team,about_team,respondent,week\n" + lines)
    address = load(home / "friction.toml").scores_address
    ScoreStore(address).close()
    with closing(connect(address, "scores", create=False)) as store, store.write() as db:
        for number, about in enumerate(("marketing", "support")):
            salt = bytes([number]) * 32
            db.execute(insert(WINDOWS).values(from_team=TeamId("sales"), about_team=TeamId(about), salt=salt))
    return [FRICTION.as_posix(), "ingest", "0.csv", "1.csv", "2.csv"]


def _outcome(home: Path) -> Outcome:
    settings = load(home / "friction.toml")
    address = settings.scores_address
    if address.startswith("sqlite"):
        assert query(address, "pragma integrity_check") == [("ok",)]
    rows = Counter(query(address, f"select {COLUMNS} from scores group by 1, 2, 3, 4, 5, 6"))
    for table in ("batches", "seen", "arrivals"):
        rows[(table,)] = query(address, f"select count(*) from {table}")[0][0]
    with (
        closing(ScoreStore(address)) as scores,
        closing(ReleaseStore(settings.releases_address, create=True)) as releases,
    ):
        release(scores, releases, directory=settings.directory, policy=settings.policy, through=LAST)
        return Outcome(rows, serialise(releases.cells()), releases.verify())


def _kill(command: list[str], home: Path, after: float) -> float | None:
    """Kill a run; or how long it took, where it ended before."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return None
    return time.monotonic() - started


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, list[float]]:
    """What a run leaves that nobody kills, and how long runs take: a machine with less to do becomes faster."""
    home = tmp_path_factory.mktemp("undisturbed") / "org"
    command = _prepare(home)
    started = time.monotonic()
    subprocess.run(command, cwd=home, check=True, capture_output=True, timeout=300)
    taken = time.monotonic() - started
    again = subprocess.run(command, cwd=home, check=True, capture_output=True, timeout=300)
    assert again.stdout.count(b"in already, nothing to do") == 3
    outcome = _outcome(home)
    assert outcome.chain[0] == 3
    assert outcome.cells.count('"marketing"') == 3
    return outcome, [taken]


@pytest.mark.parametrize(("point", "engine"), KILLS, indirect=["engine"])
def test_killed_and_run_again(
    point: int, tmp_path: Path, store_section: str, undisturbed: tuple[Outcome, list[float]]
) -> None:
    expected, taken = undisturbed
    home = tmp_path / "org"
    command = _prepare(home, store_section)
    ended = _kill(command, home, random.Random(point).uniform(0.3, 1.0) * min(taken))
    taken += [] if ended is None else [ended]
    left = query(load(home / "friction.toml").scores_address, "select count(*) from batches")[0][0]
    print(f"killed while running: {ended is None}, files in by then: {left}")  # pytest -rP shows it
    subprocess.run(command, cwd=home, check=True, capture_output=True, timeout=300)
    assert _outcome(home) == expected
