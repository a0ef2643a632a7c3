"""How long each page takes on a company that is released, and how often it asks the stores. ``make bench-pages``."""

import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

import httpx
from sqlalchemy import Engine, event

from friction.commands import build_pipeline
from friction.settings import Settings, load
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore
from service.state import State
from tests.service.conftest import make_key, serve

TIMES: Final = 20


def main(config: Path) -> None:
    """Print a line for each page: its statements when asked first, then milliseconds, the first and the median."""
    settings = load(config, private=False)
    releases, operations = ReleaseStore(settings.releases_address), open_operations(settings.operations_address)
    serving = serve(State(settings, build_pipeline(settings), releases, operations), make_key(operations, "admin"))
    client, asked = next(serving), []
    event.listen(Engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    print("page\tstatements\tfirst ms\tmedian ms")
    for path in pages(settings):
        asked.clear()
        first = _milliseconds(client, path)
        statements = len(asked)
        print(f"{path}\t{statements}\t{first:.0f}\t{median(_milliseconds(client, path) for _ in range(TIMES)):.0f}")
    next(serving, None)
    releases.close()
    operations.close()


def pages(settings: Settings) -> list[str]:
    """A page of each kind; of those about a pair, that of the first intervention."""
    done = next(iter(settings.interventions))
    return ["/", f"/pairs/{done.from_team}/{done.about_team}", "/teams", f"/teams/{done.from_team}", "/weeks",
            f"/weeks/{done.week}", "/interventions", "/batches", "/about", "/notice", "/export"]  # fmt: skip


def _milliseconds(client: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    client.get(path).raise_for_status()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
