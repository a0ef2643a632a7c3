import json

import httpx
import pytest

from friction.pipeline import Pipeline
from friction.records import Comment, Scored, TeamId
from friction.scored_rows import to_json

CANARY = "kumquat-zeppelin"


def _problem(response: httpx.Response, status: int) -> dict:  # type: ignore[type-arg]
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert CANARY not in response.text
    return body  # type: ignore[no-any-return]


def test_score_answers_in_order(client: httpx.Client) -> None:
    comments = [
        {"id": "a", "text": "Marketing never answers us, not once.", "from_team": "sales"},
        {"id": "b", "text": "Das Marketing antwortet uns leider nie auf Fragen"},
        {"text": "All fine this week", "about_team": "Helpdesk"},
        {"id": "d", "text": "whatever", "about_team": "nobody"},
    ]
    response = client.post("/v1/score", json={"comments": comments})
    assert response.status_code == 200
    body = response.json()
    assert body["model"] == "friction-enfr-14"
    assert [r["id"] for r in body["results"]] == ["a", "b", None, "d"]
    first, second, third, fourth = body["results"]
    assert [t["team"] for t in first["targets"]] == ["marketing"]
    assert "'de' is not supported" in second["error"]
    assert [t["team"] for t in third["targets"]] == ["support"]
    assert fourth["error"] == "unknown team in about_team"
    target = first["targets"][0]
    assert set(target) == {"team", "blame", "appreciation", "blamed", "appreciated", "patterns", "labels", "evidence"}
    for span in target["evidence"]:
        assert 0 <= span["start"] < span["end"] <= len(comments[0]["text"] or "")


def test_rows_are_those_of_the_command(client: httpx.Client, pipeline: Pipeline) -> None:
    """``error`` replaces ``targets``; neither is there as null."""
    comments = [
        Comment(text="Marketing never answers us, not once.", id="a", from_team=TeamId("sales")),
        Comment(text="Das Marketing antwortet uns leider nie auf Fragen", id="b"),
        Comment(text="All fine this week, thank you", about_team=TeamId("support")),
    ]
    expected = [*pipeline.score(comments), Scored(id="d", lang=None, error="unknown team in about_team")]
    sent = [{"id": c.id, "text": c.text, "from_team": c.from_team, "about_team": c.about_team} for c in comments]
    sent.append({"id": "d", "text": "whatever", "from_team": None, "about_team": "nobody"})
    results = client.post("/v1/score", json={"comments": sent}).json()["results"]
    assert results == json.loads(json.dumps([to_json(scored, pipeline.model) for scored in expected]))
    assert [set(row) - {"id", "lang", "model"} for row in results] == [{"targets"}, {"error"}, {"targets"}, {"error"}]


def test_a_text_that_cannot_be_scored_is_an_error_of_its_row_alone(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    good = "Marketing never answers us, not once."
    sent = ["", good, " ", CANARY * 2000, "x" * 4_000_000, f"{CANARY} \ud83d", f"\udc00{CANARY}"]
    body = json.dumps({"comments": [{"text": text} for text in sent]})  # half a character, as JSON can write it
    answer = client.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
    assert [row.get("error", "scored") for row in answer.json()["results"]] == [
        "the text is empty", "scored", "the text is empty", *["the comment is longer than 20000 characters"] * 2,
        *["the text is not valid Unicode"] * 2,
    ]  # fmt: skip
    assert CANARY not in answer.text
    assert caplog.records == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"comments": []},
        {"comments": [{"text": 5}]},
        {"comments": [{"text": CANARY, "mood": CANARY}]},
        {"comments": [{CANARY: CANARY}]},
        {"comments": [{"text": "x"}] * 501},
    ],
)
def test_a_request_that_is_not_as_documented(client: httpx.Client, body: object) -> None:
    assert _problem(client.post("/v1/score", json=body), 422)["errors"]


def test_other_bad_requests(client: httpx.Client) -> None:
    _problem(client.post("/v1/score", content=CANARY.encode(), headers={"content-type": "application/json"}), 422)
    _problem(client.get("/v1/score"), 405)
    _problem(client.get(f"/v1/{CANARY}"), 404)
    _problem(client.post("/v1/score", content=b" " * 5_000_001), 413)
    _problem(client.post("/v1/score", content=iter([b"{}"])), 411)


@pytest.mark.parametrize(
    "path",
    ["/v1/pairs", "/v1/pairs/sales/marketing", "/", "/pairs/sales/marketing", "/healthz", "/docs", "/openapi.json"],
)
def test_no_query_parameter_is_taken(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200
    _problem(client.get(path, params={"lang": CANARY}), 400)
    _problem(client.get(f"{path}?{CANARY}"), 400)
    _problem(client.post("/v1/score", params={"lang": CANARY}, json={"comments": [{"text": "x"}]}), 400)


@pytest.mark.parametrize("path", ["/", "/v1/pairs", "/docs", "/static/friction.css", "/nowhere"])
def test_no_other_host_reads_anything(client: httpx.Client, path: str) -> None:
    """A page elsewhere whose name resolves to loopback states its own name (DNS rebinding)."""
    port = client.base_url.port
    for host in (
        f"{CANARY}.example",
        f"{CANARY}.example:{port}",
        "localhost.example",
        "www.localhost",
        "127.0.0.2",
        "",
    ):
        response = client.get(path, headers={"host": host})
        assert "address that friction serve printed" in _problem(response, 400)["detail"]
        assert response.headers["content-security-policy"].startswith("default-src 'none'")


def test_every_name_of_loopback_is_answered(client: httpx.Client) -> None:
    for host in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]"):
        for port in ("", f":{client.base_url.port}"):
            assert client.get("/healthz", headers={"host": host + port}).status_code == 200


def test_pairs_carry_their_latest_cell(client: httpx.Client) -> None:
    pairs = {(p["from_team"], p["about_team"]): p for p in client.get("/v1/pairs").json()["pairs"]}
    assert set(pairs) == {("sales", "marketing"), ("support", "it")}
    pair = pairs["sales", "marketing"]
    assert pair["verdict"] == "rising"
    (cell,) = pair["cells"]
    assert cell["respondents"] == "20-49"
    assert cell["low"] <= cell["blame_rate"] <= cell["high"]


def test_a_pair_carries_its_series(client: httpx.Client) -> None:
    pair = client.get("/v1/pairs/sales/marketing").json()
    assert [c["last_week"] for c in pair["cells"]] == sorted(c["last_week"] for c in pair["cells"])
    assert len(pair["cells"]) == 16


def test_absence_is_opaque(client: httpx.Client) -> None:
    """A small team, a pair nobody wrote about and one with too few voices answer alike."""
    answers = [client.get(f"/v1/pairs/{pair}").json() for pair in ("sales/legal", "it/sales", "marketing/events")]
    for answer in answers:
        answer.pop("from_team")
        answer.pop("about_team")
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["cells"] == []
    _problem(client.get("/v1/pairs/sales/nowhere"), 404)
    _problem(client.get("/v1/pairs/sales/sales"), 404)


def test_health_and_documentation(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/v1/score", "/v1/pairs", "/v1/pairs/{from_team}/{about_team}", "/healthz"} <= set(paths)
