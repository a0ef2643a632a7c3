"""The web server: uvicorn with friction's log, and a stop that first finishes what was accepted.

On a signal to stop, scoring takes no more (503, and ``/readyz`` says so) while the door stays open until everything
that was taken is scored; then nobody is let in any more, the last answers are sent, and the process ends. A second
signal ends it at once. Called by ``friction serve``.
"""

import asyncio
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from .logs import CONFIG
from .queue import ScoringQueue

PATIENCE: Final = 30
"""Seconds for what was accepted to be scored, and again for the answers to be read."""


SWITCH: Final = 0.0005
"""Seconds after which a thread that reads scores makes room for the one that answers, if that waits."""


class Server(uvicorn.Server):
    """Serves an application made by ``create_app``.

    Args:
        app: the application.
        proxies: addresses that are believed when they say for whom they ask; nobody else is.
        certificate: for TLS from this process, with its ``key``.
        key: see there.
    """

    def __init__(
        self, app: FastAPI, *, proxies: Sequence[str] = (), certificate: Path | None = None, key: Path | None = None
    ) -> None:
        self._queue: ScoringQueue = app.state.queue
        sys.setswitchinterval(SWITCH)
        super().__init__(
            uvicorn.Config(
                app,
                log_config=CONFIG,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                ssl_certfile=certificate,
                ssl_keyfile=key,
                ws="none",
                timeout_graceful_shutdown=PATIENCE,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish, then close."""
        self._queue.close()
        end = time.monotonic() + PATIENCE
        while len(self._queue) and not self.force_exit and time.monotonic() < end:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)
