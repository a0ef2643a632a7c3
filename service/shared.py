"""One look-up for all who ask the same thing at the same time, and for nobody a stale answer.

A store that is asked a hundred times a second whether one key holds spends as long on it as on a comment's scores.
Whoever asks is told what was looked up after they asked: they share the next look-up that begins, never one that is
under way, so that what has just changed (a key that was revoked) is changed for them. Nothing is kept in between.
Used by ``service.access``.
"""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

Asked = TypeVar("Asked", bound=Hashable)
Found = TypeVar("Found")


class Shared(Generic[Asked, Found]):
    """A look-up that takes its time, of one event loop.

    Args:
        look: what is looked up, in another thread.
    """

    def __init__(self, look: Callable[[Asked], Found]) -> None:
        self._look = look
        self._next: dict[Asked, asyncio.Task[Found]] = {}
        self._latest: dict[Asked, asyncio.Task[Found]] = {}

    async def find(self, asked: Asked) -> Found:
        """What is found; whatever the look-up raises."""
        task = self._next.get(asked)
        if task is None:
            task = asyncio.create_task(self._after(asked, self._latest.get(asked)))
            self._next[asked] = self._latest[asked] = task
        return await asyncio.shield(task)  # whoever goes away takes it from nobody else

    async def _after(self, asked: Asked, earlier: asyncio.Task[Found] | None) -> Found:
        """Look up once the one before has ended."""
        if earlier is not None:
            await asyncio.wait([earlier])
        own = self._next.pop(asked)
        try:
            return await run_in_threadpool(self._look, asked)
        finally:
            if self._latest.get(asked) is own:
                del self._latest[asked]
