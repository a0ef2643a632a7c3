"""What the process counts about its own work, for Prometheus.

Never: a team, a key, a path, a text or its length. Whoever reads the metrics may watch them from one second to the next
while a colleague's comment is scored, and a comment that blames takes the model two to four times as long as one that
does not. So how long scoring takes is told in steps that one person's comments do not fill (``COARSE``), each time
counts as the top of its step (a histogram's sum would tell it exactly), and the model's work is a whole percentage of a
past minute. For the same reason nothing says that a comment could not be scored (its language would be told), and the
process's own times are left to the machine's exporter. Called by ``service.traffic``, ``service.scoring`` and
``service.health``.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from starlette.requests import Request

COARSE: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds that scoring took, in steps; about thirty comments fill the first."""
FINE: Final = (0.005, 0.01, 0.025, 0.05, *COARSE)
"""Seconds that everything else took: what it answers is the same for everybody who may ask."""
MINUTE: Final = 60.0


disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began helps nobody


def coarse(seconds: float) -> float:
    """The top of the step in which a time lies.

    >>> coarse(0.004), coarse(0.09), coarse(0.11), coarse(100.0)
    (0.1, 0.1, 0.25, 60.0)
    """
    return next((step for step in COARSE if seconds <= step), COARSE[-1])


class Busy:
    """The share of the last whole minute in which the model worked, in whole percent."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._minute = now() // MINUTE
        self._worked = 0.0
        self._last = 0

    def add(self, seconds: float) -> None:
        """The model worked for so long, until now."""
        self._turn()
        self._worked += seconds

    def percent(self) -> int:
        """Of the last whole minute."""
        self._turn()
        return self._last

    def _turn(self) -> None:
        minute = self._now() // MINUTE
        if minute != self._minute:
            self._last = min(100, round(100 * self._worked / MINUTE)) if minute == self._minute + 1 else 0
            self._minute, self._worked = minute, 0.0


class Metrics:
    """One process's counters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        to = self.registry
        labels = ("method", "route", "status")
        self._seconds = Histogram(
            "friction_request_seconds",
            "Seconds to an answer; of scoring, in coarse steps.",
            labels,
            buckets=FINE,
            registry=to,
        )
        self._comments = Histogram(
            "friction_batch_comments",
            "Comments of a batch that the model was given.",
            buckets=(1, 4, 16, 32, 64),
            registry=to,
        )
        self._refused = Counter(
            "friction_scoring_refused", "Scoring requests refused or given up, by reason.", ("reason",), registry=to
        )
        self._answered = Counter(
            "friction_answered_comments", "Comments that were answered, scored or not.", registry=to
        )
        for reason in ("full", "closing", "away", "gone"):
            self._refused.labels(reason)
        self._busy = Busy()
        busy = Gauge("friction_model_busy_percent", "Of the last whole minute.", registry=to)
        busy.set_function(self._busy.percent)
        self._queued = Gauge(
            "friction_queued_comments", "Comments that wait for the model or are with it.", registry=to
        )
        self._up = Gauge("friction_store_up", "Whether a store can be used.", ("store",), registry=to)
        self._scoring = Gauge("friction_scoring_up", "Whether there is a process that scores.", registry=to)
        self._uploads = Gauge("friction_uploads_up", "Whether an upload can be kept.", registry=to)
        self._released = Gauge(
            "friction_last_release_week_end_seconds",
            "When the last released week ended, in seconds since 1970; 0 before the first release.",
            registry=to,
        )

    def model(self, name: str, products: str) -> None:
        """Which model scores, and by which products of int8."""
        Info("friction_model", "The model that scores.", registry=self.registry).info({"model": name, "int8": products})

    def request(self, method: str, route: str, status: int, seconds: float, *, scoring: bool) -> None:
        """A request was answered."""
        self._seconds.labels(method, route, status).observe(coarse(seconds) if scoring else seconds)

    def batch(self, comments: int, seconds: float) -> None:
        """The model was given a batch."""
        self._comments.observe(comments)
        self._busy.add(seconds)

    def refused(self, reason: str) -> None:
        """A scoring request was refused, or its client went away."""
        self._refused.labels(reason).inc()

    def answered(self, comments: int) -> None:
        """Comments of a scoring request were answered."""
        self._answered.inc(comments)

    def watch(self, queued: Callable[[], int], is_up: Callable[[], bool]) -> None:
        """Take the queue's length, and whether anything scores, when asked."""
        self._queued.set_function(queued)
        self._scoring.set_function(is_up)

    def stores(self, up: Sequence[tuple[str, bool]], last_week_end: float | None) -> None:
        """How the stores were found just now."""
        for store, is_up in up:
            self._up.labels(store).set(is_up)
        if last_week_end is not None:
            self._released.set(last_week_end)

    def uploads(self, *, is_up: bool) -> None:
        """Whether an upload could be kept just now."""
        self._uploads.set(is_up)

    def text(self) -> bytes:
        """As Prometheus reads it."""
        return generate_latest(self.registry)


def metrics_of(request: Request) -> Metrics:
    """The counters of the application that a request reached."""
    metrics: Metrics = request.app.state.metrics
    return metrics
