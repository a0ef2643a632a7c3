"""How long a read of released cells takes: ``make bench-reads``, on SQLite and on PostgreSQL, in one run.

    python -m training.bench.reads [--rate 500] [--seconds 30]

``friction serve``, a process of its own, holds 26 weeks of 380 pairs. Requests come on time, whether or not those
before them are answered, and are counted from when they were due (no coordinated omission), so that a stall shows in
all that it delays. Each asks for one pair's series of 26 cells, another one each time, with a key, over connections
that stay. Beside their time stands the processor's time that the server spent on one, which other work of the machine
hardly moves.

Needs the sources: PostgreSQL is started as the tests start it, and left out with a word where it is not installed.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import numpy as np

from friction.disclosure import MECHANISM
from friction.model_folder import RELEASED
from friction.records import Cell, TeamId, Week
from friction.store.releases import ReleaseStore, serialise
from friction.store.schema import STORES
from friction.taxonomy import PATTERNS

TEAMS: Final = [f"team-{i:02}" for i in range(20)]
PAIRS: Final = [(a, b) for a in TEAMS for b in TEAMS if a != b]
PATHS: Final = [f"/v1/pairs/{a}/{b}" for a, b in PAIRS]
FIRST: Final = Week.parse("2026-W01")
WEEKS: Final = 26
CONNECTIONS: Final = 32
BIN: Final = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run saw, in milliseconds from when a request was due.

    Attributes:
        first: seconds until the first answer, in which all trends are reckoned.
        work: milliseconds of a processor that the server spent on a read.
        failed: answers other than 200, or none.
    """

    engine: str
    first: float
    work: float
    latencies: "np.ndarray[tuple[int], np.dtype[np.float64]]"
    failed: int

    def line(self) -> str:
        """A row of the table."""
        p50, p99, most = np.percentile(self.latencies, [50, 99, 100])
        asked = len(self.latencies)
        times = f"{p50:.1f} | {p99:.1f} | {most:.1f} | {self.work:.2f} | {self.first:.1f}"
        return f"| {self.engine} | {asked} | {self.failed} | {times} |"


def fill(home: Path, stores: dict[str, str]) -> None:
    """A configuration of twenty teams, and their releases."""
    lines = [f'[teams.{team}]\nname = "{team.title()}"\nheadcount = 30' for team in TEAMS]
    lines += ["[service]\nrequests_per_minute = 1000000"]
    lines += ["[store]", *(f'{name} = "{address}"' for name, address in stores.items())] if stores else []
    (home / "friction.toml").write_text("\n".join(lines), encoding="utf-8")
    address = stores.get("releases", f"sqlite:///{home}/friction-data/releases.sqlite")
    rng = np.random.default_rng(7)
    store = ReleaseStore(address, create=True)
    for week in range(WEEKS):
        store.append(FIRST + week, serialise([_cell(a, b, FIRST + week, rng) for a, b in PAIRS]))
    store.close()


def _cell(from_team: str, about_team: str, week: Week, rng: np.random.Generator) -> Cell:
    people = int(rng.choice([6, 9, 12, 21]))
    return Cell(
        from_team=TeamId(from_team),
        about_team=TeamId(about_team),
        first_week=week,
        last_week=week,
        respondents=people,
        languages={"en": people, "fr": 0},
        blame=int(rng.choice([0, 3, 6])),
        appreciation=3,
        patterns={p: int(rng.choice([0, 3])) for p in PATTERNS},
        model=RELEASED.name,
        mechanism=MECHANISM,
    )


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, str, int]]:
    """``friction serve`` on a free port: its address, a key, and the process."""
    command = [str(BIN / "friction"), "serve", "--port", "0", "--config", str(home / "friction.toml")]
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,  # noqa: S603  # our own
    ):
        try:
            said = ""
            while not (key := re.search(r"^friction_\w+$", said, re.M)):
                line = server.stdout.readline() if server.stdout else ""
                if not line:
                    raise RuntimeError((home / "log").read_text())
                said += line
            address = re.search(r"http://[\w.:]+", said)
            yield (address[0] if address else ""), key[0], server.pid
        finally:
            server.terminate()
            server.wait(60)


class Asker:
    """A connection that stays open, and asks one thing at a time."""

    def __init__(self, address: str, key: str) -> None:
        self._where = urlsplit(address)
        self._key = key
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, path: str) -> int:
        """The status of the answer, once it is read whole; asked once more where the server had hung up meanwhile."""
        if self._reader is not None and not self._reader.at_eof():
            with suppress(OSError, asyncio.IncompleteReadError):
                return await self._asked(path)
            self.close()
        opened = asyncio.open_connection(self._where.hostname, self._where.port, limit=1 << 20)
        self._reader, self._writer = await opened
        return await self._asked(path)

    async def _asked(self, path: str) -> int:
        if self._reader is None or self._writer is None:
            raise ConnectionError
        request = f"GET {path} HTTP/1.1\r\nHost: {self._where.netloc}\r\nAuthorization: Bearer {self._key}\r\n\r\n"
        self._writer.write(request.encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.I)
        await self._reader.readexactly(int(length[1]) if length else 0)
        return int(head[9:12])

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()


async def load(address: str, key: str, *, rate: float, seconds: float) -> tuple[list[float], int]:
    """Latencies in milliseconds of requests that are due at a steady rate, and how many failed."""
    free: asyncio.LifoQueue[Asker] = asyncio.LifoQueue()
    askers = [Asker(address, key) for _ in range(CONNECTIONS)]
    for asker in askers:
        await asker.ask(PATHS[0])
        free.put_nowait(asker)
    latencies: list[float] = []
    failed = 0

    async def one(path: str, due: float) -> None:
        nonlocal failed
        asker = await free.get()
        try:
            failed += await asker.ask(path) != 200
        except (OSError, asyncio.IncompleteReadError):
            failed += 1
        free.put_nowait(asker)
        latencies.append((time.perf_counter() - due) * 1000)

    start = time.perf_counter() + 0.1
    async with asyncio.TaskGroup() as tasks:
        for i in range(int(rate * seconds)):
            due = start + i / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            tasks.create_task(one(PATHS[i % len(PATHS)], due))
    for asker in askers:
        asker.close()
    return latencies, failed


def measure(engine: str, home: Path, stores: dict[str, str], *, rate: float, seconds: float) -> Measured:
    """One engine's run."""
    fill(home, stores)
    with serving(home) as (address, key, process):
        started = time.perf_counter()
        asyncio.run(_ask(address, key, ["/v1/weeks"]))
        first = time.perf_counter() - started
        asyncio.run(_ask(address, key, PATHS))  # each answer is made once; that is once a week
        before = _worked(process)
        latencies, failed = asyncio.run(load(address, key, rate=rate, seconds=seconds))
        work = (_worked(process) - before) * 1000 / len(latencies)
    return Measured(engine, first, work, np.array(latencies), failed)


def _worked(process: int) -> float:
    """Seconds of a processor that a process has used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _ask(address: str, key: str, paths: list[str]) -> None:
    asker = Asker(address, key)
    for path in paths:
        await asker.ask(path)
    asker.close()


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=30)
    args = parser.parse_args()
    print(
        f"{args.rate:.0f} reads a second for {args.seconds:.0f} s; {len(PAIRS)} pairs, {WEEKS} weeks", file=sys.stderr
    )
    print("| engine | reads | failed | p50 ms | p99 ms | longest ms | processor ms a read | first answer s |")
    print("|---|---|---|---|---|---|---|---|")
    with ExitStack() as stack:
        homes = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        print(measure("SQLite", homes[0], {}, rate=args.rate, seconds=args.seconds).line(), flush=True)
        from tests import postgres

        if postgres.programs() is None:
            print(postgres.MISSING, file=sys.stderr)
            return
        server = stack.enter_context(postgres.serving())
        server.run(*(f"create schema {store}" for store in STORES))
        stores = {store: server.address(schema=store) for store in STORES}
        print(measure("PostgreSQL", homes[1], stores, rate=args.rate, seconds=args.seconds).line(), flush=True)


if __name__ == "__main__":
    main()
