"""Comments wait here for the model: what queued while it was busy goes to it as one batch, or one a core.

Promises: nobody waits for a batch to fill; a comment's scores do not hang on who else is in its batch; what waits is
bounded, and what does not fit is refused with the seconds after which to ask again; a request of many comments takes
turns with the others; what nobody waits for any more is dropped; a batch that fails is scored row by row, so that only
the row at fault fails. Never: keep a text longer than it waits, or say one.

First come, first served, until more wait than there are places. From then on the newest go first and the one that has
waited longest is refused: all would be late otherwise, when some can be in time ("adaptive LIFO", Maurer, *Fail at
Scale*, ACM Queue 13(8), 2015).

Called by ``service.scoring``; started and stopped by ``service.app``.
"""

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal

from starlette.requests import Request

from friction.errors import FrictionError
from friction.records import Comment, Scored
from friction.scorer import Away, NotScored

BATCH: Final = 64
"""Comments of a batch: each takes a fifth less of the processor's time than in one of sixteen, since more of them are
of one length and share a run. From there on little is gained, and whoever comes waits for the batch under way."""
LONG: Final = 250
"""Characters that count as one more comment of a batch."""
SHARE: Final = 16
"""Comments that a request has in a batch while others wait."""
PLACES: Final = 64
"""Requests that may wait for their first comment to be scored."""
CAPACITY: Final = 1000
"""Comments that may wait: two of the largest requests."""
CROWDED: Final = 1.0
"""Seconds after a refusal in which the newest still go first."""

_log = logging.getLogger("friction.scoring")
Score = Callable[[Sequence[Comment]], list[Scored]]


def queue_of(request: Request) -> "ScoringQueue":
    """The queue of the application that a request reached."""
    queue: ScoringQueue = request.app.state.queue
    return queue


class Refused(FrictionError):
    """The queue takes no more.

    Attributes:
        reason: ``full``; ``closing`` where the service is about to stop; ``away`` where nothing scores just now.
        after: seconds after which to ask again.
    """

    def __init__(self, reason: Literal["full", "closing", "away"], after: int) -> None:
        super().__init__(f"the scoring queue is {reason}")
        self.reason = reason
        self.after = after


@dataclass(slots=True, eq=False)
class _Request:
    """``left``: what is not with the model yet, each with its place."""

    left: deque[tuple[int, Comment]]
    answer: asyncio.Future[list[Scored]]
    size: int
    scores: dict[int, Scored] = field(default_factory=dict)


_Batch = list[tuple[_Request, int, Comment]]


class ScoringQueue:
    """The queue and its threads.

    Args:
        score: the model. It is called from every thread.
        observe: told of each batch how many comments it had, and how many seconds it took of the time of all threads.
        threads: batches that are scored at once.
    """

    def __init__(
        self, score: Score, observe: Callable[[int, float], None] = lambda *_: None, *, threads: int = 1
    ) -> None:
        self._score = score
        self._observe = observe
        self._idle = 0
        self._waiting: deque[_Request] = deque()
        self._begun: deque[_Request] = deque()
        self._size = 0
        self._pace = 0.01
        self._crowded_until = 0.0
        self._is_open = True
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._work, name="model", daemon=True) for _ in range(threads)]

    def __len__(self) -> int:
        """Comments that were taken and are not scored yet."""
        return self._size

    @property
    def is_alive(self) -> bool:
        """Whether it takes comments."""
        return self._is_open and all(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        """Begin to score."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Take nothing more; what was taken is still scored."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    async def score(self, comments: Sequence[Comment]) -> list[Scored]:
        """One result for each comment, in order. Whoever is cancelled frees what is not scored yet.

        Raises:
            Refused: there is no room, or the service is about to stop.
        """
        request = _Request(deque(enumerate(comments)), asyncio.get_running_loop().create_future(), len(comments))
        if not comments:
            return []
        self._admit(request)
        try:
            return await request.answer
        finally:
            self._withdraw(request)

    def _admit(self, request: _Request) -> None:
        with self._changed:
            if not self._is_open:
                raise Refused("closing", self.after())
            if self._size + request.size > CAPACITY:
                raise Refused("full", self.after())
            if len(self._waiting) >= PLACES:
                late = self._waiting.popleft()
                self._size -= len(late.left)
                late.left.clear()
                self._crowded_until = time.monotonic() + CROWDED
                if not late.answer.done():
                    late.answer.set_exception(Refused("full", self.after()))
            self._waiting.append(request)
            self._size += request.size
            self._changed.notify()

    def _withdraw(self, request: _Request) -> None:
        """Drop what is left of a request that nobody waits for; nothing is where it was answered."""
        with self._changed:
            self._size -= len(request.left)
            request.left.clear()
            for line in (self._waiting, self._begun):
                if request in line:
                    line.remove(request)

    def after(self) -> int:
        """Seconds until what waits is scored, by the pace of late."""
        return max(1, math.ceil(self._size * self._pace))

    def _work(self) -> None:
        while batch := self._next():
            started = time.perf_counter()
            try:
                scored = self._each([comment for *_, comment in batch])
            except Away as away:
                self._refuse(batch, away.after)
                continue
            seconds = (time.perf_counter() - started) / len(self._threads)
            with self._changed:
                self._pace += (seconds / len(batch) - self._pace) / 8
                self._size -= len(batch)
                self._observe(len(batch), seconds)
                self._give_back(batch, scored)

    def _next(self) -> _Batch:
        """The next batch, as soon as there is one; an empty one when the queue is closed and done."""
        with self._changed:
            self._idle += 1
            while not (self._waiting or self._begun):
                if not self._is_open:
                    return []
                self._changed.wait()
            batch = self._batch()
            self._idle -= 1
            if self._waiting or self._begun:
                self._changed.notify()
            return batch

    def _batch(self) -> _Batch:
        """A share for a request under way, then for each that waits, then for those under way again.

        What waits is shared out among the threads that have nothing to do.
        """
        batch: _Batch = []
        waits = sum(len(request.left) for line in (self._waiting, self._begun) for request in line)
        room = min(BATCH, -(-waits // self._idle))
        while room > 0 and (self._waiting or self._begun):
            if self._begun and not (batch and self._waiting):
                request = self._begun.popleft()
            elif time.monotonic() < self._crowded_until:
                request = self._waiting.pop()
            else:
                request = self._waiting.popleft()
            share = min(room, SHARE)
            while request.left and share > 0:
                weight = 1 + len(request.left[0][1].text) // LONG
                if batch and weight > room:
                    room = 0
                    break
                batch.append((request, *request.left.popleft()))
                share -= weight
                room -= weight
            if request.left:
                self._begun.append(request)
        return batch

    def _each(self, comments: Sequence[Comment]) -> list[Scored]:
        try:
            return self._score(comments)
        except Away:
            raise
        except Exception as error:  # its text may hold a comment's
            if len(comments) == 1:
                why = str(error) if isinstance(error, NotScored) else type(error).__name__
                _log.error("a comment could not be scored", extra={"fields": {"error": why}})
                return [Scored(id=comments[0].id, lang=None, error=f"could not be scored ({why})")]
        return [scored for comment in comments for scored in self._each([comment])]

    def _give_back(self, batch: _Batch, scored: Sequence[Scored]) -> None:
        for (request, place, _), one in zip(batch, scored, strict=True):
            request.scores[place] = one
            if len(request.scores) == request.size:
                _tell(request, [request.scores[place] for place in range(request.size)])

    def _refuse(self, batch: _Batch, after: int) -> None:
        """Nothing scores: whoever waits for a part of the batch is told so, and when to ask again."""
        with self._changed:
            self._size -= len(batch)
            for request in dict.fromkeys(request for request, *_ in batch):
                self._withdraw(request)
                _tell(request, Refused("away", after))


def _tell(request: _Request, outcome: list[Scored] | Refused) -> None:
    """Give a request its outcome, in the thread that waits for it."""

    def settle() -> None:
        if request.answer.done():
            return
        if isinstance(outcome, Refused):
            request.answer.set_exception(outcome)
        else:
            request.answer.set_result(outcome)

    with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
        request.answer.get_loop().call_soon_threadsafe(settle)
