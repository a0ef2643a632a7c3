"""``friction serve`` as its own process, with its log in a file."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.conftest import CONFIG

FRICTION = Path(sys.executable).parent / "friction"


class Served(NamedTuple):
    """A client of it, the file that its log goes to, and the process."""

    client: httpx.Client
    log: Path
    process: "subprocess.Popen[str]"


@contextmanager
def served(home: Path, *, more: str = "") -> Iterator[Served]:
    """A running server, with ``more`` in its configuration."""
    config, log = home / "friction.toml", home / "serve.log"
    config.write_text(CONFIG + more, encoding="utf-8")
    command = [FRICTION, "serve", "--port", "0", "--config", config]
    with log.open("w") as file, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[2]
        process.stdout.readline()
        key = process.stdout.readline().strip()
        try:
            with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
                yield Served(client, log, process)
        finally:
            process.terminate()
            process.wait(60)
