"""One command for the whole page: ``python -m training.bench.http``."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from . import report, servers
from .bound import Bound
from .load import Plan, Result
from .peers import Settings
from .servers import Server

CORES: Final = 2
CONNECTIONS: Final = 64
MANY: Final = 4000
"""Connections of the open load; more than are ever needed."""
SETTINGS: Final = (
    {"workers": 1, "threads": 2, "batch": 1, "window": 0.0},
    {"workers": 2, "threads": 1, "batch": 1, "window": 0.0},
    {"workers": 1, "threads": 2, "batch": 16, "window": 0.001},
    {"workers": 2, "threads": 1, "batch": 16, "window": 0.001},
    {"workers": 2, "threads": 1, "batch": 64, "window": 0.005},
)
FULL: Final = {
    "copies": 100,
    "warm": 3.0,
    "seconds": 15.0,
    "try": 5.0,
    "rounds": 3,
    "over": 60.0,
    "settings": 5,
    "starts": 5,
}
QUICK: Final = {
    "copies": 10,
    "warm": 0.5,
    "seconds": 3.0,
    "try": 2.0,
    "rounds": 1,
    "over": 5.0,
    "settings": 1,
    "starts": 1,
}


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    parser.add_argument("--only-ours", action="store_true", help="leave the peers out")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    every = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, every[:CORES])  # what is started from here on stays on these two
    sizes = QUICK if args.quick else FULL
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), sizes, every[CORES:] or every[:CORES])
        run = bench.run(quick=args.quick, peers=not args.only_ours)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(report.page(run), encoding="utf-8")
    print(f"Wrote {args.out}")


class Bench:
    """A run.

    Args:
        home: where files go.
        sizes: how long and how much.
        load_cores: where the load runs.
    """

    def __init__(self, home: Path, sizes: dict[str, float], load_cores: Sequence[int]) -> None:
        self._home = home
        self._sizes = sizes
        self._load_cores = load_cores
        self._rows = servers.rows(int(sizes["copies"]))

    def run(self, *, quick: bool, peers: bool) -> report.Run:
        """Choose the peers' settings, then let all take turns, then overload friction's."""
        ours = servers.friction(self._home)
        kinds = [(make, job) for job in ("pipeline", "network") for make in (servers.litserve, servers.bentoml)]
        contestants = [ours, *(self._best(make, job) for make, job in kinds if peers)]
        found: dict[str, list[Result]] = {f"{c.name} {c.job}": [] for c in contestants}
        bound, bounds = Bound(CORES), []
        for number in range(int(self._sizes["rounds"])):
            bounds.append(bound.rate(self._sizes["seconds"]))
            _say(f"round {number + 1}: {bounds[-1]:.0f}/s through the network alone")
            for contestant in contestants if number % 2 == 0 else contestants[::-1]:
                with servers.running(contestant, self._home) as (port, _):
                    result = self._closed(contestant, port, self._sizes["seconds"])
                found[f"{contestant.name} {contestant.job}"].append(result)
                _say(f"  {contestant.name} {contestant.job}: {result.rate:.0f}/s, p99 {result.percentile(0.99):.1f} ms")
        results = [(c, found[f"{c.name} {c.job}"]) for c in contestants]
        rate = 2 * sorted(r.rate for r in results[0][1])[len(results[0][1]) // 2]
        alone, over, memory = self._overload(ours, rate)
        _say("starts")
        starts = [self._start(ours) for _ in range(int(self._sizes["starts"]))]
        apart = set(self._load_cores).isdisjoint(os.sched_getaffinity(0))
        return report.Run(
            quick=quick,
            where="The load has cores of its own." if apart else "The load runs on the same two cores.",
            comments=len(self._rows) // int(self._sizes["copies"]),
            connections=CONNECTIONS,
            seconds=self._sizes["seconds"],
            candidates=int(self._sizes["settings"]),
            passes=bound.passes,
            bounds=bounds,
            results=results,
            alone=alone,
            over=over,
            over_rate=rate,
            over_seconds=self._sizes["over"],
            memory=memory,
            starts=starts,
        )

    def _best(self, make: Callable[[Path, Settings], Server], job: str) -> Server:
        """The peer in that of its settings which answers most requests a second."""
        tried: list[tuple[float, int, Server]] = []
        for chosen in SETTINGS[-int(self._sizes["settings"]) :]:
            settings = Settings(
                job=job,
                organisation=servers.ORGANISATION,
                workers=int(chosen["workers"]),
                threads=int(chosen["threads"]),
                batch=int(chosen["batch"]),
                window=chosen["window"],
            )
            server = make(self._home, settings)
            with servers.running(server, self._home) as (port, _):
                result = self._closed(server, port, self._sizes["try"])
            _say(f"{server.name} {job}, {server.setting}: {result.rate:.0f}/s, p99 {result.percentile(0.99):.1f} ms")
            tried.append((result.rate, len(tried), server))
        return max(tried)[2]

    def _overload(self, ours: Server, rate: float) -> tuple[Result, Result, list[float]]:
        with servers.running(ours, self._home) as (port, pid):
            alone = self._load(ours, port, 1, None, self._sizes["seconds"])
            self._closed(ours, port, self._sizes["seconds"])
            memory = [servers.resident(pid)]
            done = threading.Event()

            def watch() -> None:
                while not done.wait(1):
                    memory.append(servers.resident(pid))

            watching = threading.Thread(target=watch)
            watching.start()
            _say(f"overload: {rate:.0f}/s")
            try:
                over = self._load(ours, port, MANY, rate, self._sizes["over"])
            finally:
                done.set()
                watching.join()
            memory.append(servers.resident(pid))
        return alone, over, memory

    def _start(self, server: Server) -> float:
        """Seconds from nothing to a first answer."""
        begun = time.perf_counter()
        with servers.running(server, self._home):
            return time.perf_counter() - begun

    def _closed(self, server: Server, port: int, seconds: float) -> Result:
        return self._load(server, port, CONNECTIONS, None, seconds)

    def _load(self, server: Server, port: int, connections: int, rate: float | None, seconds: float) -> Result:
        plan = Plan(
            port=port,
            path=server.path,
            headers=server.headers,
            bodies=[json.dumps(server.body(row)) for row in self._rows],
            connections=connections,
            rate=rate,
            warm=self._sizes["warm"],
            seconds=seconds,
        )
        file = self._home / "plan.json"
        file.write_text(json.dumps(asdict(plan)), encoding="utf-8")
        cores = ",".join(map(str, self._load_cores))
        command = ["taskset", "-c", cores, sys.executable, "-m", "training.bench.http.load", str(file)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        time.sleep(0.5)
        result = Result(**json.loads(done.stdout))
        if not result.answered:
            raise SystemExit(f"{server.name} answered no request with 200")
        return result


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
