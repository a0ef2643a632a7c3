"""Every attack on a few companies, with a fixed seed; a thousand each are played by ``make attacks``."""

from dataclasses import replace

import pytest

from tests.attacks.__main__ import audited, under_threshold
from tests.attacks.catalogue import CATALOGUE, ONCE, THRICE, Attack, run
from tests.attacks.companies import company
from tests.attacks.insider import Exact, attack, epsilon_grant, rounding_grant

COMPANIES = 60


@pytest.mark.parametrize("chosen", CATALOGUE, ids=lambda a: a.name)
def test_no_attack_is_right_more_often_than_granted(chosen: Attack) -> None:
    result = run(chosen, COMPANIES, seed=4)
    assert not result.breaks, f"right {result.right:.0%}, granted {chosen.granted}"


@pytest.mark.parametrize("chosen", [a for a in CATALOGUE if a.granted == 0.5], ids=lambda a: a.name)
def test_what_is_hidden_tells_nothing_at_all(chosen: Attack) -> None:
    result = run(chosen, COMPANIES, seed=5)
    assert (result.right, result.sure) == (0.5, 0)


@pytest.mark.parametrize("chosen", [a for a in CATALOGUE if "noise" in a.name], ids=lambda a: a.name)
def test_noise_never_leaves_the_insider_sure(chosen: Attack) -> None:
    assert run(chosen, COMPANIES, seed=6).sure == 0


def test_the_suite_notices_a_mechanism_that_hides_nothing() -> None:
    """The control: published exact counts are read off, and every grant is broken."""
    open_book = Attack("control", "", lambda rng: attack(company(rng), rng, mechanism=Exact()), THRICE)
    result = run(open_book, COMPANIES, seed=7)
    assert result.right > 0.95
    assert result.breaks


def test_the_suite_notices_a_victim_in_more_cells_than_granted() -> None:
    weeks = Attack("control", "", lambda rng: attack(company(rng, weeks=7, victim_weeks=range(7)), rng), ONCE)
    assert run(weeks, 4 * COMPANIES, seed=8).breaks


def test_who_has_several_keys_in_a_cell_has_as_many_votes() -> None:
    """What SECURITY.md and the notice say of it: rounding and epsilon cover one key, and more keys tell more."""
    chosen = {a.name: a for a in CATALOGUE}
    assert [round(rounding_grant(1, keys=k), 4) for k in (1, 2, 3)] == [0.6667, 0.8333, 1]
    for name in ("two keys", "three keys", "six keys"):
        assert run(replace(chosen[name], granted=ONCE), 4 * COMPANIES, seed=9).breaks, name
    noisy = chosen["noise, six keys"]
    assert round(noisy.granted or 0, 3) == 0.858
    assert run(replace(noisy, granted=epsilon_grant(0.3)), 4 * COMPANIES, seed=9).breaks


def test_the_grant_is_what_security_states() -> None:
    assert [round(rounding_grant(k), 4) for k in (1, 2, 3)] == [0.6667, 0.7778, 0.8519]


def test_no_cell_is_under_a_threshold_and_no_hidden_pair_is_pinned() -> None:
    cells, small = under_threshold(20)
    assert cells > 200
    assert small == 0
    pairs, found = audited(10)
    assert pairs > 40
    assert found == 0
