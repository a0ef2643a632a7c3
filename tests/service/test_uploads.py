"""Uploads over real HTTP into a real spool, read by the real worker: what comes in, who is told of it, what stays."""

import bz2
import errno
import gzip
import io
import lzma
import signal
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from friction.batch_report import Report, public
from friction.commands.batches import say, withdraw_batch
from friction.commands.ingesting import empty_inbox
from friction.ingest import ingest
from friction.model_folder import RELEASED
from friction.pipeline import Pipeline
from friction.settings import Settings
from friction.spool import Spool
from friction.store import uploads
from friction.store.engine import Database
from friction.store.scores import ScoreStore
from friction.worker import LOST, empty_spool
from service import charts
from tests.conftest import ENGINES, Ask, query
from tests.service.conftest import bearing, make_key
from tests.sources.exports import SAMPLES, archive

HEADER = "text,from_team,respondent,week\n"
ROWS = HEADER + "".join(f"Marketing never answers order {n},sales,p{n},2026-W10\n" for n in range(8))
END = """
import os, sys
from pathlib import Path
from friction import settings
from friction.spool import Spool
from friction.store.operations import open_operations
from friction.worker import empty_spool
mine = settings.load(Path(sys.argv[1]))
def read(*_):
    if sys.argv[2] == "deadly":
        os.abort()
    raise OSError("the disk is full")
print(empty_spool(Spool(mine.spool), open_operations(mine.operations_address), read, sources=[]))
"""
"""Reads what waits, and is ended by it, or by the machine."""
Empty = Callable[[], list[str]]


@pytest.fixture
def config(config: Path) -> Path:
    with config.open("a") as more:
        more.write("[sources.pulse]\ntext = 'answer'\n[service]\nmax_upload = 100_000\n")
    return config


@pytest.fixture
def spool(settings: Settings) -> Spool:
    return Spool(settings.spool)


@pytest.fixture
def empty(
    spool: Spool, settings: Settings, pipeline: Pipeline, scores: ScoreStore, operations: Database
) -> Iterator[Empty]:
    def read(path: str, source: Any, week: Any) -> Report:
        return ingest(path, settings=settings, pipeline=pipeline, store=scores, source=source, week=week)

    yield lambda: empty_spool(spool, operations, read, sources=settings.sources)
    assert spool.ids() == []


def _send(client: httpx.Client, content: bytes | str = ROWS, *, name: str = "a.csv", **fields: str) -> httpx.Response:
    return client.post("/v1/batches", files={"file": (name, content)}, data=fields)


@ENGINES
def test_a_file_is_kept_then_read_and_its_sender_is_told(
    empty_client: httpx.Client, spool: Spool, empty: Empty, ask: Ask, operations: Database
) -> None:
    sent = _send(empty_client, ROWS + "Das Marketing antwortet uns leider nie,sales,p,2026-W10\n")
    assert sent.status_code == 202
    assert sent.headers["location"] == f"/v1/batches/{sent.json()['id']}"
    assert (sent.json()["state"], sent.json()["report"]) == ("waiting", None)
    (id,) = spool.ids()
    assert spool.path(id).stat().st_mode & 0o777 == 0o600
    assert spool.path(id).read_text().startswith(ROWS)
    assert empty_client.get(sent.headers["location"]).json() == sent.json()
    assert empty() == []
    told = empty_client.get(sent.headers["location"]).json()
    assert told["state"] == "done"
    assert (told["report"]["rows"], told["report"]["comments"], told["report"]["rejected"]) == (9, 8, 1)
    assert told["report"]["rejects"][0]["rows"] == [10]
    uploads.forget_rows(operations, told["received"])
    assert empty_client.get(sent.headers["location"]).json() == told
    uploads.forget_rows(operations, told["received"] + 1)
    (old,) = empty_client.get(sent.headers["location"]).json()["report"]["rejects"]
    assert (old["count"], old["rows"]) == (1, [])
    assert ask("select count(*) from scores") == [(8,)]
    assert _send(empty_client).status_code == 202
    assert empty() == []
    assert ask("select count(*) from scores") == [(8,)]


def test_nobody_learns_whether_others_sent_the_same(
    empty_client: httpx.Client, settings: Settings, pipeline: Pipeline, operations: Database, ask: Ask
) -> None:
    """Neither of a whole file, nor of its comments once some batch was withdrawn. It counts once all the same."""
    (settings.home / "inbox").mkdir()
    one, other = (bearing(make_key(operations, "upload")) for _ in range(2))

    def told(key: dict[str, str], content: str = ROWS) -> dict[str, Any]:
        place = empty_client.post("/v1/batches", files={"file": content}, headers=key).headers["location"]
        empty_inbox(settings, pipeline, say)
        found: dict[str, Any] = empty_client.get(place, headers=key).json()
        return {name: found[name] for name in ("state", "reason", "report")}

    first = told(one)
    assert first["report"]["rows"] == 8
    assert told(other) == told(other) == first
    told(one, ROWS.replace("order", "letter"))
    (*_, batch) = [id for (id,) in query(settings.operations_address, "select batch from uploads order by id")]
    withdraw_batch(settings, batch)
    assert told(other) == first
    assert ask("select count(*) from scores") == [(8,)]


def test_what_an_earlier_version_kept_of_others_is_not_told(empty_client: httpx.Client, operations: Database) -> None:
    place = _send(empty_client).headers["location"]
    kept = public(Report("a.csv")) | {"in_already": True}
    uploads.finish(operations, place.rpartition("/")[2], kept, batch="")
    assert "in_already" not in empty_client.get(place).json()["report"]


def test_what_was_withdrawn_is_told_as_such(
    empty_client: httpx.Client, empty: Empty, settings: Settings, ask: Ask
) -> None:
    places = [_send(empty_client, ROWS.replace("order", word)).headers["location"] for word in ("order", "letter")]
    assert empty() == []
    (batch, *_) = [id for (id,) in query(settings.operations_address, "select batch from uploads order by id")]
    withdraw_batch(settings, batch)
    assert [empty_client.get(place).json()["state"] for place in places] == ["withdrawn", "done"]
    assert ask("select count(*) from scores") == [(8,)]


def test_source_and_week_go_with_it_in_any_order(empty_client: httpx.Client, empty: Empty, ask: Ask) -> None:
    rows = "answer,from_team,respondent\nThe helpdesk never answers us,sales,p1\n"
    fields = {"file": ("a", rows), "source": (None, "pulse"), "week": (None, "2026-W11")}
    for order in (fields, dict(reversed(fields.items()))):
        sent = empty_client.post("/v1/batches", files=order)
        assert (sent.json()["source"], sent.json()["week"]) == ("pulse", "2026-W11")
    assert empty() == []
    assert ask("select count(*) from scores") == [(1,)]


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        ({"file": ("a.csv", b"%PDF-1.7 kumquat")}, 415, "PDF"),
        ({"file": ("a.csv", b"")}, 415, "empty"),
        ({"file": ("a.csv", b"\0kum\1\0quat\2\0")}, 415, "NUL"),
        ({"file": ("a.csv", ROWS), "source": (None, "kumquat")}, 422, "source"),
        ({"file": ("a.csv", ROWS), "week": (None, "kumquat")}, 422, "week"),
        ({"file": ("a.csv", ROWS), "kumquat": (None, "x")}, 422, "file, source, week"),
        ({"file": ("a.csv", ROWS), "source": (None, "kumquat" * 99)}, 422, "longer"),
        ({"source": (None, "pulse")}, 422, "no field file"),
        ({"file": ("a.csv", "kumquat" * 20_000)}, 413, "larger"),
        ([("file", ("a.csv", ROWS)), ("file", ("b.csv", ROWS))], 422, "once each"),
    ],
)
def test_what_is_not_taken_is_said_and_leaves_nothing(
    fields: Any, status: int, word: str, empty_client: httpx.Client, spool: Spool
) -> None:
    sent = empty_client.post("/v1/batches", files=fields)
    assert sent.status_code == status
    assert word in sent.json()["detail"]
    assert "kumquat" not in sent.text
    assert spool.ids() == []
    assert empty_client.get("/v1/batches").json() == {"batches": [], "next": None}


def _tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.csv"), io.BytesIO())
    return packed.getvalue()


NOT_READ = {
    "program": Path(sys.executable).read_bytes()[:50_000],
    "script": b"#!/bin/sh\nrm text\n",
    "picture": (Path(__file__).parents[2] / "docs/pictures/matrix.png").read_bytes()[:50_000],
    "small picture": b"GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;",
    "photograph": b"\xff\xd8\xff\xe0kumquat",
    "font": (Path(charts.__file__).parent / "IBMPlexSans-Regular.ttf").read_bytes()[:50_000],
    "bzip2": bz2.compress(ROWS.encode()),
    "gzip": gzip.compress(ROWS.encode()),
    "xz": lzma.compress(ROWS.encode()),
    "tar": _tar(),
    "rtf": b"{\\rtf1\\ansi kumquat}",
    "word": archive({"[Content_Types].xml": "<Types/>", "_rels/.rels": "", "word/document.xml": "kumquat"}),
    "slides": archive({"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "kumquat"}),
    "opendocument": archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "kumquat"}),
    "java": archive({"META-INF/MANIFEST.MF": "kumquat"}),
    "model": (RELEASED / "model.onnx").read_bytes()[:50_000],
}


@pytest.mark.parametrize("kind", NOT_READ)
def test_what_no_source_could_read_is_refused_at_once(kind: str, empty_client: httpx.Client, spool: Spool) -> None:
    sent = _send(empty_client, NOT_READ[kind])
    assert (sent.status_code, sent.json()["type"]) == (415, "/problems#wrong-media-type")
    assert "kumquat" not in sent.text
    assert spool.ids() == []
    assert empty_client.get("/v1/batches").json()["batches"] == []


@pytest.mark.parametrize("kind", SAMPLES)
def test_what_a_source_can_read_is_taken(kind: str, empty_client: httpx.Client) -> None:
    assert _send(empty_client, SAMPLES[kind].content).status_code == 202


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("text/csv", ROWS, 415),
        ("multipart/form-data", ROWS, 415),
        ("multipart/form-data; boundary=b", ROWS, 400),
        ("multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nte', 400),
        ("multipart/form-data; boundary=" + "b" * 500, ROWS, 400),
        ("multipart/form-data; boundary=b", "--b\r\n" + "x" * 9999, 400),
    ],
)
def test_a_form_that_is_none_or_is_cut_off(
    kind: str, content: str, status: int, empty_client: httpx.Client, spool: Spool
) -> None:
    sent = empty_client.post("/v1/batches", content=content, headers={"Content-Type": kind})
    assert sent.status_code == status
    assert spool.ids() == []


def test_a_sender_that_goes_away_leaves_nothing(empty_client: httpx.Client, spool: Spool, operations: Database) -> None:
    host, port = empty_client.base_url.host, empty_client.base_url.port
    head = (
        f"POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nAuthorization: {empty_client.headers['authorization']}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
    )
    with socket.create_connection((host, port)) as connection:
        connection.sendall((head + ROWS).encode())
        while not spool.ids():
            pass
    while spool.ids():
        pass
    assert uploads.undone(operations) == []


def test_only_its_sender_is_told_of_a_batch(empty_client: httpx.Client, operations: Database) -> None:
    one, other = (bearing(make_key(operations, "upload")) for _ in range(2))
    sent = empty_client.post("/v1/batches", files={"file": ROWS}, headers=one)
    place = sent.headers["location"]
    assert empty_client.get(place, headers=one).json() == sent.json()
    assert empty_client.get(place).json() == sent.json()  # an administrator's key
    hidden = empty_client.get(place, headers=other)
    assert hidden.status_code == 404
    assert hidden.content == empty_client.get("/v1/batches/no-such", headers=other).content
    assert empty_client.get("/v1/batches", headers=other).json()["batches"] == []
    for scope in ("read", "score"):
        wrong = bearing(make_key(operations, scope))  # type: ignore[arg-type]
        assert empty_client.post("/v1/batches", files={"file": ROWS}, headers=wrong).status_code == 403


@ENGINES
def test_an_id_that_no_database_could_hold_is_none(empty_client: httpx.Client) -> None:
    assert empty_client.get("/v1/batches/%00").status_code == 404
    assert empty_client.get("/v1/batches?cursor=g%00").status_code == 422


def test_a_disk_that_hangs_keeps_nobody_else_waiting(
    empty_client: httpx.Client, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, hangs, may_go_on = Spool._make, threading.Event(), threading.Event()

    def hang(self: Spool) -> None:
        hangs.set()
        may_go_on.wait(30)
        make(self)

    monkeypatch.setattr(Spool, "_make", hang)
    with ThreadPoolExecutor(1) as other:
        sent = other.submit(_send, empty_client)
        assert hangs.wait(30)
        try:
            assert empty_client.get("/healthz", timeout=10).status_code == 200
            assert not sent.done()
        finally:
            may_go_on.set()
        assert sent.result().status_code == 202


def test_the_list_comes_in_pages(empty_client: httpx.Client, spool: Spool) -> None:
    sent = [_send(empty_client).json()["id"] for _ in range(5)]
    found, cursor = [], {}
    for _ in range(3):
        page = empty_client.get("/v1/batches", params={"limit": "2"} | cursor).json()
        found += [batch["id"] for batch in page["batches"]]
        cursor = {"cursor": page["next"]}
    assert page["next"] is None
    assert found == sent[::-1]
    assert len(spool.ids()) == 5


def test_a_full_disk_is_said_and_leaves_nothing(
    empty_client: httpx.Client, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "kumquat")

    with monkeypatch.context() as patched:
        patched.setattr("service.uploads.os.write", full)
        sent = _send(empty_client)
    assert sent.status_code == 507
    assert "kumquat" not in sent.text
    assert spool.ids() == []
    assert _send(empty_client).status_code == 202


def test_what_cannot_be_read_says_why_and_is_gone(empty_client: httpx.Client, empty: Empty) -> None:
    bad = _send(empty_client, "colour,shape\nred,round\n").headers["location"]
    good = _send(empty_client).headers["location"]
    (failure,) = empty()
    told = empty_client.get(bad).json()
    assert (told["state"], told["report"]) == ("failed", None)
    assert told["reason"] in failure
    assert "(over HTTP: the field source)" in told["reason"]
    assert empty_client.get(good).json()["state"] == "done"


def test_a_row_that_misses_something_says_which_field_brings_it(empty_client: httpx.Client, empty: Empty) -> None:
    rows = "text,from_team,respondent,week\nMarketing never answers,sales,p,\nMarketing never answers,sales,,2026-W10\n"
    place = _send(empty_client, rows).headers["location"]
    (failure,) = empty()
    told = empty_client.get(place).json()
    assert (told["state"], told["reason"]) == ("failed", failure)
    assert "Not one of its rows could be counted" in failure
    week, source = [reject["reason"] for reject in told["report"]["rejects"]]
    assert week.endswith("(over HTTP: the field week)")
    assert source.endswith("(over HTTP: the field source)")


def test_a_file_without_a_row_is_deleted_and_a_row_without_a_file_given_up(
    empty_client: httpx.Client, empty: Empty, settings: Settings, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed web process may leave; only a file that is still being sent is let be."""
    place = _send(empty_client).headers["location"]
    spool.remove(spool.ids()[0])
    spool.path("half").write_text("text\nkum")
    with spool.receive("on-its-way"):
        assert spool.ids() == ["half", "on-its-way"]
        assert empty() == []
        assert spool.ids() == ["on-its-way"]
        spool.remove("on-its-way")
    assert empty_client.get(place).json()["state"] == "waiting"
    monkeypatch.setattr("friction.worker.time.time", lambda: settings.spool.stat().st_mtime + LOST + 60)
    assert empty() == []
    assert empty_client.get(place).json()["state"] == "failed"


def test_a_file_of_which_nothing_counts_has_failed_and_its_sender_is_told(
    empty_client: httpx.Client, empty: Empty
) -> None:
    place = _send(empty_client, "text,respondent,week\nMarketing never answers,p,2026-W10\n").headers["location"]
    (failure,) = empty()
    told = empty_client.get(place).json()
    assert (told["state"], told["reason"], told["report"]["comments"]) == ("failed", failure, 1)
    assert "no author's team is known. Name the column" in failure


def test_a_folder_or_a_link_beside_the_uploads_keeps_none_waiting(
    empty_client: httpx.Client, empty: Empty, settings: Settings
) -> None:
    place = _send(empty_client).headers["location"]
    (settings.spool / "backup").mkdir()
    (settings.spool / "away").symlink_to(settings.home / "friction.toml")
    assert empty() == []
    assert empty_client.get(place).json()["state"] == "done"
    assert sorted(path.name for path in settings.spool.iterdir()) == ["away", "backup"]


def test_what_was_sent_long_ago_is_forgotten(empty_client: httpx.Client, empty: Empty, operations: Database) -> None:
    place = _send(empty_client).headers["location"]
    uploads.forget(operations, 1 << 40)
    assert empty_client.get(place).json()["state"] == "waiting"
    assert empty() == []
    uploads.forget(operations, 1)
    assert empty_client.get(place).json()["state"] == "done"
    uploads.forget(operations, 1 << 40)
    assert empty_client.get(place).status_code == 404


def test_a_shared_spool_is_read_by_its_group(empty_client: httpx.Client, settings: Settings, spool: Spool) -> None:
    settings.spool.mkdir()
    settings.spool.chmod(0o2770)
    _send(empty_client)
    assert [spool.path(id).stat().st_mode & 0o777 for id in spool.ids()] == [0o640]


@ENGINES
def test_an_upload_that_ended_its_process_thrice_has_failed(
    empty_client: httpx.Client, config: Path, empty: Empty
) -> None:
    def end(how: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", END, config, how]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    place = _send(empty_client).headers["location"]
    for how in ("orderly", "deadly", "orderly", "orderly", "deadly", "orderly", "deadly"):
        ended = end(how)
        assert (ended.returncode, "disk is full" in ended.stderr) in [(1, True), (-signal.SIGABRT, False)]
        assert empty_client.get(place).json()["state"] == "reading"
    (said,) = empty()
    told = empty_client.get(place).json()
    assert (told["state"], told["reason"]) == ("failed", said)
    assert "was ended, three times" in said
