"""The curious insider against released cells: knows every comment but one, sees every output, may write and ask.

Each attack is played on many synthetic companies, or reckoned over all of them; it must do no better than what the
rounding grants. What that is stands here in figures, and in words under "Choices" in SECURITY.md.
"""

import shutil
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import prod
from pathlib import Path

import numpy as np
import pytest

from friction.disclosure import Policy, draw, round_randomly, round_respondents
from friction.records import Cell, Directory, Team, TeamId, Week
from friction.release import release
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from friction.taxonomy import PATTERNS

WEEK = Week.parse("2026-W10")
MakeVote = Callable[..., Vote]


def _release(folder: Path, votes: Sequence[Vote], through: Week = WEEK, **policy: int) -> list[Cell]:
    teams = {TeamId(t): Team(TeamId(t), t, 20) for t in ("sales", "marketing")}
    scores, releases = ScoreStore(f"sqlite:///{folder}/s"), ReleaseStore(f"sqlite:///{folder}/r", create=True)
    if votes:
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


def _chances(blaming: int, people: int) -> dict[int, Fraction]:
    """How likely each published count is: exact, since a draw counts only by the third that it falls in."""
    chances: dict[int, Fraction] = {}
    for u in (1 / 6, 1 / 2, 5 / 6):
        published, _ = _published(blaming, people, u)
        chances[published] = chances.get(published, Fraction(0)) + Fraction(1, 3)
    return chances


def _insider(others: Sequence[int], people: int) -> tuple[Fraction, Fraction]:
    """What somebody gains who knows every other stance and gives the last one even odds.

    Args:
        others: for each published count that the last stance enters, how many of the others are in it.
        people: how many they are together.

    Returns:
        The probability that what is published leaves no doubt, and that the best guess is right.
    """
    chances = [(_chances(count, people), _chances(count + 1, people)) for count in others]
    certain = right = Fraction(0)
    for published in product(*({*without, *with_} for without, with_ in chances)):
        likelihoods = [prod(c[v].get(p, Fraction(0)) for c, p in zip(chances, published, strict=True)) for v in (0, 1)]
        right += max(likelihoods) / 2
        certain += max(likelihoods) / 2 if min(likelihoods) == 0 else 0
    return certain, right


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


def test_knowing_all_but_one_is_certain_one_time_in_six_and_right_two_in_three() -> None:
    gains = {(people, others): _insider([others], people) for people in range(5, 60) for others in range(people)}
    assert set(gains.values()) == {
        (Fraction(1, 6), Fraction(2, 3)),  # the others leave remainder 0 or 2
        (Fraction(0), Fraction(2, 3)),  # remainder 1
        (Fraction(0), Fraction(1, 2)),  # the rounded number of people hides all
    }
    assert sum((gains[30, others][0] for others in range(30)), Fraction(0)) / 30 == Fraction(1, 9)
    assert 6 in _chances(4, 9)
    assert 6 not in _chances(3, 9)  # so a 6 tells who knows three others that the last one blames


@pytest.mark.parametrize(
    ("counts", "certain", "right"), [(2, Fraction(1, 3), Fraction(7, 9)), (3, Fraction(4, 9), Fraction(23, 27))]
)
def test_every_further_count_of_the_same_stance_tells_more(counts: int, certain: Fraction, right: Fraction) -> None:
    """A pattern that the last one is known to voice when blaming, or a later window in which the stance is the same.

    Only remainders matter, except where the number of people hides a count, which tells less.
    """
    gains = [_insider(others, 30) for others in combinations_with_replacement((9, 10, 11), counts)]
    assert max(g[0] for g in gains) == certain
    assert max(g[1] for g in gains) == right


def test_a_published_count_can_show_that_all_the_rest_agree() -> None:
    """Who knows that one of eight does not blame, or that two of nine do, may see all the rest on one side."""
    assert [blaming for blaming in range(8) if 9 in _chances(blaming, 8)] == [7]
    assert [blaming for blaming in range(2, 10) if 0 in _chances(blaming, 9)] == [2]


@pytest.mark.parametrize("people", range(5, 41))
def test_unanimity_cannot_be_read_off(people: int) -> None:
    """Whatever is published when all blame, or none, is also published when one does otherwise."""
    draws = np.linspace(0, 0.999, 60)
    for unanimous, almost in ((people, people - 1), (0, 1)):
        said = {_published(unanimous, people, u) for u in draws}
        assert said <= {_published(almost, people, u) for u in draws}


def test_over_two_thousand_companies_subtracting_is_right_two_times_in_three() -> None:
    """The attacker subtracts what they know from the published count, as the release draws it."""
    rng = np.random.default_rng(3)
    hits = []
    for case in range(2000):
        people = int(rng.integers(5, 25))
        stances = rng.random(people) < rng.uniform(0.1, 0.9)
        victim, known = bool(stances[0]), int(stances[1:].sum())
        blame, _ = _published(int(stances.sum()), people, draw(case.to_bytes(4, "big"), "blame"))
        guess = blame - known >= 0.5 if blame != known else rng.random() < 0.5
        hits.append(guess == victim)
    assert np.mean(hits) == pytest.approx(2 / 3, abs=0.03)


def test_a_window_gives_one_draw_whoever_releases_it_and_how_often(tmp_path: Path, make_vote: MakeVote) -> None:
    """Copies of the private store, released under several thresholds, say the same in all of their eleven counts."""
    more = {"appreciated": True, "labels": PATTERNS}
    scores = ScoreStore(f"sqlite:///{tmp_path}/s")
    scores.add_batch(b"f", [make_vote(f"p{i}", blamed=i < 4, **(more if i < 4 else {})) for i in range(10)])
    scores.close()
    said = []
    for name, at_least in (("a", 5), ("b", 5), ("c", 9)):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(tmp_path / "s", folder / "s")
        said += [_release(folder, [], min_respondents=n) for n in (at_least, 6, 5)]
    assert len(said[0]) == 1
    assert all(cells == said[0] for cells in said)


def test_a_late_row_moves_no_released_number(tmp_path: Path, make_vote: MakeVote) -> None:
    before = _release(tmp_path, [make_vote(f"p{i}") for i in range(9)])
    late = [make_vote("victim", "2026-W09", blamed=True, comment="late")]
    assert _release(tmp_path, late) == before
    assert _release(tmp_path, [], WEEK + 3) == before


@pytest.mark.parametrize("blaming", range(3))
def test_sybils_learn_what_who_knows_all_the_others_learns(blaming: int, tmp_path: Path, make_vote: MakeVote) -> None:
    """Four keys of the attacker's and one victim make a cell; the attacker chooses how many of the four blame."""
    for victim in (False, True):
        said = set()
        for case in range(10):
            folder = tmp_path / f"{victim}{case}"
            folder.mkdir()
            votes = [make_vote(f"sybil{i}", blamed=i < blaming) for i in range(4)] + [
                make_vote("victim", blamed=victim)
            ]
            said.add(_release(folder, votes)[0].blame)
        assert said <= set(_chances(blaming + victim, 5))
    assert max(_insider([blaming], 5)) <= Fraction(2, 3)


def test_who_sends_files_need_know_nobody(tmp_path: Path, make_vote: MakeVote) -> None:
    """Five keys of the attacker's make a cell at once; two comments under each colleague's key outvote their own.

    So what all others said plays no part, and the attacker learns what who knows all of it learns.
    """
    rng = np.random.default_rng(7)
    colleagues = [f"p{i}" for i in range(3)]
    for victim in (False, True):
        said = set()
        for case in range(10):
            folder = tmp_path / f"{victim}{case}"
            folder.mkdir()
            votes = [make_vote(who, blamed=bool(rng.integers(2))) for who in colleagues]
            votes += [make_vote(who, comment=f"{who} forged {n}") for who in colleagues for n in range(2)]
            votes += [make_vote(f"sybil{i}") for i in range(5)] + [make_vote("victim", blamed=victim)]
            said.add(_release(folder, votes)[0].blame)
        assert said <= set(_chances(victim, 9))
