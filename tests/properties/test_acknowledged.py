"""What was acknowledged with 202 counts once, whatever is killed, away or full: real processes, real accidents.

Each round sends files to ``friction serve --worker`` while one accident happens, and sends again what was not
acknowledged, as a client would. A file's rows stand in a pair and a week of their own, so that the private store tells
how often each file was counted. ``make campaign`` plays 100 rounds.
"""

import itertools
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx
import pytest

from friction.records import Week
from friction.settings import Settings, load
from friction.store.releases import ReleaseStore
from tests import postgres
from tests.conftest import CONFIG, query
from tests.properties.accidents import full, own_postgresql, small_disk, stopped_for_a_while

FRICTION = Path(sys.executable).parent / "friction"
ROUNDS = int(os.environ.get("FRICTION_ROUNDS", "0"))  # noqa: TID251
TEAMS = ("sales", "marketing", "support", "it")
WEEKS = [str(Week.parse("2022-W01") + n) for n in range(220)]
PLACES = [(*pair, week) for week in WEEKS for pair in itertools.permutations(TEAMS, 2)]
CANARY = "marsupilami"
ROW = "{about} never answered order {n} of the " + CANARY + ",{speaks},{about},p{n},{week}\n"
PATIENCE = 300
FILES = 4


def _content(place: tuple[str, str, str]) -> tuple[bytes, int]:
    """A file for a pair and a week, and its number of rows; some take several writes, and some seconds to read.

    No two teams say the same of a third in one week: that would count once.
    """
    speaks, about, week = place
    rows = 3 + 40 * (PLACES.index(place) % 4 == 0)
    first = 100 * TEAMS.index(speaks)
    lines = "".join(ROW.format(speaks=speaks, about=about, week=week, n=first + n) for n in range(rows))
    padding = f"{'x' * 997},,,,\n" * (600 * (PLACES.index(place) % 4 == 1))  # rejected rows
    return f"text,from_team,about_team,respondent,week\n{lines}{padding}".encode(), rows


def _drain(said: IO[str]) -> None:
    """Read what the server and its workers say, so that they never wait for a reader."""
    with said:
        said.read()


def _said(pattern: str, lines: IO[str]) -> str:
    """What the server says of itself, among what its worker says; nothing where it ends before."""
    return next((found[1] for line in lines if (found := re.match(pattern, line))), "")


@dataclass
class House:
    """A configuration, and the server and worker over it."""

    home: Path
    settings: Settings
    server: "subprocess.Popen[str] | None" = None
    url: str = ""
    key: str = ""
    expected: dict[tuple[str, str, str], int] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    unanswered: int = 0

    def start(self) -> None:
        """Start the server and its worker; again, as often as it takes, while a store is away."""
        command = [FRICTION, "serve", "--worker", "--port", "0", "--config", str(self.home / "friction.toml")]
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with (self.home / "log").open("a") as log:
                self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
            assert self.server.stdout is not None
            if found := _said(r"friction on (http://\S+:\d+) ", self.server.stdout):
                self.url = found
                break
            self.server.stdout.close()
            self.server.wait()
        assert self.server is not None
        assert self.server.stdout is not None
        self.key = self.key or _said(r"(friction_\w+)$", self.server.stdout)
        threading.Thread(target=_drain, args=(self.server.stdout,)).start()

    def send(self, place: tuple[str, str, str]) -> None:
        """Send a file until it is acknowledged."""
        content, rows = _content(place)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(httpx.HTTPError):
                files = {"file": (f"{CANARY}.csv", content)}
                header = {"Authorization": f"Bearer {self.key}"}
                sent = httpx.post(f"{self.url}/v1/batches", files=files, headers=header, timeout=PATIENCE)
                assert CANARY not in sent.text
                if sent.status_code == 202:
                    self.acknowledged.append(sent.json()["id"])
                    self.expected[place] = rows
                    return
                self.refused.append(sent.status_code)
                time.sleep(0.3)
                continue
            self.unanswered += 1
            time.sleep(0.3)
        raise TimeoutError(place)

    def workers(self) -> list[int]:
        """Processes that read, without the keeper."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):
                words = (process / "cmdline").read_bytes().split(b"\0")
                if b"--until-closed" in words and str(self.home / "friction.toml").encode() in words:
                    found.append(int(process.name))
        return found

    def is_idle(self) -> bool:
        """Whether every upload was read."""
        states = "select count(*) from uploads where state in ('waiting', 'reading')"
        return query(self.settings.operations_address, states) == [(0,)]

    def stop(self) -> None:
        """End everything, and wait for it."""
        assert self.server is not None
        self.server.send_signal(signal.SIGINT)
        self.server.wait(PATIENCE)

    def kill(self) -> None:
        """End the server, whatever it is at; what belongs to it follows."""
        if self.server is not None:
            self.server.kill()
            self.server.wait()


@contextmanager
def kill_the_server(house: House, chance: random.Random) -> Iterator[None]:
    yield
    time.sleep(chance.uniform(0, 0.4))
    house.kill()
    house.start()


@contextmanager
def kill_the_worker(house: House, chance: random.Random) -> Iterator[None]:
    yield
    for _ in range(2):
        time.sleep(chance.uniform(0, 1.5))
        for process in house.workers():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@contextmanager
def fill_the_disk(house: House, chance: random.Random) -> Iterator[None]:
    """No file of the server may grow beyond some kilobytes (``RLIMIT_FSIZE``): uploads, the store and its log."""
    assert house.server is not None
    before = resource.prlimit(house.server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(house.server.pid, resource.RLIMIT_FSIZE, (chance.choice([1, 9, 40]) << 10, before[1]))
    yield
    time.sleep(chance.uniform(0.3, 1))
    resource.prlimit(house.server.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def fill_the_small_disk(house: House, chance: random.Random) -> Iterator[None]:
    """Everything that friction writes is on a disk that is full for a while, but for a little at times."""
    with full(house.settings.data, left=chance.choice([0, 0, 16, 200])):
        yield
        time.sleep(chance.uniform(0.3, 1))


@contextmanager
def run_another(house: House, chance: random.Random) -> Iterator[None]:
    """The weekly run comes while the worker reads."""
    yield
    time.sleep(chance.uniform(0, 0.5))
    subprocess.run([FRICTION, "ingest", "--inbox"], cwd=house.home, capture_output=True, timeout=PATIENCE, check=False)


Accident = Callable[[House, random.Random], AbstractContextManager[None]]
EVERYWHERE: list[Accident] = [kill_the_server, kill_the_worker, fill_the_disk, run_another]


def _play(house: House, accidents: list[Accident], rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    order = [accidents[n % len(accidents)] for n in range(rounds)]
    places = iter(chance.sample(PLACES, rounds * FILES))
    try:
        house.start()
        for accident in order:
            with ThreadPoolExecutor(FILES) as threads:
                with accident(house, chance):
                    sent = [threads.submit(house.send, next(places)) for _ in range(FILES)]
                for one in sent:
                    one.result()
        end = time.monotonic() + PATIENCE
        while not house.is_idle():
            assert time.monotonic() < end
            time.sleep(0.2)
        house.stop()
    finally:
        house.kill()
    _check(house)


def _check(house: House) -> None:
    found = query(
        house.settings.scores_address,
        "select from_team, about_team, week, count(*), count(distinct respondent) from scores group by 1, 2, 3",
    )
    counted = {(speaks, about, str(Week(week))): (rows, people) for speaks, about, week, rows, people in found}
    assert counted == {place: (rows, rows) for place, rows in house.expected.items()}
    states = dict(query(house.settings.operations_address, "select id, state from uploads"))
    assert {states[id] for id in house.acknowledged} == {"done"}
    assert not [path for path in house.settings.spool.iterdir() if path.is_file()]
    for path in house.home.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
    print(
        f"{len(house.acknowledged)} uploads acknowledged, each counted once; refused: "
        f"{ {code: house.refused.count(code) for code in sorted(set(house.refused))} }; unanswered: {house.unanswered}"
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir(mode=0o700)
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_on_sqlite(home: Path) -> None:
    _play(House(home, load(home / "friction.toml")), EVERYWHERE, ROUNDS or len(EVERYWHERE), seed=1)


@pytest.mark.skipif(postgres.programs() is None, reason=postgres.MISSING)
def test_on_postgresql_that_goes_away_and_comes_back(home: Path) -> None:
    with own_postgresql() as (server, store_section):
        (home / "friction.toml").write_text(CONFIG + store_section, encoding="utf-8")
        settings = load(home / "friction.toml")
        ReleaseStore(settings.releases_address, create=True).close()

        @contextmanager
        def stop_postgresql(_: House, chance: random.Random) -> Iterator[None]:
            with stopped_for_a_while(server, chance):
                yield
                time.sleep(chance.uniform(0, 1))

        accidents = [stop_postgresql, kill_the_server, stop_postgresql, kill_the_worker, fill_the_disk]
        _play(House(home, settings), accidents, ROUNDS or 2, seed=2)


def test_on_a_disk_that_is_full(home: Path) -> None:
    with small_disk(home / "friction-data"):
        house = House(home, load(home / "friction.toml"))
        _play(house, [fill_the_small_disk, kill_the_server, fill_the_small_disk], ROUNDS or 1, seed=3)
