import asyncio
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from friction.model_folder import RELEASED, read_card
from friction.pipeline import Pipeline
from friction.records import Cell, Intervention, TeamId, Week
from friction.settings import Settings
from friction.store import interventions
from friction.store.engine import Database
from friction.store.releases import ReleaseStore, serialise
from friction.trends import trends
from service import released
from service.answers import Body
from service.state import State
from tests.conftest import ENGINES

MakeCells = Callable[..., list[Cell]]
ERRORS = read_card(RELEASED).errors
DONE = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse("2026-W09"), "a weekly meeting")


class Counting(ReleaseStore):
    """The real store, and how often its cells were read."""

    times = 0
    held: tuple[threading.Event, threading.Event] | None = None

    def hold(self) -> tuple[threading.Event, threading.Event]:
        """Says when cells are being read, and waits to be let go on."""
        self.held = threading.Event(), threading.Event()
        return self.held

    def cells(self, *pair: TeamId) -> list[Cell]:  # type: ignore[override]
        self.times += 1
        if self.held is not None:
            self.held[0].set()
            self.held[1].wait(30)
        return super().cells(*pair)


def _release(store: ReleaseStore, cells: list[Cell]) -> None:
    for week in sorted({c.last_week for c in cells}):
        store.append(week, serialise([c for c in cells if c.last_week == week]))


@pytest.fixture
def cells(make_cells: MakeCells) -> list[Cell]:
    pairs = [("sales", "marketing"), ("support", "it"), ("it", "sales"), ("sales", "it")]
    return [
        c
        for a, b in pairs
        for c in make_cells([0.1] * 8 + [0.7 if b == "marketing" else 0.2] * 8, from_team=a, about_team=b)
    ]


@pytest.fixture
def state(settings: Settings, pipeline: Pipeline, operations: Database) -> Iterator[State]:
    store = Counting(settings.releases_address, create=True)
    yield State(settings, pipeline, store, operations)
    store.close()


@ENGINES
def test_a_view_says_what_reckoning_anew_says(state: State, cells: list[Cell], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "LOOK_EVERY", 0.0)
    assert list(state.view().trends) == []
    assert state.view().last_week is None
    for week in (8, 12, 16):
        until = Week.parse("2026-W01") + week
        now = (
            [c for c in cells if until + -4 <= c.last_week < until]
            if week > 8
            else [c for c in cells if c.last_week < until]
        )
        _release(state.releases, now)
        so_far = [c for c in cells if c.last_week < until]
        assert list(state.view().trends) == trends(so_far, ERRORS)
        assert state.view().last_week == until + -1
    interventions.add(state.operations, DONE)
    assert list(state.view().trends) == trends(cells, ERRORS, [DONE])
    assert state.view().pair("sales", "marketing").effects
    assert state.view().pair("marketing", "sales").points == ()


def test_cells_are_read_once_a_release_whoever_asks(
    state: State, cells: list[Cell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(released, "LOOK_EVERY", 0.0)
    _release(state.releases, [c for c in cells if c.last_week < Week.parse("2026-W16")])
    with ThreadPoolExecutor(8) as threads:
        views = {id(view) for view in threads.map(lambda _: state.view(), range(40))}
    assert len(views) == 1
    assert isinstance(state.releases, Counting)
    assert state.releases.times == 1
    interventions.add(state.operations, DONE)
    assert state.view().pair("sales", "marketing").effects
    assert state.releases.times == 1  # effects need no other cells
    _release(state.releases, [c for c in cells if c.last_week == Week.parse("2026-W16")])
    assert state.view().last_week == Week.parse("2026-W16")
    assert state.releases.times == 2


def test_what_is_entered_here_shows_at_once(state: State, cells: list[Cell], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "LOOK_EVERY", 3600.0)
    _release(state.releases, cells)
    view = state.view()
    interventions.add(state.operations, DONE)
    assert state.view() is view
    state.look_again()
    assert [e.intervention for e in state.view().pair("sales", "marketing").effects] == [DONE]


def test_nobody_waits_for_what_another_reckons(
    state: State, cells: list[Cell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(released, "LOOK_EVERY", 0.0)
    _release(state.releases, [c for c in cells if c.last_week < Week.parse("2026-W16")])
    before = state.view()
    _release(state.releases, [c for c in cells if c.last_week == Week.parse("2026-W16")])
    assert isinstance(state.releases, Counting)
    reading, may_go_on = state.releases.hold()

    async def ask() -> list[released.View]:
        first = asyncio.create_task(state.released.soon(state.view))
        await asyncio.to_thread(reading.wait, 30)
        meanwhile = [await state.released.soon(state.view) for _ in range(99)]
        meanwhile.append(await asyncio.to_thread(state.view))
        may_go_on.set()
        return [await first, *meanwhile]

    first, *meanwhile = asyncio.run(ask())
    assert first.last_week == Week.parse("2026-W16")
    assert all(view is before for view in meanwhile)
    assert state.view() is first


def test_a_view_keeps_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "KEPT", 30)
    monkeypatch.setattr(released, "OVERHEAD", 4)
    view = released.View((), None)
    made: list[int] = []

    def make(key: int) -> bytes:
        made.append(key)
        return bytes(6) if key < 9 else bytes(27)

    for key in (1, 2, 3, 1, 4, 1, 2, 9, 1, 9):
        assert len(view.once(key, lambda key=key: make(key))) == (6 if key < 9 else 27)  # type: ignore[misc]
    assert made == [1, 2, 3, 4, 2, 9, 1, 9]  # what has no room beside nothing is made each time
    assert view.kept(9) is None


def test_what_is_kept_costs_no_more_than_it_counts_as(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the smallest answers, which weigh little and whose keys are long."""
    monkeypatch.setattr(released, "KEPT", 4_000_000)
    view = released.View((), None)
    tracemalloc.start()
    try:
        for i in range(6_000):
            cursor = f"{i:064}/{i:064}"
            view.once(("pairs", None, 1000, cursor), lambda: Body.of('{"pairs":[],"next":null}'))
        assert tracemalloc.get_traced_memory()[0] < released.KEPT
    finally:
        tracemalloc.stop()
    assert view.kept(("pairs", None, 1000, f"{0:064}/{0:064}")) is None


def test_views_of_other_things_have_other_tags(
    state: State, cells: list[Cell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(released, "LOOK_EVERY", 0.0)
    tags = [state.view().tag]
    _release(state.releases, cells[:1])
    tags.append(state.view().tag)
    assert state.view().tag == tags[-1]
    interventions.add(state.operations, DONE)
    tags.append(state.view().tag)
    assert len(set(tags)) == 3


def test_trends_as_they_stood(state: State, cells: list[Cell]) -> None:
    _release(state.releases, cells)
    for done in (DONE, replace(DONE, week=Week.parse("2026-W15")), replace(DONE, week=Week.parse("2026-W17"))):
        interventions.add(state.operations, done)
    for week in ("2026-W08", "2026-W12", "2026-W08", "2026-W14"):
        so_far = [c for c in cells if c.last_week <= Week.parse(week)]
        assert list(state.trends_at(Week.parse(week))) == trends(so_far, ERRORS, [DONE] if week > "2026-W08" else [])
    known = [DONE, replace(DONE, week=Week.parse("2026-W15"))]
    assert list(state.trends_at(Week.parse("2026-W16"))) == trends(cells, ERRORS, known)
    assert isinstance(state.releases, Counting)
    assert state.releases.times == 4  # now, and three weeks, the one asked for again kept


def test_weeks_without_cells_age_what_is_told(state: State, cells: list[Cell]) -> None:
    _release(state.releases, cells)
    for week in range(17, 25):
        state.releases.append(Week.parse(f"2026-W{week}"), "[]")
    for week, verdict in ((16, "rising"), (18, "rising"), (22, "cannot tell"), (24, "cannot tell")):
        told = {
            t.from_team: t.verdict for t in state.trends_at(Week.parse(f"2026-W{week}")) if t.about_team == "marketing"
        }
        assert told == {"sales": verdict}
    assert {t.verdict for t in state.view().trends} == {"cannot tell"}


def test_too_many_who_wait_are_told_to_come_again() -> None:
    found = released.Released()
    free = threading.Event()

    async def ask() -> tuple[list[bool], int]:
        first = [asyncio.create_task(found.alone(lambda: free.wait(30))) for _ in range(released.WAITING + 1)]
        await asyncio.sleep(0)
        while found._alone.statistics().tasks_waiting < released.WAITING:
            await asyncio.sleep(0.01)
        refused = 0
        for _ in range(3):
            try:
                await found.alone(lambda: True)
            except released.TooBusy:
                refused += 1
        free.set()
        return await asyncio.gather(*first), refused

    done, refused = asyncio.run(ask())
    assert all(done)
    assert refused == 3


def test_other_interventions_leave_the_rest_as_it_is(cells: list[Cell]) -> None:
    plain = trends(cells, ERRORS)
    told = trends(cells, ERRORS, [DONE])
    assert [replace(t, effects=()) for t in told] == plain
    assert [len(t.effects) for t in told if t.effects] == [1]
