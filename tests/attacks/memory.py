"""The private store in plain Python: a reference for the real one, fast enough for thousands of companies.

``test_memory.py`` plays the same companies through both, with the same salts, and compares every released cell.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from friction.disclosure import YEAR, majority
from friction.records import LANGS, Pair, Week
from friction.store.scores import People, Vote, Waiting, Window

Salt = Callable[[Pair], bytes]


@dataclass
class Memory:
    """Open windows, as ``friction.store.scores.Closing`` shows them to a release.

    Attributes:
        salt: gives each newly opened window its salt.
        ledger: what each cell cost: (speaking team, week, epsilon).
    """

    salt: Salt
    start: Week | None = None
    released: Week | None = None
    rows: dict[Pair, list[tuple[Week, Vote]]] = field(default_factory=lambda: defaultdict(list))
    salts: dict[Pair, bytes] = field(default_factory=dict)
    ledger: list[tuple[str, Week, Decimal]] = field(default_factory=list)

    def add(self, votes: Iterable[Vote]) -> None:
        for vote in votes:
            week = vote.week if self.released is None or vote.week > self.released else self.released + 1
            pair = (vote.from_team, vote.about_team)
            if pair not in self.salts:
                self.salts[pair] = self.salt(pair)
            self.start = week if self.start is None else min(self.start, week)
            self.rows[pair].append((week, vote))

    def oldest(self, through: Week) -> dict[Pair, Week]:
        first = {pair: min(week for week, _ in rows) for pair, rows in self.rows.items() if rows}
        return {pair: week for pair, week in first.items() if week <= through}

    def windows(self, through: Week) -> Iterator[Waiting]:
        for pair in sorted(self.rows):
            if votes := self._votes(pair, through):
                pools = Counter(pool for pool, _ in {(vote.pool, vote.respondent) for vote in votes})
                window = Window(pair, self.salts[pair])
                merged = any(vote.merged for vote in votes)
                yield Waiting(window, people(votes), max(pools.values()), merged=merged)

    def models(self, pair: Pair, through: Week) -> dict[str, int]:
        return Counter(model for model, _ in {(v.model, v.respondent) for v in self._votes(pair, through)})

    def _votes(self, pair: Pair, through: Week) -> list[Vote]:
        return [vote for week, vote in self.rows[pair] if week <= through]

    def close(self, pairs: Iterable[Pair], through: Week) -> None:
        for pair in pairs:
            self.rows[pair] = [(week, vote) for week, vote in self.rows[pair] if week > through]
            if not self.rows[pair]:
                self.salts.pop(pair)

    def spend(self, pair: Pair, week: Week, epsilon: Decimal) -> None:
        self.ledger.append((pair[0], week, epsilon))

    def spent(self, from_team: str, week: Week) -> Decimal:
        return sum((e for team, at, e in self.ledger if team == from_team and week - at < YEAR), Decimal(0))

    def finish(self, week: Week) -> None:
        self.released = week


def people(votes: Iterable[Vote]) -> list[People]:
    """Respondents of one window."""
    of: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        of[vote.respondent].append(vote)
    return [_person(theirs) for theirs in of.values()]


def _person(votes: list[Vote]) -> People:
    written = Counter(vote.lang for vote in votes)
    blame = majority(sum(vote.blamed for vote in votes), len(votes))
    return People(
        count=1,
        lang=max(LANGS, key=lambda lang: written[lang]),
        blame=blame,
        appreciate=majority(sum(vote.appreciated for vote in votes), len(votes)),
        patterns=frozenset(p for vote in votes for p in vote.labels if blame),
    )
