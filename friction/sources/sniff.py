"""What a file's first bytes tell: whether any reader here could read it. For ``friction.sources`` and for uploads."""

from codecs import BOM_UTF8
from typing import Final

from friction.errors import SourceError
from friction.sources.archive import PACKED

ENOUGH: Final = 4096
"""Bytes of a file that are looked at."""
_PROGRAM: Final = "a program"
_PICTURE: Final = "a picture"
_SOUND: Final = "a sound or a film"
_ARCHIVE: Final = "an archive of a kind that is not unpacked; unpack it first"
_DOCUMENT: Final = "a document; save its table as CSV (UTF-8)"
_MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\xd0\xcf\x11\xe0", "an old Excel workbook, or one with a password; save it as CSV (UTF-8)"),
    (0, b"%PDF", "a PDF"),
    (0, b"%!PS", "a PDF"),
    (0, b"{\\rtf", _DOCUMENT),
    (0, b"SQLite format 3\0", "a database"),
    (0, b"PAR1\x15", "a database"),
    (0, b"\x1f\x8b", "a gzip archive; unpack it first"),
    (0, b"BZh91AY&SY", _ARCHIVE),
    (0, b"\xfd7zXZ\0", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (0, b"Rar!\x1a\x07", _ARCHIVE),
    (257, b"ustar\0", _ARCHIVE),
    (257, b"ustar  \0", _ARCHIVE),
    (0, b"\x7fELF", _PROGRAM),
    (0, b"MZ\x90\0", _PROGRAM),
    (0, b"\xcf\xfa\xed\xfe", _PROGRAM),
    (0, b"\xca\xfe\xba\xbe", _PROGRAM),
    (0, b"\0asm", _PROGRAM),
    (0, b"#!/", _PROGRAM),
    (0, b"\x89PNG\r\n\x1a\n", _PICTURE),
    (0, b"\xff\xd8\xff", _PICTURE),
    (0, b"GIF87a", _PICTURE),
    (0, b"GIF89a", _PICTURE),
    (0, b"II*\0", _PICTURE),
    (0, b"MM\0*", _PICTURE),
    (8, b"WEBPVP8", _PICTURE),
    (8, b"WAVEfmt ", _SOUND),
    (0, b"ID3\x03\0", _SOUND),
    (0, b"ID3\x04\0", _SOUND),
    (0, b"OggS\0", _SOUND),
)
"""Where each kind has its mark (the table of the command ``file``): long enough that no header of a table begins so."""
_MARKUP: Final = (b"<!doctype html", b"<html", b"<?xml")
"""How a web page or XML begins, which some tools call .xls."""
_NAMED: Final = 30
"""Where a zip's first entry has its name (PKZIP APPNOTE 4.3.7)."""
_PARTS: Final = {
    b"mimetype": "an OpenDocument file, or a book; save its table as XLSX or CSV (UTF-8)",
    b"META-INF/": _PROGRAM,
    b"AndroidManifest.xml": _PROGRAM,
}
"""What a zip is whose first entry begins so."""
_OFFICE: Final = b"[Content_Types].xml"
_WRITTEN: Final = (b"word/", b"ppt/")
"""Folders that a workbook does not have, and the other documents of Office do."""


def check(head: bytes, name: str) -> bool:
    """Refuse what no reader could read; whether it is packed, and no text.

    Args:
        head: the file's first ``ENOUGH`` bytes, or all of it.
        name: for the message.

    Raises:
        SourceError: empty, or of a kind that is known and not read.
    """
    kind = _kind(head)
    if kind is not None:
        what, _, advice = kind.partition("; ")
        then = f". {advice[0].upper()}{advice[1:]}" if advice else ""
        raise SourceError(f"{name} is {what}, not a survey or chat export that can be read{then}")
    if not head.strip():
        raise SourceError(f"{name} is empty")
    return head.startswith(PACKED)


def _kind(head: bytes) -> str | None:
    """What it is, if that is nothing that is read."""
    if head.removeprefix(BOM_UTF8).lstrip()[:20].lower().startswith(_MARKUP):
        return "a web page, or XML; open it in a spreadsheet and save its table as CSV (UTF-8)"
    if not head.startswith(PACKED):
        return next((kind for place, magic, kind in _MAGIC if head.startswith(magic, place)), None)
    if head.startswith(_OFFICE, _NAMED) and any(folder in head for folder in _WRITTEN):
        return _DOCUMENT
    return next((kind for part, kind in _PARTS.items() if head.startswith(part, _NAMED)), None)
