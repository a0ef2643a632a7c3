"""The curious insider against released cells: knows every comment but one, sees every output, may write and ask.

Each attack is played on many synthetic companies; it must do no better than what the rounding grants.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from friction.disclosure import Policy, draw, round_randomly, round_respondents
from friction.records import Cell, Directory, Team, TeamId, Week
from friction.release import release
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote

WEEK = Week.parse("2026-W10")
MakeVote = Callable[..., Vote]


def _release(folder: Path, votes: Sequence[Vote], through: Week = WEEK, **policy: int) -> list[Cell]:
    teams = {TeamId(t): Team(TeamId(t), t, 20) for t in ("sales", "marketing")}
    scores, releases = ScoreStore(f"sqlite:///{folder}/s"), ReleaseStore(f"sqlite:///{folder}/r", create=True)
    scores.add_batch(str(len(votes)).encode() + str(through).encode(), votes)
    release(scores, releases, directory=Directory(teams), policy=Policy(**policy), through=through)
    found = releases.cells()
    scores.close()
    releases.close()
    return found


def _published(blaming: int, people: int, u: float) -> tuple[int, int]:
    """What ``friction.release`` would publish: (rounded blame, rounded people)."""
    respondents = round_respondents(people)
    return min(round_randomly(blaming, u), respondents), respondents


def test_the_model_of_the_attacks_is_the_release_itself(tmp_path: Path, make_vote: MakeVote) -> None:
    rng = np.random.default_rng(1)
    for case in range(12):
        people = int(rng.integers(5, 20))
        blaming = int(rng.integers(0, people + 1))
        folder = tmp_path / str(case)
        folder.mkdir()
        votes = [make_vote(f"p{i}", blamed=i < blaming) for i in range(people)]
        (cell,) = _release(folder, votes)
        possible = {_published(blaming, people, u) for u in (0.0, 0.4, 0.99)}
        assert (cell.blame, cell.respondents) in possible


def test_knowing_all_but_one_gives_no_certainty() -> None:
    """Posterior of the victim's stance given the published cell and everybody else's, prior one half."""
    worst = 0.0
    for people in range(5, 60):
        for others in range(people):
            for published in {_published(others + v, people, u)[0] for v in (0, 1) for u in (0.0, 0.5, 0.99)}:
                likelihood = [
                    np.mean([_published(others + v, people, u)[0] == published for u in np.linspace(0, 0.999, 30)])
                    for v in (0, 1)
                ]
                if min(likelihood) == 0:
                    continue
                worst = max(worst, max(likelihood) / sum(likelihood))
    assert worst <= 2 / 3 + 0.02


@pytest.mark.parametrize("people", range(5, 41))
def test_unanimity_cannot_be_read_off(people: int) -> None:
    """Whatever is published when all blame, or none, is also published when one does otherwise."""
    draws = np.linspace(0, 0.999, 60)
    for unanimous, almost in ((people, people - 1), (0, 1)):
        said = {_published(unanimous, people, u) for u in draws}
        assert said <= {_published(almost, people, u) for u in draws}


def test_over_a_thousand_companies_guessing_is_as_good(make_vote: MakeVote) -> None:
    """The attacker subtracts what they know from the published count; a coin does about as well."""
    rng = np.random.default_rng(3)
    hits = []
    for case in range(2000):
        people = int(rng.integers(5, 25))
        stances = rng.random(people) < rng.uniform(0.1, 0.9)
        victim, known = bool(stances[0]), int(stances[1:].sum())
        blame, _ = _published(int(stances.sum()), people, draw(case.to_bytes(4, "big"), "blame"))
        guess = blame - known >= 0.5 if blame != known else rng.random() < 0.5
        hits.append(guess == victim)
    assert np.mean(hits) <= 2 / 3 + 0.03


def test_asking_again_does_not_average_the_rounding_away(tmp_path: Path, make_vote: MakeVote) -> None:
    votes = [make_vote(f"p{i}", blamed=i < 4) for i in range(10)]
    answers = {_release(tmp_path, votes)[0].blame for _ in range(20)}
    answers |= {_release(tmp_path, votes, min_respondents=n)[0].blame for n in (5, 6, 9)}
    assert len(answers) == 1


def test_a_late_row_moves_no_released_number(tmp_path: Path, make_vote: MakeVote) -> None:
    before = _release(tmp_path, [make_vote(f"p{i}") for i in range(9)])
    late = [make_vote("victim", "2026-W09", blamed=True, comment="late")]
    assert _release(tmp_path, late) == before
    assert _release(tmp_path, [], WEEK + 3) == before


def test_sybils_cannot_isolate_a_victim(tmp_path: Path, make_vote: MakeVote) -> None:
    """Four keys of the attacker's and one victim make a cell; what it says is still compatible with both stances."""
    said: dict[bool, set[int]] = {True: set(), False: set()}
    for victim in said:
        for case in range(30):
            folder = tmp_path / f"{victim}{case}"
            folder.mkdir()
            votes = [make_vote(f"sybil{i}", blamed=i < 1) for i in range(4)] + [make_vote("victim", blamed=victim)]
            said[victim].add(_release(folder, votes)[0].blame)
    assert said[True] & said[False]
