"""The log of a real ``friction serve``: JSON, a request id, and nothing of what was sent."""

import json
import logging
import socket
import uuid
from pathlib import Path
from typing import Any

import pytest

from service.logs import JsonLines
from tests.service.served import served

CANARY = "kumquat-zeppelin"


def test_every_request_is_one_line_of_json(tmp_path: Path) -> None:
    given = uuid.uuid4().hex
    with served(tmp_path) as (client, log, _):
        first = client.get("/v1/pairs/sales/marketing", headers={"X-Request-Id": given})
        second = client.post("/v1/score", json={"comments": [{"text": CANARY}]}, headers={"X-Request-Id": CANARY})
        third = client.get(f"/{CANARY}?{CANARY}", headers={"User-Agent": CANARY, "Cookie": CANARY})
        with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=60) as raw:
            raw.sendall(f"GET /{CANARY}\r\n\r\n".encode())
            assert b"400" in raw.recv(100)
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    lines = {e["request_id"]: e for e in entries if e["event"] == "request"}
    assert first.headers["x-request-id"] == given
    assert lines[given]["route"] == "/v1/pairs/{from_team}/{about_team}"
    assert second.headers["x-request-id"] != CANARY
    assert lines[second.headers["x-request-id"]] | {"time": "", "ms": 0} == {
        "time": "",
        "level": "info",
        "logger": "friction.requests",
        "event": "request",
        "request_id": second.headers["x-request-id"],
        "method": "POST",
        "route": "/v1/score",
        "status": 200,
        "ms": 0,
    }
    assert lines[third.headers["x-request-id"]]["status"] in (400, 404)
    assert CANARY not in log.read_text(encoding="utf-8")
    assert not [e["event"] for e in entries if "%" in e["event"]]
    assert {e["logger"] for e in entries} == {"friction.requests", "uvicorn.error"}


def _record(error: BaseException | None = None, *, logger: str = "uvicorn.error", msg: str = "", args: Any = ()) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    return JsonLines().format(logging.LogRecord(logger, logging.ERROR, __file__, 7, msg, args, info))


def test_the_time_of_a_line_is_in_whole_seconds() -> None:
    """Milliseconds would tell how long each score took that a client asked for one after another."""
    assert len(json.loads(_record())["time"]) == len("2026-03-02T09:05:00+00:00")


def test_an_exception_is_its_type_and_place() -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        line = _record(error, msg="Exception in ASGI application\n")
    entry = json.loads(line)
    assert (entry["event"], entry["error"]) == ("Exception in ASGI application", "ValueError")
    assert entry["raised"].startswith("test_logs.py:")
    assert CANARY not in line


@pytest.mark.parametrize("logger", ["uvicorn.access", "friction.requests"])
def test_a_template_is_not_filled_in(logger: str) -> None:
    assert json.loads(_record(logger=logger, msg="%s said no", args=(CANARY,)))["event"] == "%s said no"


def test_numbers_are_filled_in() -> None:
    assert json.loads(_record(msg="Started server process [%d]", args=(17,)))["event"] == "Started server process [17]"


def test_a_librarys_message_is_its_place() -> None:
    entry = json.loads(_record(logger="sqlalchemy.pool", msg=f"lost {CANARY}"))
    assert set(entry) == {"time", "level", "logger", "place"}
    assert entry["place"] == "test_logs.py:7"
