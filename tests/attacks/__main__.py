"""The attack report: ``make attacks`` plays every attack on a thousand companies and writes ``docs/attacks.md``."""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import beta

from friction.disclosure import FLOOR
from tests.attacks.audit import pinned, published
from tests.attacks.catalogue import CATALOGUE, Result, run
from tests.attacks.companies import company, quietened
from tests.attacks.insider import played

SEED = 20_26
HEAD = """# What an insider can find out

Played by `make attacks` on {companies} synthetic companies for each attack; the tests play each on a few
(`tests/attacks/`). The insider knows every comment but the victim's stance, to which they give even odds, sees every
cell of every week, and weighs them with their exact chances. Everything that anybody sees is worked out from cells, so
nobody can do better from what is shown. *Right*: how often the best guess is, with its 95 % interval. *Sure*: how often
no doubt is left. *Granted*: what [SECURITY.md](../SECURITY.md) states, reckoned exactly at the worst; an attack breaks
it when chance explains the excess less than once in 10,000 runs. "Who wrote" is no secret; it stands here so that it is
known how little of one it is. Who writes under several keys in one cell has as many votes in it, and rounding and
epsilon cover each key alone: "two keys" and those after it say what that gives away; from three, nothing is granted.

| attack | what the insider does | guessing | right | sure | granted | |
| --- | --- | --- | --- | --- | --- | --- |
"""
TAIL = """
## Cells and totals

Over {companies} whole companies:

| | looked at | found |
| --- | --- | --- |
| released cells with fewer than {floor} people behind them, or about a smaller team | {cells} cells | {small} |
| hidden pairs that a linear programme over all cells and totals narrows | {pairs} pairs | {pinned} |

Hidden and absent pairs answer alike in the API, on the dashboard, in the digest and in the metrics, byte for byte and
call for call: `tests/attacks/test_surfaces.py`, which compares companies that differ in hidden pairs alone.
"""


def row(result: Result) -> str:
    """A line of the table."""
    hits = result.right * result.companies
    low, high = beta.ppf(0.025, hits, result.companies - hits + 1), beta.ppf(0.975, hits + 1, result.companies - hits)
    attack = result.attack
    granted, verdict = ("", "no promise") if attack.granted is None else (f"{attack.granted:.1%}", "holds")
    return (
        f"| {attack.name} | {attack.does} | 50.0% | {result.right:.1%} ({low:.1%} to {high:.1%}) | {result.sure:.1%} "
        f"| {granted} | {'**broken**' if result.breaks else verdict} |\n"
    )


def under_threshold(companies: int) -> tuple[int, int]:
    """How many cells whole companies release, and how many of them should not have been."""
    cells = small = 0
    for i in range(companies):
        rng = np.random.default_rng((SEED, i))
        made = company(rng, weeks=3, whole=True)
        votes = quietened(made, rng, pairs=4)
        people = defaultdict(set)
        found = played(made.directory, votes, rng)
        for cell in found:
            pair = (cell.from_team, cell.about_team)
            for vote in votes:
                if (vote.from_team, vote.about_team) == pair and cell.first_week <= vote.week <= cell.last_week:
                    people[*pair, cell.last_week].add(vote.respondent)
            size = made.directory.teams[cell.about_team].headcount or 0
            small += len(people[*pair, cell.last_week]) < FLOOR or size < FLOOR
        cells += len(found)
    return cells, small


def audited(companies: int) -> tuple[int, int]:
    """How many hidden pairs whole companies have, and how many of them the linear programme pins."""
    pairs = found = 0
    for i in range(companies):
        audit, _, _ = published(np.random.default_rng((SEED, i)))
        pairs += len(audit.hidden)
        found += len(pinned(audit))
    return pairs, found


def main() -> int:
    """Play everything and write the report; 1 if anything broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("docs/attacks.md"))
    given = parser.parse_args()
    results = []
    for attack in CATALOGUE:
        results.append(run(attack, given.companies, SEED))
        print(f"{attack.name}: right {results[-1].right:.1%}", file=sys.stderr, flush=True)
    cells, small = under_threshold(given.companies)
    pairs, narrowed = audited(given.companies)
    page = HEAD.format(companies=given.companies) + "".join(map(row, results))
    page += TAIL.format(
        companies=given.companies, floor=FLOOR, cells=f"{cells:,}", small=small, pairs=f"{pairs:,}", pinned=narrowed
    )
    given.out.write_text(page, encoding="utf-8")
    broken = sum(result.breaks for result in results) + bool(small) + bool(narrowed)
    print(f"{broken} broken; written to {given.out}", file=sys.stderr)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
