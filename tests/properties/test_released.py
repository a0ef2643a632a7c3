"""A release is told once and never differently, whatever is killed, away or full: real processes, real accidents.

Each round hears votes of some weeks and starts ``friction release``, on which one accident falls at a random moment;
then it runs again. An undisturbed twin in a store of its own heard the same votes under the same salts, on which the
roundings hang: what it released is what everybody must see. ``make campaign`` plays 100 rounds.
"""

import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import update

from friction.errors import FrictionError
from friction.records import TeamId, Week
from friction.release import release
from friction.settings import Settings, load
from friction.store.engine import connect
from friction.store.releases import ReleaseStore, serialise
from friction.store.scores import ScoreStore, Vote
from friction.store.scores.tables import WINDOWS
from tests import postgres
from tests.conftest import CONFIG, query
from tests.properties.accidents import full, own_postgresql, small_disk, stopped_for_a_while

FRICTION: Final = Path(sys.executable).parent / "friction"
ROUNDS: Final = int(os.environ.get("FRICTION_ROUNDS", "0"))  # noqa: TID251
FIRST: Final = Week.parse("2012-W01")
WEEKS: Final = 6
"""Weeks of a round; a pair has too few voices in some, but not in the last, which so closes every window."""
PAIRS: Final = [
    (TeamId("sales"), TeamId("marketing")),
    (TeamId("sales"), TeamId("it")),
    (TeamId("it"), TeamId("sales")),
]
PATIENCE: Final = 120


@dataclass
class House:
    """A configuration whose releases are disturbed, and the twin of its stores."""

    home: Path
    settings: Settings
    twin: Settings
    chance: random.Random
    next: Week = FIRST
    reader: ReleaseStore | None = None
    salts: list[bytes] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    seen: Counter[int] = field(default_factory=Counter)

    @property
    def last(self) -> Week:
        """The last week that was heard."""
        return self.next + -1

    def hear(self) -> None:
        """The votes of a round, here and for the twin."""
        votes = [
            self._vote(pair, self.next + n, f"p{i}")
            for pair in PAIRS
            for n in range(WEEKS)
            for i in range(self.chance.randint(3 if n + 1 < WEEKS else 5, 9))
        ]
        self.next += WEEKS
        salts = {pair: sha256(f"{pair} {self.last}".encode()).digest() for pair in PAIRS}
        self.salts += salts.values()
        for settings in (self.settings, self.twin):
            with closing(ScoreStore(settings.scores_address)) as scores:
                scores.add_batch(str(self.last).encode(), votes)
            with closing(connect(settings.scores_address, "scores", create=False)) as store, store.write() as db:
                for (speaks, about), salt in salts.items():
                    theirs = (WINDOWS.c.from_team == speaks, WINDOWS.c.about_team == about)
                    db.execute(update(WINDOWS).where(*theirs).values(salt=salt))

    def _vote(self, pair: tuple[TeamId, TeamId], week: Week, who: str) -> Vote:
        return Vote(
            *pair,
            week,
            who,
            f"{pair}{week}{who}",
            "en",
            self.chance.random() < 0.5,
            self.chance.random() < 0.2,
            (),
            "m",
        )

    def start(self) -> "subprocess.Popen[str]":
        """A release of everything that was heard."""
        command = [FRICTION, "release", "--through", str(self.last), "--config", self.home / "friction.toml"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait(self, running: "subprocess.Popen[str]", *, weeks: int) -> None:
        """Wait until so many weeks of the round are released, or the release has ended, and a moment more."""
        awaited, end = self.last + (weeks - WEEKS), time.monotonic() + PATIENCE
        while running.poll() is None and time.monotonic() < end and self.released() < awaited:
            time.sleep(0.005)
        time.sleep(self.chance.uniform(0, 0.03))

    def released(self) -> Week:
        """The last week that a reader sees; the one before all where there is none, or nothing can be seen."""
        with suppress(FrictionError):
            self.reader = self.reader or ReleaseStore(self.settings.releases_address)
            return self.reader.last_week() or FIRST + -1
        return FIRST + -1

    def finish(self, running: "subprocess.Popen[str]") -> None:
        """Wait for a release to end: done, with a word to its operator, or killed."""
        said, wrong = running.communicate(timeout=PATIENCE)
        self.ended[{0: "done", 2: "refused"}.get(running.returncode, "killed")] += 1
        assert running.returncode in (0, 2, -9), wrong
        assert "Traceback" not in wrong
        if running.returncode == 0:
            assert said.startswith("Released")
            assert self.released() == self.last, "what was acknowledged is there"

    def look(self) -> None:
        """What a reader sees now is what the twin released, from the first week up to one of them, each whole."""
        with closing(ReleaseStore(self.settings.releases_address, create=True)) as releases:
            count, _ = releases.verify()
            told = releases.cells()
            last = releases.last_week()
        with closing(ReleaseStore(self.twin.releases_address)) as releases:
            expected = [cell for cell in releases.cells() if last is not None and cell.last_week <= last]
        assert serialise(told) == serialise(expected)
        self.seen[count - (self.last - FIRST + 1 - WEEKS)] += 1

    def check(self) -> None:
        """Everything is released, with the twin's hash, and nothing is left inside."""
        heads = []
        for settings in (self.settings, self.twin):
            with closing(ReleaseStore(settings.releases_address)) as releases:
                heads.append(releases.verify())
        assert heads[0] == heads[1]
        assert heads[0][0] == self.last - FIRST + 1
        for table in ("scores", "outbox", "windows"):
            assert query(self.settings.scores_address, f"select count(*) from {table}") == [(0,)]
        for file in self.settings.data.glob("scores*"):
            content = file.read_bytes()
            assert not [salt for salt in self.salts if salt in content], "a closed window's salt is gone from the files"


Accident = Callable[[House, "subprocess.Popen[str]"], AbstractContextManager[None]]


@contextmanager
def kill(house: House, running: "subprocess.Popen[str]") -> Iterator[None]:
    yield
    running.kill()


@contextmanager
def run_another(house: House, running: "subprocess.Popen[str]") -> Iterator[None]:
    """Two releases at once, of which one is killed."""
    other = house.start()
    yield
    house.chance.choice([running, other]).kill()
    house.finish(other)


@contextmanager
def fill_the_disk(house: House, running: "subprocess.Popen[str]") -> Iterator[None]:
    """No file of the release may grow beyond some kilobytes (``RLIMIT_FSIZE``)."""
    most = house.chance.choice([1, 20, 60, 100, 200]) << 10
    with suppress(ProcessLookupError):
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (most, most))
    yield


@contextmanager
def fill_the_small_disk(house: House, running: "subprocess.Popen[str]") -> Iterator[None]:
    """The disk of both stores is full, but for a little at times."""
    with full(house.settings.data, left=house.chance.choice([0, 8, 30, 100, 200])):
        yield
        running.wait(PATIENCE)


def _play(house: House, accidents: list[Accident], rounds: int) -> None:
    for n in range(rounds):
        house.hear()
        with (
            closing(ScoreStore(house.twin.scores_address)) as scores,
            closing(ReleaseStore(house.twin.releases_address, create=True)) as releases,
        ):
            kept = {"directory": house.twin.directory, "policy": house.twin.policy}
            release(scores, releases, **kept, through=house.last)
        running = house.start()
        with accidents[n % len(accidents)](house, running):
            house.wait(running, weeks=house.chance.randint(0, WEEKS))
        house.finish(running)
        house.look()
        again = house.start()
        house.finish(again)
        assert again.returncode == 0
        house.check()
    if house.reader is not None:
        house.reader.close()
    ended, seen = dict(house.ended), dict(sorted(house.seen.items()))
    print(f"{rounds} rounds, {house.last - FIRST + 1} weeks released once; runs: {ended}; weeks seen between: {seen}")


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., House]:
    """Makes the house, with the twin on SQLite beside it."""

    def make(store_section: str = "", seed: int = 0) -> House:
        settings = []
        for name, section in (("org", store_section), ("twin", "")):
            home = tmp_path / name
            home.mkdir(exist_ok=True)
            (home / "friction.toml").write_text(CONFIG + section, encoding="utf-8")
            settings.append(load(home / "friction.toml"))
        return House(tmp_path / "org", *settings, random.Random(seed))

    return make


def test_on_sqlite(house: Callable[..., House]) -> None:
    accidents: list[Accident] = [kill, fill_the_disk, run_another]
    _play(house(seed=1), accidents, ROUNDS or len(accidents))


@pytest.mark.skipif(postgres.programs() is None, reason=postgres.MISSING)
def test_on_postgresql_that_goes_away_and_comes_back(house: Callable[..., House]) -> None:
    with own_postgresql() as (server, store_section):
        playing = house(store_section, seed=2)

        @contextmanager
        def stop_postgresql(house: House, _: "subprocess.Popen[str]") -> Iterator[None]:
            with stopped_for_a_while(server, house.chance):
                yield

        accidents = [stop_postgresql, kill, stop_postgresql, run_another]
        _play(playing, accidents, ROUNDS or 2)


def test_on_a_disk_that_is_full(house: Callable[..., House], tmp_path: Path) -> None:
    (tmp_path / "org").mkdir()
    with small_disk(tmp_path / "org" / "friction-data"):
        _play(house(seed=3), [fill_the_small_disk, kill], ROUNDS or 1)
