"""What a reading and a release ask of the private store, they find by way of an index: each statement, as it is asked.

With sequential scans forbidden PostgreSQL still makes one where no index helps, however few rows there are.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event

from friction.disclosure import Policy
from friction.records import Directory, Week
from friction.release import release
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from tests.conftest import ENGINES

pytestmark = ENGINES
LARGE = {"scores": "from_team", "arrivals": "from_team", "seen": "week"}
"""Tables with a row for each comment or vote, and the column with which their keys begin."""
MakeVote = Callable[..., Vote]


@contextmanager
def _watched(store: ScoreStore) -> Iterator[list[tuple[str, list[str]]]]:
    """Statements on large tables, and what each does with them: ``SEARCH`` by an index, or ``SCAN``."""
    found: list[tuple[str, list[str]]] = []

    def look(db: Connection, _: object, statement: str, parameters: Any, __: object, many: bool) -> None:
        if statement.startswith(("SELECT", "DELETE", "UPDATE")):
            ways = _ways(db, statement, parameters[0] if many else parameters)
            if ways:
                found.append((statement, ways))

    engine = store._database._engine
    event.listen(engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", look)


def _ways(db: Connection, statement: str, parameters: Any) -> list[str]:
    cursor = db.connection.cursor()
    if db.dialect.name == "sqlite":
        plan = [row[3].split() for row in cursor.execute(f"explain query plan {statement}", parameters)]
        return [words[0] for words in plan if words[0] in ("SCAN", "SEARCH") and words[1] in LARGE]
    cursor.execute("set local enable_seqscan = off")
    cursor.execute(f"explain (format json) {statement}", parameters)
    return list(_scans(cursor.fetchone()[0][0]["Plan"]))


def _scans(node: dict[str, Any]) -> Iterator[str]:
    """An index of which the first column is not known is read from end to end, and is no better than the table."""
    kind = node["Node Type"]
    table = node.get("Index Name", "").partition("_pkey")[0]
    if table in LARGE:
        yield "SEARCH" if LARGE[table] in node.get("Index Cond", "") else "SCAN"
    elif kind == "Seq Scan" and node["Relation Name"] in LARGE:
        yield "SCAN"
    for part in node.get("Plans", ()):
        yield from _scans(part)


def test_every_question_finds_an_index(
    scores: ScoreStore, releases: ReleaseStore, directory: Directory, make_vote: MakeVote
) -> None:
    votes = [make_vote(f"p{i}", about_team=about) for i in range(20) for about in ("marketing", "it")]
    scores.add_batch(b"before", votes[:10])
    with _watched(scores) as found:
        scores.add_batch(b"grown", votes)
        release(scores, releases, directory=directory, policy=Policy(), through=Week.parse("2026-W11"))
    asked = {next(table for table in LARGE if table in statement) for statement, _ in found}
    assert asked == set(LARGE)
    assert len({s for s, _ in found if s.startswith("DELETE")}) == 4
    assert [s for s, ways in found if "SCAN" in ways] == []


def test_a_question_without_an_index_is_found(scores: ScoreStore) -> None:
    """The control: this is what the test above would see."""
    with _watched(scores) as found, scores._database.read() as db:
        db.exec_driver_sql("SELECT count(*) FROM scores WHERE batch = 'b'")
        db.exec_driver_sql("SELECT max(week) FROM scores WHERE from_team = 'sales'")
    assert [ways for _, ways in found] == [["SCAN"], ["SEARCH"]]


@pytest.mark.parametrize("people", [5, 40])
def test_a_week_asks_as_often_however_many_wrote_and_whatever_waits_behind_it(
    people: int, scores: ScoreStore, releases: ReleaseStore, directory: Directory, make_vote: MakeVote
) -> None:
    weeks = [f"2026-W{n}" for n in range(10, 10 + people // 5)]
    scores.add_batch(b"f", [make_vote(f"p{i}", week) for week in weeks for i in range(people)])
    with _watched(scores) as found:
        release(scores, releases, directory=directory, policy=Policy(), through=Week.parse("2026-W10"))
    assert sorted(s.split()[0] for s, _ in found) == ["DELETE"] * 4 + ["SELECT"] * 4
