import random
from collections import Counter

from friction.occurrences import Occurrences


def test_counts_like_a_counter_through_every_growth() -> None:
    rng = random.Random(1)
    rows = [f"row {int(rng.expovariate(1 / 2000))}".encode() for _ in range(20_000)]
    expected: Counter[bytes] = Counter()
    found = Occurrences()
    for row in rows:
        expected[row] += 1
        assert found.add(row) == expected[row]
    assert len(expected) > 4000


def test_memory_is_some_bytes_a_row() -> None:
    found = Occurrences()
    for row in range(50_000):
        found.add(row.to_bytes(4))
    size = sum(part.itemsize * len(part) for part in (found._hashes, found._counts))
    assert 18 <= size / 50_000 <= 36
