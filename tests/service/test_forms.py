"""The forms that add an intervention and take one back: what they take and say, and that no other site sends them."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from friction.store import audit, interventions
from friction.store.engine import Database
from tests.service.conftest import bearing, make_key

GOOD = {
    "from_team": "sales",
    "about_team": "marketing",
    "day": "2026-03-05",
    "description": " one queue for both teams ",
}
Send = Callable[..., httpx.Response]


@pytest.fixture
def send(client: httpx.Client, operations: Database) -> Send:
    """Sends the form as a browser that is signed in."""
    client.headers.pop("Authorization")
    client.post("/sign-in", data={"key": make_key(operations, "admin")})
    token = re.search(r'action="/interventions">\n<input type="hidden" name="token" value="(\w+)"',
                      client.get("/interventions").text)  # fmt: skip
    assert token is not None

    def post(**changed: str) -> httpx.Response:
        return client.post("/interventions", data=GOOD | {"token": token[1]} | changed)

    return post


def test_it_is_kept_and_leads_to_its_pair(send: Send, client: httpx.Client, operations: Database) -> None:
    answer = send()
    assert (answer.status_code, answer.headers["location"]) == (303, "/pairs/sales/marketing")
    (done,) = interventions.entered(operations)
    assert (str(done.week), done.description) == ("2026-W10", "one queue for both teams")
    page = client.get("/pairs/sales/marketing").text
    assert "one queue for both teams" in page
    assert page.count('class="mark"') == 4  # two charts in two widths
    assert "one queue for both teams" in client.get("/interventions").text


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("from_team", "nobody", "Choose a team."),
        ("about_team", "", "Choose a team."),
        ("about_team", "sales", "Choose another team"),
        ("day", "yesterday", "Write a day"),
        ("day", "", "Write a day"),
        ("day", "9999-12-31", "more than a year ahead"),
        ("day", "2099-01-01", "more than a year ahead"),
        ("day", "0001-01-01", "before the year 2000"),
        ("description", "  ", "Write one line"),
        ("description", "x" * 201, "Write one line"),
        ("description", "two\nlines", "Write one line"),
        ("description", "turned \u202e round", "Write one line"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    send: Send, operations: Database, field: str, value: str, says: str
) -> None:
    answer = send(**{field: value})
    assert answer.status_code == 422
    assert says in answer.text
    assert f'aria-describedby="{field}-wrong"' in answer.text
    assert 'value="2026-03-05"' in answer.text or field == "day"
    assert interventions.entered(operations) == []


def test_a_colon_is_written_the_french_way(send: Send, operations: Database) -> None:
    told = "« réunion hebdo\u00a0: mardi\u202f»"
    assert send(description=told).status_code == 303
    assert interventions.entered(operations)[0].description == told


def test_the_same_week_is_not_taken_twice(send: Send) -> None:
    assert send().status_code == 303
    again = send(description="another")
    assert again.status_code == 422
    assert "has an intervention in that week already" in again.text


def test_that_there_is_no_room_is_said_as_that(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interventions, "MOST", 1)
    assert send().status_code == 303
    full = send(about_team="it")
    assert full.status_code == 422
    assert "There are as many as can be kept" in full.text
    assert "in that week already" not in full.text


def test_the_trail_tells_what_was_entered(send: Send, operations: Database) -> None:
    send()
    told = {(one.route, one.subject) for one, _ in audit.told(operations)}
    assert ("POST /interventions", "sales/marketing/2026-W10") in told


TAKEN_BACK = "/interventions/taken-back"


def _form(page: str) -> dict[str, str]:
    """What the form that takes the first one back would send."""
    form = page.partition(f'action="{TAKEN_BACK}">')[2].partition("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def test_it_is_taken_back_where_it_is_shown(send: Send, client: httpx.Client, operations: Database) -> None:
    send()
    send(about_team="it")
    form = _form(client.get("/interventions").text)
    pair = form["from_team"], form["about_team"]
    assert (len(form), form["week"]) == (4, "2026-W10")
    for _ in range(2):  # two browsers may have the page open
        answer = client.post(TAKEN_BACK, data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/interventions")
        (left,) = interventions.entered(operations)
        assert left.pair != pair
    assert "one queue for both teams" not in client.get(f"/pairs/{'/'.join(pair)}").text
    told = [(one.route, one.subject) for one, _ in audit.told(operations)]
    assert (f"POST {TAKEN_BACK}", f"{'/'.join(pair)}/2026-W10") in told


def test_nothing_is_taken_back_by_another_site_or_by_who_may_not(
    send: Send, client: httpx.Client, operations: Database
) -> None:
    send()
    form = _form(client.get("/interventions").text)
    assert client.post(TAKEN_BACK, data=form | {"token": "x" * 64}).status_code == 403
    client.cookies.clear()
    client.headers.update(bearing(make_key(operations, "read")))
    assert TAKEN_BACK not in client.get("/interventions").text
    assert client.post(TAKEN_BACK, data=form).status_code == 403
    client.headers.update(bearing(make_key(operations, "admin", team="support")))  # whose pair it is not
    assert TAKEN_BACK not in client.get("/interventions").text
    assert client.post(TAKEN_BACK, data=form).status_code == 303
    assert len(interventions.entered(operations)) == 1


def test_what_the_configuration_says_is_not_offered_to_be_taken_back(
    config: Path, request: pytest.FixtureRequest
) -> None:
    with config.open("a") as file:
        file.write(
            '[[interventions]]\nfrom_team = "sales"\nabout_team = "marketing"\nweek = "2026-W09"\ndescription = "d"\n'
        )
    page = request.getfixturevalue("client").get("/interventions").text
    assert "2026-W09" in page
    assert TAKEN_BACK not in page


def test_what_was_sent_is_escaped(send: Send) -> None:
    page = send(day="x", description='"><script>alert(1)</script>').text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_another_site_s_form_changes_nothing(send: Send, client: httpx.Client, operations: Database) -> None:
    """Without the token, with another, or where the browser says where it comes from."""
    assert send(token="").status_code == 403
    assert send(token="x" * 32).status_code == 403
    assert send(token="é").status_code == 403
    client.headers["Sec-Fetch-Site"] = "cross-site"
    assert send().status_code == 403
    assert interventions.entered(operations) == []


def test_reading_is_not_enough(client: httpx.Client, operations: Database) -> None:
    """Nor does the page offer the form."""
    client.headers.update(bearing(make_key(operations, "read")))
    assert "Your key is for reading" in client.get("/interventions").text
    assert client.post("/interventions", data=GOOD).status_code == 403
    assert interventions.entered(operations) == []
