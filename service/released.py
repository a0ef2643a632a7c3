"""What is released, read and reckoned once, and shared by every route and page.

A released cell never changes, so that trends need new reckoning only when something more is released, which the hash
of the last release tells, and their effects only when interventions change. At 26 weeks of 380 pairs the reckoning
takes seconds and a look at the hash less than a millisecond. The stores are looked at ``LOOK_EVERY`` second at most:
what another process releases or enters shows within that time, what is entered here at once (``look_again``).

Called by ``service.state``. Safe in threads: one looks and reckons, the others wait for what it finds.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import Lock
from typing import Final, TypeVar

from friction.model_folder import ErrorRate
from friction.records import Intervention, TeamId, Week
from friction.store.releases import ReleaseStore
from friction.trends import Pair, Trend, trends, with_effects

LOOK_EVERY: Final = 1.0
KEPT: Final = 1024
"""Answers that a view keeps; the least lately asked for goes first."""
Errors = Mapping[str, Mapping[str, ErrorRate]]
T = TypeVar("T")


class View:
    """Everything released at one moment, with what was made of it.

    Attributes:
        trends: of every released pair, by name.
        last_week: the last week released; None before the first.
    """

    def __init__(self, found: Sequence[Trend], last_week: Week | None) -> None:
        self.trends = tuple(found)
        self.last_week = last_week
        self._by_pair: dict[Pair, Trend] = {(t.from_team, t.about_team): t for t in found}
        self._made: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = Lock()

    def pair(self, from_team: str, about_team: str) -> Trend:
        """The trend of a pair; one without points where nothing can be said, whatever the reason."""
        pair = TeamId(from_team), TeamId(about_team)
        return self._by_pair.get(pair) or Trend(*pair, ())

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` makes of this view, made once for a key and kept as long as it is asked for."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]  # type: ignore[return-value]  # only ever put there under this key
        made = make()
        with self._lock:
            self._made[key] = made
            if len(self._made) > KEPT:
                self._made.popitem(last=False)
        return made


class Released:
    """The view of now."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._looked = float("-inf")
        self._head: str | None = None
        self._plain: list[Trend] = []
        self._interventions: tuple[Intervention, ...] = ()
        self._view = View((), None)

    @property
    def at_hand(self) -> View | None:
        """The view, where it was looked at a moment ago: for callers that must not wait."""
        return self._view if time.monotonic() - self._looked < LOOK_EVERY else None

    def look_again(self) -> None:
        """Look at the stores before the next answer: something was entered."""
        with self._lock:
            self._looked = float("-inf")

    def now(
        self, releases: ReleaseStore, interventions: Callable[[], tuple[Intervention, ...]], errors: Errors
    ) -> View:
        """The view of what is released.

        Args:
            releases: where it is.
            interventions: reads those that hold now.
            errors: of the model in use.
        """
        with self._lock:
            if time.monotonic() - self._looked < LOOK_EVERY:
                return self._view
            last_week, head = releases.head()
            entered = interventions()
            if head != self._head:
                cells = [] if last_week is None else [c for c in releases.cells() if c.last_week <= last_week]
                self._plain = trends(cells, errors)
            if head != self._head or entered != self._interventions:
                self._view = View(with_effects(self._plain, errors, entered), last_week)
                self._head, self._interventions = head, entered
            self._looked = time.monotonic()
            return self._view
