"""What holds for every request: over real HTTP, raw bytes included."""

import gzip
import socket
from typing import Any

import httpx
import pytest

from service import edge

OWN = {"date", "x-request-id"}  # each answer has its own
CANARY = "kumquat-zeppelin"
PAGES = ["/", "/v1/pairs", "/v1/pairs/sales/marketing", "/healthz", "/docs", "/openapi.json", "/problems"]


def _raw(client: httpx.Client, request: bytes) -> bytes:
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer


@pytest.mark.parametrize("path", [*PAGES, "/static/friction.css"])
def test_head_is_get_without_its_body(client: httpx.Client, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-length"] == str(len(get.content))
    assert {k: v for k, v in head.headers.items() if k not in OWN} == {
        k: v for k, v in get.headers.items() if k not in OWN
    }


@pytest.mark.parametrize(
    ("path", "allow"), [("/v1/pairs", "GET, HEAD"), ("/v1/score", "POST"), ("/healthz", "GET, HEAD")]
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "OPTIONS", "DELETE"])
def test_a_wrong_method_is_told_the_right_ones(client: httpx.Client, path: str, allow: str, method: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allow
    assert answer.json()["type"] == "/problems#wrong-method"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"url": f"/{CANARY}"}, 404),
        ({"url": f"/v1/{CANARY}"}, 404),
        ({"url": f"/v1/pairs/{CANARY}/sales"}, 404),
        ({"url": f"/v1/pairs/%ff{CANARY}%00/sales"}, 404),
        ({"url": f"/v1/pairs?{CANARY}"}, 400),
        ({"url": f"/v1/pairs?limit={CANARY}"}, 422),
        ({"url": f"/{CANARY}?%ff=%00{CANARY}"}, 400),
        ({"url": "/?" + CANARY * 200}, 400),
        ({"url": "/", "headers": {"host": f"{CANARY}.example"}}, 400),
        ({"url": "/v1/score", "method": "POST", "content": CANARY.encode()}, 422),
        ({"url": "/v1/score", "method": "POST", "json": {CANARY: CANARY}}, 422),
        ({"url": "/v1/score", "method": "POST", "content": b'{"comments": [' * 9000 + CANARY.encode()}, 422),
        ({"url": "/v1/score", "method": "POST", "content": iter([CANARY.encode()])}, 411),
        ({"url": "/v1/score", "method": "POST", "content": CANARY.encode() * 400_000}, 413),
        ({"url": f"/static/{CANARY}"}, 404),
        ({"url": f"/static/../../{CANARY}"}, 404),
    ],
)
def test_every_error_is_a_problem_that_echoes_nothing(
    client: httpx.Client, request_: dict[str, object], status: int
) -> None:
    answer = client.request(**{"method": "GET"} | request_)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert CANARY not in str(answer.headers) + answer.text
    body = answer.json()
    assert {"type", "title", "status", "detail"} <= set(body) <= {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    page, anchor = body["type"].split("#")
    assert f'id="{anchor}"' in client.get(page).text


DONE = {"from_team": "sales", "about_team": "it", "date": "2026-W07", "description": "agenda"}
FIELDS = "from_team, about_team, date, description"


@pytest.mark.parametrize(
    ("path", "sent", "where", "what"),
    [
        ("/v1/score", {"content": b'{"comments": []}'}, "body", "Content-Type: application/json"),
        ("/v1/score", {"json": {"comments": [], CANARY: 1}}, "body.?", "Known here: comments"),
        (
            "/v1/score",
            {"json": {"comments": [{"text": "t", CANARY: 1}]}},
            "body.comments.0.?",
            "Known here: id, text, from_team, about_team",
        ),
        ("/v1/score", {"json": {"comments": [CANARY]}}, "body.comments.0", "Send a JSON object"),
        ("/v1/interventions", {"json": DONE | {"mood": CANARY}}, "body.?", f"Known here: {FIELDS}"),
        ("/v1/interventions", {"json": DONE | {"date": CANARY}}, "body.date", "like 2026-W07, or a day"),
        ("/v1/interventions", {"json": DONE | {"description": f"{CANARY}\nb"}}, "body.description", "one line"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    client: httpx.Client, path: str, sent: dict[str, Any], where: str, what: str
) -> None:
    answer = client.post(path, **sent)
    assert answer.status_code == 422
    (error,) = [e for e in answer.json()["errors"] if e["where"] == where]
    assert what in error["what"]
    assert CANARY not in answer.text


def test_the_form_of_a_week_is_said_in_words(client: httpx.Client) -> None:
    errors = client.get(f"/v1/weeks/{CANARY}").json()["errors"]
    assert errors == [{"where": "path.week", "what": "Write an ISO week, like 2026-W07"}]


def test_a_body_that_is_not_utf8_is_told_so(client: httpx.Client) -> None:
    sent = f'{{"comments": [{{"text": "é{CANARY}"}}]}}'.encode("latin-1")
    answer = client.post("/v1/score", content=sent, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "UTF-8" in answer.json()["detail"]
    assert CANARY not in answer.text


@pytest.mark.parametrize("path", ["/v1/score/", "/v1/pairs/", "/teams/"])
def test_a_path_with_a_slash_at_its_end_is_another(client: httpx.Client, path: str) -> None:
    answer = client.request("POST" if "score" in path else "GET", path)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems#not-found")


@pytest.mark.parametrize(
    "request_",
    [
        f"{CANARY}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{CANARY}\r\n\r\n",
        f"GET /{CANARY} HTTP/9.9\r\n\r\n",
        f"POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Length: {CANARY}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: localhost\r\nX: \0{CANARY}\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_not_http_is_not_echoed(client: httpx.Client, request_: str) -> None:
    answer = _raw(client, request_.encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert CANARY.encode() not in answer


def test_a_store_that_is_away_is_no_error_of_ours(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from friction.errors import UsageError
    from friction.store.releases import ReleaseStore

    def away(_: ReleaseStore) -> None:
        raise UsageError(f"Cannot open the store at {CANARY}")

    monkeypatch.setattr("service.released.LOOK_EVERY", 0)
    monkeypatch.setattr(ReleaseStore, "head", away)
    answer = client.get("/v1/pairs")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == "/problems#busy"
    assert CANARY not in answer.text


BODY = b'{"comments": [{"text": "Marketing never answers us."}]}'


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, GZIP", CANARY])
@pytest.mark.parametrize("path", ["/v1/score", "/v1/batches", "/v1/interventions", "/sign-in", "/interventions"])
def test_a_body_under_an_encoding_is_not_taken(client: httpx.Client, path: str, coding: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": coding}
    answer = client.post(path, content=gzip.compress(BODY), headers=headers)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert answer.json()["type"] == "/problems#wrong-media-type"
    assert "Content-Encoding" in answer.json()["detail"]
    assert CANARY not in answer.text


@pytest.mark.parametrize("coding", ["identity", "Identity, identity"])
def test_a_body_as_it_is_may_say_so(client: httpx.Client, coding: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": coding}
    assert client.post("/v1/score", content=BODY, headers=headers).status_code == 200
    assert client.get("/healthz", headers={"content-encoding": "gzip"}).status_code == 200  # it has no body


def test_openapi_tells_of_every_error_s_shape(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["components"]["schemas"]["Problem"]["properties"]) == {
        "type", "title", "status", "detail", "errors",
    }  # fmt: skip
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert "application/problem+json" in operation["responses"]["default"]["content"], f"{method} {path}"
            assert ("415" in operation["responses"]) == ("requestBody" in operation), f"{method} {path}"


@pytest.mark.parametrize("begun", [b"", b'{"comments": '])
def test_whoever_falls_silent_is_let_go(client: httpx.Client, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(edge, "SILENCE", 0.2)
    head = f"POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {client.headers['authorization']}\r\n"
    answer = _raw(client, f"{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n".encode() + begun)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"/problems#too-slow" in answer
    assert b"onnection: close" in answer
