"""What was done about pairs, entered over HTTP into a real store."""

import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from friction.settings import Settings
from friction.store import interventions
from friction.store.engine import Database

CANARY = "kumquat-zeppelin"
DONE: dict[str, Any] = {
    "from_team": "sales",
    "about_team": "marketing",
    "date": "2026-W09",
    "description": f"agenda <b>{CANARY}</b>",
}
SHOWN = {k: v for k, v in DONE.items() if k != "date"} | {"week": "2026-W09", "source": "entered"}
WHERE = "/v1/interventions/sales/marketing/2026-W09"


def test_entered_shown_measured_and_taken_back(client: httpx.Client, operations: Database) -> None:
    before = client.get("/v1/pairs/sales/marketing")
    answer = client.post("/v1/interventions", json=DONE)
    assert (answer.status_code, answer.headers["location"], answer.json()) == (201, WHERE, SHOWN)
    assert client.get(WHERE).json() == SHOWN
    assert client.get("/v1/interventions").json() == {"interventions": [SHOWN], "next": None}
    assert [str(i.week) for i in interventions.entered(operations)] == ["2026-W09"]
    pair = client.get("/v1/pairs/sales/marketing", headers={"if-none-match": before.headers["etag"]})
    assert pair.status_code == 200  # another answer than before
    (effect,) = pair.json()["interventions"]
    assert {k: effect[k] for k in ("week", "description")} == {k: SHOWN[k] for k in ("week", "description")}
    assert CANARY not in client.get("/").text + client.get("/v1/weeks/2026-W09").text
    assert f"<b>{CANARY}" not in client.get("/pairs/sales/marketing").text

    again = client.post("/v1/interventions", json=DONE | {"description": "another"})
    assert again.status_code == 409
    assert client.delete(WHERE).status_code == 204
    assert client.delete(WHERE).status_code == 404
    assert client.get(WHERE).status_code == 404
    assert client.get("/v1/pairs/sales/marketing").content == before.content
    assert client.post("/v1/interventions", json=DONE).status_code == 201


def test_a_date_is_a_day_of_its_week(client: httpx.Client) -> None:
    for day, week in (("2026-01-01", "2026-W01"), ("2025-12-28", "2025-W52"), ("2026-03-04", "2026-W10")):
        answer = client.post("/v1/interventions", json=DONE | {"date": day})
        assert (answer.status_code, answer.json()["week"]) == (201, week)
    assert len(client.get("/v1/interventions").json()["interventions"]) == 3
    page = client.get("/v1/interventions?limit=2").json()
    rest = client.get("/v1/interventions", params={"cursor": page["next"]}).json()
    assert [i["week"] for i in page["interventions"] + rest["interventions"]] == ["2025-W52", "2026-W01", "2026-W10"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"date": None},
        {"week": "2026-W09"},
        {"date": "2026-W60"},
        {"date": "2026-9"},
        {"date": "1999-W52"},
        {"date": "2099-01-01"},
        {"date": "2099-W01"},
        {"date": "2026-13-01"},
        {"date": "yesterday"},
        {"date": 20260304},
        {"description": ""},
        {"description": "  "},
        {"description": "x" * 201},
        {"description": f"{CANARY}\nof two lines"},
        {"description": f"{CANARY}\0"},
        {"description": f"{CANARY}\u202e turned round"},
        {"description": 5},
        {"from_team": 5},
        {"mood": CANARY},
        {CANARY: CANARY},
    ],
)
def test_what_is_not_an_intervention(client: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = client.post("/v1/interventions", json=DONE | wrong)
    assert answer.status_code == 422
    assert CANARY not in answer.text
    assert client.get("/v1/interventions").json()["interventions"] == []


def test_what_is_planned_is_taken_a_year_ahead(client: httpx.Client) -> None:
    today = date.today()
    for days, status in ((0, 201), (366, 201), (380, 422)):
        answer = client.post("/v1/interventions", json=DONE | {"date": str(today + timedelta(days=days))})
        assert answer.status_code == status
    assert answer.json()["errors"][0]["where"] == "body.date"
    assert "a year ahead" in answer.json()["errors"][0]["what"]


@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\u2003\u3000"])
def test_the_schema_takes_no_blank_description(client: httpx.Client, blank: str) -> None:
    schema = client.get("/openapi.json").json()["components"]["schemas"]["InterventionIn"]["properties"]["description"]
    assert re.search(schema["pattern"], f"{blank}agenda{blank}")
    assert not re.search(schema["pattern"], blank)
    assert client.post("/v1/interventions", json=DONE | {"description": blank}).status_code == 422


@pytest.mark.parametrize("day", ["2025-W53", "2026-02-30"])
def test_days_that_are_none(client: httpx.Client, day: str) -> None:
    assert client.post("/v1/interventions", json=DONE | {"date": day}).status_code == 404


@pytest.mark.parametrize("teams", [("sales", "nowhere"), (CANARY, "sales"), ("sales", "sales")])
def test_pairs_that_are_none(client: httpx.Client, teams: tuple[str, str]) -> None:
    answer = client.post("/v1/interventions", json=DONE | dict(zip(("from_team", "about_team"), teams, strict=True)))
    assert answer.status_code == 404
    assert CANARY not in answer.text


def test_what_the_configuration_says_stands(config: Any, request: pytest.FixtureRequest) -> None:
    with config.open("a") as file:
        file.write(
            '[[interventions]]\nfrom_team = "sales"\nabout_team = "marketing"\nweek = "2026-W09"\ndescription = "d"\n'
        )
    settings: Settings = request.getfixturevalue("settings")
    assert len(settings.interventions) == 1
    client: httpx.Client = request.getfixturevalue("client")
    assert client.get(WHERE).json()["source"] == "configuration"
    assert client.post("/v1/interventions", json=DONE).status_code == 409
    assert client.delete(WHERE).status_code == 409
    assert client.get(WHERE).status_code == 200


def test_no_more_than_are_reckoned_in_time(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interventions, "MOST", 2)
    for week, status in (("2026-W01", 201), ("2026-W02", 201), ("2026-W03", 409)):
        assert client.post("/v1/interventions", json=DONE | {"date": week}).status_code == status
