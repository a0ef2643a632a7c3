"""The linear-programme audit (rule 10): within which limits does everything published hold each hidden number?

Unknown are, for every cell, the exact numbers of people and of people who blame; for a hidden pair, those that wait.
Everything published becomes an inequality. Two linear programmes a number then say how low and how high it can be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from friction.disclosure import BASE, FLOOR
from friction.margins import Margin, company, given, received
from friction.records import Cell, Directory, Pair
from friction.store.scores import Vote
from tests.attacks.companies import company as make_company
from tests.attacks.companies import quietened
from tests.attacks.insider import played

Key = tuple[str, str, int]
"""Speaking team, target team, and the week in which the window closed; 0 for a window that is open still."""


def key_of(cell: Cell) -> Key:
    return (cell.from_team, cell.about_team, cell.last_week.index)


@dataclass
class Audit:
    """Everything that an insider can write down.

    Attributes:
        hidden: for each pair that waits, the most people that may do so: one under the threshold where only the number
            of voices keeps it hidden, the whole speaking team where the target is too small.
    """

    cells: Sequence[Cell]
    hidden: Mapping[Pair, int]
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        keys = [key_of(c) for c in self.cells] + [(*pair, 0) for pair in self.hidden]
        self.place = {key: 2 * i for i, key in enumerate(keys)}
        self.bounds: list[tuple[float, float | None]] = [(0, None)] * (2 * len(keys))
        for cell in self.cells:
            people, blame = self.place[key_of(cell)], self.place[key_of(cell)] + 1
            off = BASE - 1
            self.bounds[people] = (max(cell.respondents - 1, 5), cell.respondents + 1)
            top = None if cell.blame == cell.respondents else cell.blame + off
            self.bounds[blame] = (max(cell.blame - off, *(n - off for n in cell.patterns.values()), 0), top)
            known = sum(cell.languages.values())
            self.rows.append(({people: 1}, known - off * len(cell.languages), known + off * len(cell.languages)))
            self.rows.append(({people: 1, blame: -1}, 0, np.inf))
        for pair, most in self.hidden.items():
            people = self.place[(*pair, 0)]
            self.bounds[people] = self.bounds[people + 1] = (0, most)
            self.rows.append(({people: 1, people + 1: -1}, 0, np.inf))

    def add(self, margin: Margin, of: Sequence[Key], *, slack: float) -> None:
        """A published total over some cells. ``slack``: how far the sum of exact counts may be off."""
        self.rows.append(({self.place[key]: 1 for key in of}, margin.voices - slack, margin.voices + slack))
        self.rows.append(({self.place[key] + 1: 1 for key in of}, margin.blaming - slack, margin.blaming + slack))

    def ranges(self) -> dict[Pair, tuple[range, range]]:
        """For each hidden pair, the numbers of people and of people who blame that are possible."""
        matrix = np.zeros((len(self.rows), len(self.bounds)))
        for row, (terms, _, _) in zip(matrix, self.rows, strict=True):
            row[list(terms)] = list(terms.values())
        low, high = (np.array([row[side] for row in self.rows]) for side in (1, 2))
        finite = np.isfinite(high)
        upper = csr_array(np.vstack([matrix[finite], -matrix]))
        limits = np.concatenate([high[finite], -low])
        found = {}
        for pair in self.hidden:
            start = self.place[(*pair, 0)]
            ends = [[self._extreme(i, sign, upper, limits) for sign in (1, -1)] for i in (start, start + 1)]
            found[pair] = tuple(range(ceil(least - 1e-6), floor(most + 1e-6) + 1) for least, most in ends)
        return found  # type: ignore[return-value]

    def _extreme(self, at: int, sign: int, upper: csr_array, limits: np.ndarray) -> float:
        aim = np.zeros(len(self.bounds))
        aim[at] = sign
        solved = linprog(aim, A_ub=upper, b_ub=limits, bounds=self.bounds, method="highs")
        if solved.status != 0:
            raise AssertionError(f"what is published contradicts itself: {solved.message}")
        return float(solved.fun) * sign


def hidden_pairs(directory: Directory, cells: Sequence[Cell]) -> dict[Pair, int]:
    """Pairs without a cell, and how many people may wait in each as far as anybody knows beforehand."""
    shown = {(c.from_team, c.about_team) for c in cells}
    sizes = {name: team.headcount or 0 for name, team in directory.teams.items()}
    return {
        (a, b): min(FLOOR - 1, sizes[a]) if sizes[b] >= FLOOR else sizes[a]
        for a in sizes
        for b in sizes
        if a != b and (a, b) not in shown
    }


def published(rng: np.random.Generator) -> tuple[Audit, list[Vote], Directory]:
    """A company in which many pairs are hidden, with all its cells and margins written down; and how it was made."""
    made = make_company(rng, weeks=3, whole=True)
    votes = quietened(made, rng, pairs=4)
    cells = played(made.directory, votes, rng)
    audit = Audit(cells, hidden_pairs(made.directory, cells))
    for totals, side in ((received(cells), 1), (given(cells), 0)):
        for team, margin in totals.items():
            of = [key_of(c) for c in cells if key_of(c)[side] == team]
            audit.add(margin, of, slack=(BASE - 1) * len(of))
    audit.add(company(cells), [key_of(c) for c in cells], slack=(BASE - 1) * len(cells))
    return audit, votes, made.directory


def pinned(audit: Audit) -> list[Pair]:
    """Hidden pairs of which more is known than without anything published."""
    return [p for p, ends in audit.ranges().items() if any(len(end) <= min(audit.hidden[p], FLOOR - 1) for end in ends)]
