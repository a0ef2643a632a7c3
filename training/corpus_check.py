"""Is the corpus sound? Runs in ``make check``; prints places, never more than a few words.

- every row parses, its teams and patterns exist, every label has its mention;
- no two comments alike: near-duplicates by word trigrams, and shared skeletons (the same little words in the same
  order with other words between);
- nothing of the sample company, nor of the complaints that the product is accepted by, stands in it.
"""

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from itertools import chain, combinations
from math import ceil
from pathlib import Path
from typing import Final

from friction import sample
from friction.errors import UsageError
from friction.targets import fold
from friction.wording import counted

from .corpus import Labelled, Split, load

ALIKE: Final = 0.6
"""Share of common word trigrams from which two comments of at least ``LONG`` words are near-duplicates."""
LONG: Final = 6
LITTLE_WORDS: Final = frozenset(
    """the a an of to is are was were be it its we us our they them their you i my and or but not no never with from for
    by at on in that this le la les un une des du de au aux en et ou mais je tu il elle on nous vous ils elles ne pas
    plus jamais que qui ce cette ces c est sont a ont dans sur avec sans pour par""".split()
)
SKELETON_WORDS: Final = 9
COMPLAINTS: Final = Path(__file__).parent.parent / "tests" / "complaints.csv"
SPLITS: Final[tuple[Split, ...]] = ("train", "dev", "test")


def words(text: str) -> list[str]:
    """Folded words."""
    return "".join(c if c.isalnum() else " " for c in fold(text)).split()


def _shingles(found: list[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(found[i : i + 3]) for i in range(len(found) - 2))


def _skeleton(found: list[str]) -> tuple[str, ...] | None:
    frame = tuple(w if w in LITTLE_WORDS else "_" for w in found)
    return frame if sum(w != "_" for w in frame) >= SKELETON_WORDS else None


def near_duplicates(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, float]]:
    """Pairs of names whose texts share ``ALIKE`` of their trigrams, or their skeleton (then 1.0).

    Two sets of which so much is common share one of each one's rarest, of which few are needed; so only those are
    looked up (Chaudhuri, Ganti & Kaushik 2006, "A primitive operator for similarity joins").

    Args:
        texts: (name, text).
    """
    shingles: dict[str, frozenset[tuple[str, ...]]] = {}
    by_skeleton: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, text in texts:
        found = words(text)
        if len(found) < LONG:
            continue
        shingles[name] = _shingles(found)
        if frame := _skeleton(found):
            by_skeleton[frame].append(name)
    often = Counter(chain.from_iterable(shingles.values()))
    by_rarest: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, own in shingles.items():
        enough = len(own) - ceil(ALIKE * len(own)) + 1
        for shingle in nsmallest(enough, own, key=lambda shingle: (often[shingle], shingle)):
            by_rarest[shingle].append(name)
    seen = set()
    for names in by_rarest.values():
        for one, other in combinations(sorted(names), 2):
            if (one, other) in seen:
                continue
            seen.add((one, other))
            common = len(shingles[one] & shingles[other]) / len(shingles[one] | shingles[other])
            if common >= ALIKE:
                yield one, other, common
    for names in by_skeleton.values():
        for one, other in combinations(sorted(set(names)), 2):
            yield one, other, 1.0


def _unlabelled(rows: list[Labelled]) -> Iterator[str]:
    for row in rows:
        for team in sorted(set(row.targets) - set(row.reading.candidates)):
            yield f"{row.id}: {team} is labelled but neither named nor asked about"
        for team, gold in row.targets.items():
            if gold.patterns and not gold.blame:
                yield f"{row.id}: {team} has a pattern without blame"


def _complaints() -> list[dict[str, str]]:
    """What the product is accepted by, where the tests stand beside the sources."""
    if not COMPLAINTS.is_file():
        return []
    with COMPLAINTS.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def main() -> None:
    """Check everything and exit with 1 where something is wrong."""
    problems: list[str] = []
    texts = [(f"sample {name}", text) for name, text in sample.comments()]
    texts += [(f"complaint {row['id']}", row["text"]) for row in _complaints()]
    accepted = {" ".join(words(row["text"])) for row in _complaints()}
    for split in SPLITS:
        try:
            rows = load(split)
        except UsageError as error:
            problems.append(str(error))
            continue
        problems += _unlabelled(rows)
        problems += [
            f"{r.id} is an acceptance complaint" for r in rows if " ".join(words(r.reading.text.text)) in accepted
        ]
        texts += [(f"{split} {row.id}", row.reading.text.text) for row in rows]
    problems += [f"{name}: id used twice" for name, count in Counter(name for name, _ in texts).items() if count > 1]
    problems += [f"{one} and {other} are alike ({share:.2f})" for one, other, share in near_duplicates(texts)]
    for problem in problems:
        print(problem)
    print(f"{counted(len(texts), 'comment')}, {counted(len(problems), 'problem')}")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
