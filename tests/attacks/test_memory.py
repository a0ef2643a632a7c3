"""The attacks' private store in plain Python makes the very cells that the real one makes."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from friction import sample
from friction.classifier import Classifier
from friction.disclosure import Policy
from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.records import Cell
from friction.release import release
from friction.settings import load
from friction.store.releases import ReleaseStore, serialise
from friction.store.scores import ScoreStore, Vote
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


def test_the_sample_company_s_cells_are_the_reference_s_byte_for_byte(
    tmp_path: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Surveys without names, a chat with them, two languages: what people said is counted in Python, and in SQL."""
    monkeypatch.setattr("secrets.token_bytes", lambda _: SALT)
    settings = load(sample.write(tmp_path))
    pipeline = Pipeline(settings.directory, classifier)
    scores, votes = ScoreStore(settings.scores_address), list[Vote]()
    add = scores.add_batch
    monkeypatch.setattr(scores, "add_batch", lambda key, found, **more: add(key, _noted(found, votes), **more))
    files = sorted((tmp_path / "inbox").iterdir())
    added = sum(ingest(str(file), settings=settings, pipeline=pipeline, store=scores).added for file in files)
    assert added == len(votes) > 300
    releases = ReleaseStore(settings.releases_address, create=True)
    last = max(vote.week for vote in votes)
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=last)
    found = releases.cells()
    scores.close()
    releases.close()
    expected = played(settings.directory, votes, _OneSalt(), policies=lambda _: settings.policy)  # type: ignore[arg-type]
    assert serialise(found) == serialise(expected)
    assert len(found) > 40


def _noted(found: Iterable[Vote], votes: list[Vote]) -> list[Vote]:
    votes += (given := list(found))
    return given
