"""A long input on every core: other processes score beside this one; the same results, to the last bit.

    blocks ──> this process, on one core
          └──> friction.scorer: a process for each further core

Python runs one thread at a time in one interpreter, so that in a single process two cores wait for each other.

Promises: a short input starts no process; results come in order, and only a few blocks are held at a time; a process
that ends, or cannot begin, changes nothing in the result: what it had is scored by the next, or here; none is left once
the input is at its end. Made by ``friction.commands.build_pipeline``, for whatever reads files.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, islice
from queue import SimpleQueue
from typing import Final, TypeVar

from friction.pipeline import Pipeline, ahead
from friction.records import Comment, Scored
from friction.settings import Settings

FEW: Final = 8
"""Blocks of a short input. Another process begins to score after about one block's time, on two cores."""
EACH: Final = 2
"""Blocks under way for each process: one that it scores and one that waits for it."""
MOST: Final = 4
"""Processes that score unless more are asked for: each takes memory, and few files are so long."""

Item = TypeVar("Item")


class Processes(Pipeline):
    """A pipeline that has others score beside it.

    Args:
        pipeline: what each of them does.
        settings: what the pipeline was built from.
        processes: that score at once, this one among them.
    """

    def __init__(self, pipeline: Pipeline, settings: Settings, processes: int) -> None:
        super().__init__(pipeline.directory, pipeline.classifier, pipeline.redactor)
        self._settings = settings
        self._processes = processes

    def ahead(
        self, items: Iterable[Item], comments: Callable[[Item], list[Comment]], *, evidence: bool = True
    ) -> Iterator[tuple[Item, list[Scored]]]:
        """Each item, in order, with the scores of its comments; see ``Looker.ahead``."""
        waiting = iter(items)
        first = list(islice(waiting, FEW + 1))
        items = chain(first, waiting)
        if len(first) <= FEW or self._processes == 1:
            yield from super().ahead(items, comments, evidence=evidence)
        else:
            yield from self._shared(items, comments, evidence=evidence)

    def _shared(
        self, items: Iterable[Item], comments: Callable[[Item], list[Comment]], *, evidence: bool
    ) -> Iterator[tuple[Item, list[Scored]]]:
        from friction.scorer import Away, NotScored, Scorer

        here = Pipeline(self.directory, self.classifier.on_one_thread(), self.redactor)
        with ExitStack() as stack:
            others = [
                stack.enter_context(Scorer(self._settings, threads=1, model=self.model))
                for _ in range(self._processes - 1)
            ]
            every: list[Pipeline | Scorer] = [here, *others * EACH]
            seats: SimpleQueue[Pipeline | Scorer] = SimpleQueue()
            for seat in every:
                seats.put(seat)

            def score(item: Item) -> list[Scored]:
                seat = seats.get()
                try:
                    return seat.score(comments(item), evidence=evidence)
                except (Away, NotScored):  # whatever it was, here it is met as it would have been without the other
                    return here.score(comments(item), evidence=evidence)
                finally:
                    seats.put(seat)

            yield from ahead(score, items, at_once=len(every))
