"""What a file's first bytes tell: whether any reader here could read it. For ``friction.sources`` and for uploads."""

from typing import Final

from friction.errors import SourceError
from friction.sources.archive import PACKED

ENOUGH: Final = 4096
"""Bytes of a file that are looked at."""
_MAGIC: Final = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, or one with a password; save it as CSV (UTF-8)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"SQLite format 3": "a database",
}


def check(head: bytes, name: str) -> bool:
    """Refuse what no reader could read; whether it is packed, and no text.

    Args:
        head: the file's first ``ENOUGH`` bytes, or all of it.
        name: for the message.

    Raises:
        SourceError: empty, or of a kind that is known and not read.
    """
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise SourceError(f"{name} is {kind}, not a survey or chat export that can be read")
    if not head.strip():
        raise SourceError(f"{name} is empty")
    return head.startswith(PACKED)
