from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from friction.disclosure import Policy
from friction.model_folder import RELEASED
from friction.records import Cell, Directory, Team, TeamId, Week
from friction.release import release
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from tests.conftest import ENGINES, Ask

pytestmark = ENGINES
MakeVote = Callable[..., Vote]


@pytest.fixture
def close(scores: ScoreStore, releases: ReleaseStore, directory: Directory) -> Callable[..., list[Cell]]:
    def run(
        votes: Iterable[Vote] = (),
        *,
        through: str = "2026-W10",
        name: bytes = b"f",
        teams: Directory = directory,
        **policy: Any,
    ) -> list[Cell]:
        scores.add_batch(name + through.encode(), votes)
        release(scores, releases, directory=teams, policy=Policy(**policy), through=Week.parse(through))
        return releases.cells()

    return run


def _left(ask: Ask, table: str = "scores", where: str = "1 = 1") -> int:
    return int(ask(f"select count(*) from {table} where {where}")[0][0])


def test_four_people_are_too_few_and_five_are_enough(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    assert close(make_vote(f"p{i}") for i in range(4)) == []
    (cell,) = close([make_vote("p9", "2026-W11")], through="2026-W11")
    assert (str(cell.first_week), str(cell.last_week), cell.respondents) == ("2026-W10", "2026-W11", 6)


def test_people_are_counted_not_comments(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    assert close(make_vote("p1", blamed=True, comment=f"c{i}") for i in range(40)) == []


def test_one_vote_a_person(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    heavy = [make_vote("loud", blamed=True, comment=f"c{i}") for i in range(60)]
    (cell,) = close([*heavy, *(make_vote(f"p{i}") for i in range(30))])
    assert cell.respondents == 30
    assert cell.blame <= 3


def test_counts_are_rounded_and_never_above_the_people(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    votes = [make_vote(f"p{i}", blamed=True, labels=("mistakes",)) for i in range(7)]
    (cell,) = close(votes)
    assert cell.respondents == 6
    assert cell.blame == 6
    assert cell.patterns["mistakes"] == 6
    assert cell.mechanism == "rounding-3"


def test_people_are_counted_by_the_language_they_mostly_write(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    votes = [make_vote(f"p{i}", lang="fr") for i in range(9)]
    votes += [make_vote(f"p{i}", lang="en", comment=f"more{i}") for i in range(9)]  # as many: the first of LANGS
    votes += [make_vote(f"q{i}", lang="fr", comment=f"{i}{n}") for i in range(6) for n in range(2)]
    (cell,) = close([*votes, make_vote("q0", lang="en", comment="one in the other language")])
    assert (cell.languages, cell.respondents) == ({"en": 9, "fr": 6}, 15)


def test_counts_by_language_are_true_on_average(close, make_vote: MakeVote, directory: Directory) -> None:  # type: ignore[no-untyped-def]
    """Seven people are kept as six; what their languages add up to is 6 or 9, and 7 on average."""
    many = {TeamId(f"t{i}"): Team(TeamId(f"t{i}"), f"T {i}", 50) for i in range(300)}
    people = ((team, f"{team} {i}") for team in many for i in range(7))
    votes = (make_vote(who, from_team=team, about_team="marketing", lang="fr") for team, who in people)
    cells = close(votes, teams=Directory({**directory.teams, **many}))
    assert {c.respondents for c in cells} == {6}
    found = [c.languages["fr"] for c in cells]
    assert set(found) == {6, 9}
    assert sum(found) / len(found) == pytest.approx(7, abs=0.35)
    assert {c.languages["en"] for c in cells} == {0}


def test_a_target_below_the_size_is_never_reported(close, make_vote: MakeVote, ask: Ask) -> None:  # type: ignore[no-untyped-def]
    assert close(make_vote(f"p{i}", about_team="legal") for i in range(20)) == []
    assert close(through="2026-W22") == []
    assert _left(ask) == 0


def test_raising_the_size_at_release_holds(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    assert close([make_vote(f"p{i}") for i in range(20)], min_team_size=13) == []


def test_a_cell_names_the_model_of_most_of_its_people(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    """Nobody changes it alone: neither who writes first after an upgrade, nor who writes most."""
    before = [make_vote(f"p{i}", model="friction-enfr-9") for i in range(6)]
    after = [make_vote("p0", comment=f"after {i}", model="friction-enfr-10") for i in range(40)]
    (cell,) = close([*before, *after])
    assert cell.model == "friction-enfr-9"
    more = [make_vote(f"p{i}", "2026-W11", model="friction-enfr-9") for i in range(6)]
    more += [make_vote(f"p{i}", "2026-W11", comment=f"more {i}", model="friction-enfr-10") for i in range(6)]
    assert close(more, through="2026-W11")[1].model == "friction-enfr-10"  # of as many, the newer one


def test_under_noise_the_model_that_a_cell_names_hangs_on_nobody(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    noise = {"epsilon": Decimal(1), "epsilon_per_year": Decimal(9)}
    (cell,) = close([make_vote(f"p{i}", model="friction-enfr-3") for i in range(9)], **noise)
    assert cell.model == RELEASED.name


def test_windows_roll_forward_without_gap_or_overlap(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    weeks = [f"2026-W{w}" for w in range(10, 20)]
    for n, week in enumerate(weeks):
        close([make_vote(f"p{i}", week) for i in range(3 + n % 4)], through=week, name=week.encode())
    cells = close(through="2026-W19")
    assert str(cells[0].first_week) == "2026-W10"
    for before, after in pairwise(cells):
        assert after.first_week == before.last_week + 1


def test_rows_expire_after_the_longest_window(close, make_vote: MakeVote, ask: Ask) -> None:  # type: ignore[no-untyped-def]
    close([make_vote(f"p{i}") for i in range(4)], through="2026-W21")
    assert _left(ask) == 4
    close(through="2026-W22")
    assert _left(ask) == 0
    assert close([make_vote("p9", "2026-W23")], through="2026-W23") == []


def test_a_pair_whose_rows_expired_is_one_that_nobody_wrote_about(close, make_vote: MakeVote, ask: Ask) -> None:  # type: ignore[no-untyped-def]
    """Nor does it tell by where its next window opens, even if windows have another length by then."""
    close(make_vote(f"p{i}") for i in range(6))
    close((make_vote(f"p{i}", "2026-W11", about_team="it") for i in range(4)), through="2026-W11")
    close(through="2026-W22", name=b"late")
    assert _left(ask, "windows") == 0
    later = [make_vote(f"p{i}", "2026-W29", about_team=team) for i in range(6) for team in ("it", "support")]
    expired, untold = close(later, through="2026-W29", max_window_weeks=9)[1:]
    assert expired.first_week == untold.first_week


def test_a_shorter_longest_window_counts_no_rows_from_before_it(close, make_vote: MakeVote, ask: Ask) -> None:  # type: ignore[no-untyped-def]
    """Windows of four weeks from W10 on are W10 to W13 and W14 to W17: who wrote in W10 is in none that is open."""
    assert close([make_vote(f"p{i}") for i in range(3)], through="2026-W13") == []
    more = [make_vote(f"q{i}", "2026-W15") for i in range(2)]
    assert close(more, through="2026-W15", max_window_weeks=4) == []
    assert _left(ask) == 2
    last = [make_vote(f"r{i}", "2026-W16") for i in range(3)]
    (cell,) = close(last, through="2026-W16", max_window_weeks=4)
    assert (str(cell.first_week), str(cell.last_week), cell.respondents) == ("2026-W14", "2026-W16", 6)


def test_late_rows_count_in_the_open_window(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    first = close([make_vote(f"p{i}") for i in range(6)])
    late = [make_vote(f"q{i}", "2026-W09", comment=f"late{i}") for i in range(6)]
    assert close(late, name=b"late") == first
    cells = close(through="2026-W11")
    assert [str(c.last_week) for c in cells] == ["2026-W10", "2026-W11"]


def test_releasing_again_changes_nothing(close, make_vote: MakeVote, ask: Ask) -> None:  # type: ignore[no-untyped-def]
    votes = [make_vote(f"p{i}", blamed=i % 2 == 0) for i in range(11)]
    first = close(votes)
    assert close(votes) == first
    assert close(min_respondents=9) == first


def test_scores_and_salt_are_gone_once_the_window_closes(close, make_vote: MakeVote, ask: Ask) -> None:  # type: ignore[no-untyped-def]
    close([make_vote(f"p{i}") for i in range(9)])
    assert _left(ask) == 0
    assert _left(ask, "windows") == 0
    assert _left(ask, "outbox") == 0


def test_rows_sent_ahead_keep_one_key_a_person(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    ahead = [make_vote(f"p{i}", week) for week in ("2026-W10", "2026-W11") for i in range(5)]
    close(ahead, through="2026-W10")
    again = [make_vote(f"p{i}", "2026-W11", comment=f"again{i}") for i in range(5)]
    cells = close(again, through="2026-W11")
    assert [c.respondents for c in cells] == [6, 6]


def test_a_crash_between_the_stores_loses_and_doubles_nothing(  # type: ignore[no-untyped-def]
    scores: ScoreStore, releases: ReleaseStore, directory: Directory, make_vote: MakeVote, monkeypatch
) -> None:
    scores.add_batch(b"x", [make_vote(f"p{i}", blamed=True) for i in range(8)])
    arguments = {"directory": directory, "policy": Policy(), "through": Week.parse("2026-W10")}
    with monkeypatch.context() as broken:
        broken.setattr(releases, "append", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            release(scores, releases, **arguments)  # type: ignore[arg-type]
    assert releases.cells() == []
    release(scores, releases, **arguments)  # type: ignore[arg-type]
    (cell,) = releases.cells()
    assert cell.respondents == 9
    assert releases.verify()[0] == 1


_KEPT = ("scores", "arrivals", "parts", "seen", "windows", "clock", "batches", "ledger", "outbox")


def _restore(ask: Ask) -> None:
    for table in _KEPT:
        ask(f"delete from {table}")
        ask(f"insert into {table} select * from backup_{table}")


def _back_up(ask: Ask) -> None:
    for table in _KEPT:
        ask(f"create table backup_{table} as select * from {table}")


def test_a_private_store_of_some_weeks_ago_goes_on_behind_what_is_released(  # type: ignore[no-untyped-def]
    close, scores: ScoreStore, releases: ReleaseStore, make_vote: MakeVote, ask: Ask
) -> None:
    """It was restored from a backup; what was released meanwhile was of votes that it never saw, in part."""
    waiting = [make_vote(f"s{i}", about_team="support", blamed=True) for i in range(3)]
    close([*waiting, *(make_vote(f"p{i}") for i in range(6))])
    scores.add_batch(b"ahead", [make_vote(f"p{i}", "2026-W11", blamed=True) for i in range(3)])
    _back_up(ask)
    meanwhile = {week: [make_vote(f"q{i}", week, blamed=True) for i in range(6)] for week in ("2026-W11", "2026-W12")}
    for week, votes in meanwhile.items():
        before = close(votes, through=week)
    assert [(str(c.last_week), c.respondents) for c in before] == [("2026-W10", 6), ("2026-W11", 9), ("2026-W12", 6)]
    _restore(ask)
    again = [vote for votes in meanwhile.values() for vote in votes]
    assert close(again, through="2026-W12", name=b"again") == before
    assert _left(ask) == len(waiting)
    assert scores.oldest_week() == Week.parse("2026-W13")
    more = [make_vote(f"r{i}", "2026-W13", about_team=team) for i in range(3) for team in ("support", "marketing")]
    cells = close(more, through="2026-W13")
    assert cells[:3] == before
    assert [(c.about_team, str(c.first_week), c.respondents) for c in cells[3:]] == [("support", "2026-W10", 6)]
    assert releases.verify()[0] == 4


def test_a_new_private_store_counts_nothing_of_what_is_released(  # type: ignore[no-untyped-def]
    close, scores: ScoreStore, make_vote: MakeVote, ask: Ask
) -> None:
    """Not under another team's name either; and a row of a released week is refused from then on."""
    votes = [make_vote(f"p{i}") for i in range(6)]
    before = close(votes)
    for table in _KEPT:
        ask(f"delete from {table}")
    renamed = [make_vote(f"p{i}", about_team="it") for i in range(6)]
    assert close([*votes, *renamed], name=b"again") == before
    assert _left(ask) == _left(ask, "windows") == _left(ask, "parts") == _left(ask, "arrivals") == 0
    assert scores.oldest_week() == Week.parse("2026-W11")
    cells = close([make_vote(f"p{i}", "2026-W11") for i in range(6)], through="2026-W11")
    assert [str(c.last_week) for c in cells] == ["2026-W10", "2026-W11"]


def test_a_backup_with_a_week_still_to_hand_over_holds_up_no_release(  # type: ignore[no-untyped-def]
    close, releases: ReleaseStore, make_vote: MakeVote, ask: Ask
) -> None:
    cells = close(make_vote(f"p{i}") for i in range(6))
    close(through="2026-W11")
    for week in ("2026-W10", "2026-W11"):
        ask(f"insert into outbox values ({Week.parse(week).index}, '[]')")
    assert close(through="2026-W12") == cells
    assert releases.verify()[0] == 3
    assert _left(ask, "outbox") == 0


def test_a_private_store_of_some_weeks_ago_knows_what_the_year_has_cost(  # type: ignore[no-untyped-def]
    close, make_vote: MakeVote, ask: Ask
) -> None:
    noise = {"epsilon": Decimal(1), "epsilon_per_year": Decimal(2)}
    close([make_vote(f"p{i}") for i in range(9)], **noise)
    _back_up(ask)
    before = close((make_vote(f"p{i}", "2026-W11") for i in range(9)), through="2026-W11", **noise)
    assert len(before) == 2
    _restore(ask)
    assert close((make_vote(f"p{i}", "2026-W12") for i in range(9)), through="2026-W12", **noise) == before
    assert _left(ask, "ledger") == 2


def test_an_idle_pair_s_window_expires_too(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    close(make_vote(f"p{i}") for i in range(6))
    cells = close((make_vote(f"p{i}", "2026-W40", comment=f"later{i}") for i in range(6)), through="2026-W40")
    assert [(str(c.first_week), str(c.last_week)) for c in cells] == [
        ("2026-W10", "2026-W10"),
        ("2026-W37", "2026-W40"),
    ]


def test_after_silence_people_have_the_whole_window_to_speak(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    close(make_vote(f"p{i}") for i in range(6))
    close((make_vote(f"p{i}", "2026-W30", comment=f"a{i}") for i in range(4)), through="2026-W30")
    cells = close((make_vote(f"q{i}", "2026-W31") for i in range(4)), through="2026-W31")
    assert (str(cells[-1].first_week), str(cells[-1].last_week)) == ("2026-W24", "2026-W31")


def test_a_team_never_has_more_voices_than_people(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    """A source without respondents counts the same three people anew each week."""
    weeks = ("2026-W10", "2026-W11", "2026-W12")
    votes = [make_vote(f"{week}-{i}", week, from_team="events") for week in weeks for i in range(3)]
    assert close(votes, through="2026-W12") == []


def test_a_team_that_is_no_longer_in_the_directory_says_nothing(
    close, make_vote: MakeVote, directory: Directory
) -> None:  # type: ignore[no-untyped-def]
    """Its headcount, which kept a small team silent, is not known any more."""
    votes = [make_vote(f"{i}", from_team="events") for i in range(8)]
    left = Directory({team: of for team, of in directory.teams.items() if team != "events"})
    assert close(votes) == []
    assert close(through="2026-W11", teams=left) == []


def test_the_same_people_under_other_names_make_no_cell(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    """Three people answer a survey and write in a chat: each tool has its own keys for them."""
    survey = [make_vote(f"{i}@example.org", pool="forms") for i in range(3)]
    assert close([*survey, *(make_vote(f"U{i}", pool="slack") for i in range(3))]) == []
    (cell,) = close((make_vote(f"U{i}", "2026-W11", pool="slack") for i in range(6)), through="2026-W11")
    assert cell.respondents == 9  # six in the chat, and three who may be others


def test_who_has_the_same_key_in_two_tools_is_one_person(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    votes = [make_vote(f"p{i}", pool=pool, comment=f"{i} {pool}") for i in range(6) for pool in ("forms", "slack")]
    (cell,) = close(votes)
    assert cell.respondents == 6


def test_a_comment_of_a_released_week_counts_for_no_pair_again(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    """Whatever the directory has become meanwhile: a team renamed, one grown, a new alias."""
    (cell,) = close(make_vote(f"p{i}", comment=f"c{i}") for i in range(6))
    again = [make_vote(f"p{i}", about_team="it", comment=f"c{i}") for i in range(6)]
    again += [make_vote("p9", "2026-W11", about_team="it")]
    assert close(again, through="2026-W11") == [cell]


@pytest.mark.parametrize(
    ("files", "cells"),
    [(["012345"], 1), (["012", "345"], 0), (["012", "012345"], 1), (["01234", "345"], 1), (["345", "34", "01234"], 1)],
)
def test_rows_are_other_people_within_one_file_alone(
    close, scores: ScoreStore, make_vote: MakeVote, files: list[str], cells: int
) -> None:  # type: ignore[no-untyped-def]
    """Where nobody is named; a row that comes again is in both files, and in the one that has more people."""
    for file in files:
        scores.add_batch(file.encode(), [make_vote(f"row {n}", comment=f"c{n}", pool=None) for n in file])
    assert len(close()) == cells


def test_a_row_sent_ahead_keeps_nobody_s_row_from_its_file(close, scores: ScoreStore, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    ahead = [make_vote(f"next {n}", "2026-W11", pool=None) for n in range(7)]
    scores.add_batch(b"a", [*ahead, *(make_vote(f"row {n}", comment=f"c{n}", pool=None) for n in range(3))])
    scores.add_batch(b"b", [make_vote(f"row {n}", comment=f"c{n}", pool=None) for n in range(5)])
    assert len(close()) == 1


def test_what_comes_again_each_week_counts_once_for_good(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    """A file that only grows, with ids and no week of its own, is read each week under that week."""
    week = Week.parse("2026-W10")
    for number in range(30):
        votes = [make_vote(f"p{n}", str(week + number), comment=f"c{n}") for n in range(5)]
        assert len(close(votes, through=str(week + number))) == 1


def test_who_is_not_named_is_counted_in_one_survey_only(close, make_vote: MakeVote) -> None:  # type: ignore[no-untyped-def]
    """One person who answers an anonymous weekly survey for five weeks makes no cell; five in one week do."""
    weeks = [f"2026-W{w}" for w in range(10, 15)]
    again = [make_vote(week, week, pool=f"pulse {week}") for week in weeks]
    assert close(again, through="2026-W14") == []
    named = [make_vote(f"p{i}", "2026-W14") for i in range(4)]  # and perhaps they are the same people
    assert close(named, through="2026-W14", name=b"chat") == []
    assert (
        len(close((make_vote(f"n{i}", "2026-W15", pool="pulse 2026-W15") for i in range(5)), through="2026-W15")) == 1
    )
