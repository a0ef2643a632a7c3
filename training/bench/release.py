"""Releases of millions of votes: ``python -m training.bench.release --rows N --out PAGE``.

A company of 400 pairs that wrote for two years and released nothing; then it releases, week by week, 104 times. Rows go
into the store's own tables, together with all that stands beside a vote there: which comment a file brought, and by
what it is known again. Every window closes in its week, so that each row is counted in one week, and deleted.

Beside it two bare ``GROUP BY`` of the same votes by pair, week and respondent, each in a process of its own on the same
cores: DuckDB's from Parquet, and SQLite's from the store itself, which shows what of the distance is the store's. They
make no cell and delete nothing. DuckDB does not read the store, since its extension for SQLite is a download. Everybody
fails where the number of rows is not right. Needs the extra ``bench``.
"""

import argparse
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import insert

from friction.records import Week
from friction.store.engine import connect
from friction.store.loading import load
from friction.store.scores import ScoreStore
from friction.store.scores.keys import batch_tag
from friction.store.scores.tables import BATCHES, CLOCK, PARTS, SCORES, WHO, WINDOWS
from friction.taxonomy import PATTERNS

from .report import machine
from .waiting import Start, alone

SPEAK: Final = [f"team-{number:02}" for number in range(20)]
ABOUT: Final = [f"target-{number:02}" for number in range(20)]
PAIRS: Final = [(speaks, about) for speaks in SPEAK for about in ABOUT]
FIRST: Final = Week.parse("2024-W01")
WEEKS: Final = 104
COMMENTS: Final = 3
"""Of a person about a team in a week."""
CORES: Final = 2
FRICTION: Final = """
import json, time
from collections import Counter
from contextlib import closing
from sqlalchemy import event
from friction import settings
from friction.records import Week
from friction.release import release
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore
loaded = settings.load(__import__("pathlib").Path(argv[1]))
took, spent, begun = [], Counter(), 0.0
def begin(*_):
    global begun
    begun = time.perf_counter()
def end(_, __, statement, *___):
    spent[statement.split()[0]] += time.perf_counter() - begun
def commit(connection):
    begin()
    committing(connection)
    end(None, None, "COMMIT")
with (
    closing(ScoreStore(loaded.scores_address)) as scores,
    closing(ReleaseStore(loaded.releases_address, create=True)) as releases,
):
    engine = scores._database._engine
    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    committing, engine.dialect.do_commit = engine.dialect.do_commit, commit
    for number in range(int(argv[4])):
        start, week = time.perf_counter(), Week.parse(argv[3]) + number
        release(scores, releases, directory=loaded.directory, policy=loaded.policy, through=week)
        took.append(time.perf_counter() - start)
    found = len(releases.cells())
with open(argv[2], "w") as file:
    json.dump([took, spent], file)
sys.exit(found != int(argv[5]))
"""
DUCKDB: Final = """
import duckdb
columns = "from_team, about_team, week, respondent"
said = "count(*) as n, sum(blamed::int) as b, sum(appreciated::int) as a, bit_or(patterns) as p, max(model) as m"
bare = f"select {columns}, {said} from read_parquet('{argv[1]}/*.parquet') group by {columns}"
duckdb.execute("set threads = " + argv[3])
found = duckdb.sql(f"select sum(n), sum(b + a + p), max(m) from ({bare})").fetchone()[0]
sys.exit(found != int(argv[2]))
"""
SQLITE: Final = """
import sqlite3
columns = "from_team, about_team, week, respondent"
said = "count(*) as n, sum(blamed) as b, sum(appreciated) as a, max(patterns) as p, max(model) as m"
with sqlite3.connect(f"file:{argv[1]}?mode=ro", uri=True) as db:
    bare = f"select {columns}, {said} from scores group by {columns}"
    found = db.execute(f"select sum(n), sum(b + a + p), max(m) from ({bare})").fetchone()[0]
sys.exit(found != int(argv[2]))
"""
PAGE: Final = """# Releases

Written by `python -m training.bench.release --rows {rows}`. Machine: {machine}.

{rows:,} votes of {people:,} people in 400 pairs over {weeks} weeks; {size:.1f} GB of SQLite. A week's release reads the
votes of the windows that it closes, makes {pairs} cells, deletes the votes and what stands beside them, and overwrites
what it deleted. Two others group the same votes by pair, week and respondent, make no cell and delete nothing: DuckDB
from Parquet, on {cores} cores; SQLite from the store itself, on one, as a release is. (DuckDB could read the store too,
but only with an extension that it downloads.) Each is a process, from its start to its end, once, on a machine that may
have had other work. **Only ratios travel to other machines.**

| | seconds | rows a second | highest memory, MB |
| --- | --- | --- | --- |
| `friction release`, {weeks} weeks | {ours.seconds:.1f} | {our_rate:,.0f} | {ours.megabytes:.0f} |
| SQLite, bare `GROUP BY` | {store.seconds:.1f} | {store_rate:,.0f} | {store.megabytes:.0f} |
| DuckDB, bare `GROUP BY` | {peer.seconds:.1f} | {peer_rate:,.0f} | {peer.megabytes:.0f} |

The release takes {ratio:.1f} times as long as DuckDB, and {store_ratio:.1f} times as long as SQLite.
Of its time the private store took {reading:.0%} to read and count, {deleting:.0%} to delete, and {lasting:.0%} to put
on the disk what it deleted and to cut its log, which neither of the others does. The rest is Python, the start, and the
public store.

One week's release: {week:.2f} s (median), {first:.2f} s in the first ten weeks, behind which all others
wait, {last:.2f} s in the last ten, when nearly all rows are gone.
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run found: the processes, the seconds of each week's release, and those that the private store took.

    Attributes:
        spent: seconds of the private store in all weeks, by the first word of what it was told.
    """

    rows: int
    size: int
    ours: Start
    store: Start
    peer: Start
    weeks: Sequence[float]
    spent: Mapping[str, float]


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--weeks", type=int, default=WEEKS)
    parser.add_argument("--scratch", type=Path, help="where there is room for 350 bytes a row")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory(dir=args.scratch) as scratch:
        found = measure(Path(scratch), args.rows, args.weeks)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(page(found), encoding="utf-8")
    print(f"Wrote {args.out}")


def measure(home: Path, rows: int, weeks: int) -> Measured:
    """Fill a store, group its votes with DuckDB, release them."""
    people = max(rows // (len(PAIRS) * weeks * COMMENTS), 5)
    settings = configure(home)
    file = home / "friction-data" / "scores.sqlite"
    address = f"sqlite:///{file}"
    _say("fill")
    rows = fill(address, people=people, weeks=weeks)
    size = file.stat().st_size
    _say("export")
    export(address, home / "votes")
    _say("DuckDB")
    peer = alone(command(DUCKDB, home / "votes", rows, CORES))
    _say("SQLite")
    store = alone(command(SQLITE, file, rows))
    _say("release")
    took = home / "took.json"
    ours = alone(command(FRICTION, settings, took, FIRST, weeks, weeks * len(PAIRS)))
    return Measured(rows, size, ours, store, peer, *json.loads(took.read_text()))


def command(code: str, *arguments: object) -> Sequence[str]:
    """A contestant as a process of its own."""
    return (sys.executable, "-c", f"import sys\nargv = sys.argv\n{code}", *map(str, arguments))


def configure(home: Path) -> Path:
    """A configuration whose teams are large enough for all that is said of them."""
    settings = home / "friction.toml"
    teams = (f'[teams.{team}]\nname = "{team.title()}"\nheadcount = 1000000\n' for team in SPEAK + ABOUT)
    settings.write_text("".join(teams), encoding="utf-8")
    return settings


def fill(address: str, *, people: int, weeks: int) -> int:
    """A store in which so many people of each pair wrote in each week, one file a week; returns how many votes."""
    ScoreStore(address).close()
    salts = {pair: secrets.token_bytes(32) for pair in PAIRS}
    files = [secrets.token_bytes(32) for _ in range(weeks)]
    votes = people * COMMENTS
    with closing(connect(address, "scores", create=False)) as store:
        with store.write() as db:
            load(db, CLOCK, [("start", FIRST.index)])
            db.execute(insert(WINDOWS), [{"from_team": a, "about_team": b, "salt": s} for (a, b), s in salts.items()])
            batch = {"whole": True, "day": "2024-01-01", "added": votes * len(PAIRS), "repeats": 0, "report": "{}"}
            db.execute(insert(BATCHES), [{"id": file, "key": file} | batch for file in files])
        for pair in PAIRS:
            with store.write() as db:
                tags = [batch_tag(salts[pair], file) for file in files]
                load(db, SCORES, list(_votes(pair, people, tags[0])))
                for week, tag in enumerate(tags, start=FIRST.index):
                    if week > FIRST.index:
                        db.exec_driver_sql(_COPY, (week, tag, *pair, FIRST.index))
                    db.exec_driver_sql(_BRING, (*pair, week, tag, votes))
                load(db, PARTS, [(*pair, week, tag, votes, False) for week, tag in enumerate(tags, start=FIRST.index)])
        for week in range(FIRST.index, FIRST.index + weeks):
            with store.write() as db:
                db.exec_driver_sql(_SEE, (week, votes * len(PAIRS)))
    return votes * len(PAIRS) * weeks


_COPY: Final = (
    "insert into scores select from_team, about_team, ?, respondent, ?, number, lang, blamed, appreciated, patterns, "
    "model from scores where from_team = ? and about_team = ? and week = ?"
)
"""A week says what the first one said."""
_BRING: Final = (
    "with recursive comments(n) as (select 1 union all select n + 1 from comments where n < ?5) "
    "insert into arrivals select ?1, ?2, ?3, ?4, randomblob(32) as key, 1 from comments order by key"
)
_SEE: Final = (
    "with recursive comments(n) as (select 1 union all select n + 1 from comments where n < ?2) "
    "insert into seen select ?1, randomblob(32) as key from comments order by key"
)


def _votes(pair: tuple[str, str], people: int, tag: bytes) -> Iterator[tuple[Any, ...]]:
    """Votes of the first week: a third of the people blame, and then voice one of the patterns, or two."""
    number = 0
    for person in sorted(secrets.token_bytes(WHO) for _ in range(people)):
        lang, blames, appreciates = "fr" if person[0] % 4 == 0 else "en", person[1] % 3 == 0, person[2] % 5 == 0
        for comment in range(COMMENTS):
            patterns = (1 << person[3] % len(PATTERNS) | 1 << person[4 + comment] % 2) if blames else 0
            yield (*pair, FIRST.index, person, tag, number, lang, blames, appreciates, patterns, "friction-enfr-2")
            number += 1


def export(address: str, folder: Path) -> None:
    """Votes as Parquet, a file for each speaking team."""
    import polars

    folder.mkdir()
    names = [column.name for column in SCORES.columns]
    with closing(connect(address, "scores", create=False)) as store:
        for team in SPEAK:
            parts = []
            with store.read() as db:
                found = db.exec_driver_sql(f"select * from scores where from_team = '{team}'").cursor  # noqa: S608
                while found is not None and (rows := found.fetchmany(200_000)):
                    frame = polars.DataFrame(rows, schema=names, orient="row").drop("batch", "number")
                    parts.append(frame.with_columns(polars.col("blamed", "appreciated").cast(polars.Boolean)))
            polars.concat(parts).write_parquet(folder / f"{team}.parquet")


def page(found: Measured) -> str:
    """The page in Markdown."""
    return PAGE.format(
        machine=machine(),
        rows=found.rows,
        people=found.rows // (COMMENTS * len(found.weeks)),
        size=found.size / 1e9,
        pairs=len(PAIRS),
        weeks=len(found.weeks),
        cores=CORES,
        ours=found.ours,
        store=found.store,
        peer=found.peer,
        our_rate=found.rows / found.ours.seconds,
        store_rate=found.rows / found.store.seconds,
        peer_rate=found.rows / found.peer.seconds,
        ratio=found.ours.seconds / found.peer.seconds,
        store_ratio=found.ours.seconds / found.store.seconds,
        reading=found.spent["SELECT"] / found.ours.seconds,
        deleting=found.spent["DELETE"] / found.ours.seconds,
        lasting=(found.spent["COMMIT"] + found.spent["PRAGMA"]) / found.ours.seconds,
        week=median(found.weeks),
        first=median(found.weeks[:10]),
        last=median(found.weeks[-10:]),
    )


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
