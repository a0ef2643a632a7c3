"""Rule 17 on the files: once a window is released, nothing on disk holds its rows or its salt, on both engines."""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary

from friction.disclosure import Policy
from friction.records import Directory, TeamId, Week
from friction.release import release
from friction.settings import Settings, load
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from friction.store.scores.tables import METADATA
from tests import postgres
from tests.conftest import CONFIG, ENGINES, Ask, query


@pytest.fixture
def files(engine: str, settings: Settings, request: pytest.FixtureRequest) -> Callable[[], Iterator[Path]]:
    """Every file of the database; PostgreSQL's own log apart, of which ``docs/stores.md`` tells."""

    def list_files() -> Iterator[Path]:
        folder = settings.data
        if engine == "postgresql":
            server = request.getfixturevalue("postgresql")
            server.run("checkpoint")
            folder = server.folder / "data" / "base"
        yield from (f for f in folder.rglob("*") if f.is_file())

    return list_files


def _holding(files: Iterator[Path], secrets: list[bytes]) -> int:
    contents = [f.read_bytes() for f in files]
    return sum(any(secret in content for content in contents) for secret in secrets)


@ENGINES
def test_a_released_window_is_gone_from_the_files(
    settings: Settings,
    scores: ScoreStore,
    releases: ReleaseStore,
    directory: Directory,
    make_vote: Callable[..., Vote],
    ask: Ask,
    files: Callable[[], Iterator[Path]],
) -> None:
    scores.add_batch(b"f", [make_vote(f"p{i}") for i in range(9)])
    scores.add_batch(b"g", [make_vote(f"p{i}", about_team="support") for i in range(3)])  # too few: stays
    gone = [bytes(v) for (v,) in ask("select respondent from scores where about_team = 'marketing'")]
    gone += [bytes(v) for (v,) in ask("select salt from windows where about_team = 'marketing'")]
    stays = [bytes(v) for (v,) in ask("select respondent from scores where about_team = 'support'")]
    assert (_holding(files(), gone), _holding(files(), stays)) == (10, 3)  # so that the search can find
    release(scores, releases, directory=directory, policy=Policy(), through=Week.parse("2026-W10"))
    assert (_holding(files(), gone), _holding(files(), stays)) == (0, 3)


def test_no_page_keeps_what_was_moved_out_of_it(
    settings: Settings, make_vote: Callable[..., Vote], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite overwrites what it deletes, but now and then not what it moves from one page to another: with these keys
    and rows of these lengths, a respondent stays behind in a page that others still use.
    """
    rng = random.Random(68)
    monkeypatch.setattr("secrets.token_bytes", rng.randbytes)
    scores = ScoreStore(settings.scores_address)
    gone, first = set[bytes](), Week.parse("2026-W10")
    for file in range(4):
        votes = [
            make_vote(
                f"p{file}.{i}",
                about_team=rng.choice(["marketing", "support", "it"]),
                week=str(first + rng.randrange(3)),
                blamed=True,
                comment=f"c{file}.{i}",
                model="m" * rng.randrange(1, 60),
            )
            for i in range(300)
        ]
        scores.add_batch(f"b{file}".encode(), votes)
        gone |= {bytes(who) for (who,) in ask("select respondent from scores")}
        with scores.closing() as closing:
            closing.close([(TeamId("sales"), TeamId(about)) for about in ("marketing", "support")], first + (file - 1))
        scores.scrub()
    gone -= {bytes(who) for (who,) in ask("select respondent from scores")}
    assert len(gone) == 817
    assert _holding((f for f in settings.data.iterdir()), list(gone)) == 0
    assert ask("pragma freelist_count") == [(0,)]
    scores.close()


@pytest.mark.skipif(postgres.programs() is None, reason=postgres.MISSING)
def test_the_planner_s_statistics_keep_nothing_of_it(tmp_path: Path, make_vote: Callable[..., Vote]) -> None:
    """With autovacuum, which samples tables by itself, as servers do that nobody told otherwise."""
    with postgres.serving("autovacuum=on", "autovacuum_naptime=1s", "autovacuum_analyze_threshold=1") as server:
        server.run("create database scores", "create database releases")
        (tmp_path / "friction.toml").write_text(CONFIG)
        directory = load(tmp_path / "friction.toml").directory
        scores = ScoreStore(server.address("scores"))
        releases = ReleaseStore(server.address("releases"), create=True)
        pairs = itertools.permutations(("sales", "marketing", "support", "it"), 2)
        votes = [
            make_vote(f"p{n}", from_team=a, about_team=b, comment=f"{a} {b} {n}") for a, b in pairs for n in range(9)
        ]
        scores.add_batch(b"f", votes)

        def ask(statement: str) -> list[tuple[Any, ...]]:
            return query(server.address("scores"), statement)

        analysed = "select count(*) from pg_stat_user_tables where last_autoanalyze is not null and relname in "
        end = time.monotonic() + 120
        while ask(f"{analysed} ('scores', 'windows', 'arrivals', 'seen')") != [(4,)]:
            assert time.monotonic() < end
            time.sleep(0.2)
        gone = [bytes(v) for (v,) in ask("select salt from windows union select respondent from scores")]
        values = "coalesce(histogram_bounds::text, '') || coalesce(most_common_vals::text, '')"
        kept = f"select {values} from pg_stats where schemaname = 'public'"
        assert ask(f"{kept} and tablename = 'seen'") != []  # the control: it does sample
        release(scores, releases, directory=directory, policy=Policy(), through=Week.parse("2026-W10"))
        told = "".join(row for (row,) in ask(kept))
        assert len(gone) == 12 + 9 * 12
        assert [value for value in gone if value.hex() in told] == []
        assert [team for team in directory.teams if team in told] == []
        scores.close()
        releases.close()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_samples_that_were_taken_before_are_gone(
    settings: Settings, scores: ScoreStore, make_vote: Callable[..., Vote], ask: Ask
) -> None:
    """A store of a version before, which the planner had looked at; and nothing beside a vote is sampled since."""
    scores.add_batch(b"f", [make_vote(f"p{n}") for n in range(9)])
    short = ("windows", "scores", "arrivals", "parts", "batches")
    secret = [
        (t, c) for t in METADATA.tables.values() for c in t.c if t.name in short or isinstance(c.type, LargeBinary)
    ]
    for table, column in secret:
        ask(f"alter table {table.name} alter column {column.name} set statistics -1")
    ask("alter table windows add opens integer")
    ask("update scores_version set version_num = '0007'")
    sampled = "select distinct attname from pg_stats where schemaname = current_schema() and tablename = 'scores'"
    for again in (False, True):
        for table in {table.name for table, _ in secret}:
            ask(f"analyze {table}")
        assert ({("respondent",), ("about_team",)} <= set(ask(sampled))) is not again
        ScoreStore(settings.scores_address).close()
        assert ask(sampled) == []
    found = "select count(*) from pg_attribute where attrelid = '{}'::regclass and attname = '{}' and attstattarget = 0"
    assert [f"{t.name}.{c.name}" for t, c in secret if ask(found.format(t.name, c.name)) != [(1,)]] == []
