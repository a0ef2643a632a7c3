"""``docs/api.md`` is true: its examples run as they stand, and it names the routes and the errors that there are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

from service.problems import KINDS, PAGE

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "api.md").read_text()


def _run(client: httpx.Client, folder: Path, command: list[str], code: str) -> str:
    key = client.headers["authorization"].removeprefix("Bearer ")
    url = str(client.base_url).rstrip("/")
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "URL": url, "KEY": key}
    done = subprocess.run(
        command, input=code, cwd=folder, capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.S)


def test_the_shell_s_example_runs(client: httpx.Client, tmp_path: Path) -> None:
    (code,) = _blocks("sh")
    said = _run(client, tmp_path, ["bash", "-e"], code)
    assert '"verdict":"rising"' in said
    assert "2026-W16" in said
    assert len((tmp_path / "cells.csv").read_text().splitlines()) == 33


def test_python_s_example_runs(client: httpx.Client, tmp_path: Path) -> None:
    (code,) = _blocks("python")
    said = _run(client, tmp_path, [sys.executable, "-W", "error", "-"], code)
    assert re.search(r"sales -> marketing rising 0\.\d+", said)
    assert said.splitlines()[-1] in ("True", "False")
    assert client.get("/v1/interventions/sales/marketing/2026-W09").status_code == 200


def test_every_route_stands_on_the_page(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    there = {f"{method.upper()} {path}" for path, by in paths.items() for method in by}
    told = set(re.findall(r"`((?:GET|POST|DELETE) /[^`]+)`", DOCS))
    assert there <= told
    assert told - there <= {"GET /metrics"}


def test_every_error_stands_on_the_page() -> None:
    told = re.findall(rf"^\| (\d+) \| `{PAGE}#([a-z-]+)` \|$", DOCS, re.M)
    assert told == [(str(status), kind.name) for status, kind in KINDS.items()]
