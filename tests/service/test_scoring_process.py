"""``friction serve`` and the process that scores for it: what is seen of it when that ends or cannot start."""

import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service.scoring import MAX_COMMENTS
from tests.conftest import CONFIG, until
from tests.service.served import FRICTION, served

TEXT = "Marketing never answers us, said kumquat-zeppelin."
ONE = {"comments": [{"text": TEXT, "from_team": "sales"}]}
MANY = {"comments": [{"text": f"{TEXT} {i}", "from_team": "sales"} for i in range(MAX_COMMENTS)]}
NAMES = '[redaction]\nnames = "names.txt"\n'


def _scoring_process(server: int) -> int:
    """The process that scores, among the children of the one that serves."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server)], capture_output=True, text=True, check=True)
    (pid,) = (
        int(child)
        for child in children.stdout.split()
        if b"friction.scoring_process" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    return pid


def _is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def _events(log: Path) -> list[tuple[str, str]]:
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [(entry["level"], entry["event"]) for entry in entries if entry["logger"] == "friction.scoring"]


def test_no_request_is_lost_when_the_process_that_scores_is_killed(tmp_path: Path) -> None:
    with served(tmp_path) as (client, log, server), ThreadPoolExecutor(8) as pool:
        first = _scoring_process(server.pid)
        answers = [pool.submit(client.post, "/v1/score", json=ONE) for _ in range(100)]
        answers[20].result()
        os.kill(first, signal.SIGKILL)
        rows = [answer.result().json()["results"][0] for answer in answers]
        assert all(row == rows[0] and row["targets"] for row in rows)
        assert _scoring_process(server.pid) != first
        assert client.get("/readyz").status_code == 200
    assert ("error", "the process that scores ended") in _events(log)
    assert "kumquat" not in log.read_text(encoding="utf-8")


def test_while_none_can_be_started_that_is_told_and_all_else_is_served(tmp_path: Path) -> None:
    """The list of names is gone when another process is to be started, and comes back."""
    names = tmp_path / "names.txt"
    names.write_text("Zebedee Quux\n", encoding="utf-8")
    with served(tmp_path, more=NAMES) as (client, log, server):
        assert client.get("/readyz").status_code == 200
        names.unlink()
        os.kill(_scoring_process(server.pid), signal.SIGKILL)
        until(lambda: client.get("/readyz").status_code == 503)
        ready = client.get("/readyz").json()
        assert {part for part, said in ready["parts"].items() if said != "ok"} == {"model"}
        refused = client.post("/v1/score", json=ONE)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems#busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert client.post("/v1/score", json=MANY).status_code == 503
        assert client.get("/v1/pairs").status_code == client.get("/healthz").status_code == 200
        told = client.get("/metrics").text
        assert "friction_scoring_up 0.0" in told
        assert 'friction_scoring_refused_total{reason="away"} 2.0' in told
        assert "friction_queued_comments 0.0" in told
        names.write_text("Zebedee Quux\n", encoding="utf-8")
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.post("/v1/score", json=ONE).json()["results"][0]["targets"]
    assert ("error", "the process that scores cannot start") in _events(log)
    assert "kumquat" not in log.read_text(encoding="utf-8")


def test_what_keeps_it_from_starting_keeps_the_service_from_starting(tmp_path: Path) -> None:
    config = tmp_path / "friction.toml"
    config.write_text(CONFIG + NAMES, encoding="utf-8")
    command = [FRICTION, "serve", "--port", "0", "--config", config]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("friction: ")
    assert "names.txt" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_stop_finishes_what_was_accepted_though_every_process_is_told_to_stop(tmp_path: Path) -> None:
    """As a supervisor does: first a polite signal to each of them."""
    with served(tmp_path) as (client, log, server), ThreadPoolExecutor(2) as pool:
        child = _scoring_process(server.pid)
        accepted = [pool.submit(client.post, "/v1/score", json=MANY) for _ in range(2)]
        until(lambda: "friction_queued_comments 0.0" not in client.get("/metrics").text)
        os.kill(child, signal.SIGTERM)
        server.terminate()
        for answer in accepted:
            assert [bool(row["targets"]) for row in answer.result().json()["results"]] == [True] * MAX_COMMENTS
        assert server.wait(60) == -signal.SIGTERM
        until(lambda: _is_gone(child))
    assert _events(log) == []


def test_it_ends_when_the_server_is_killed(tmp_path: Path) -> None:
    with served(tmp_path) as (_, _, server):
        child = _scoring_process(server.pid)
        server.kill()
        until(lambda: _is_gone(child))
