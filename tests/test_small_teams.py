"""A team too small to be spoken of stays so when the directory changes between ingest and release."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from friction.batch_report import Report
from friction.classifier import Classifier
from friction.ingest import ingest, rehearse
from friction.pipeline import Pipeline
from friction.records import Cell, Week
from friction.release import release
from friction.settings import load
from friction.store.releases import ReleaseStore
from friction.store.scores import Preview, ScoreStore, Vote
from tests.conftest import ENGINES

pytestmark = ENGINES
OPS = """
[teams.sales]
name = "Sales"
headcount = 30
[teams.ops]
name = "Ops"
headcount = {ops}
[teams.night]
name = "Night"
headcount = {night}
parent = "ops"
"""
DAY = '[teams.day]\nname = "Day"\nheadcount = 5\nparent = "ops"\n'
"""Ops without day is night, and everybody knows the four."""
OF_NIGHT = "Night never answers us"
OF_OPS = "Ops never answers us"


class Firm:
    """A directory that changes, and the real stores beside it."""

    def __init__(self, home: Path, store_section: str, classifier: Classifier) -> None:
        self._home = home
        self._store_section = store_section
        self._classifier = classifier
        self._files = 0
        self.teams()

    def teams(self, *, ops: int = 9, night: int = 4, more: str = "") -> None:
        """Change the directory."""
        path = self._home / "friction.toml"
        path.write_text(OPS.format(ops=ops, night=night) + more + self._store_section, encoding="utf-8")
        self.settings = load(path)
        self.scores_address = self.settings.scores_address

    def say(self, text: str, *, week: str = "2026-W10", people: int = 6, by: str = "p", of: str = "sales") -> Report:
        """Ingest what people write."""
        self._files += 1
        path = self._home / f"{self._files}.csv"
        rows = [f"{text},{of},{by}{n},{week}" for n in range(people)]
        path.write_text("text,from_team,respondent,week\n" + "\n".join(rows) + "\n", encoding="utf-8")
        pipeline = Pipeline(self.settings.directory, self._classifier)
        with (
            closing(ScoreStore(self.scores_address)) as scores,
            closing(Preview(self.scores_address, enough=5)) as preview,
        ):
            rehearsed = rehearse(str(path), settings=self.settings, pipeline=pipeline, preview=preview)
            report = ingest(str(path), settings=self.settings, pipeline=pipeline, store=scores)
        assert (rehearsed.added, rehearsed.waiting) == (report.added, report.waiting)
        return report

    def withdraw(self, report: Report) -> None:
        """Take a file out again."""
        with closing(ScoreStore(self.scores_address)) as scores:
            scores.withdraw(report.batch)

    def release(self, through: str = "2026-W10") -> list[Cell]:
        """Every cell, once all up to a week is released."""
        with (
            closing(ScoreStore(self.scores_address)) as scores,
            closing(ReleaseStore(self.settings.releases_address, create=True)) as releases,
        ):
            of = {"directory": self.settings.directory, "policy": self.settings.policy}
            release(scores, releases, **of, through=Week.parse(through))  # type: ignore[arg-type]
            return releases.cells()


@pytest.fixture
def firm(tmp_path: Path, store_section: str, classifier: Classifier) -> Firm:
    return Firm(tmp_path, store_section, classifier)


def _pairs(cells: list[Cell]) -> list[tuple[str, str, str]]:
    return [(c.about_team, str(c.first_week), str(c.last_week)) for c in cells]


def test_a_small_team_is_not_told_of_once_its_parent_may_not_speak_for_it(firm: Firm) -> None:
    assert firm.say(OF_NIGHT).added == 6
    firm.teams(more=DAY)
    assert firm.say(OF_NIGHT, by="q").unattributed["no team that may be spoken of"] == 6
    assert firm.release() == []
    assert firm.release("2026-W22") == []


def test_its_parent_speaks_for_it_while_it_may(firm: Firm) -> None:
    """The control, and what comes of it where the others in the parent are enough again before the window expires."""
    firm.say(OF_NIGHT)
    firm.teams(more=DAY)
    assert firm.release() == []
    firm.teams(ops=14, more=DAY)
    assert _pairs(firm.release("2026-W11")) == [("ops", "2026-W10", "2026-W11")]


def test_a_report_says_that_a_pair_waits_as_the_release_holds_it_back(firm: Firm) -> None:
    """Enough people speak, and the target may not speak for the small team that some of them speak of."""
    assert firm.say(OF_NIGHT).waiting == ()
    firm.teams(more=DAY)
    assert firm.say(OF_OPS, by="q").waiting == (("sales", "ops"),)
    assert firm.release() == []
    firm.teams(ops=14, more=DAY)
    assert firm.say(OF_OPS, by="r").waiting == ()
    assert _pairs(firm.release("2026-W11")) == [("ops", "2026-W10", "2026-W11")]


def test_one_comment_on_a_small_team_holds_the_whole_window_back(firm: Firm) -> None:
    """Also where it names the parent too, and where others bring the same file's comments again."""
    firm.say(f"{OF_NIGHT} and {OF_OPS}", people=1, by="q")
    firm.say(OF_OPS)
    firm.teams(more=DAY)
    assert firm.release() == []


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_a_file_that_is_read_again_still_holds_merged_votes(
    order: tuple[bool, bool], firm: Firm, make_vote: Callable[..., Vote]
) -> None:
    with closing(ScoreStore(firm.scores_address)) as scores:
        for who, merged in zip("pq", order, strict=True):
            votes = [make_vote(f"{who}{n}", about_team="ops", merged=merged) for n in range(6)]
            assert scores.add_batch(b"a file", votes, whole=False) == 6
    firm.teams(more=DAY)
    assert firm.release() == []


def test_what_is_said_of_the_parent_itself_is_told(firm: Firm) -> None:
    firm.say(OF_OPS)
    firm.teams(more=DAY)
    assert _pairs(firm.release()) == [("ops", "2026-W10", "2026-W10")]


def test_a_window_is_free_again_once_nothing_merged_is_in_it(firm: Firm) -> None:
    """Its file was withdrawn; it closed, though rows sent ahead wait for the next; or it expired."""
    wrong = firm.say(OF_NIGHT, people=1)
    firm.say(OF_OPS, by="q")
    firm.withdraw(wrong)
    firm.teams(more=DAY)
    assert _pairs(firm.release()) == [("ops", "2026-W10", "2026-W10")]
    firm.teams()
    firm.say(OF_NIGHT, week="2026-W11")
    firm.say(OF_OPS, week="2026-W12")
    assert len(firm.release("2026-W11")) == 2
    firm.teams(more=DAY)
    assert _pairs(firm.release("2026-W12"))[2:] == [("ops", "2026-W12", "2026-W12")]
    firm.teams()
    firm.say(OF_NIGHT, week="2026-W13", people=4)
    firm.teams(more=DAY)
    firm.say(OF_OPS, week="2026-W20", people=4)
    assert len(firm.release("2026-W25")) == 3
    firm.say(OF_OPS, week="2026-W26")
    assert _pairs(firm.release("2026-W26"))[3:] == [("ops", "2026-W26", "2026-W26")]


def test_the_others_in_its_parent_may_not_tell_of_it(firm: Firm) -> None:
    """Day speaks, of unknown size: what it says of ops it does not say of itself."""
    firm.teams(more=DAY.replace("headcount = 5\n", ""))
    assert firm.say(OF_NIGHT, of="day").unattributed["no team that may be spoken of"] == 6
    firm.say(OF_NIGHT)
    firm.say(OF_OPS, of="day")
    assert [(c.from_team, c.about_team) for c in firm.release()] == [("day", "ops"), ("sales", "ops")]


def test_a_small_team_that_grew_takes_what_was_merged_with_it(firm: Firm) -> None:
    """Six of nine are spoken of by themselves now, so that ops would be the other three."""
    firm.say(OF_NIGHT)
    firm.teams(night=6)
    firm.say(f"{OF_NIGHT} again", by="q")
    assert _pairs(firm.release()) == [("night", "2026-W10", "2026-W10")]


def test_a_small_team_that_grew_leaves_its_parent_where_enough_others_are_in_it(firm: Firm) -> None:
    """No comment is in both cells, so that nobody is left over when one is taken from the other."""
    firm.teams(ops=30)
    firm.say(OF_NIGHT, people=9)
    firm.teams(ops=30, night=6)
    assert firm.say(OF_NIGHT, people=10).added == 1  # the file grew: those that count for ops do not count for night
    firm.say(f"{OF_NIGHT} again", people=5, by="q")
    cells = {cell.about_team: cell.respondents for cell in firm.release()}
    assert cells == {"night": 6, "ops": 9}
