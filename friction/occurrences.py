"""How often a row stood in a file before, for many millions of rows: a table of keyed hashes, without the rows.

Takes 18 to 36 bytes for each different row. Two rows are taken for one where their 64-bit hashes are the same: for n
rows with a chance of about n² / 2⁶⁵, which is 3 in a million at ten million rows. The hashes are keyed anew for each
file, so that nobody can write rows that clash. Called by ``friction.identity``.
"""

import secrets
from array import array
from hashlib import blake2b

_FULL = 2 / 3
"""Share of the slots that may be taken before the table doubles; more makes searches long."""


class Occurrences:
    """Counts what it is shown. An open-addressing table with linear probing (Knuth, TAOCP 3, 6.4, algorithm L)."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._taken = 0
        self._make(1 << 10)

    def add(self, row: bytes) -> int:
        """How often ``row`` was shown, this time included."""
        found = int.from_bytes(blake2b(row, digest_size=8, key=self._key).digest()) or 1  # 0 is a free slot
        slot = self._slot(found)
        if not self._hashes[slot]:
            self._hashes[slot] = found
            self._taken += 1
        self._counts[slot] += 1
        times = self._counts[slot]
        if self._taken > _FULL * len(self._hashes):
            self._grow()
        return times

    def _slot(self, found: int) -> int:
        """Where a hash stands, or the free slot where it would."""
        hashes, last = self._hashes, len(self._hashes) - 1
        slot = found & last
        while hashes[slot] and hashes[slot] != found:
            slot = (slot + 1) & last
        return slot

    def _make(self, size: int) -> None:
        self._hashes = array("Q", bytes(8)) * size
        self._counts = array("I", bytes(4)) * size

    def _grow(self) -> None:
        hashes, counts = self._hashes, self._counts
        self._make(2 * len(hashes))
        for found, count in zip(hashes, counts, strict=True):
            if found:
                slot = self._slot(found)
                self._hashes[slot], self._counts[slot] = found, count
