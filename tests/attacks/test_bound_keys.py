"""A key bound to a team as a channel: does any answer to it tell something of a pair that the team is no part of?

In one company sales speaks of marketing, in the other marketing speaks of sales, with the same numbers. Every route of
the running application that can be read must answer a key bound to a third team with the same bytes in both, and does
answer a key for everything with other ones.

The numbers are the same on purpose: shares, intervals and verdicts are reckoned over all pairs together, for everybody
alike (rule 11), so that a team's own numbers carry a trace of how all others stand. Of whom, they tell nothing.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from friction.pipeline import Pipeline
from friction.records import Cell
from friction.settings import Settings
from friction.store import audit
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
    first, *others = [{path: said for path, said in one.items() if path != "/metrics"} for one in bound]
    for again in others:
        assert [path for path in first if first[path] != again[path]] == []
    tell = {path for path in whole[0] if whole[0][path] != whole[1][path]}
    assert {"/", "/v1/pairs", "/v1/pairs/sales/marketing", "/pairs/sales/marketing", "/v1/cells.csv"} <= tell
    assert {"/teams/sales", "/v1/weeks/2026-W16", "/v1/digests/2026-W16"} <= tell
    plain, other = ({one[2:] for one, _ in audit.told(state.operations)} for state in worlds)
    assert plain == other
