"""Every surface as a channel: the API, the dashboard, the digest, the metrics, exports, and the time an answer takes.

Two companies that differ in hidden pairs alone are released under the same salts. Whatever anybody can ask for must be
the same in both, byte for byte; and a pair that waits, a pair about a tiny team and a pair that nobody wrote about must
be answered by the same calls of the same functions in the same order, so that time tells nothing by construction.
"""

import asyncio
import inspect
import re
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from friction.disclosure import Policy
from friction.pipeline import Pipeline
from friction.records import Week
from friction.release import release
from friction.report import read_trends, to_csv, to_json, to_table
from friction.settings import Settings
from friction.store.keys import Key
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from service import api, dashboard, released
from service.access import Caller
from service.app import create_app
from service.digest import render
from service.state import State
from tests.service.conftest import make_key, serve
from tests.service.test_access import routes

MakeVote = Callable[..., Vote]
FIRST, LAST = Week.parse("2026-W01"), Week.parse("2026-W20")
TEAMS = ("sales", "marketing", "support", "it", "events", "legal")
PAIRS = [(a, b) for a in TEAMS for b in TEAMS if a != b]
OURS = tuple(str(Path(__file__).parents[2] / room) for room in ("friction", "service"))
VIEWER = Caller(Key("0", frozenset(["read"]), None, "", 0, None, None, None))
WAITS, TINY, ABSENT = ("sales", "it"), ("sales", "legal"), ("it", "support")


def _seen(make_vote: MakeVote) -> list[Vote]:
    weeks = [str(FIRST + i) for i in range(LAST - FIRST + 1)]
    return [
        make_vote(f"p{i}", week, blamed=i < 4, from_team=speaks, labels=("mistakes",) * (i < 4))
        for speaks in ("sales", "support")
        for week in weeks
        for i in range(8)
    ]


def _hidden(make_vote: MakeVote) -> list[Vote]:
    """Four voices about IT that wait, a tiny team's own words that expire, and a crowd about a tiny team."""
    four = [make_vote(f"p{i}", str(LAST), about_team="it", blamed=True) for i in range(4)]
    expired = [make_vote(f"e{i}", str(FIRST), from_team="events", blamed=True) for i in range(3)]
    crowd = [make_vote(f"p{i}", str(LAST + -1), about_team="legal", blamed=True) for i in range(20)]
    return [*four, *expired, *crowd]


@pytest.fixture
def worlds(
    tmp_path: Path, settings: Settings, pipeline: Pipeline, make_vote: MakeVote, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[State]]:
    """What the web process has of a company without and of one with hidden pairs."""
    monkeypatch.setattr(secrets, "token_bytes", lambda n: bytes(range(n)))
    states = []
    for name, votes in (("plain", _seen(make_vote)), ("hiding", [*_seen(make_vote), *_hidden(make_vote)])):
        scores = ScoreStore(f"sqlite:///{tmp_path}/{name}-s.sqlite")
        releases = ReleaseStore(f"sqlite:///{tmp_path}/{name}-r.sqlite", create=True)
        scores.add_batch(b"f", votes)
        release(scores, releases, directory=settings.directory, policy=Policy(), through=LAST)
        scores.close()
        states.append(State(settings, pipeline, releases, open_operations(f"sqlite:///{tmp_path}/{name}-o.sqlite")))
    yield states
    for state in states:
        state.releases.close()
        state.operations.close()


@contextmanager
def _client(state: State) -> Iterator[Any]:
    serving = serve(state, make_key(state.operations, "admin"))
    yield next(serving)
    next(serving, None)


def _asked(state: State) -> dict[str, tuple[int, bytes]]:
    """Every answer of the web process, known routes or not."""
    with _client(state) as client:
        paths = ["/nowhere", *{asked.path for asked in routes(create_app(state)) if asked.method == "GET"}]
        paths += [f"/teams/{team}" for team in TEAMS] + [f"/weeks/{FIRST + i}" for i in range(25)]
        paths += [f"/v1/weeks/{FIRST + i}" for i in (0, 19)] + [f"/v1/digests/{LAST}"]
        paths += [f"{start}/pairs/{a}/{b}" for start in ("", "/v1") for a, b in PAIRS]
        found = {path: client.get(path) for path in paths}
        return {path: (answer.status_code, _untimed(answer.content)) for path, answer in found.items()}


def _untimed(content: bytes) -> bytes:
    """Without how long answers took, which is never twice the same; that it tells nothing is shown by their steps."""
    return re.sub(rb"(?m)^friction_request_seconds_(bucket|sum).*\n", b"", content)


def test_hidden_pairs_change_no_byte_of_any_answer(worlds: list[State]) -> None:
    plain, hiding = map(_asked, worlds)
    assert plain["/v1/pairs/sales/marketing"][0] == 200
    assert b"rounding-3" in plain["/v1/pairs/sales/marketing"][1]
    assert plain == hiding


def test_hidden_pairs_change_no_byte_of_digest_and_exports(worlds: list[State]) -> None:
    said = []
    for state in worlds:
        found = read_trends(state.releases)
        digests = [
            render(found, state.directory, LAST, language, team=team, before=found[:1])
            for language in ("en", "fr")
            for team in (None, "sales", "it")
        ]
        exports = [to_csv(found), to_table(found, state.directory), [to_json(t) for t in found]]
        said.append((digests, exports, state.releases.cells(), state.releases.verify()))
    assert said[0] == said[1]
    assert said[0][0]


def _calls(ask: Callable[[], object]) -> list[tuple[str, str]]:
    """Which functions of ours were called, in order. Libraries warm up with the number of questions, not the pair."""
    found: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            found.append((frame.f_code.co_filename, frame.f_code.co_qualname))

    sys.setprofile(note)
    threading.setprofile(note)  # an answer is made in a thread
    try:
        asked = ask()
        if inspect.iscoroutine(asked):
            asyncio.run(asked)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return found


@pytest.mark.parametrize("page", [api.pairs.pair, dashboard.pairs.pair], ids=["API", "dashboard"])
def test_waiting_tiny_and_absent_pairs_take_the_same_steps(
    page: Callable[..., object], worlds: list[State], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(released, "LOOK_EVERY", 3600.0)  # whether the stores are looked at hangs on the clock alone
    app = SimpleNamespace(state=SimpleNamespace(friction=worlds[1]))
    request = Request({"type": "http", "app": app, "path": "/", "headers": [], "query_string": b""})
    _calls(lambda: page("it", "events", request, VIEWER))  # what is loaded once is loaded
    steps = [_calls(lambda pair=pair: page(*pair, request, VIEWER)) for pair in (WAITS, TINY, ABSENT)]  # type: ignore[misc]
    assert len(steps[0]) >= 10
    assert steps[0] == steps[1] == steps[2]
    shown = _calls(lambda: page("sales", "marketing", request, VIEWER))
    assert shown != steps[0]  # the control: a pair that is shown takes others
