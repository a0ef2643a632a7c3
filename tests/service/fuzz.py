"""Schemathesis against ``friction serve``, a real process over released cells: ``python -m tests.service.fuzz``.

All of its checks and phases; what it finds is printed with the request that shows it, and the exit status is its own.
``make fuzz-api`` runs it for half an hour, ``test_fuzz.py`` for some seconds.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from friction.records import Cell, TeamId, Week
from friction.store.releases import ReleaseStore, serialise
from friction.taxonomy import PATTERNS
from tests.conftest import CONFIG

BIN = Path(sys.executable).parent
CONFIGURED = Path(__file__).with_name("schemathesis.toml")
PAIRS = [("sales", "marketing"), ("marketing", "sales"), ("support", "it"), ("it", "support"), ("sales", "it")]
FIRST, WEEKS = Week.parse("2026-W01"), 16


def fill(home: Path) -> None:
    """A configuration, and releases of some pairs."""
    (home / "friction.toml").write_text(CONFIG, encoding="utf-8")
    store = ReleaseStore(f"sqlite:///{home}/friction-data/releases.sqlite", create=True)
    for i in range(WEEKS):
        store.append(FIRST + i, serialise([_cell(a, b, FIRST + i, 3 * (i % 3)) for a, b in PAIRS]))
    store.close()


def _cell(from_team: str, about_team: str, week: Week, blame: int) -> Cell:
    return Cell(
        from_team=TeamId(from_team),
        about_team=TeamId(about_team),
        first_week=week,
        last_week=week,
        respondents=9,
        languages={"en": 9, "fr": 0},
        blame=blame,
        appreciation=3,
        patterns={p: 3 if p == "mistakes" and blame else 0 for p in PATTERNS},
        model="m",
        mechanism="rounding-3",
    )


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, str]]:
    """``friction serve`` on a free port: its address, and a key for everything."""
    command = [BIN / "friction", "serve", "--port", "0", "--config", home / "friction.toml"]
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            address, key = None, None
            while address is None or key is None:
                line = server.stdout.readline()
                assert line, (home / "log").read_text()
                address = address or next(iter(re.findall(r"http://[\w.:]+", line)), None)
                key = key or next(iter(re.findall(r"^friction_\w+$", line, re.M)), None)
            yield address, key
        finally:
            server.terminate()
            server.wait(60)


def fuzz(home: Path, address: str, key: str, seconds: int, *more: str) -> subprocess.CompletedProcess[str]:
    """Every check and every phase, for about so many seconds. What it remembers for its next run stays in ``home``."""
    command = [BIN / "schemathesis", "--config-file", CONFIGURED, "--no-color", "run", f"{address}/openapi.json"]
    command += ["--header", f"Authorization:Bearer {key}", "--checks", "all", "--continue-on-failure"]
    command += ["--max-time", str(seconds), "--request-timeout", "60", *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds * 3 + 120, check=False, cwd=home)


def main() -> int:
    """Fuzz, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=1800)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        with serving(Path(folder)) as (address, key):
            done = fuzz(Path(folder), address, key, seconds)
        print(done.stdout + done.stderr)
        return done.returncode


if __name__ == "__main__":
    raise SystemExit(main())
