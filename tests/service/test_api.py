import httpx
import pytest

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
    assert body["model"] == "friction-enfr-1"
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


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"comments": []},
        {"comments": [{"text": ""}]},
        {"comments": [{"text": 5}]},
        {"comments": [{"text": CANARY, "mood": CANARY}]},
        {"comments": [{CANARY: CANARY}]},
        {"comments": [{"text": CANARY * 2000}]},
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


def test_no_query_parameter_is_taken(client: httpx.Client) -> None:
    for path in ("/v1/pairs", "/v1/pairs/sales/marketing"):
        _problem(client.get(path, params={"lang": CANARY}), 400)


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
