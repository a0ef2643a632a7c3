"""The load: a process of its own that sends requests and times the answers, and does as little else as it can.

``closed``: so many connections, each sends its next request when it has its answer. ``open``: requests come at random
moments at a given rate, whatever becomes of them, each on a connection that is free; an answer's time counts from the
moment the request was due, so that a server that stalls is not spared the requests of that while. Reads no more of an
answer than its status and its length.

    python -m training.bench.http.load PLAN.json     # prints a Result as JSON
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, cast

import uvloop

HOST: Final = "127.0.0.1"
PATIENCE: Final = 20.0
"""Seconds after the last request in which answers still count."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A load.

    Attributes:
        path: of the request.
        headers: sent with each.
        bodies: JSON, sent in turn and again from the first.
        connections: that are opened at most; all of them from the start where the load is closed.
        rate: requests a second of an open load; None is a closed one.
        warm: seconds of the load before those that count.
        seconds: that count.
    """

    port: int
    path: str
    headers: dict[str, str]
    bodies: Sequence[str]
    connections: int
    rate: float | None
    warm: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it.

    Attributes:
        seconds: from the first request that counts to the last answer to one.
        milliseconds: of the answers, by HTTP status, in order of time taken.
        sent: requests that count.
        unanswered: of these, without an answer: the connection broke, or ``PATIENCE`` was over.
        core: share of one core that the load itself took.
    """

    seconds: float
    milliseconds: dict[str, list[float]]
    sent: int
    unanswered: int
    core: float

    @property
    def answered(self) -> int:
        """Answers that are 200."""
        return len(self.milliseconds.get("200", []))

    @property
    def rate(self) -> float:
        """Such answers a second."""
        return self.answered / self.seconds

    def percentile(self, share: float, status: str = "200") -> float:
        """Milliseconds under which that share of the answers came; infinite where there was none."""
        times = self.milliseconds.get(status, [])
        return times[min(int(share * len(times)), len(times) - 1)] if times else float("inf")


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection with at most one request under way."""

    def __init__(self, answered: Callable[["Connection", int | None], None]) -> None:
        self._answered = answered
        self._read = b""
        self.transport: asyncio.Transport | None = None
        self.due = 0.0
        self.is_busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        self.transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due then."""
        self.due, self.is_busy, self._read = due, True, b""
        if self.transport is not None:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Some of an answer."""
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._read[:end].lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(self._read) >= end + 4 + length:
            self.is_busy = False
            self._answered(self, int(head[9:12]))

    def connection_lost(self, _: Exception | None) -> None:
        """The server has closed it."""
        self.transport = None
        if self.is_busy:
            self.is_busy = False
            self._answered(self, None)


@dataclass(slots=True)
class _Count:
    times: dict[int, list[float]] = field(default_factory=dict)
    sent: int = 0
    unanswered: int = 0
    last: float = 0.0


class Load:
    """A plan being carried out."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = [_request(plan, body) for body in plan.bodies]
        self._next = 0
        self._start = self._end = 0.0
        self._count = _Count()
        self._free: list[Connection] = []
        self._all: list[Connection] = []
        self._open = self._under_way = 0

    async def run(self) -> Result:
        """Carry it out."""
        before = time.process_time()
        begun = time.perf_counter()
        self._start = begun + self._plan.warm
        self._end = self._start + self._plan.seconds
        await (self._closed() if self._plan.rate is None else self._at(self._plan.rate))
        limit = self._end + PATIENCE
        while self._under_way and time.perf_counter() < limit:
            await asyncio.sleep(0.01)
        for connection in self._all:
            if connection.transport is not None:
                connection.transport.abort()
        count = self._count
        core = (time.process_time() - before) / (time.perf_counter() - begun)
        return Result(
            seconds=max(count.last, self._end) - self._start,
            milliseconds={str(s): [round(1000 * t, 3) for t in sorted(ts)] for s, ts in count.times.items()},
            sent=count.sent,
            unanswered=count.sent - sum(map(len, count.times.values())),
            core=core,
        )

    async def _closed(self) -> None:
        for _ in range(self._plan.connections):
            self._send(await self._connect(), time.perf_counter())
        await asyncio.sleep(self._end - time.perf_counter())

    async def _at(self, rate: float) -> None:
        moments = random.Random(7)
        due = time.perf_counter()
        while due < self._end:
            if (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            if connection := self._idle():
                self._send(connection, due)
            elif self._open < self._plan.connections:
                self._open += 1
                asyncio.get_running_loop().create_task(self._send_anew(due))
            elif due >= self._start:
                self._count.sent += 1
            due += moments.expovariate(rate)

    def _idle(self) -> Connection | None:
        """The connection that was used last, so that those which a server closes for being idle are not used again."""
        while self._free:
            connection = self._free.pop()
            if connection.transport is not None and not connection.transport.is_closing():
                return connection
            self._open -= 1
        return None

    async def _send_anew(self, due: float) -> None:
        self._send(await self._connect(), due)

    async def _connect(self) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._answered), HOST, self._plan.port
        )
        self._all.append(connection)
        return connection

    def _send(self, connection: Connection, due: float) -> None:
        request = self._requests[self._next % len(self._requests)]
        self._next += 1
        self._under_way += 1
        if self._start <= due < self._end:
            self._count.sent += 1
        connection.send(request, due)

    def _answered(self, connection: Connection, status: int | None) -> None:
        now = time.perf_counter()
        self._under_way -= 1
        if status is not None and self._start <= connection.due < self._end:
            self._count.times.setdefault(status, []).append(now - connection.due)
            self._count.last = now
        if connection.transport is None or connection.transport.is_closing():
            self._open -= 1
        elif self._plan.rate is not None:
            self._free.append(connection)
        if self._plan.rate is None and now < self._end:
            if connection.transport is not None:
                self._send(connection, now)
            else:
                asyncio.get_running_loop().create_task(self._send_anew(now))


def _request(plan: Plan, body: str) -> bytes:
    content = body.encode()
    headers = {"Host": f"{HOST}:{plan.port}", "Content-Type": "application/json", "Content-Length": str(len(content))}
    lines = [f"POST {plan.path} HTTP/1.1", *(f"{k}: {v}" for k, v in (headers | plan.headers).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def main() -> None:
    """Carry out the plan in a file, print what came of it."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    plan = Plan(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(json.dumps(asdict(uvloop.run(Load(plan).run()))))


if __name__ == "__main__":
    main()
