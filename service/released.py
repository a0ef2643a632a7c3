"""What is released, read and reckoned once, and shared by every route and page.

A released cell never changes, so that trends need new reckoning only when something more is released, which the hash
of the last release tells, and their effects only when interventions change. At 26 weeks of 380 pairs the reckoning
takes seconds and a look at the hash less than a millisecond. The stores are looked at every ``LOOK_EVERY`` seconds at
most: what another process releases or enters shows within that time and what it takes to reckon it, what is entered
here at once.

Called by ``service.state``. Safe in threads: one looks and reckons, and whoever asks meanwhile gets the view that was;
only where there is none yet do they wait, in few threads (``alone``), so that others stay free.
"""

import gc
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence, Sized
from hashlib import sha256
from threading import Lock
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool

from friction import __version__
from friction.model_folder import StanceErrors
from friction.records import Intervention, Pair, TeamId, Week
from friction.store.releases import ReleaseStore
from friction.trends import Trend, trends, with_effects

LOOK_EVERY: Final = 1.0
KEPT: Final = 32_000_000
"""Bytes of answers that a view keeps; the least lately asked for goes first."""
OVERHEAD: Final = 1_000
"""Bytes that an answer costs beside its own: its key, with a cursor in it, and its place. Some 500 to 700 are used."""
WEEKS_KEPT: Final = 2
"""Weeks of the past whose trends are kept."""
WAITING: Final = 20
"""Who may wait for work that is done alone; more are told to come again."""
T = TypeVar("T")
Held = TypeVar("Held", bound=Sized)


class TooBusy(Exception):
    """Too many wait already for work that is done one at a time."""


class View:
    """Everything released at one moment, with what was made of it.

    Attributes:
        trends: of every released pair, by name.
        last_week: the last week released; None before the first.
        tag: other for any other view.
    """

    def __init__(self, found: Sequence[Trend], last_week: Week | None, told_by: object = None) -> None:
        self.trends = tuple(found)
        self.last_week = last_week
        self.tag = sha256(repr((__version__, told_by)).encode()).hexdigest()[:32]
        self._by_pair: dict[Pair, Trend] = {t.pair: t for t in found}
        self._made: OrderedDict[Hashable, Sized] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def pair(self, from_team: str, about_team: str) -> Trend:
        """The trend of a pair; one without points where nothing can be said, whatever the reason."""
        pair = TeamId(from_team), TeamId(about_team)
        return self._by_pair.get(pair) or Trend(*pair, ())

    def kept(self, key: Hashable) -> Sized | None:
        """What was made under this key, where it is kept still."""
        with self._lock:
            if key not in self._made:
                return None
            self._made.move_to_end(key)
            return self._made[key]

    def once(self, key: Hashable, make: Callable[[], Held]) -> Held:
        """What ``make`` makes of this view, kept under the key for as long as there is room."""
        if (kept := self.kept(key)) is not None:
            return kept  # type: ignore[return-value]  # only ever put there by the same call
        found = make()
        with self._lock:
            if key not in self._made:
                self._made[key] = found
                self._size += len(found) + OVERHEAD
            while self._size > KEPT:
                self._size -= len(self._made.popitem(last=False)[1]) + OVERHEAD
        return found


class Released:
    """The view of now, and trends as they stood."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._looked = float("-inf")
        self._head: str | None = None
        self._plain: list[Trend] = []
        self._interventions: tuple[Intervention, ...] = ()
        self._view = View((), None)
        self._is_sought = False
        self._past: OrderedDict[Week, list[Trend]] = OrderedDict()
        self._past_lock = Lock()
        self._alone = CapacityLimiter(1)

    async def alone(self, work: Callable[[], T]) -> T:
        """Do long work in a thread, one at a time for all who ask.

        Raises:
            TooBusy: too many wait already.
        """
        if self._alone.statistics().tasks_waiting >= WAITING:
            raise TooBusy
        return await to_thread.run_sync(work, limiter=self._alone)

    async def soon(self, look: Callable[[], View]) -> View:
        """The view, without waiting: the one before it where somebody is looking for the next already.

        Args:
            look: calls ``now``.

        Raises:
            TooBusy: there is none yet, and too many wait for it already.
        """
        if self._is_fresh or (self._head is not None and (self._is_sought or self._lock.locked())):
            return self._view
        self._is_sought = True
        try:
            return await (self.alone(look) if self._head is None else run_in_threadpool(look))
        finally:
            self._is_sought = False

    @property
    def _is_fresh(self) -> bool:
        return time.monotonic() - self._looked < LOOK_EVERY

    def now(
        self,
        releases: ReleaseStore,
        interventions: Callable[[], tuple[Intervention, ...]],
        errors: StanceErrors,
        *,
        anew: bool = False,
    ) -> View:
        """The view of what is released; the one before it where another thread is reckoning this one.

        Args:
            releases: where it is.
            interventions: reads those that hold now.
            errors: of the model in use.
            anew: look at the stores, however short ago that was, and wait for what is there: something was entered.
        """
        if not anew and self._head is not None and self._lock.locked():
            return self._view
        with self._lock:
            if self._is_fresh and not anew:
                return self._view
            last_week, head = releases.head()
            entered = interventions()
            if head != self._head:
                cells = [] if last_week is None else [c for c in releases.cells() if c.last_week <= last_week]
                self._plain = trends(cells, errors, through=last_week)
            if head != self._head or entered != self._interventions:
                found = with_effects(self._plain, errors, entered)
                self._view = View(found, last_week, (head, entered, errors))
                self._head, self._interventions = head, entered
                gc.collect()
                gc.freeze()  # a view is large and has no cycles: a collection would stop everybody to walk it
            self._looked = time.monotonic()
            return self._view

    def then(self, week: Week, releases: ReleaseStore, errors: StanceErrors) -> list[Trend]:
        """Trends as they stood when ``week`` was released: of the cells up to it, without interventions."""
        with self._past_lock:
            if week not in self._past:
                cells = [c for c in releases.cells() if c.last_week <= week]
                self._past[week] = trends(cells, errors, through=week)
                if len(self._past) > WEEKS_KEPT:
                    self._past.popitem(last=False)
            self._past.move_to_end(week)
            return self._past[week]
