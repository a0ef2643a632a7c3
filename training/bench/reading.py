"""Rows a second of reading a CSV file, beside polars on the same file: ``python -m training.bench.reading --out PAGE``.

Everybody is a process of its own, from its start to its end, in turn, so that memory is told apart as well. Everybody
has to look at the text of every row, and fails where it does not find them all.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from friction.records import Week
from training.corpus import CORPUS, read_directory

from .report import machine
from .rounds import Contestant, Spread, ratio
from .waiting import FRICTION, Start, alone, configuration

ORGANISATION: Final = CORPUS / "dev" / "cobalt-bank.jsonl"
SOURCES: Final = "friction's sources: every row a comment, its teams and week found"
WHOLE: Final = "`friction ingest --dry-run --no-scores`: redaction, language and targets as well"
CSV: Final = "Python's csv module, nothing more"
POLARS: Final = "polars, `read_csv`"
STREAMING: Final = "polars, `scan_csv`, streaming"
_CODE: Final = {
    SOURCES: """
from pathlib import Path
from friction import settings, sources
from friction.targets import TargetFinder
loaded = settings.load(Path(argv[2]))
finder = TargetFinder(loaded.directory)
with sources.open_bytes(argv[1]) as raw:
    rows = sources.read(raw, argv[1], loaded.source(None), finder.resolve, find=finder.find).rows
    found = sum(row.comment is not None and len(row.comment.text) > 0 for row in rows)
""",
    CSV: """
import csv
with open(argv[1], encoding="utf-8", newline="") as lines:
    found = sum(len(row[-1]) > 0 for row in csv.reader(lines)) - 1
""",
    POLARS: """
import polars
found = (polars.read_csv(argv[1], infer_schema=False)["text"].str.len_chars() > 0).sum()
""",
    STREAMING: """
import polars
table = polars.scan_csv(argv[1], infer_schema=False).select((polars.col("text").str.len_chars() > 0).sum())
found = table.collect(engine="streaming").item()
""",
}
PAGE: Final = """# Reading

Written by `make bench`. Machine: {machine}.

A CSV file of {rows:,} rows and {megabytes:.0f} MB: comments of the corpus, each with its id, respondent, teams, week.
Everybody is a process of its own, from its start to its end, in turn; rounds: {rounds}. A figure is the median, with
the least and the most of all rounds; a ratio is taken round by round. **Only ratios travel to other machines.**

| | rows a second | polars, `read_csv`, does as many times | highest memory, MB |
| --- | --- | --- | --- |
{table}

polars reads columns, on all cores, whole or in pieces; it finds no teams and no weeks, counts nobody, rejects no row.
What friction does with a comment after it is read takes far longer than reading it ([benchmarks](benchmarks.md)), so
that its sources are written for bounded memory and a reason for every bad row.
"""


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description="Rows a second of reading CSV, beside polars.")
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--characters", type=int, default=0, help="comments are put together until a text has as many")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        file, settings = write(Path(scratch), args.rows, args.characters)
        found = measure(commands(file, settings, args.rows), args.rows, args.rounds)
        size = file.stat().st_size
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(page(found, args.rows, size), encoding="utf-8")
    print(f"Wrote {args.out}")


def write(folder: Path, rows: int, characters: int = 0, *, numbered: bool = False) -> tuple[Path, Path]:
    """A file of so many rows, each with an id of its own, and the configuration of the organisation that wrote them.

    A text is as many comments as it takes to have so many ``characters``; at least one. It ends in its row's number
    where it is ``numbered``, so that no two are equal.
    """
    said = [json.loads(line) for line in ORGANISATION.read_text(encoding="utf-8").splitlines()]
    last_week = Week.of(date.today()) + -1
    file = folder / "week.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("id", "respondent", "from_team", "about_team", "week", "text"))
        waiting = cycle(said)
        for number, row in enumerate(islice(waiting, rows)):
            text = row["text"]
            while len(text) < characters:
                text = f"{text} {next(waiting)['text']}"
            if numbered:
                text = f"{text} ({number})"
            person = number % 5000
            teams = (row["from_team"], row["about_team"])
            writer.writerow((number, f"p{person}", *teams, last_week, text))
    settings = folder / "friction.toml"
    settings.write_text(configuration(read_directory(ORGANISATION.with_suffix(".toml"))), encoding="utf-8")
    return file, settings


def commands(file: Path, settings: Path, rows: int) -> dict[str, Sequence[str]]:
    """What each contestant is started with; it fails where it does not find every row."""
    found: dict[str, Sequence[str]] = {
        name: (
            sys.executable,
            "-c",
            f"import sys\nargv = sys.argv\n{code}\nsys.exit(found != int(argv[3]))",
            str(file),
            str(settings),
            str(rows),
        )
        for name, code in _CODE.items()
    }
    found[WHOLE] = (str(FRICTION), "ingest", str(file), "--dry-run", "--no-scores", "--config", str(settings))
    return found


def measure(started: Mapping[str, Sequence[str]], rows: int, rounds: int) -> dict[str, tuple[Contestant, list[Start]]]:
    """Every contestant once in each round, forwards and backwards by turns."""
    found = {name: (Contestant(name, list, rows), list[Start]()) for name in started}
    for number in range(rounds):
        for name in list(started) if number % 2 == 0 else list(started)[::-1]:
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
            start = alone(started[name])
            contestant, starts = found[name]
            contestant.seconds.append(start.seconds)
            starts.append(start)
    return found


def page(found: Mapping[str, tuple[Contestant, list[Start]]], rows: int, size: int) -> str:
    """The page in Markdown; ``size`` in bytes."""
    peer, _ = found[POLARS]
    lines = []
    for name, (contestant, starts) in found.items():
        memory = max(start.megabytes for start in starts)
        lines.append(f"| {name} | {Spread.of(contestant.rates)} | {ratio(peer, contestant)} | {memory:.0f} |")
    return PAGE.format(
        machine=machine(), rows=rows, megabytes=size / 1e6, rounds=len(peer.seconds), table="\n".join(lines)
    )


if __name__ == "__main__":
    main()
