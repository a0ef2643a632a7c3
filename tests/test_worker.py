"""``friction worker`` and ``friction serve --worker`` as real processes: what comes is read, whoever is killed."""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import httpx
import pytest

from friction.settings import OPERATIONS_VARIABLE, RELEASES_VARIABLE, SCORES_VARIABLE, Settings, load
from friction.store import uploads
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore
from friction.store.uploads import Upload
from tests.conftest import CONFIG, ENGINES, Ask, query

FRICTION = Path(sys.executable).parent / "friction"
ROWS = "text,from_team,respondent,week\nMarketing never answers us {0},sales,{0},2026-W10\n"
PATIENCE = 120


def _until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def _workers(home: Path) -> list[int]:
    """Processes that read for this configuration."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"worker" in words and str(home / "friction.toml").encode() in words:
            found.append(int(process.name))
    return found


@contextmanager
def _serving(home: Path, log: IO[str]) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    command = [FRICTION, "serve", "--worker", "--port", "0", "--config", str(home / "friction.toml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(3)]
        url = re.match(r"friction on (http://\S+:\d+) ", lines[0])
        assert url is not None
        key = {"Authorization": f"Bearer {lines[2].strip()}"}
        try:
            with httpx.Client(base_url=url[1], headers=key, timeout=PATIENCE) as client:
                yield server, client
        finally:
            server.kill()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir(mode=0o700)
    return tmp_path


def test_it_reads_what_comes_and_ends_after_the_file_at_hand(home: Path, config: Path, ask: Ask) -> None:
    with subprocess.Popen([FRICTION, "worker"], cwd=home, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        said = []
        for name in ("a", "b", "a"):
            (home / "inbox" / f"{name}.csv").write_text(ROWS.format(name))
            said.append(worker.stdout.readline())
        rows = [f"Marketing was late with order {n} and the helpdesk knew,sales,p{n},2026-W10\n" for n in range(40)]
        (home / "inbox" / "c.csv").write_text("text,from_team,respondent,week\n" + "".join(rows))
        _until(lambda: bool(list((home / "inbox" / ".reading").glob("*/c.csv"))))
        worker.send_signal(signal.SIGTERM)
        assert '"rows": 40' in worker.stdout.readline()
        assert worker.wait(PATIENCE) == 0
    assert set(said) == {
        '{"form": "table", "rows": 1, "comments": 1, "blank": 0, "languages": {"en": 1}, "weeks": {"2026-W10": 1}, '
        '"masked": {}, "rejected": 0, "rejects": [], "columns_not_used": []}\n'
    }  # whom they speak of, and that one was in already, is not for whoever reads the log
    assert ask("select count(distinct respondent) from scores where about_team = 'marketing'") == [(42,)]
    assert [path for path in (home / "inbox").rglob("*") if path.is_file()] == []


def test_it_forgets_what_became_of_uploads_after_audit_days(home: Path, config: Path, settings: Settings) -> None:
    with closing(open_operations(settings.operations_address)) as operations:
        for id, received in (("old", 1), ("new", int(time.time()))):
            uploads.add(operations, Upload(id, "key", None, None, received, size=1, state="done"))
        with subprocess.Popen([FRICTION, "worker"], cwd=home) as worker:
            _until(lambda: uploads.find(operations, "old") is None)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE) == 0
        assert uploads.find(operations, "new") is not None


@ENGINES
def test_beside_the_server_it_is_started_again_and_ends_with_it(
    home: Path, settings: Settings, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of the private store is in the environment alone: the server forgets it, and a new worker has it."""
    monkeypatch.setenv(SCORES_VARIABLE, settings.scores_address)
    monkeypatch.setenv(RELEASES_VARIABLE, settings.releases_address)
    monkeypatch.setenv(OPERATIONS_VARIABLE, settings.operations_address)
    (home / "friction.toml").write_text(CONFIG, encoding="utf-8")
    ReleaseStore(settings.releases_address, create=True).close()
    with (home / "log").open("w") as log, _serving(home, log) as (server, client):

        def is_done(name: str) -> bool:
            sent = client.post("/v1/batches", files={"file": ROWS.format(name)})
            place = sent.headers["location"]
            _until(lambda: client.get(place).json()["state"] == "done")
            return bool(client.get(place).json()["report"]["comments"] == 1)

        assert is_done("a")
        (first,) = _workers(home)
        os.kill(first, signal.SIGKILL)
        assert is_done("b")
        (second,) = _workers(home)
        assert first != second
        server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == 0
    _until(lambda: _workers(home) == [])
    assert "the worker ended (-9). It starts again in 1 s" in (home / "log").read_text()
    assert query(settings.scores_address, "select count(distinct respondent) from scores") == [(2,)]


def test_it_ends_when_the_server_is_killed(home: Path, config: Path) -> None:
    with (home / "log").open("w") as log, _serving(home, log) as (server, _):
        _until(lambda: len(_workers(home)) == 1)
        server.kill()
        server.wait()
        _until(lambda: _workers(home) == [])


def test_a_mistake_in_the_configuration_is_told_once(home: Path) -> None:
    (home / "friction.toml").write_text(CONFIG + "[nonsense]\n")
    done = subprocess.run([FRICTION, "serve", "--worker"], cwd=home, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert done.stderr.count("unknown key nonsense") == 1
    with pytest.raises(Exception, match="nonsense"):
        load(home / "friction.toml")


@pytest.fixture
def cores(tmp_path: Path) -> Iterator[None]:
    """What is started from here may leave a core as large as the machine allows, and would."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        if not _leaves_a_core(subprocess.Popen(["sleep", "60"], cwd=tmp_path)):
            pytest.skip("no program leaves a core on this machine")
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def _leaves_a_core(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> bool:
    """Whether the machine writes down what a process had in memory when a fault ends it."""
    process.send_signal(signal.SIGSEGV)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == -signal.SIGSEGV
    return os.WCOREDUMP(status)


def _most(pid: int) -> list[str]:
    """Bytes of a core that a process may leave: its soft and its hard limit."""
    (line,) = re.findall("Max core file size .*", Path(f"/proc/{pid}/limits").read_text(encoding="utf-8"))
    return line.split()[4:6]


def test_a_crash_writes_down_nothing_of_what_was_in_memory(cores: None, home: Path, config: Path) -> None:
    with subprocess.Popen([FRICTION, "worker"], cwd=home, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        (home / "inbox" / "a.csv").write_text(ROWS.format("a"))
        assert '"rows": 1' in worker.stdout.readline()
        assert not _leaves_a_core(worker)


def test_nor_does_one_of_the_server_or_of_the_worker_beside_it(cores: None, home: Path, config: Path) -> None:
    subprocess.run([FRICTION, "release"], cwd=home, check=True, capture_output=True, timeout=PATIENCE)
    with (home / "log").open("w") as log, _serving(home, log) as (server, _):
        assert _most(server.pid) == ["1", "1"]
        _until(lambda: [_most(pid) for pid in _workers(home)] == [["1", "1"]])
