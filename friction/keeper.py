"""Keeps a worker running beside the process that asked for it: starts it again when it crashes, ends when that ends.

    friction serve --worker ──pipe──> keeper ──same pipe──> friction worker

The web process forgets the address of the private store, so that it could not start a worker anew: the keeper is
started before that, and forgets nothing. Nobody writes into the pipe. It closes when the web process ends, however
that ends, and then both of the others do: the worker once it has read the file at hand.
"""

import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SHORTEST: Final = 1.0
LONGEST: Final = 60.0
"""Seconds before a worker that crashed is started again: after the first time, and at most."""
STEADY: Final = 300.0
"""Seconds that a worker must have run for its crash to count as the first."""
FRICTION: Final = (sys.executable, "-c", "from friction.cli import main; main()")
"""The command, from whatever folder."""


@contextmanager
def kept_worker(config: Path) -> Iterator[None]:
    """A worker for as long as the block lasts, and until it has read the file at hand.

    It is in a session of its own, so that what a terminal sends on Ctrl-C reaches it through the pipe alone.
    """
    command = [sys.executable, "-m", "friction.keeper", str(config)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as keeper:  # noqa: S603  # ourselves
        try:
            yield
        finally:
            assert keeper.stdin is not None  # noqa: S101  # asked for above
            keeper.stdin.close()


def keep(config: str) -> None:
    """Run workers, one after the other, until one ends as it was told to, or standard input closes."""
    pause = SHORTEST
    while True:
        started = time.monotonic()
        worker = subprocess.Popen([*FRICTION, "worker", "--until-closed", "--config", config])  # noqa: S603
        signal.signal(signal.SIGTERM, lambda *_, worker=worker: worker.terminate())
        code = worker.wait()
        if code == 0:
            return
        if time.monotonic() - started > STEADY:
            pause = SHORTEST
        print(f"friction: the worker ended ({code}). It starts again in {pause:.0f} s", file=sys.stderr, flush=True)
        if select.select([sys.stdin], [], [], pause)[0]:
            return
        pause = min(2 * pause, LONGEST)


if __name__ == "__main__":
    keep(sys.argv[1])
