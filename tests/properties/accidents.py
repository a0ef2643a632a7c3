"""What goes wrong around a running friction, for real: a database that stops, a disk that is full."""

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from friction.store.schema import STORES
from tests import postgres


@contextmanager
def own_postgresql() -> Iterator[tuple[postgres.Server, str]]:
    """A server that may be stopped, and the ``[store]`` of a configuration that is to use it."""
    with postgres.serving() as server:
        try:
            server.run(*(f"create schema s_{name}" for name in STORES))
            server.run(
                f"alter role {postgres.OWNER} set synchronous_commit = on"
            )  # as it is unless somebody gave it up
            addresses = (f'{name} = "{server.address(schema=f"s_{name}")}"\n' for name in STORES)
            yield server, "[store]\n" + "".join(addresses)
        finally:
            postgres.end(server)


@contextmanager
def stopped_for_a_while(server: postgres.Server, chance: random.Random) -> Iterator[None]:
    """PostgreSQL ends at once, as in a crash, when the block is left, and comes back."""
    yield
    with postgres.stopped(server):
        time.sleep(chance.uniform(0, 1))


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of its own for a folder, or a skip where we may not mount one."""
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("a disk that is full needs the right to mount one; RLIMIT_FSIZE stands in for it elsewhere")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def full(folder: Path, left: int) -> Iterator[None]:
    """The disk of a folder has no more than so many kilobytes left, for as long as the block lasts."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        file.truncate(max(0, file.tell() - (left << 10)))
    yield
    ballast.unlink()
