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
TRAIN = "import training.quantisation, training.export"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "a.csv").write_text("text,about_team\nthey never answer us,sales\n")
    (tmp_path / "home").mkdir()
    return tmp_path


def _run(home: Path, *command: str) -> None:
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(home / "home"),
                   "TMPDIR": str(home / "home")}  # fmt: skip
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("code", [SCORE, SERVE, TRAIN])
def test_no_identifier_and_no_cache_of_events_is_left_behind(home: Path, code: str) -> None:
    _run(home, sys.executable, "-c", code)
    assert [p for p in (home / "home").rglob("*") if p.is_file()] == []


def test_the_switch_matters(home: Path) -> None:
    """If this fails the library has changed its ways: look again at what it does by default, and at its switch."""
    loud = "import onnxruntime, friction.model_folder as m; onnxruntime.InferenceSession(m.RELEASED / 'model.onnx')"
    _run(home, sys.executable, "-c", loud)
    assert list((home / "home").rglob("deviceid")) != []


def test_scoring_connects_to_nobody(home: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip(
            "strace is missing, so that no connection is made is not shown. Get it with: apt-get install strace"
        )
    _run(home, "strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", "calls", sys.executable, "-c", SCORE)
    calls = (home / "calls").read_text()
    assert "exited with 0" in calls  # a look-up of a name would connect as well
    assert "AF_INET" not in calls
