"""The contestants as processes: how each is started, asked, and ended."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from training.corpus import CORPUS

from .peers import Settings

ORGANISATION: Final = "cobalt-bank"
"""Of the corpus, dev part: its hundred comments are the load."""
BIN: Final = Path(sys.executable).parent
START: Final = 120.0
_MODULE: Final = """from training.bench.http.bentoml_peer import bento
from training.bench.http.peers import Settings

Peer = bento(Settings(**{settings!r}))
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A contestant.

    Attributes:
        name: as the page calls it.
        job: whether it answers ``pipeline`` or ``network``.
        setting: how it is set up, in words.
        command: that serves on a port.
        path: that requests go to.
        headers: of each request.
        body: of the request for a row of the corpus.
    """

    name: str
    job: str
    setting: str
    command: Callable[[int], Sequence[str]]
    path: str
    headers: dict[str, str]
    body: Callable[[dict[str, Any]], object]


def rows(copies: int) -> list[dict[str, Any]]:
    """The load: every copy but the first ends in its number, so that no server is spared an equal text."""
    lines = (CORPUS / "dev" / f"{ORGANISATION}.jsonl").read_text(encoding="utf-8").splitlines()
    found = [{k: json.loads(line)[k] for k in ("text", "from_team", "about_team")} for line in lines]
    return [
        row | {"text": row["text"] if copy == 0 else f"{row['text']} ({copy})"}
        for copy in range(copies)
        for row in found
    ]


def friction(home: Path) -> Server:
    """The endpoint, as ``friction serve`` serves it, with a key."""
    teams = tomllib.loads((CORPUS / "dev" / f"{ORGANISATION}.toml").read_text(encoding="utf-8"))["teams"]
    lines = ["[service]", "requests_per_minute = 1_000_000"]  # one key stands for all who ask
    for key, team in teams.items():
        lines += [f"[teams.{key}]", *(f"{name} = {json.dumps(value)}" for name, value in team.items())]
    config = home / "friction.toml"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    create = [str(BIN / "friction"), "keys", "create", "--scope", "score", "--config", str(config)]
    key = subprocess.run(create, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    return Server(
        name="friction serve",
        job="pipeline",
        setting="as it comes",
        command=lambda port: [str(BIN / "friction"), "serve", "--port", str(port), "--config", str(config)],
        path="/v1/score",
        headers={"Authorization": f"Bearer {key}"},
        body=lambda row: {"comments": [row]},
    )


def litserve(home: Path, settings: Settings) -> Server:
    """LitServe."""
    file = home / f"litserve-{abs(hash(settings))}.json"
    file.write_text(json.dumps(asdict(settings)), encoding="utf-8")
    command = [sys.executable, "-m", "training.bench.http.litserve_peer", str(file)]
    return Server(
        name="LitServe",
        job=settings.job,
        setting=_in_words(settings),
        command=lambda port: [*command, str(port)],
        path="/predict",
        headers={},
        body=lambda row: row,
    )


def bentoml(home: Path, settings: Settings) -> Server:
    """BentoML."""
    module = f"peer_{abs(hash(settings))}"
    (home / f"{module}.py").write_text(_MODULE.format(settings=asdict(settings)), encoding="utf-8")
    command = [str(BIN / "bentoml"), "serve", f"{module}:Peer", "--working-dir", str(home), "--host", "127.0.0.1"]
    return Server(
        name="BentoML",
        job=settings.job,
        setting=_in_words(settings),
        command=lambda port: [*command, "--port", str(port)],
        path="/score",
        headers={},
        body=lambda row: {"rows": [row]},
    )


def _in_words(settings: Settings) -> str:
    together = f"up to {settings.batch} together" if settings.batch > 1 else "one at a time"
    window = f", waits {1000 * settings.window:.0f} ms for more" if settings.batch > 1 and settings.window else ""
    return f"{settings.workers} × {settings.threads} threads, {together}{window}"


@contextmanager
def running(server: Server, home: Path) -> Iterator[tuple[int, int]]:
    """A server that answers: its port, and the process's id; ended with all its children."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            server.command(port), cwd=home, stdout=log, stderr=log, start_new_session=True, env=_environment()
        )
        try:
            _wait(server, port, process, home / "log")
            yield port, process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _environment() -> dict[str, str]:
    """Ours, with what is imported here, and no reports to anybody's maker."""
    own = dict(os.environ)  # noqa: TID251  (of a child; no setting is read from it)
    return own | {"PYTHONPATH": os.pathsep.join(sys.path), "BENTOML_DO_NOT_TRACK": "True", "DO_NOT_TRACK": "1"}


def _wait(server: Server, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    body = json.dumps(server.body(rows(1)[0])).encode()
    headers = {"Content-Type": "application/json"} | server.headers
    request = urllib.request.Request(f"http://127.0.0.1:{port}{server.path}", body, headers)
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=START) as answer:  # noqa: S310
                answer.read()
                return
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{server.name} answers {error.code}: {error.read()[:500]!r}") from None
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"{server.name} did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def resident(pid: int) -> float:
    """Resident memory of a process and all that it started, in 10⁶ bytes; what they share counts for each."""
    process = Path("/proc") / str(pid)
    status = (process / "status").read_text(encoding="utf-8")
    own = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) * 1024 / 1e6
    children = " ".join((thread / "children").read_text(encoding="ascii") for thread in (process / "task").iterdir())
    return own + sum(resident(int(child)) for child in children.split())
