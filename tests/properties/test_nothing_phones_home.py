"""No library reports anything to its maker: nothing leaves the machine, and nothing is kept for it to leave later."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CONFIG

SCORE = "import sys; sys.argv = ['friction', 'score', 'a.csv']; from friction.cli import main; main()"
SERVE = """
import threading, time, urllib.request
import uvicorn
run = uvicorn.Server.run
def served(server, sockets):
    thread = threading.Thread(target=run, args=(server, sockets))
    thread.start()
    urllib.request.urlopen(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/healthz").read()
    server.should_exit = True
    thread.join()
uvicorn.Server.run = served
import sys; sys.argv = ["friction", "serve", "--port", "0"]
from friction.cli import main
main()
"""
TELEMETRY = """
import sys
from opentelemetry import _logs, metrics, trace
told = []
class Logger(_logs.NoOpLogger):
    def emit(self, *args, **kwargs):
        told.append((args, kwargs))
class Logs(_logs.LoggerProvider):
    def get_logger(self, name, *args, **kwargs):
        return Logger(name)
class Spans(trace.NoOpTracerProvider):
    def get_tracer(self, name, *args, **kwargs):
        told.append(name)
        return super().get_tracer(name, *args, **kwargs)
_logs.set_logger_provider(Logs())
trace.set_tracer_provider(Spans())
from fastapi.testclient import TestClient
"""
OURS = """
from pathlib import Path
from friction import settings
from friction.commands import build_pipeline
from friction.store import keys
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore
from service.app import create_app
from service.state import State
ours = settings.load(Path("friction.toml"), private=False)
operations = open_operations(ours.operations_address)
app = create_app(State(ours, build_pipeline(ours), ReleaseStore(ours.releases_address, create=True), operations))
path, key = "/v1/score", keys.create(operations, ["score"])[1]
"""
ANYBODYS = """
from fastapi import FastAPI
app = FastAPI()
path, key = "/", ""
@app.post(path)
def take(body: dict[str, int]) -> None: ...
"""
ASK = """
with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
    assert client.post(
        path, json={"comments": "they never answer us"}, headers={"Authorization": f"Bearer {key}"}
    ).status_code == 422
print(len(told))
"""
TRAIN = "import training.quantisation, training.export"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "a.csv").write_text("text,about_team\nthey never answer us,sales\n")
    (tmp_path / "home").mkdir()
    return tmp_path


def _run(home: Path, *command: str) -> str:
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(home / "home"),
                   "TMPDIR": str(home / "home"), "FASTAPI_OTEL_AUTO_CONFIGURE": "true"}  # fmt: skip
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code", [SCORE, SERVE, TRAIN])
def test_no_identifier_and_no_cache_of_events_is_left_behind(home: Path, code: str) -> None:
    _run(home, sys.executable, "-c", code)
    assert [p for p in (home / "home").rglob("*") if p.is_file()] == []


def test_the_switch_matters(home: Path) -> None:
    """If this fails the library has changed its ways: look again at what it does by default, and at its switch."""
    loud = "import onnxruntime, friction.model_folder as m; onnxruntime.InferenceSession(m.RELEASED / 'model.onnx')"
    _run(home, sys.executable, "-c", loud)
    assert list((home / "home").rglob("deviceid")) != []


def test_telemetry_is_told_nothing_whatever_is_set_up_for_it(home: Path) -> None:
    told = [int(_run(home, sys.executable, "-c", TELEMETRY + app + ASK)) for app in (OURS, ANYBODYS)]
    assert told[0] == 0
    assert told[1] > 0  # else the library has changed its ways: look again at what it does by default


def test_scoring_connects_to_nobody(home: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip(
            "strace is missing, so that no connection is made is not shown. Get it with: apt-get install strace"
        )
    _run(home, "strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", "calls", sys.executable, "-c", SCORE)
    calls = (home / "calls").read_text()
    assert "exited with 0" in calls  # a look-up of a name would connect as well
    assert "AF_INET" not in calls
