"""Rule 14: a marked sentence goes in by every path and comes out by none."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.conftest import CONFIG

FRICTION = Path(sys.executable).parent / "friction"
CANARY = "marsupilami vermillon"
RESPONDENT = "respondent-zebra"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "org" / "inbox").mkdir(parents=True)
    (tmp_path / "org" / "friction.toml").write_text(CONFIG, encoding="utf-8")
    inbox = tmp_path / "in"
    inbox.mkdir()
    rows = "".join(f"Marketing never answers, {CANARY},sales,,{RESPONDENT}-{i},2026-W10\n" for i in range(9))
    bad = [
        f'"Das Marketing antwortet uns leider nie {CANARY}",sales,,{RESPONDENT},2026-W10',
        f"{CANARY},{CANARY},,{RESPONDENT},2026-W10",
        f"fine,sales,{CANARY},{RESPONDENT},2026-W10",
        f"fine,sales,support,{RESPONDENT},{CANARY}",
        f"fine,sales,support,,2026-W10,{CANARY}",
        f'"{CANARY}" {CANARY},sales,,{RESPONDENT},2026-W10',
        f'"{CANARY}',
    ]
    (inbox / "good.csv").write_text(
        "text,from_team,about_team,respondent,week\n" + rows.replace("answers, ", "answers ")
    )
    (inbox / "bad.csv").write_text("text,from_team,about_team,respondent,week\n" + "\n".join(bad))
    (inbox / "bad.jsonl").write_text(
        f'{{"text": "{CANARY}", "from_team": "{CANARY}"}}\n{CANARY}\n{{"text": ["{CANARY}"]}}\n'
        f'{{"text": "{CANARY} \\ud800", "id": "{CANARY} \\ud800"}}\n'
    )
    (inbox / "latin.csv").write_bytes(b"text\n" + CANARY.encode() + b"\x81\n")
    (inbox / "nul.csv").write_bytes(b"text\n" + CANARY.encode() + b"\0\n")
    (inbox / "mark.csv").write_bytes(b"\xef\xbb\xbftext\n" + CANARY.encode() + b"\xe9\n")
    (inbox / "array.json").write_text(f'[{{"text": "{CANARY}"}}]')
    return tmp_path


def _run(home: Path, *arguments: str) -> str:
    command = [FRICTION, *arguments, "--config", "org/friction.toml"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    return done.stderr + done.stdout


def test_no_path_lets_text_out(home: Path) -> None:
    said = []
    for file in sorted((home / "in").iterdir()):
        said.append(_run(home, "score", f"in/{file.name}"))
        said.append(_run(home, "score", f"in/{file.name}", "-o", "org/scored.jsonl"))
        said.append(_run(home, "ingest", f"in/{file.name}", "--dry-run", "--no-scores", "--format", "json"))
        said.append(_run(home, "ingest", f"in/{file.name}"))
        said.append(_run(home, "ingest", f"in/{file.name}", "--strict"))
    said.append(_run(home, "ingest", "--batches", "--format", "json"))
    said.append(_run(home, "release", "--through", "2026-W10"))
    said += [_run(home, "trends", "--format", kind) for kind in ("table", "json", "csv")]
    said += [_run(home, "digest"), _run(home, "release", "--verify")]
    assert any("sales  marketing" in s for s in said)
    for text in (*CANARY.split(), RESPONDENT):
        assert not [s for s in said if text in s]
        assert not [p for p in (home / "org").rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


def test_the_server_says_and_logs_nothing_of_it(home: Path) -> None:
    port = _free_port()
    key = _run(home, "keys", "create", "--scope", "admin").split()[-1]
    with (home / "log").open("w") as log:
        command = [FRICTION, "serve", "--worker", "--port", str(port), "--config", "org/friction.toml"]
        server = subprocess.Popen(command, cwd=home, stdout=log, stderr=log)
        try:
            answers = _talk(port, key, home / "in")
        finally:
            server.terminate()
            server.wait(timeout=60)
    assert '"targets"' in answers[0]
    for answer in answers:
        assert CANARY.split()[0] not in answer
    for path in [home / "log", *(home / "org").rglob("*")]:
        assert path.is_dir() or CANARY.split()[0].encode() not in _kept_in(path)


def _kept_in(path: Path) -> bytes:
    """What stands in a file; nothing in one that is gone: the worker outlives the server, and so do its logs."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _send(client: httpx.Client, files: Path) -> list[str]:
    """Upload every file under a marked name; what is said of it at once, and once the worker has read it."""
    sent = []
    for file in sorted(files.iterdir()):
        for name in (f"{CANARY}.csv", f"{CANARY}{file.suffix}"):
            sent.append(client.post("/v1/batches", files={"file": (name, file.read_bytes(), CANARY)}))
    sent.append(client.post("/v1/batches", files={"file": "text\nx\n", "source": (None, CANARY), CANARY: CANARY}))
    sent.append(client.post("/v1/batches", files={"file": f"%PDF {CANARY}"}))
    sent.append(client.post("/v1/batches", files={"file": "text\nx\n"}, data={"week": CANARY}))
    assert {answer.status_code for answer in sent} == {202, 415, 422}
    said = [answer.text for answer in sent]
    for answer in sent:
        if answer.status_code == 202:
            while (told := client.get(answer.headers["location"])).json()["state"] in ("waiting", "reading"):
                time.sleep(0.1)
            said.append(told.text)
    assert any('"state":"done"' in text for text in said)
    assert any('"state":"failed"' in text for text in said)
    return [*said, client.get("/v1/batches").text]


def _talk(port: int, key: str, files: Path) -> list[str]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
        for _ in range(300):
            try:
                client.get("/healthz")
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        return [
            client.post(
                "/v1/score", json={"comments": [{"text": f"Marketing lies, {CANARY}", "from_team": "sales"}]}
            ).text,
            client.post("/v1/score", json={"comments": [{"text": CANARY, "from_team": CANARY, CANARY: 1}]}).text,
            client.post("/v1/score", content=CANARY).text,
            client.get(f"/v1/pairs/{CANARY}/sales").text,
            client.get("/v1/pairs", params={"q": CANARY}).text,
            client.get(f"/{CANARY}").text,
            *_send(client, files),
        ]
