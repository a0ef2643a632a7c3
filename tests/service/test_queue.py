"""The scoring queue by itself: order, bounds, and that nobody's answer hangs on the others."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friction.pipeline import Pipeline
from friction.records import Comment, Directory, Scored, Team, TeamId
from friction.scorer import Away
from service.queue import BATCH, CAPACITY, PLACES, SHARE, Refused, ScoringQueue

TEXTS = [
    "Marketing never answers us, not once.",
    "Marketing never answers us",
    "Support helped a lot, and marketing did not.",
    "L'équipe support ne répond jamais, on attend depuis trois semaines.",
    "Das Marketing antwortet uns leider nie auf Fragen",
    "ok",
    "Sales promised, again; support and marketing knew; nobody told us.",
    "Support is late. " * 30,
]


class Model:
    """Stands where the pipeline stands; says what it was given, and works only when let."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.may_work = threading.Event()
        self.is_at_work = threading.Event()

    def __call__(self, comments: Sequence[Comment]) -> list[Scored]:
        self.batches.append([str(c.id) for c in comments])
        self.is_at_work.set()
        assert self.may_work.wait(30)
        if any(c.text == "poison" for c in comments):
            raise KeyError("poison")
        return [Scored(id=c.id, lang="en", targets=()) for c in comments]


def _comments(name: str, count: int = 1, text: str = "x") -> list[Comment]:
    return [Comment(text=text, id=f"{name}-{i}") for i in range(count)]


async def _busy(queue: ScoringQueue, model: Model) -> asyncio.Task[list[Scored]]:
    """The model is given a first comment and does not return."""
    task = asyncio.create_task(queue.score(_comments("first")))
    await asyncio.to_thread(model.is_at_work.wait, 30)
    return task


async def _submit(queue: ScoringQueue, *requests: list[Comment]) -> list[asyncio.Task[list[Scored]]]:
    tasks = []
    for request in requests:
        tasks.append(asyncio.create_task(queue.score(request)))
        await asyncio.sleep(0)
    return tasks


def _run(main: Coroutine[Any, Any, None], queue: ScoringQueue) -> None:
    queue.start()
    try:
        asyncio.run(main)
    finally:
        queue.close()


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def queue(model: Model) -> ScoringQueue:
    return ScoringQueue(model)


def test_what_queued_while_the_model_was_busy_is_one_batch(model: Model, queue: ScoringQueue) -> None:
    async def main() -> None:
        first = await _busy(queue, model)
        rest = await _submit(queue, *(_comments(str(i)) for i in range(5)))
        assert len(queue) == 6
        model.may_work.set()
        answers = await asyncio.gather(first, *rest)
        assert [a[0].id for a in answers] == ["first-0", *(f"{i}-0" for i in range(5))]
        assert len(queue) == 0

    _run(main(), queue)
    assert [len(batch) for batch in model.batches] == [1, 5]


def test_a_huge_request_and_single_ones_take_turns(model: Model, queue: ScoringQueue) -> None:
    async def main() -> None:
        first = await _busy(queue, model)
        tasks = await _submit(queue, _comments("huge", 500), *(_comments(f"single{i}") for i in range(60)))
        model.may_work.set()
        answers = await asyncio.gather(first, *tasks)
        assert [s.id for s in answers[1]] == [f"huge-{i}" for i in range(500)]

    _run(main(), queue)
    batches = model.batches[1:]
    last_single = max(i for i, batch in enumerate(batches) if any("single" in id for id in batch))
    assert 0 < last_single < 60 / (BATCH - SHARE) + 1, "single comments do not wait for the huge request"
    for batch in batches[:last_single]:
        assert 0 < sum("huge" in id for id in batch) <= SHARE, "nor does the huge request wait for them"
    assert all(len(batch) <= BATCH for batch in batches)


def test_a_long_comment_counts_as_many(model: Model, queue: ScoringQueue) -> None:
    async def main() -> None:
        first = await _busy(queue, model)
        long = _comments("long", text="x" * 19_999)
        tasks = await _submit(queue, _comments("a"), long, _comments("b"))
        model.may_work.set()
        await asyncio.gather(first, *tasks)

    _run(main(), queue)
    assert model.batches[1:] == [["a-0"], ["long-0"], ["b-0"]]


def test_when_more_wait_than_there_are_places_the_oldest_is_refused_and_the_newest_go_first(
    model: Model, queue: ScoringQueue
) -> None:
    async def main() -> None:
        first = await _busy(queue, model)
        tasks = await _submit(queue, *(_comments(str(i)) for i in range(PLACES + 2)))
        assert len(queue) == PLACES + 1
        for task in tasks[:2]:
            with pytest.raises(Refused) as refusal:
                await task
            assert refusal.value.reason == "full"
            assert refusal.value.after >= 1
        model.may_work.set()
        await asyncio.gather(first, *tasks[2:])

    _run(main(), queue)
    assert model.batches[1][:3] == [f"{PLACES + 1}-0", f"{PLACES}-0", f"{PLACES - 1}-0"]


def test_comments_that_do_not_fit_are_refused_and_turn_nobody_out(model: Model, queue: ScoringQueue) -> None:
    async def main() -> None:
        first = await _busy(queue, model)
        tasks = await _submit(queue, _comments("a", CAPACITY // 2), _comments("b", CAPACITY // 2 - 1))
        with pytest.raises(Refused):
            await queue.score(_comments("c"))
        assert len(queue) == CAPACITY
        model.may_work.set()
        assert [len(a) for a in await asyncio.gather(first, *tasks)] == [1, CAPACITY // 2, CAPACITY // 2 - 1]

    _run(main(), queue)


def test_who_goes_away_frees_what_is_not_scored_yet(model: Model, queue: ScoringQueue) -> None:
    async def main() -> None:
        first = await _busy(queue, model)
        gone, stays = await _submit(queue, _comments("gone", 300), _comments("stays"))
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert len(queue) == 2
        model.may_work.set()
        await asyncio.gather(first, stays)
        assert len(queue) == 0

    _run(main(), queue)
    assert model.batches == [["first-0"], ["stays-0"]]


def test_one_row_that_fails_does_not_fail_the_others(
    model: Model, queue: ScoringQueue, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        first = await _busy(queue, model)
        bad = [*_comments("a"), *_comments("poison", text="poison"), *_comments("b")]
        mine, others = await _submit(queue, bad, _comments("others"))
        model.may_work.set()
        await first
        assert [s.error for s in await mine] == [None, "could not be scored (KeyError)", None]
        assert [s.error for s in await others] == [None]

    _run(main(), queue)
    assert [r.getMessage() for r in caplog.records] == ["a comment could not be scored"]


def test_closed_it_finishes_what_it_took_and_takes_no_more(model: Model, queue: ScoringQueue) -> None:
    async def main() -> None:
        first = await _busy(queue, model)
        (taken,) = await _submit(queue, _comments("taken", 40))
        queue.close()
        assert not queue.is_alive
        with pytest.raises(Refused) as refusal:
            await queue.score(_comments("late"))
        assert refusal.value.reason == "closing"
        model.may_work.set()
        assert len(await taken) == 40
        await first

    _run(main(), queue)


class Pair:
    """Two models, one for each thread: a batch is held until one of its comments, or everything, is let go."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.under_way: list[list[str]] = []
        self._let_go: set[str] = set()
        self._all = False

    def __call__(self, comments: Sequence[Comment]) -> list[Scored]:
        names = [str(c.id) for c in comments]
        with self._changed:
            self.under_way.append(names)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._all or self._let_go & set(names), 30)
            self.under_way.remove(names)
            self._changed.notify_all()
        if any(c.text == "away" for c in comments):
            raise Away(7)
        return [Scored(id=c.id, lang="en", targets=()) for c in comments]

    def wait(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.under_way) == count, 30)

    def let(self, *names: str) -> None:
        with self._changed:
            self._let_go |= set(names)
            self._all = self._all or not names
            self._changed.notify_all()


@pytest.fixture
def two() -> tuple[Pair, ScoringQueue]:
    pair = Pair()
    return pair, ScoringQueue(pair, threads=2)


def test_two_threads_share_one_large_request_and_its_answer_is_in_order(two: tuple[Pair, ScoringQueue]) -> None:
    """Also where the later half is scored first."""
    pair, queue = two

    async def main() -> None:
        (request,) = await _submit(queue, _comments("a", 40))
        await asyncio.to_thread(pair.wait, 2)
        assert sorted(map(len, pair.under_way)) == [20, 20]
        pair.let("a-39")
        await asyncio.to_thread(pair.wait, 1)
        assert len(queue) == 20
        assert not request.done()
        pair.let()
        assert [s.id for s in await request] == [f"a-{i}" for i in range(40)]
        assert len(queue) == 0

    _run(main(), queue)


def test_the_thread_that_is_free_first_takes_all_that_waits(two: tuple[Pair, ScoringQueue]) -> None:
    """And whoever comes then does not wait for it, but goes to the other."""
    pair, queue = two

    async def main() -> None:
        begun = await _submit(queue, _comments("x"), _comments("y"))
        await asyncio.to_thread(pair.wait, 2)
        rest = await _submit(queue, *(_comments(str(i)) for i in range(8)))
        pair.let("x-0")
        await begun[0]
        await asyncio.to_thread(pair.wait, 2)
        assert pair.under_way == [["y-0"], [f"{i}-0" for i in range(8)]]
        pair.let("y-0", "late-0")
        (late,) = await _submit(queue, _comments("late"))
        assert [answer[0].id for answer in await asyncio.gather(begun[1], late)] == ["y-0", "late-0"]
        pair.let()
        assert [answer[0].id for answer in await asyncio.gather(*rest)] == [f"{i}-0" for i in range(8)]

    _run(main(), queue)


def test_with_two_threads_a_huge_request_and_single_ones_take_turns(two: tuple[Pair, ScoringQueue]) -> None:
    pair, queue = two
    batches: list[list[str]] = []

    async def main() -> None:
        begun = await _submit(queue, _comments("x"), _comments("y"))
        await asyncio.to_thread(pair.wait, 2)
        huge, *singles = await _submit(queue, _comments("huge", 500), *(_comments(f"single{i}") for i in range(60)))
        done = asyncio.gather(*begun, *singles)
        while not done.done():
            await asyncio.to_thread(pair.wait, 2)
            batches.append(pair.under_way[0])
            pair.let(pair.under_way[0][0])
            await asyncio.sleep(0.001)
        pair.let()
        await done
        assert [s.id for s in await huge] == [f"huge-{i}" for i in range(500)]

    _run(main(), queue)
    assert len(batches) <= 2 + 2 * (60 // (BATCH - SHARE) + 1), "single comments do not wait for the huge request"
    mixed = [sum("huge" in id for id in batch) for batch in batches if any("single" in id for id in batch)]
    assert set(mixed[:-1]) == {SHARE}, "nor does the huge request wait for them"


def test_closed_while_both_threads_are_at_work_it_finishes_what_it_took(two: tuple[Pair, ScoringQueue]) -> None:
    pair, queue = two

    async def main() -> None:
        taken = await _submit(queue, _comments("a", 100), _comments("b", 3), _comments("c", 90))
        await asyncio.to_thread(pair.wait, 2)
        queue.close()
        assert not queue.is_alive
        with pytest.raises(Refused, match="closing"):
            await queue.score(_comments("late"))
        pair.let()
        assert [len(answer) for answer in await asyncio.gather(*taken)] == [100, 3, 90]

    _run(main(), queue)
    for thread in queue._threads:
        thread.join(30)
        assert not thread.is_alive()


def test_who_goes_away_while_both_threads_have_a_part_of_it_frees_the_rest(two: tuple[Pair, ScoringQueue]) -> None:
    pair, queue = two

    async def main() -> None:
        (gone,) = await _submit(queue, _comments("gone", 300))
        await asyncio.to_thread(pair.wait, 2)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert len(queue) == sum(map(len, pair.under_way)) < 300
        (stays,) = await _submit(queue, _comments("stays"))
        pair.let()
        assert (await stays)[0].id == "stays-0"
        while len(queue):
            await asyncio.sleep(0.001)

    _run(main(), queue)


def test_where_nothing_scores_whoever_waits_for_the_batch_is_told_when_to_ask_again(
    two: tuple[Pair, ScoringQueue],
) -> None:
    """Also of a request of which the other thread has a part; that part is dropped, and the queue goes on."""
    pair, queue = two

    async def main() -> None:
        comments = [*_comments("a", 20), Comment(text="away", id="away"), *_comments("b", 19)]
        (mine,) = await _submit(queue, comments)
        await asyncio.to_thread(pair.wait, 2)
        pair.let("away")
        with pytest.raises(Refused, match="away") as refusal:
            await mine
        assert (refusal.value.reason, refusal.value.after) == ("away", 7)
        (later,) = await _submit(queue, _comments("later", 30))
        pair.let()
        assert len(await later) == 30
        while len(queue):
            await asyncio.sleep(0.001)

    _run(main(), queue)


@pytest.fixture(scope="module")
def alone(classifier: Any) -> tuple[Pipeline, list[Scored]]:
    """A pipeline, and what it says of each text by itself."""
    teams = {TeamId(t): Team(TeamId(t), t.title(), 9, (), None) for t in ("sales", "marketing", "support")}
    pipeline = Pipeline(Directory(teams), classifier)
    return pipeline, [pipeline.score([Comment(text=text, from_team=TeamId("sales"))])[0] for text in TEXTS]


@given(st.lists(st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=20), min_size=1, max_size=8))
@settings(max_examples=10, deadline=None)
def test_an_answer_does_not_hang_on_who_else_is_in_the_batch(
    alone: tuple[Pipeline, list[Scored]], requests: list[list[int]]
) -> None:
    pipeline, expected = alone
    queue = ScoringQueue(pipeline.score, threads=2)

    async def main() -> None:
        sent = [[Comment(text=TEXTS[i], from_team=TeamId("sales")) for i in request] for request in requests]
        answers = await asyncio.gather(*map(queue.score, sent))
        assert answers == [[expected[i] for i in request] for request in requests]

    _run(main(), queue)
