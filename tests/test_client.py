"""``friction.Client`` against the real service, and against real servers that behave badly."""

import http.server
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from friction import Client
from friction.client import LONGEST_WAIT, Comment, Refused, Unreachable, _pause, _said
from friction.errors import UsageError
from friction.pipeline import Pipeline
from friction.records import Cell
from friction.settings import Settings
from friction.store.engine import Database
from friction.store.releases import ReleaseStore, serialise
from service.state import State
from tests.service.conftest import make_key, serve

FRICTION = Path(sys.executable).parent / "friction"
CANARY = "kumquat-zeppelin"


@pytest.fixture
def service(
    releases: ReleaseStore,
    operations: Database,
    settings: Settings,
    pipeline: Pipeline,
    make_cells: Callable[..., list[Cell]],
) -> Iterator[Client]:
    rising, flat = make_cells([0.1] * 8 + [0.8] * 8), make_cells([0.3] * 16, from_team="support", about_team="it")
    for cells in zip(rising, flat, strict=True):
        releases.append(cells[0].last_week, serialise(cells))
    key = make_key(operations, "admin")
    serving = serve(State(settings, pipeline, releases, operations), key)
    http_client = next(serving)
    with Client(str(http_client.base_url), key) as client:
        yield client
    next(serving, None)


def test_what_is_released(service: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [(p["from_team"], p["verdict"], len(p["cells"])) for p in service.pairs()] == [
        ("sales", "rising", 1),
        ("support", service.pair("support", "it")["verdict"], 1),
    ]
    pair = service.pair("sales", "marketing")
    assert len(pair["cells"]) == 16
    weeks = list(service.weeks())
    assert (weeks[0], weeks[-1], len(weeks)) == ("2026-W01", "2026-W16", 16)
    assert service.week("2026-W16")[0] == pair["cells"][-1]
    assert "2026-W16" in service.digest("2026-W16")
    assert service.digest("2026-W16", "html").lstrip().lower().startswith("<!doctype html")
    assert len(service.cells_csv().splitlines()) == 33


def test_lists_are_read_to_their_end(service: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(service.weeks())
    real = service._get
    pages = []

    def by_three(path: str, params: dict[str, str], **more: object) -> httpx.Response:
        pages.append(path)
        return real(path, params=params | {"limit": "3"})

    monkeypatch.setattr(service, "_get", by_three)
    assert list(service.weeks()) == whole
    assert len(pages) == 6


def test_comments_are_scored_in_their_order(service: Client) -> None:
    comments = [{"text": f"Marketing never answers us, {i}.", "id": str(i), "from_team": "sales"} for i in range(3)]
    found = service.score([*comments, {"text": "whatever", "about_team": "nobody"}])  # type: ignore[list-item]
    assert [row["id"] for row in found] == ["0", "1", "2", None]
    assert found[0]["targets"][0]["team"] == "marketing"
    assert "unknown team" in found[3]["error"]
    assert service.score([]) == []


def test_what_was_done_about_a_pair(service: Client) -> None:
    done = service.intervene("sales", "marketing", date(2026, 2, 25), "weekly meeting")
    assert done["week"] == "2026-W09"
    assert list(service.interventions()) == [done]
    assert service.pair("sales", "marketing")["interventions"][0]["week"] == "2026-W09"
    with pytest.raises(Refused, match="already") as refused:
        service.intervene("sales", "marketing", "2026-W09", "another")
    assert (refused.value.status, refused.value.type) == (409, "/problems#conflict")
    service.take_back(done)
    assert list(service.interventions()) == []


def test_a_file_is_sent_and_waited_for(service: Client, config: Path, tmp_path: Path) -> None:
    rows = "".join(f"Marketing never answers us,sales,p{i},2026-W17\n" for i in range(7))
    (tmp_path / "week.csv").write_text("text,from_team,respondent,week\n" + rows)
    batch = service.upload(tmp_path / "week.csv")
    assert batch["state"] == "waiting"
    with pytest.raises(Unreachable, match="waiting after"):
        service.wait(batch, seconds=0.2, every=0.1)
    (tmp_path / "inbox").mkdir()
    subprocess.run([FRICTION, "ingest", "--inbox", "--config", config], check=True, capture_output=True, timeout=120)
    done = service.wait(batch)
    assert done["state"] == "done"
    assert done["report"] is not None
    assert done["report"]["comments"] == 7


def test_refusals_say_what_and_never_what_was_sent(service: Client, tmp_path: Path) -> None:
    for ask, status in (
        (lambda: service.pair(CANARY, "sales"), 404),
        (lambda: service.pair("sales/../..", "sales"), 404),
        (lambda: service.week(CANARY), 422),
        (lambda: service.batch(CANARY), 404),
        (lambda: service.score([{"text": "", "id": CANARY * 90}]), 422),
        (lambda: service.intervene("sales", CANARY, "2026-W09", CANARY), 404),
    ):
        with pytest.raises(Refused) as refused:
            ask()  # type: ignore[no-untyped-call]
        assert refused.value.status == status
        assert CANARY not in str(refused.value)
    with pytest.raises(UsageError, match="Cannot read"):
        service.upload(tmp_path / "nowhere.csv")


def test_half_a_character_is_an_error_of_its_row(service: Client) -> None:
    found = service.score([{"text": f"{CANARY} caf\u00e9 \ud83d never"}, {"text": "Marketing never answers us."}])
    assert [row.get("error") for row in found] == ["the text is not valid Unicode", None]
    with pytest.raises(Refused) as refused:
        service.intervene("sales", "marketing", "2026-W09", f"{CANARY} \ud83d")
    assert refused.value.status == 422
    assert CANARY not in str(refused.value)


def test_comments_may_come_one_by_one(service: Client) -> None:
    texts = iter(["Marketing never answers us.", "We have no comment."])
    assert len(service.score({"text": text} for text in texts)) == 2


def test_what_is_no_json_is_said_without_it(service: Client) -> None:
    """Not even the error that led to it, which a debugger or an error tracker would show, has it."""
    ring: dict[str, Any] = {}
    ring["text"] = ring
    for row in ({"text": CANARY.encode()}, {"text": CANARY, "id": float("nan")}, {"text": {CANARY}}, ring):
        with pytest.raises(UsageError, match="no JSON") as refused:
            service.score([cast(Comment, row)])
        assert refused.value.__context__ is None
        assert CANARY not in str(refused.value)


def test_a_name_that_leads_elsewhere_is_refused(service: Client) -> None:
    for ask in (
        lambda: service.pair("..", ".."),
        lambda: service.pair("", ""),
        lambda: service.pair("sales", "."),
        lambda: service.batch(""),
        lambda: service.week(".."),
        lambda: service.take_back({"from_team": "..", "about_team": "it", "week": "2026-W01"}),  # type: ignore[typeddict-item]
    ):
        with pytest.raises(UsageError, match="no name"):
            ask()  # type: ignore[no-untyped-call]
    with pytest.raises(Refused, match="404"):
        service.pair("\ud83d", "sales")


def test_a_key_that_does_not_hold(service: Client) -> None:
    with (
        Client(str(service._http.base_url), "friction_00000000_" + "0" * 64) as other,
        pytest.raises(Refused) as refused,
    ):
        list(other.pairs())
    assert refused.value.status == 401


Scripted = Callable[..., tuple[str, list[str]]]


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """A server that answers each request by the next line of a script; "drop" hangs up without a word."""
    running: list[http.server.ThreadingHTTPServer] = []

    def start(*script: str) -> tuple[str, list[str]]:
        asked: list[str] = []
        rest = iter(script)

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                asked.append(self.command)
                status, *headers = next(rest).split()
                if status == "drop":
                    self.connection.close()
                    return
                body = b'{"pairs": [], "next": null, "results": [], "id": "b", "state": "waiting"}'
                if "page" in headers:
                    headers.remove("page")
                    body = b"<html>Sign in to the guest network</html>"
                self.send_response(int(status))
                for header in headers:
                    self.send_header(*header.split(":"))
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        return f"http://127.0.0.1:{server.server_port}", asked

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_who_is_busy_is_asked_again(scripted: Scripted) -> None:
    url, asked = scripted("503 retry-after:0", "429 retry-after:0", "drop", "200")
    with Client(url, "k") as client:
        assert list(client.pairs()) == []
    assert asked == ["GET"] * 4


def test_who_stays_busy_is_left_alone(scripted: Scripted) -> None:
    url, asked = scripted(*["503 retry-after:0"] * 9)
    with Client(url, "k", tries=3) as client, pytest.raises(Refused) as refused:
        client.score([{"text": "x"}])
    assert refused.value.status == 503
    assert asked == ["POST"] * 3


def test_what_may_have_been_taken_is_not_sent_again(scripted: Scripted) -> None:
    """A 503 may come from a store that was lost after it had taken it; who asked too often was not heard at all."""
    url, asked = scripted("drop", "503 retry-after:0", "429 retry-after:0", "502")
    with Client(url, "k") as client:
        for kind in (Unreachable, Refused, Refused):
            with pytest.raises(kind) as gone:
                client.intervene("sales", "it", "2026-W01", CANARY)
            assert CANARY not in str(gone.value)
    assert asked == ["POST"] * 4


def test_what_a_proxy_says_of_a_service_that_starts_anew_is_waited_out(scripted: Scripted) -> None:
    url, asked = scripted("502 retry-after:0", "504 retry-after:0", "200")
    with Client(url, "k") as client:
        assert list(client.pairs()) == []
    assert asked == ["GET"] * 3


def test_a_file_that_counts_once_is_sent_until_it_is_taken(scripted: Scripted, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\n" * 30_000)
    url, asked = scripted("drop", "503 retry-after:0", "202")
    with Client(url, "k") as client:
        assert client.upload(tmp_path / "a.csv")["id"] == "b"
    assert asked == ["POST"] * 3


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("900", LONGEST_WAIT),
        ("Thu, 26 Nov 2026 12:00:20 GMT", 20.0),
        ("Thu, 26 Nov 2026 11:00:00 GMT", 0.0),
        ("Fri, 27 Nov 2026 12:00:00 GMT", LONGEST_WAIT),
        ("Fri, 27 Nov 99999999999999999999 12:00:00 GMT", _pause(1)),
        ("soon", _pause(1)),
        (None, _pause(1)),
    ],
)
def test_it_waits_as_long_as_it_is_told(monkeypatch: pytest.MonkeyPatch, said: str | None, seconds: float) -> None:
    monkeypatch.setattr(time, "time", lambda: datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp())
    assert _said(said, 1) == seconds


def test_an_error_that_is_no_problem_document(scripted: Scripted) -> None:
    url, _ = scripted("500", "404")
    with Client(url, "k") as client:
        for status in (500, 404):
            with pytest.raises(Refused) as refused:
                client.pair("a", "b")
            assert (refused.value.status, refused.value.type) == (status, "about:blank")


def test_what_answers_is_not_the_service(scripted: Scripted) -> None:
    """A proxy's page, an object of something else, and what says that it is packed and is not."""
    url, asked = scripted("200 page", "200", "200", "200 page content-encoding:gzip", "202 page")
    with Client(url, "k", tries=1) as client:
        for ask in (
            lambda: list(client.pairs()),
            lambda: list(client.weeks()),
            lambda: client.week("2026-W01"),
            lambda: client.score([{"text": CANARY}]),
            lambda: client.intervene("sales", "it", "2026-W01", CANARY),
        ):
            with pytest.raises(Unreachable) as gone:
                ask()  # type: ignore[no-untyped-call]
            assert CANARY not in str(gone.value)
    assert len(asked) == 5


def test_nobody_there() -> None:
    with Client("http://127.0.0.1:9", "k", tries=2) as client, pytest.raises(Unreachable, match="ConnectError"):
        list(client.pairs())


def test_friction_without_httpx_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "httpx.py").write_text("raise ModuleNotFoundError('httpx')\n")
    code = (
        "import sys, friction; assert 'httpx' not in sys.modules\ntry: friction.Client\nexcept Exception as e: print(e)"
    )
    root = str(Path(__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{tmp_path}:{root}"},
        check=True,
    )
    assert "pip install 'friction[client]'" in done.stdout


@pytest.mark.parametrize(
    ("url", "key", "said"),
    [
        ("127.0.0.1:8642", "k", "begins with https://"),
        ("http://[::", "k", "address is none"),
        ("http://h:kumquat", "k", "address is none"),
        ("http://h", "", "no key"),
        ("http://h", "kumquat\n", "no key"),
    ],
)
def test_what_cannot_be_asked_is_said_at_once(url: str, key: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        Client(url, key)
    assert "kumquat" not in str(refused.value)
