"""A BentoML service; ``bentoml serve`` imports it from a module that the bench writes."""

from typing import Any

import bentoml

from .peers import Settings, load


def bento(settings: Settings) -> Any:
    """The service."""

    @bentoml.service(workers=settings.workers, traffic={"timeout": 60}, logging={"access": {"enabled": False}})
    class Peer:
        """A request is a batch of one row; BentoML makes larger ones of them."""

        def __init__(self) -> None:
            self.answer = load(settings)

        @bentoml.api(  # type: ignore[untyped-decorator]
            batchable=settings.batch > 1,
            max_batch_size=max(settings.batch, 2),  # it takes no less, also where nothing is batched
            max_latency_ms=60_000,
        )
        def score(self, rows: list[dict[str, Any]]) -> list[Any]:
            """Score."""
            return self.answer(rows)

    return Peer
