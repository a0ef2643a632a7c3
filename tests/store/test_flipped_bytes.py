"""Rule 9: one flipped byte anywhere in a copy of the store, and verifying fails, or no reader sees any difference.

A byte without content is one that no reader can tell from another: free space in a page, a counter that SQLite keeps
for itself, a name in the text of an index. The test does not trust a list of those: it reads everything that a reader
can ask for from each copy, and takes a difference that verifying missed for a failure.
"""

from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from friction.errors import FrictionError
from friction.records import Cell, TeamId, Week
from friction.store.releases import ReleaseStore, serialise

TEAMS = ("sales", "marketing", "it", "support")
FLIPS = 200
WEEKS = 10


@pytest.fixture
def whole(tmp_path: Path, make_cells: Callable[..., list[Cell]]) -> bytes:
    """The file of a store with many cells, and with weeks that have none, the last among them."""
    path = tmp_path / "releases.sqlite"
    store = ReleaseStore(f"sqlite:///{path}", create=True)
    rng = np.random.default_rng(1)
    series = [make_cells(rng.random(WEEKS), from_team=a, about_team=b) for a, b in permutations(TEAMS, 2)]
    for at in range(WEEKS):
        store.append(series[0][at].last_week, serialise([cells[at] for cells in series if rng.random() < 0.8]))
    store.append(series[0][-1].last_week + 2, serialise([]))
    log = path.with_name(f"{path.name}-wal")
    assert not log.exists() or not log.stat().st_size, "what is in a log can be cut off without a trace"
    store.close()
    return path.read_bytes()


def _read(path: Path) -> object | None:
    """Everything that a reader can ask for; None where verifying, or opening, fails."""
    try:
        store = ReleaseStore(f"sqlite:///{path}")
    except FrictionError:
        return None
    try:
        count, _ = store.verify()
        pairs = [store.cells(TeamId(a), TeamId(b)) for a, b in permutations(TEAMS, 2)]
        return count, store.last_week(), store.cells(), pairs
    except FrictionError:
        return None
    finally:
        store.close()


def _copies(whole: bytes, folder: Path, places: np.ndarray, masks: np.ndarray) -> Iterator[tuple[int, Path]]:
    for place, mask in zip(map(int, places), map(int, masks), strict=True):
        flipped = bytearray(whole)
        flipped[place] ^= mask
        path = folder / f"{place}-{mask}.sqlite"
        path.write_bytes(flipped)
        yield place, path
        for left in folder.glob(f"{path.name}*"):
            left.unlink()


@pytest.mark.parametrize("where", ["anywhere", "where something is written"])
def test_one_flipped_byte_is_noticed_or_changes_nothing(where: str, whole: bytes, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    written = np.flatnonzero(np.frombuffer(whole, np.uint8))
    places = rng.choice(len(whole) if where == "anywhere" else written, FLIPS)
    (tmp_path / "whole.sqlite").write_bytes(whole)
    expected = _read(tmp_path / "whole.sqlite")
    assert expected is not None
    noticed = 0
    for place, path in _copies(whole, tmp_path, places, rng.integers(1, 256, FLIPS)):
        found = _read(path)
        assert found is None or found == expected, f"the byte at {place} changed what is read, and nobody noticed"
        noticed += found is None
    assert noticed > (FLIPS // 2 if where == "anywhere" else FLIPS * 9 // 10)


def test_every_byte_of_a_cell_is_noticed(whole: bytes, tmp_path: Path) -> None:
    """From the first byte of a cell's record in the file to its last."""
    start = whole.index(b"marketingsupport")
    end = whole.index(b"rounding-3", start) + len(b"rounding-3")
    assert Week.parse("2026-W01").index.to_bytes(2, "big") in whole[start:end]
    places = np.arange(start, end)
    for place, path in _copies(whole, tmp_path, places, np.full(len(places), 1)):
        assert _read(path) is None, f"the byte at {place}, {whole[place : place + 1]!r}"
