"""An erroneous file is taken out again, whole, before any of its windows closed; and what is kept for that."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from friction.batch_report import Report
from friction.disclosure import Policy
from friction.errors import UsageError
from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.records import Directory, TeamId, Week
from friction.release import release
from friction.settings import Settings
from friction.store.releases import ReleaseStore, serialise
from friction.store.scores import METADATA, ScoreStore, Taken, Vote
from friction.store.scores.batches import Withdrawn
from tests.conftest import CONFIG, ENGINES, Ask, query

FRICTION = Path(sys.executable).parent / "friction"
HEADER = "text,from_team,respondent,week\n"
MakeVote = Callable[..., Vote]
FIRST = Week.parse("2026-W10")
TABLES = [name for name in METADATA.tables if name not in ("secrets", "clock")]


def _kept(ask: Ask) -> dict[str, list[Any]]:
    """Every row of every table; ids and salts apart, which are drawn anew."""
    columns = {t: [c.name for c in METADATA.tables[t].columns if c.name not in ("id", "salt")] for t in TABLES}
    rows = {t: ask(f"select {', '.join(found)} from {t}") for t, found in columns.items()}
    return {t: sorted(map(repr, found)) for t, found in rows.items()}


@pytest.fixture
def run(settings: Settings, pipeline: Pipeline, scores: ScoreStore) -> Callable[..., Report]:
    def ingest_rows(name: str, *rows: str) -> Report:
        path = settings.home / name
        path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
        return ingest(str(path), settings=settings, pipeline=pipeline, store=scores)

    return ingest_rows


@ENGINES
def test_what_was_withdrawn_leaves_nothing_and_may_come_again(
    run: Callable[..., Report], scores: ScoreStore, ask: Ask
) -> None:
    run("before.csv", "Marketing never answers us,sales,p1,2026-W11")
    before = _kept(ask)
    rows = ["Marketing and the helpdesk are late,sales,p1,2026-W10", "The helpdesk is rude,it,p2,2026-W12"]
    report = run("wrong.csv", *rows)
    assert report.added == 3
    after = _kept(ask)
    assert scores.withdraw(report.batch[:6]) == Withdrawn(report.batch, 3)
    assert _kept(ask) == before
    assert ask("select week from clock where name = 'start'") == [(Week.parse("2026-W11").index,)]
    again = run("right.csv", *rows)
    assert again.added == 3
    assert again.batch != report.batch, "an id says nothing of its file"
    assert {t: len(found) for t, found in _kept(ask).items()} == {t: len(found) for t, found in after.items()}


def _add(scores: ScoreStore, content: bytes, votes: list[Vote]) -> str:
    """Put a batch in; its id."""
    found: list[str] = []

    def note(taken: Taken) -> dict[str, Any]:
        found.append(taken.batch)
        return {"added": taken.added}

    scores.add_batch(content, votes, report=note)
    return found[0]


def test_a_file_withdrawn_before_a_release_changes_no_byte_of_it(
    settings: Settings, scores: ScoreStore, directory: Directory, make_vote: MakeVote, tmp_path: Path
) -> None:
    """Two stores with the same salt: to the one the wrong file came and went, to the other it never came."""
    votes = [make_vote(f"p{n}", blamed=n < 4) for n in range(7)]
    said = []
    for number, comes in enumerate([True, False]):
        address = f"sqlite:///{tmp_path / f'scores-{number}.sqlite'}"
        store = ScoreStore(address)
        query(
            address, f"insert into windows (from_team, about_team, salt) values ('sales', 'marketing', x'{'07' * 32}')"
        )
        if comes:
            wrong = _add(store, b"wrong", [make_vote(f"q{n}", blamed=True) for n in range(9)])
            _add(store, b"f", votes)
            store.withdraw(wrong)
        else:
            _add(store, b"f", votes)
        releases = ReleaseStore(f"sqlite:///{tmp_path / f'releases-{number}.sqlite'}", create=True)
        release(store, releases, directory=directory, policy=Policy(), through=FIRST)
        said.append(serialise(releases.cells()))
        store.close()
        releases.close()
    assert said[0] == said[1]
    assert '"respondents"' in said[0]


@ENGINES
def test_once_a_window_is_closed_nothing_of_the_file_is_withdrawn(
    scores: ScoreStore, releases: ReleaseStore, directory: Directory, make_vote: MakeVote, ask: Ask
) -> None:
    """Two releases must never differ by one file."""
    votes = [make_vote(f"p{n}") for n in range(6)] + [make_vote("p0", about_team="support")]
    batch = _add(scores, b"f", votes)
    later = _add(scores, b"g", [make_vote("p1", about_team="support")])
    release(scores, releases, directory=directory, policy=Policy(), through=FIRST)
    before = _kept(ask)
    with pytest.raises(UsageError, match="6 votes of 7 in windows that are closed"):
        scores.withdraw(batch)
    assert _kept(ask) == before
    assert scores.withdraw(later).votes == 1


@ENGINES
@pytest.mark.parametrize("first_goes", [True, False])
def test_words_that_two_files_brought_stay_with_the_one_that_stays(
    first_goes: bool, scores: ScoreStore, make_vote: MakeVote, ask: Ask
) -> None:
    """Two people wrote the same; whichever file goes, the other's comes again as one that is known."""
    mine, theirs = (make_vote(person, comment="late again") for person in ("p1", "p2"))
    batches = [_add(scores, b"f", [mine]), _add(scores, b"g", [theirs])]
    scores.withdraw(batches[0 if first_goes else 1])
    gone, stayed = (mine, theirs) if first_goes else (theirs, mine)
    assert scores.add_batch(b"grown", [stayed]) == 0
    assert scores.add_batch(b"again", [gone]) == 1
    assert ask("select count(*), count(distinct respondent) from scores") == [(2, 2)]


def test_a_file_that_brought_the_same_comments_may_come_again_for_them(
    run: Callable[..., Report], settings: Settings, ask: Ask, scores: ScoreStore
) -> None:
    wrong, right = "Marketing is late,sales,p1,2026-W10", "Marketing is rude,sales,p2,2026-W10"
    batch = run("a.csv", wrong, right).batch
    assert run("b.csv", right).added == 0
    scores.withdraw(batch)
    assert run("b.csv", right).added == 1
    assert run("b.csv", right).repeated


def test_a_file_cut_off_and_completed_counts_once(run: Callable[..., Report], ask: Ask) -> None:
    """However much of it came, as long as the cut is between rows; twice in a row, and from both sides."""
    rows = [f"Marketing is late {n} times,sales,p{n},2026-W10" for n in range(6)]
    for part in (rows[:2], rows[:4], rows[3:], rows):
        run("export.csv", *part)
    assert ask("select count(*), count(distinct respondent) from scores") == [(6, 6)]


@ENGINES
def test_nothing_that_says_from_which_file_joins_two_windows_or_outlives_one(
    scores: ScoreStore, releases: ReleaseStore, directory: Directory, make_vote: MakeVote, ask: Ask
) -> None:
    people = [(f"p{n}", about) for n in range(6) for about in ("marketing", "support", "it")]
    _add(scores, b"f", [make_vote(person, about_team=about, comment=person) for person, about in people])
    for table in ("scores", "arrivals"):
        found = ask(f"select about_team, batch from {table}")
        tags = {about: {bytes(tag) for team, tag in found if team == about} for about in ("marketing", "support", "it")}
        assert [len(of) for of in tags.values()] == [1, 1, 1]
        assert not [pair for pair in combinations(tags.values(), 2) if pair[0] & pair[1]]
    assert [b.report for b in scores.batches()] == [{"added": 18}]
    release(scores, releases, directory=directory, policy=Policy(), through=FIRST)
    assert ask("select count(*) from arrivals") == [(0,)]
    assert ask("select count(*) from batches") == [(0,)]
    assert scores.batches() == []


@ENGINES
def test_a_file_is_listed_as_long_as_a_vote_of_it_waits_in_any_window(
    scores: ScoreStore, releases: ReleaseStore, directory: Directory, make_vote: MakeVote
) -> None:
    waits = [_add(scores, team.encode(), [make_vote("p0", about_team=team)]) for team in ("hr", "it", "support")]
    _add(scores, b"closes", [make_vote(f"p{n}") for n in range(6)])
    release(scores, releases, directory=directory, policy=Policy(), through=FIRST)
    assert {batch.id for batch in scores.batches()} == set(waits)


@ENGINES
def test_no_order_says_which_comment_is_whose(scores: ScoreStore, make_vote: MakeVote, ask: Ask) -> None:
    """As rows stand in their files, and as votes are numbered: by keys, and not as they came."""
    _add(scores, b"f", [make_vote(f"p{n}") for n in range(50)])
    for column in ("key from arrivals", "key from seen", "respondent from scores order by number"):
        keys = [bytes(key) for (key,) in ask(f"select {column}")]
        assert len(keys) == 50
        assert keys == sorted(keys)


@ENGINES
def test_a_file_that_is_read_again_counts_for_no_other_team(scores: ScoreStore, make_vote: MakeVote, ask: Ask) -> None:
    """Though another team may be spoken of by now: the same people would be published twice. Unless it is withdrawn."""
    first = [make_vote(f"p{n}", comment=f"c{n}") for n in range(3)]
    scores.add_batch(b"f", first, whole=False)
    more = [vote for old in first for vote in (replace(old, about_team=TeamId("it")), old)]
    assert scores.add_batch(b"f", more, whole=False) == 0
    assert ask("select about_team, count(*) from arrivals group by 1 order by 1") == [("marketing", 3)]
    assert ask("select about_team, votes from parts order by 1") == [("marketing", 3)]
    assert scores.withdraw(scores.batches()[0].id).votes == 3
    assert scores.add_batch(b"f", more, whole=False) == 6
    assert scores.withdraw(scores.batches()[0].id).votes == 6
    assert [ask(f"select count(*) from {table}") for table in TABLES] == [[(0,)]] * len(TABLES)


def test_an_unknown_batch_and_one_whose_windows_are_closed_say_so(
    scores: ScoreStore, releases: ReleaseStore, directory: Directory, make_vote: MakeVote
) -> None:
    batch = _add(scores, b"f", [make_vote(f"p{n}") for n in range(6)])
    for wanted in ("", "zzzz", batch[:2]):
        with pytest.raises(UsageError, match="No batch"):
            scores.withdraw(wanted)
    release(scores, releases, directory=directory, policy=Policy(), through=FIRST)
    with pytest.raises(UsageError, match=r"No batch .* is in open windows, and what was released stays"):
        scores.withdraw(batch)


def test_the_command_lists_and_withdraws_without_a_name_of_a_file(tmp_path: Path) -> None:
    def friction(*arguments: str, code: int = 0) -> str:
        done = subprocess.run([FRICTION, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    assert "No batch has votes" in friction("ingest", "--batches")
    assert "nothing was read yet" in friction("ingest", "--withdraw", "abcd", code=2)
    assert not (tmp_path / "friction-data").exists()
    rows = "Marketing is late,sales,p1,2026-W10\nMarketing is rude,,p2,2026-W11\nhm,nobody,p2,2026-W11\n"
    (tmp_path / "jane-doe.csv").write_text(HEADER + rows, encoding="utf-8")
    report = json.loads(friction("ingest", "jane-doe.csv", "--format", "json"))
    (listed,) = (json.loads(line) for line in friction("ingest", "--batches", "--format", "json").splitlines())
    lasting = report | {"rejects": [group | {"rows": []} for group in report["rejects"]]}
    assert {k: listed[k] for k in listed.keys() & report.keys()} == {k: lasting[k] for k in listed.keys() - {"day"}}
    assert (listed["batch"], listed["added"], listed["rejected"]) == (report["batch"], 1, 1)
    assert f"{report['batch']}  " in friction("ingest", "--batches")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "friction-data").rglob("*") if path.is_file())
    assert b"jane" not in kept
    (rejected,) = (tmp_path / "friction-data" / "rejects").iterdir()
    assert str(rejected) == report["rejects_file"]
    assert f"1 vote of batch {report['batch']}" in friction("ingest", "--withdraw", report["batch"][:5].upper())
    assert not rejected.exists()
    assert "No batch has votes" in friction("ingest", "--batches")
    assert "1 vote counted" in friction("ingest", "jane-doe.csv")
