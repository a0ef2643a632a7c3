"""Whether the process lives, whether it is ready, and what it counts: for a supervisor, a load balancer, Prometheus.

Says which part is not ready, never where it is: no address, no name of a server, no word of an error. Where uploads
alone cannot be kept the process stays ready: a balancer would else take scores and reads from people for a full disk.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Final, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from friction.errors import UsageError
from friction.spool import FULL, Spool
from friction.store import operations, schema

from . import problems
from .access import OPEN, Access
from .metrics import metrics_of
from .queue import ScoringQueue, queue_of
from .state import State, state_of

PATIENCE: Final = 2.0
"""Seconds in which a store must answer."""
OK: Final = "ok"
_LATE: Final = "does not answer"
Answer = TypeVar("Answer")
router = APIRouter()
_threads = anyio.CapacityLimiter(4)
"""Of their own, so that a store that hangs holds up nothing but these answers."""


@router.get("/healthz", dependencies=[OPEN])
async def healthz() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": OK}


@router.get(
    "/readyz", dependencies=[OPEN], responses={503: {"description": "Not ready; parts says which part is not."}}
)
async def readyz(request: Request) -> Response:
    """Whether a request would be served: the model is loaded; the stores answer and have this version's tables, and
    what is entered would be kept.

    `status` is `degraded` where all that is missing is a place for uploads, which get a 503 or 507 meanwhile.
    """
    state = state_of(request)
    needed = {"model": _model(state, queue_of(request)), **await _stores(state)}
    parts = needed | {"uploads": await _uploads(state)}
    if set(needed.values()) != {OK}:
        return problems.problem(503, "Not ready; see parts.", {"Retry-After": problems.WAIT}, parts=parts)
    return JSONResponse({"status": OK if parts["uploads"] == OK else "degraded", "parts": parts})


@router.get(
    "/metrics",
    dependencies=[Depends(Access("read", whole=True))],
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)
async def metrics(request: Request) -> Response:
    """What the process counts about its own work, for Prometheus: a key that is bound to no team.

    It counts what everybody asks and enters.
    """
    state, counted = state_of(request), metrics_of(request)
    found = await _stores(state)
    counted.stores(
        [(store, said == OK) for store, said in found.items()], await _within(lambda: _last_end(state), None)
    )
    counted.uploads(is_up=await _uploads(state) == OK)
    return Response(counted.text(), media_type=CONTENT_TYPE_LATEST)


def _model(state: State, queue: ScoringQueue) -> str:
    if not queue.is_alive:
        return "takes no more: the service is about to stop"
    return OK if state.pipeline.is_up else "its process ended, and is started again"


async def _stores(state: State) -> dict[str, str]:
    return {
        "releases": await _within(lambda: _standing(state.releases.is_current), _LATE),
        "operations": await _within(
            lambda: _standing(
                lambda: schema.is_current(state.operations, operations.SCHEMA), state.operations.takes_writes
            ),
            _LATE,
        ),
    }


async def _within(ask: Callable[[], Answer], late: Answer) -> Answer:
    """The answer of a store, or ``late`` where there is none in time."""
    with anyio.move_on_after(PATIENCE):
        return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=_threads)
    return late


async def _uploads(state: State) -> str:
    return await _within(lambda: _place(state.spool), _LATE)


def _place(spool: Spool) -> str:
    try:
        spool.check()
    except OSError as error:
        return "there is no room" if error.errno in FULL else "cannot be written"
    return OK


def _standing(is_current: Callable[[], bool], takes_writes: Callable[[], bool] = lambda: True) -> str:
    try:
        if not is_current():
            return "its tables are not those of this version"
        return OK if takes_writes() else "takes no writes"
    except (UsageError, SQLAlchemyError):
        return "cannot be reached"


def _last_end(state: State) -> float | None:
    try:
        week = state.releases.last_week()
    except (UsageError, SQLAlchemyError):
        return None
    if week is None:
        return 0.0
    return datetime.combine(week.monday + timedelta(weeks=1), time(), UTC).timestamp()
