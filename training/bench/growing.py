"""How cost grows with comments and with workers: ``python -m training.bench.growing --out PAGE``.

Each figure is a command from its start to its end, less what the same command takes for a single comment. No two texts
are equal: nobody is spared a duplicate.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from .reading import SOURCES, commands, write
from .report import machine
from .waiting import FRICTION, Start, alone

READ: Final = (10_000, 100_000, 1_000_000)
SCORED: Final = (1_000, 10_000, 100_000)
SHARED: Final = 20_000
"""Comments that workers share."""
BILLION: Final = 1e9
PAGE: Final = """# How cost grows

Written by `make bench-growth`. Machine: {machine}. {turns}

A figure is a command from its start to its end, in a process of its own, less what it takes for a single comment.
Growth is the exponent that fits best: 1 is ten times the seconds for ten times the comments.

## With comments

| | comments | seconds | highest memory, MB |
| --- | --- | --- | --- |
{sizes}

| | target | here | |
| --- | --- | --- | --- |
{targets}

## With workers

`friction score` of {shared:,} comments, file to file, beside one process that is pinned to one core
(`friction score --engine dask --workers N`, see [more than one process](cluster.md)):

| | comments a second | efficiency |
| --- | --- | --- |
{workers}

## A billion comments

At {rate:.0f} comments a second and core, a billion take {hours:,.0f} hours of one core: {shared_hours:.0f} hours on a
hundred cores of this kind at the efficiency above. A worker takes some {memory:.0f} MB, however many comments pass.

**What breaks first** is the process that reads: it finds rows, teams and weeks at {read:,.0f} rows a second, so that
one command keeps no more than {most:.0f} workers busy. From there on give each file, or each prefix of an object store,
a command of its own: nothing is shared between them. After that it is the private store, into which one ingestion
writes at a time.
"""


@dataclass(frozen=True, slots=True)
class Grown:
    """A command over ever more comments.

    Attributes:
        name: as the page calls it.
        single: for one comment.
        sizes: comments.
        starts: for each of ``sizes``.
    """

    name: str
    single: Start
    sizes: Sequence[int]
    starts: Sequence[Start]

    @property
    def seconds(self) -> list[float]:
        """Of each size, less those of a single comment."""
        return [start.seconds - self.single.seconds for start in self.starts]

    @property
    def exponent(self) -> float:
        """Seconds grow as comments to the power of this."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])

    @property
    def memory(self) -> float:
        """How many times the memory of the smallest size the largest takes."""
        return self.starts[-1].megabytes / self.starts[0].megabytes


@dataclass(frozen=True, slots=True)
class Run:
    """All that a run measured.

    Attributes:
        grown: commands over ever more comments.
        pinned: comments a second of one process on one core.
        shared: comments a second by number of Dask's workers.
        memory: of a worker at most, in 10⁶ bytes.
        read: rows a second of the sources alone.
    """

    grown: Sequence[Grown]
    pinned: float
    shared: dict[int, float]
    memory: float
    read: float


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=float, default=1.0, help="so many times the comments: 0.01 for a short run")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(Path(scratch), args.times)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(page(found, args.times), encoding="utf-8")
    print(f"Wrote {args.out}")


def measure(scratch: Path, times: float) -> Run:
    """Run every command."""
    read = grow("`friction ingest --dry-run --no-scores`", _sized(READ, times), _command("ingest", scratch))
    scored = grow("`friction score`", _sized(SCORED, times), _command("score", scratch))
    rows = round(SHARED * times)
    core = str(min(os.sched_getaffinity(0)))
    pinned, rates = _rate(rows, _command("score", scratch, before=("taskset", "-c", core))), {}
    for workers in (1, 2):
        rates[workers] = _rate(rows, _command("score", scratch, "--engine", "dask", "--workers", str(workers)))
    file, settings = write(scratch, rows, numbered=True)
    sources = alone(commands(file, settings, rows)[SOURCES])
    return Run([read, scored], pinned, rates, max(s.megabytes for s in scored.starts), rows / sources.seconds)


def grow(name: str, sizes: Sequence[int], command: Callable[[int], Sequence[str]]) -> Grown:
    """The command over one comment, then over each of the sizes."""
    starts = []
    for size in (1, *sizes):
        print(f"{name}: {size:,} comments", file=sys.stderr, flush=True)
        starts.append(alone(command(size)))
    return Grown(name, starts[0], sizes, starts[1:])


def page(run: Run, times: float) -> str:
    """The page in Markdown."""
    sizes = [
        f"| {g.name} | {size:,} | {seconds:.1f} | {start.megabytes:.0f} |"
        for g in run.grown
        for size, seconds, start in zip(g.sizes, g.seconds, g.starts, strict=True)
    ]
    targets = []
    for g in run.grown:
        is_linear, is_flat = abs(g.exponent - 1) <= 0.05, g.memory <= 1.1
        targets.append(f"| growth of {g.name} | 0.95 to 1.05 | {g.exponent:.3f} | {_word(is_linear)} |")
        targets.append(f"| its memory, last over first | at most 1.1 | {g.memory:.2f} | {_word(is_flat)} |")
    efficiency = {workers: rate / run.pinned / workers for workers, rate in run.shared.items()}
    targets.append(
        f"| efficiency of two workers | at least 0.9 | {efficiency[2]:.2f} | {_word(efficiency[2] >= 0.9)} |"
    )
    workers = [f"| one process on one core | {run.pinned:.0f} | |"]
    workers += [f"| Dask, {n} | {rate:.0f} | {efficiency[n]:.2f} |" for n, rate in run.shared.items()]
    hours = BILLION / run.pinned / 3600
    return PAGE.format(
        machine=machine(),
        turns="Each once." if times == 1 else f"{times:g} times the comments of a full run: too few to quote.",
        sizes="\n".join(sizes),
        targets="\n".join(targets),
        shared=round(SHARED * times),
        workers="\n".join(workers),
        rate=run.pinned,
        hours=hours,
        shared_hours=hours / 100 / efficiency[2],
        memory=run.memory,
        read=run.read,
        most=run.read / run.pinned,
    )


def _command(name: str, scratch: Path, *options: str, before: Sequence[str] = ()) -> Callable[[int], Sequence[str]]:
    """What starts the command over so many comments, none equal to another."""

    def started(rows: int) -> Sequence[str]:
        file, settings = write(scratch, rows, numbered=True)
        output = ("--dry-run", "--no-scores") if name == "ingest" else ("--out", str(scratch / "scored.jsonl"))
        return (*before, str(FRICTION), name, str(file), "--config", str(settings), *output, *options)

    return started


def _rate(rows: int, command: Callable[[int], Sequence[str]]) -> float:
    grown = grow(" ".join(command(1)[-4:]), [rows], command)
    return rows / grown.seconds[0]


def _sized(sizes: Sequence[int], times: float) -> list[int]:
    return [max(round(size * times), 2) for size in sizes]


def _word(is_met: bool) -> str:
    return "met" if is_met else "missed"


if __name__ == "__main__":
    main()
