"""The scoring endpoint under load: a real server, real connections, a model that can be held up."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from friction.pipeline import Pipeline
from friction.records import Comment, Scored
from friction.settings import Settings
from friction.store.engine import Database
from friction.store.releases import ReleaseStore
from service.app import create_app
from service.crowd import AT_ONCE
from service.queue import CAPACITY
from service.scoring import MAX_COMMENTS, ScoreResponse
from service.server import Server
from service.state import State
from tests.conftest import until
from tests.service.conftest import bearing, make_key

ONE = {"comments": [{"id": "one", "text": "Marketing never answers us.", "from_team": "sales"}]}
MANY = {"comments": [{"id": str(i), "text": f"Marketing never answers us, {i} times."} for i in range(MAX_COMMENTS)]}


class HeldUp(Pipeline):
    """The real pipeline, which scores only when let."""

    may_work: threading.Event

    def score(self, comments: Sequence[Comment], *, evidence: bool = True) -> list[Scored]:
        assert self.may_work.wait(60)
        return super().score(comments, evidence=evidence)


@pytest.fixture
def held(pipeline: Pipeline, settings: Settings) -> Iterator[HeldUp]:
    held = HeldUp(settings.directory, pipeline.classifier)
    held.may_work = threading.Event()
    yield held
    held.may_work.set()


@pytest.fixture
def state(settings: Settings, held: HeldUp, released: ReleaseStore, operations: Database) -> State:
    return State(settings, held, released, operations)


@contextmanager
def _serving(state: State) -> Iterator[tuple[Server, httpx.Client]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(create_app(state))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until(lambda: server.started)
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            key = make_key(state.operations, "score", "read")
            with httpx.Client(base_url=url, headers=bearing(key), timeout=60) as client:
                yield server, client
        finally:
            server.should_exit = True
            thread.join(60)


@pytest.fixture
def client(state: State, held: HeldUp) -> Iterator[httpx.Client]:
    with _serving(state) as (_, client):
        yield client
        held.may_work.set()


def _score(client: httpx.Client, body: object = ONE) -> httpx.Response:
    return client.post("/v1/score", json=body)


def _queued(client: httpx.Client) -> int:
    lines = client.get("/metrics").text.splitlines()
    return int(float(next(line.split()[1] for line in lines if line.startswith("friction_queued_comments "))))


def test_others_are_answered_while_a_huge_request_is_scored(client: httpx.Client, held: HeldUp) -> None:
    with ThreadPoolExecutor(2) as pool:
        huge = pool.submit(_score, client, MANY)
        until(lambda: _queued(client) == MAX_COMMENTS)
        assert client.get("/healthz").status_code == 200, "the model is held up, the loop is not"
        held.may_work.set()
        single = _score(client)
        assert not huge.done(), "one comment does not wait for five hundred"
        health = 0
        while not huge.done():
            assert client.get("/healthz").status_code == 200
            health += 1
    assert health > 3
    assert single.json()["results"][0]["targets"][0]["team"] == "marketing"
    answer = ScoreResponse.model_validate_json(huge.result().text)
    assert [row.id for row in answer.results] == [row["id"] for row in MANY["comments"]]


def test_an_answer_is_of_the_documented_shape(client: httpx.Client, held: HeldUp) -> None:
    held.may_work.set()
    rows = [*ONE["comments"], {"text": " "}, {"text": "fine", "about_team": "nobody"}, {"text": "C'est très bien"}]
    response = _score(client, {"comments": rows})
    answer = ScoreResponse.model_validate_json(response.text)
    assert json.loads(answer.model_dump_json()) == response.json()


def test_a_client_that_goes_away_frees_its_work(client: httpx.Client, held: HeldUp) -> None:
    body = json.dumps(MANY).encode()
    host, port, key = client.base_url.host, client.base_url.port, client.headers["authorization"]
    head = f"POST /v1/score HTTP/1.1\r\nHost: {host}\r\nAuthorization: {key}\r\nContent-Length: {len(body)}\r\n"
    head += "Content-Type: application/json\r\n"
    with ThreadPoolExecutor(1) as pool:
        stays = pool.submit(_score, client)
        until(lambda: _queued(client) == 1)
        with socket.create_connection((host, port or 0)) as gone:
            gone.sendall(head.encode() + b"\r\n" + body)
            until(lambda: _queued(client) == 1 + MAX_COMMENTS)
        until(lambda: _queued(client) == 1)
        held.may_work.set()
        assert stays.result().status_code == 200
    assert 'friction_scoring_refused_total{reason="gone"} 1.0' in client.get("/metrics").text


def test_overload_is_told_and_when_to_come_again(client: httpx.Client, held: HeldUp) -> None:
    with ThreadPoolExecutor(2) as pool:
        full = [pool.submit(_score, client, MANY) for _ in range(2)]
        until(lambda: _queued(client) == CAPACITY)
        refused = _score(client)
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert "Marketing" not in refused.text
        assert _queued(client) == CAPACITY
        held.may_work.set()
        assert [f.result().status_code for f in full] == [200, 200]
    assert _score(client).status_code == 200
    assert 'friction_scoring_refused_total{reason="full"} 1.0' in client.get("/metrics").text


def test_a_crowd_is_turned_away_before_it_costs_anything(client: httpx.Client, held: HeldUp) -> None:
    """Not even a key is looked up, so that the server has time for those who are inside."""
    body = json.dumps(ONE).encode()
    head = (
        f"POST /v1/score HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    )
    unfinished = f"{head}\r\nauthorization: {client.headers['authorization']}\r\n\r\n".encode() + body[:-1]
    address = (client.base_url.host, client.base_url.port)
    with ExitStack() as stack:
        inside = [stack.enter_context(socket.create_connection(address)) for _ in range(AT_ONCE)]
        for one in inside:
            one.sendall(unfinished)
        until(lambda: httpx.post(f"{client.base_url}/v1/score", json=ONE, timeout=60).status_code == 503)
        refused = httpx.post(f"{client.base_url}/v1/score", json=ONE, timeout=60)  # without a key
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems#busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["x-request-id"]
        assert client.get("/healthz").status_code == 200
    held.may_work.set()
    until(lambda: httpx.post(f"{client.base_url}/v1/score", json=ONE, timeout=60).status_code == 401)
    assert client.post("/v1/score", json=ONE).status_code == 200


def test_a_stop_finishes_what_was_accepted_and_refuses_what_comes(state: State, held: HeldUp) -> None:
    with _serving(state) as (server, client), ThreadPoolExecutor(1) as pool:
        accepted = pool.submit(_score, client, MANY)
        until(lambda: _queued(client) == MAX_COMMENTS)
        server.should_exit = True
        until(lambda: client.get("/readyz").status_code == 503)
        late = _score(client)
        assert (late.status_code, late.headers["content-type"]) == (503, "application/problem+json")
        assert int(late.headers["retry-after"]) >= 1
        held.may_work.set()
        assert len(accepted.result().json()["results"]) == MAX_COMMENTS
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{client.base_url}/healthz")


def test_answers_under_load_are_those_of_the_pipeline_alone(
    client: httpx.Client, held: HeldUp, pipeline: Pipeline
) -> None:
    texts = [f"Marketing promised it for week {i}, and never answers." for i in range(40)]
    bodies = [{"comments": [{"text": text}] * (1 + i % 3)} for i, text in enumerate(texts)]
    with ThreadPoolExecutor(40) as pool:
        answers = [pool.submit(_score, client, body) for body in bodies]
        until(lambda: _queued(client) == sum(len(body["comments"]) for body in bodies))
        held.may_work.set()
        for text, answer in zip(texts, answers, strict=True):
            (expected,) = pipeline.score([Comment(text=text)])
            row = answer.result().json()["results"][0]
            assert row["targets"][0]["blame"] == round(expected.targets[0].blame, 4)
