"""Rule 8 in the stores: a noisy cell is paid for as it is made, and is not made when the year's budget is spent."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from friction.commands.releasing import release_weeks
from friction.disclosure import YEAR, Policy
from friction.mechanisms import exhausted
from friction.records import Cell, Directory, Week
from friction.release import release
from friction.settings import load
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from tests.conftest import ENGINES, Ask

MakeVote = Callable[..., Vote]
Close = Callable[..., list[Cell]]
FIRST = Week.parse("2026-W10")
pytestmark = ENGINES


@pytest.fixture
def close(scores: ScoreStore, releases: ReleaseStore, directory: Directory) -> Close:
    def run(votes: Iterable[Vote], through: Week, *, epsilon: str = "1", year: str = "2", **policy: int) -> list[Cell]:
        scores.add_batch(str(through).encode(), votes)
        chosen = Policy(epsilon=Decimal(epsilon), epsilon_per_year=Decimal(year), **policy)
        release(scores, releases, directory=directory, policy=chosen, through=through)
        return releases.cells()

    return run


@pytest.fixture
def week_of(make_vote: MakeVote) -> Callable[..., list[Vote]]:
    def make(week: Week, about_team: str = "marketing", from_team: str = "sales") -> list[Vote]:
        said = {"about_team": about_team, "from_team": from_team}
        own = f"{from_team} of {about_team} in {week}"
        return [make_vote(f"p{i}", str(week), comment=f"{own}: {i}", blamed=i < 4, **said) for i in range(9)]

    return make


def test_a_cell_says_its_mechanism_and_is_paid_for(close: Close, week_of: Callable[..., list[Vote]], ask: Ask) -> None:
    (cell,) = close(week_of(FIRST), FIRST, epsilon="0.5")
    assert cell.mechanism == "laplace(epsilon=0.5,patterns=1)"
    assert ask("select from_team, about_team, week, epsilon from ledger") == [
        ("sales", "marketing", FIRST.index, "0.5")
    ]


def test_the_year_s_budget_is_of_all_that_a_team_says(
    close: Close, week_of: Callable[..., list[Vote]], ask: Ask
) -> None:
    """Three pairs of one team and a budget for two; another team has a budget of its own."""
    votes = [v for about in ("it", "marketing", "support") for v in week_of(FIRST, about)]
    cells = close([*votes, *week_of(FIRST, "it", "support")], FIRST)
    assert [(c.from_team, c.about_team) for c in cells] == [("sales", "it"), ("sales", "marketing"), ("support", "it")]
    assert {row[0] for row in ask("select distinct about_team from scores")} == {"support"}  # it waits


def test_the_operator_is_told_whose_budget_is_spent(close: Close, week_of: Callable[..., list[Vote]]) -> None:
    """From released cells alone; and what is told is what the ledger does."""
    cells = close([*week_of(FIRST), *week_of(FIRST, "it"), *week_of(FIRST, "it", "support")], FIRST)
    policy = Policy(epsilon=Decimal(1), epsilon_per_year=Decimal(2))
    assert exhausted(cells, policy, FIRST + 1) == ["sales"]
    assert exhausted(cells, policy, FIRST + (YEAR - 1)) == ["sales"]
    assert exhausted(cells, policy, FIRST + YEAR) == []
    assert exhausted(cells, Policy(), FIRST + 1) == []


def test_the_command_takes_the_mechanism_from_the_configuration(
    config: Path, week_of: Callable[..., list[Vote]], capsys: pytest.CaptureFixture[str]
) -> None:
    with config.open("a") as file:
        file.write('[privacy]\nmechanism = "laplace"\nepsilon = 1\nepsilon_per_year = 1.5\n')
    settings = load(config)
    store = ScoreStore(settings.scores_address)
    store.add_batch(b"f", week_of(FIRST))
    store.close()
    release_weeks(settings, str(FIRST))
    assert "is spent for what is said by: sales" in capsys.readouterr().out
    releases = ReleaseStore(settings.releases_address)
    assert [c.mechanism for c in releases.cells()] == ["laplace(epsilon=1,patterns=1)"]
    releases.close()


def test_what_the_budget_refuses_waits_and_the_oldest_window_comes_first(
    close: Close, week_of: Callable[..., list[Vote]]
) -> None:
    close(week_of(FIRST), FIRST)
    close(week_of(FIRST + 3, "it"), FIRST + 3)
    both = FIRST + YEAR
    assert len(close([], both + -1)) == 2
    cells = close([*week_of(both, "it"), *week_of(both, "support")], both)
    assert [(c.about_team, c.last_week) for c in cells[2:]] == [("support", both)]
    cells = close([], both + 3)
    assert [(c.about_team, c.last_week) for c in cells[3:]] == [("it", both + 3)]


def test_refused_rows_expire_like_those_of_too_few(close: Close, week_of: Callable[..., list[Vote]], ask: Ask) -> None:
    close(week_of(FIRST), FIRST, year="1")
    cells = close(week_of(FIRST + 1), FIRST + 13, year="1")
    assert len(cells) == 1
    assert ask("select count(*) from scores") == [(0,)]
    assert ask("select count(*) from windows") == [(0,)]


def test_the_ledger_forgets_after_a_year(close: Close, week_of: Callable[..., list[Vote]], ask: Ask) -> None:
    close(week_of(FIRST), FIRST)
    close([], FIRST + (YEAR - 1))
    assert ask("select count(*) from ledger") == [(1,)]
    close([], FIRST + YEAR)
    assert ask("select count(*) from ledger") == [(0,)]


def test_a_crash_between_the_stores_shows_one_draw_and_is_paid_once(
    scores: ScoreStore,
    releases: ReleaseStore,
    directory: Directory,
    week_of: Callable[..., list[Vote]],
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores.add_batch(b"x", week_of(FIRST))
    policy = Policy(epsilon=Decimal(1), epsilon_per_year=Decimal(9))
    seen: list[str] = []

    def broken(_: Week, release: str) -> None:
        seen.append(release)
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(releases, "append", broken)
        for _ in range(3):
            with pytest.raises(OSError, match="disk full"):
                release(scores, releases, directory=directory, policy=policy, through=FIRST)
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert ask("select count(*) from ledger") == [(1,)]
    release(scores, releases, directory=directory, policy=policy, through=FIRST)
    (cell,) = releases.cells()
    assert f'"blame":{cell.blame},' in seen[0]
    assert ask("select count(*) from ledger") == [(1,)]
