"""The attacks' private store in plain Python makes the very cells that the real one makes."""

from pathlib import Path

import numpy as np
import pytest

from friction.disclosure import Policy
from friction.records import Cell
from friction.release import release
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore
from tests.attacks.companies import FIRST, Company, company
from tests.attacks.insider import Arrivals, on_time, played

SALT = bytes(range(32))


class _OneSalt:
    """In the place of a generator: every window opens under the same salt."""

    def bytes(self, _: int) -> bytes:
        return SALT


def _really_played(made: Company, folder: Path, arrivals: Arrivals) -> list[Cell]:
    scores = ScoreStore(f"sqlite:///{folder}/s.sqlite")
    releases = ReleaseStore(f"sqlite:///{folder}/r.sqlite", create=True)
    votes = made.with_stance(True)
    for week in (FIRST + i for i in range(max(map(arrivals, votes)) - FIRST + 1)):
        scores.add_batch(str(week).encode(), [v for v in votes if arrivals(v) == week])
        release(scores, releases, directory=made.directory, policy=Policy(), through=week)
    found = releases.cells()
    scores.close()
    releases.close()
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "arrivals", [on_time, lambda v: v.week + (sum(v.respondent.encode()) % 2)], ids=["on time", "late"]
)
def test_both_stores_release_the_same_cells(
    seed: int, arrivals: Arrivals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_bytes", lambda _: SALT)
    made = company(np.random.default_rng(seed), weeks=3, victim_weeks=(0, 1), whole=True, patterns=2)
    expected = played(made.directory, made.with_stance(True), _OneSalt(), arrivals=arrivals)  # type: ignore[arg-type]
    assert len(expected) > 5
    assert _really_played(made, tmp_path, arrivals) == sorted(
        expected, key=lambda c: (c.last_week, c.from_team, c.about_team)
    )
