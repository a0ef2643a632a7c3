"""Released cells over HTTP: what is answered, how it is kept, and how lists are read page by page."""

import csv
import io

import httpx
import pytest

from friction.pipeline import Pipeline
from friction.records import Intervention, TeamId, Week
from friction.settings import Settings
from friction.store import interventions
from friction.store.engine import Database
from friction.store.releases import ReleaseStore, serialise
from service.digest import lay_out
from service.edition import Edition
from service.state import State
from tests.service.conftest import MakeCells, make_key, serve

READS = [
    "/v1/pairs",
    "/v1/pairs/sales/marketing",
    "/v1/pairs/it/sales",
    "/v1/weeks",
    "/v1/weeks/2026-W16",
    "/v1/weeks/2026-W08",
    "/v1/cells.csv",
    "/v1/digests/2026-W16",
    "/v1/interventions",
]


@pytest.mark.parametrize("path", READS)
def test_an_answer_is_sent_once_to_whoever_keeps_it(client: httpx.Client, path: str) -> None:
    first = client.get(path)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "private, max-age=0, must-revalidate"
    assert first.headers["vary"].startswith("Authorization, Cookie")
    tag = first.headers["etag"]
    for said in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"if-none-match": said})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == first.headers["vary"]
    for said in ('"other"', tag.strip('"'), ""):
        assert client.get(path, headers={"if-none-match": said}).status_code == 200
    assert client.head(path).headers["etag"] == tag
    assert client.get(path).content == first.content


def test_tags_tell_answers_apart(client: httpx.Client) -> None:
    tags = [client.get(path).headers["etag"] for path in READS]
    kinds = ("application/json", "text/html", "text/plain")
    tags += [client.get("/v1/digests/2026-W12", headers={"accept": k}).headers["etag"] for k in kinds]
    assert len(set(tags)) == len(tags)


def test_weeks_are_those_in_which_cells_closed(client: httpx.Client) -> None:
    body = client.get("/v1/weeks").json()
    assert body == {"weeks": [{"week": str(Week.parse("2026-W01") + i), "cells": 2} for i in range(16)], "next": None}
    found = client.get("/v1/weeks/2026-W09").json()
    assert found["week"] == "2026-W09"
    assert [(c["from_team"], c["about_team"], c["last_week"]) for c in found["cells"]] == [
        ("sales", "marketing", "2026-W09"),
        ("support", "it", "2026-W09"),
    ]
    series = client.get("/v1/pairs/sales/marketing").json()["cells"]
    assert found["cells"][0] in series


@pytest.fixture
def gap(releases: ReleaseStore, make_cells: MakeCells) -> ReleaseStore:
    """A cell of 2026-W03, one of 2026-W05, of two pairs; nothing in the weeks around."""
    early = make_cells([0.3] * 5)[2]
    late = make_cells([0.3] * 5, from_team="support", about_team="it")[4]
    for cells in ([early], [late], []):
        releases.append(cells[0].last_week if cells else Week.parse("2026-W06"), serialise(cells))
    return releases


@pytest.mark.parametrize("kind", ["weeks", "digests"])
@pytest.mark.parametrize(("team", "first"), [(None, 3), ("sales", 3), ("it", 5), ("marketing", 3), ("events", None)])
def test_weeks_begin_with_the_first_cell_that_a_key_may_see(
    gap: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline, kind: str, team: str | None,
    first: int | None,
) -> None:  # fmt: skip
    running = serve(State(settings, pipeline, gap, operations), make_key(operations, "read", team=team))
    client = next(running)
    for week in range(1, 9):
        answer = client.get(f"/v1/{kind}/2026-W0{week}")
        assert answer.status_code == (200 if first is not None and first <= week <= 6 else 404), week
        if answer.status_code == 404:
            assert answer.json()["detail"] == "Nothing is released of that week, or nothing that this key may see."
    next(running, None)


def test_a_quiet_week_after_the_first_cell_is_an_answer(
    gap: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline
) -> None:
    running = serve(State(settings, pipeline, gap, operations), make_key(operations, "read"))
    assert next(running).get("/v1/weeks/2026-W04").json() == {"week": "2026-W04", "cells": []}
    next(running, None)


@pytest.mark.parametrize("kind", ["weeks", "digests"])
def test_before_the_first_release(empty_client: httpx.Client, kind: str) -> None:
    assert empty_client.get(f"/v1/{kind}/2026-W16").status_code == 404
    assert empty_client.get("/v1/pairs").json() == {"pairs": [], "next": None}
    assert len(empty_client.get("/v1/cells.csv").text.splitlines()) == 1


@pytest.mark.parametrize("kind", ["weeks", "digests"])
def test_weeks_that_are_not_there(client: httpx.Client, kind: str) -> None:
    assert client.get(f"/v1/{kind}/2026-W17").status_code == 404
    for week, status in (
        ("2026-W54", 422), ("2026-W00", 422), ("2026-W1", 422), ("2026W16", 422), ("２０２６-W16", 422),
        ("2026-W16x", 422), ("2025-W53", 404), ("0000-W01", 404), ("9999-W52", 404),
    ):  # fmt: skip
        answer = client.get(f"/v1/{kind}/{week}")
        assert answer.status_code == status
        assert week not in answer.text


@pytest.mark.parametrize(("path", "name"), [("/v1/pairs", "pairs"), ("/v1/weeks", "weeks")])
def test_pages_add_up_to_the_whole(client: httpx.Client, path: str, name: str) -> None:
    whole = client.get(path).json()[name]
    for limit in (1, 3, len(whole), 1000):
        found, cursor, pages = [], None, 0
        while pages == 0 or cursor is not None:
            body = client.get(path, params={"limit": limit} | ({"cursor": cursor} if cursor else {})).json()
            found += body[name]
            cursor, pages = body["next"], pages + 1
        assert found == whole
        assert pages == -(-len(whole) // limit)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "limit=1.5", "limit="],
)
def test_pages_that_are_none(client: httpx.Client, query: str) -> None:
    assert client.get(f"/v1/pairs?{query}").status_code == 422


@pytest.mark.parametrize(
    ("path", "cursor"),
    [
        *(("/v1/pairs", cursor) for cursor in ("", "zz", "sales/", "sales/marketing/it", "Sales/it", "a/" + "x" * 65)),
        ("/v1/weeks", "2026-W9"),
        ("/v1/interventions", "2026-W09"),
        ("/v1/batches", "zz"),
    ],
)
def test_a_damaged_cursor_is_not_the_end_of_the_list(client: httpx.Client, path: str, cursor: str) -> None:
    answer = client.get(path, params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"where": "query.cursor", "what": "It is not whole: send next of the page before as it was"}
    ]


def test_a_cursor_s_entry_may_be_gone(client: httpx.Client) -> None:
    for cursor, count in (("a/a", 2), ("sales/a", 2), ("sales/marketing", 1), ("sales/zzz", 1), ("t/a", 0)):
        assert len(client.get("/v1/pairs", params={"cursor": cursor}).json()["pairs"]) == count


def test_parameters_are_taken_once_and_where_they_are_declared(client: httpx.Client) -> None:
    assert client.get("/v1/pairs?limit=1&limit=1").status_code == 400
    assert client.get("/v1/pairs?limit=1&lang=en").status_code == 400
    assert client.get("/v1/pairs?limit=1&").status_code == 200
    assert client.get("/v1/weeks/2026-W16?limit=1").status_code == 400
    assert client.get("/v1/cells.csv?limit=1").status_code == 400
    assert client.post("/v1/interventions?limit=1", json={}).status_code == 400


def test_the_spreadsheet_has_every_cell(client: httpx.Client) -> None:
    answer = client.get("/v1/cells.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 32
    assert list(rows[0]) == [
        "from_team", "about_team", "first_week", "last_week", "respondents", "blame_rate", "low", "high",
        "appreciation_rate", "verdict", "poor_handoff", "no_follow_through", "unfair_share", "unresponsive",
        "broken_commitment", "kept_in_the_dark", "competing_goals", "mistakes", "disrespect", "model", "mechanism",
            "relationship_conflict",
    ]  # fmt: skip
    for row, cell in zip(rows, client.get("/v1/pairs/sales/marketing").json()["cells"], strict=False):
        assert row["verdict"] == "rising"
        assert {k: row[k] for k in ("first_week", "last_week", "respondents")} == {
            k: cell[k] for k in ("first_week", "last_week", "respondents")
        }
        assert float(row["blame_rate"]) == cell["blame_rate"]
        assert float(row["mistakes"]) == cell["patterns"].get("mistakes", 0)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/html", "text/html"),
        ("text/plain", "text/plain"),
        ("text/*", "text/html"),
        ("text/plain, text/html;q=0.5", "text/plain"),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "text/html"),
        ("application/json;q=0.1, text/plain;q=0.2", "text/plain"),
        ("*/*, application/json;q=0", "text/html"),
        ("TEXT/PLAIN; charset=utf-8", "text/plain"),
        ("image/png, application/json", "application/json"),
    ],
)
def test_a_digest_in_the_form_that_is_liked_best(client: httpx.Client, accept: str | None, kind: str) -> None:
    request = client.build_request("GET", "/v1/digests/2026-W16")
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    answer = client.send(request)
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == kind
    assert answer.headers["vary"] == "Authorization, Cookie, Accept"


def test_a_digest_reads_in_a_browser_and_loads_nothing(client: httpx.Client) -> None:
    found = client.get("/v1/digests/2026-W16", headers={"accept": "text/html"})
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "script" not in policy
    assert "data:image/png;base64," in found.text
    assert "cid:" not in found.text


@pytest.mark.parametrize(
    "accept", ["image/png", "text/html;q=0", "nonsense", "*/*;q=x", "*/*;q=nan", "application/*;q=0"]
)
def test_a_digest_in_no_form_that_is_taken(client: httpx.Client, accept: str) -> None:
    answer = client.get("/v1/digests/2026-W16", headers={"accept": accept})
    assert (answer.status_code, answer.json()["type"]) == (406, "/problems#not-acceptable")


def test_a_digest_tells_what_was_released_then(client: httpx.Client) -> None:
    now = client.get("/v1/digests/2026-W16").json()
    assert [(p["from_team"], p["verdict"], len(p["cells"])) for p in now["changes"]] == [("sales", "rising", 1)]
    assert now["changes"][0]["cells"][0]["last_week"] == "2026-W16"
    assert "2026-W16" in now["subject"]
    early = client.get("/v1/digests/2026-W02").json()
    assert early["changes"] == early["steady"] == []
    assert early["cannot_tell"] == [
        {"from_team": "sales", "about_team": "marketing"},
        {"from_team": "support", "about_team": "it"},
    ]
    page = client.get("/v1/digests/2026-W12", headers={"accept": "text/html"})
    assert "2026-W12" in page.text
    assert "2026-W13" not in page.text


@pytest.mark.parametrize("week", ["2026-W12", "2026-W16"])
def test_a_digest_is_what_was_mailed(
    week: str, client: httpx.Client, settings: Settings, released: ReleaseStore, operations: Database
) -> None:
    for since in ("2026-W09", "2026-W14", "2026-W20"):
        done = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse(since), f"one queue since {since}")
        interventions.add(operations, done)
    mailed = lay_out(Edition(settings, released, operations, Week.parse(week)).letter("en", None)).text
    assert "one queue since 2026-W09" in mailed
    assert "one queue since 2026-W20" not in mailed
    assert client.get(f"/v1/digests/{week}", headers={"accept": "text/plain"}).text == mailed
