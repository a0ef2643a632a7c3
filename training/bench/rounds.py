"""Contestants take turns, so that whatever else the machine does meets all of them alike."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(slots=True)
class Contestant:
    """Something that works through texts.

    Attributes:
        name: as the table calls it.
        run: does the work once.
        texts: how many that is.
        seconds: what each turn took.
    """

    name: str
    run: Callable[[], object]
    texts: int
    seconds: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Texts a second of each turn."""
        return [self.texts / seconds for seconds in self.seconds]


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and most of repeated figures.

    >>> str(Spread.of([2.0, 4.5, 3.0]))
    '3.0 (2.0 to 4.5)'
    """

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Of at least one figure."""
        return cls(median(figures), min(figures), max(figures))

    def __str__(self) -> str:
        digits = 0 if self.middle >= 20 else 1 if self.middle >= 1 else 2
        return f"{self.middle:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def take_turns(contestants: Sequence[Contestant], rounds: int, say: Callable[[str], None]) -> None:
    """Each once unmeasured, then ``rounds`` times in turn, forwards and backwards by turns."""
    for contestant in contestants:
        contestant.run()
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for contestant in contestants if number % 2 == 0 else contestants[::-1]:
            start = time.perf_counter()
            contestant.run()
            contestant.seconds.append(time.perf_counter() - start)


def ratio(ours: Contestant, peer: Contestant) -> Spread:
    """How many times the peer's texts a second ours does, round by round."""
    return Spread.of([a / b for a, b in zip(ours.rates, peer.rates, strict=True)])
