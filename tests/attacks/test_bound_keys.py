"""A key bound to a team as a channel: does any answer to it tell something of a pair that the team is no part of?

In one company sales speaks of marketing, in the other marketing speaks of sales, with the same numbers. Every route of
the running application that can be read must answer a key bound to a third team with the same bytes in both, and does
answer a key for everything with other ones.

The numbers are the same on purpose: shares, intervals and verdicts are reckoned over all pairs together, for everybody
alike (rule 11), so that a team's own numbers carry a trace of how all others stand. Of whom, they tell nothing.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from friction.pipeline import Pipeline
from friction.records import Cell, Intervention, TeamId, Week
from friction.settings import Settings
from friction.store import audit, interventions
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore, serialise
from service.app import create_app
from service.state import State
from tests.attacks.test_surfaces import PAIRS, TEAMS, _untimed
from tests.service.conftest import bearing, make_key, serve
from tests.service.test_access import routes

MakeCells = Callable[..., list[Cell]]
OTHERS = [("sales", "marketing"), ("marketing", "sales")]


@pytest.fixture
def worlds(tmp_path: Path, settings: Settings, pipeline: Pipeline, make_cells: MakeCells) -> Iterator[list[State]]:
    """Two companies, alike but for who speaks of whom among two teams."""
    states = []
    ours = make_cells([0.3] * 16, from_team="support", about_team="it", people=9)
    for name, about in OTHERS:
        releases = ReleaseStore(f"sqlite:///{tmp_path}/{name}-r.sqlite", create=True)
        theirs = make_cells([0.1] * 8 + [0.8] * 8, from_team=name, about_team=about)
        for one, other in zip(theirs, ours, strict=True):
            releases.append(one.last_week, serialise([one, other]))
        states.append(State(settings, pipeline, releases, open_operations(f"sqlite:///{tmp_path}/{name}-o.sqlite")))
    yield states
    for state in states:
        state.releases.close()
        state.operations.close()


def _paths(state: State) -> list[str]:
    paths = {asked.path for asked in routes(create_app(state)) if asked.method == "GET"}
    paths |= {f"{start}/pairs/{a}/{b}" for start in ("", "/v1") for a, b in PAIRS} | {f"/teams/{t}" for t in TEAMS}
    return sorted(paths | {f"{start}/weeks/2026-W{week:02}" for start in ("", "/v1") for week in (1, 9, 16, 17)})


def _answers(client: httpx.Client, paths: list[str], key: str) -> dict[str, tuple[int, bytes, str | None]]:
    found = {path: client.get(path, headers=bearing(key)) for path in paths}
    return {
        path: (answer.status_code, _untimed(answer.content), answer.headers.get("etag"))
        for path, answer in found.items()
    }


def test_a_bound_key_is_told_nothing_of_other_pairs(worlds: list[State]) -> None:
    bound, whole = [], []
    for state in worlds:
        everything, key = make_key(state.operations, "read"), make_key(state.operations, "read", team="it")
        running = serve(state, everything)
        client, paths = next(running), _paths(state)
        bound.append(_answers(client, paths, key))
        whole.append(_answers(client, paths, everything))  # after it: what was made for one is not given to the other
        bound.append(_answers(client, paths, key))
        next(running, None)
    assert b'"support"' in bound[0]["/v1/pairs"][1]
    first, *others = bound
    for again in others:
        assert [path for path in first if first[path] != again[path]] == []
    tell = {path for path in whole[0] if whole[0][path] != whole[1][path]}
    assert {"/", "/v1/pairs", "/v1/pairs/sales/marketing", "/pairs/sales/marketing", "/v1/cells.csv"} <= tell
    assert {"/teams/sales", "/v1/weeks/2026-W16", "/v1/digests/2026-W16"} <= tell
    plain, other = ({one[2:] for one, _ in audit.told(state.operations)} for state in worlds)
    assert plain == other


def test_a_bound_key_neither_learns_nor_enters_what_was_done_elsewhere(worlds: list[State]) -> None:
    """A key for administration, too. In one company something was done about a pair in that week, in the other not."""
    done = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse("2026-W10"), "one queue for both teams")
    interventions.add(worlds[0].operations, done)
    sent = {"from_team": done.from_team, "about_team": done.about_team, "description": "a meeting"}
    answers = []
    for state in worlds:
        key = make_key(state.operations, "admin", team="it")
        running = serve(state, key)
        client = next(running)
        answers.append([(a.status_code, a.content) for a in _entered(client, sent, key)])
        next(running, None)
    assert [status for status, _ in answers[0]] == [404, 422]
    assert answers[0] == answers[1]
    assert b"Choose a team." in answers[0][1][1]
    assert [interventions.entered(state.operations) for state in worlds] == [[done], []]


def test_a_bound_key_does_not_learn_how_much_was_done_elsewhere(
    worlds: list[State], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it may enter hangs on its own pairs alone."""
    monkeypatch.setattr(interventions, "MOST", 2)
    for week in ("2026-W10", "2026-W11"):
        done = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse(week), "one queue for both teams")
        interventions.add(worlds[0].operations, done)
    sent = {"from_team": "support", "about_team": "it", "description": "a meeting"}
    for state in worlds:
        key = make_key(state.operations, "admin", team="it")
        running = serve(state, key)
        client = next(running)
        asked = [sent | {"date": f"2026-W{week}"} for week in (10, 11, 12)]
        answers = [client.post("/v1/interventions", json=one) for one in asked]
        next(running, None)
        assert [answer.status_code for answer in answers] == [201, 201, 409]


def test_a_bound_key_reads_no_metrics(worlds: list[State]) -> None:
    """They count what everybody does: that something was entered about another pair, say."""
    running = serve(worlds[0], make_key(worlds[0].operations, "admin"))
    client = next(running)
    for scope in ("read", "admin"):
        refused = client.get("/metrics", headers=bearing(make_key(worlds[0].operations, scope, team="it")))
        assert (refused.status_code, "bound to no team" in refused.text) == (403, True)
        assert "friction_request" not in refused.text
        answered = client.get("/metrics", headers=bearing(make_key(worlds[0].operations, scope)))
        assert "friction_request_seconds" in answered.text
    next(running, None)


def _entered(client: httpx.Client, sent: dict[str, str], key: str) -> Iterator[httpx.Response]:
    """Answers to what is entered through the API, and with the form; its token is of each session."""
    yield client.post("/v1/interventions", json=sent | {"date": "2026-03-05"})
    del client.headers["Authorization"]
    client.post("/sign-in", data={"key": key})
    found = re.search(r'name="token" value="(\w+)"', client.get("/interventions").text)
    assert found is not None
    answer = client.post("/interventions", data=sent | {"day": "2026-03-05", "token": found[1]})
    answer._content = answer.content.replace(found[1].encode(), b"")
    yield answer
