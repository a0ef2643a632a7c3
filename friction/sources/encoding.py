"""Bytes to text: byte order mark, else strict UTF-8, else Windows-1252.

The order is the measured best: guessing libraries name Windows-1252 wrongly on short French files.
"""

import codecs
import io
from typing import BinaryIO, Final

from friction.errors import SourceError

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK: Final = 1 << 20


def open_text(raw: BinaryIO, name: str) -> io.TextIOWrapper:
    """``raw`` as text, at its start; line ends are left to the reader.

    Raises:
        SourceError: neither UTF-8 nor Windows-1252, or a NUL byte: not a text file.
    """
    return io.TextIOWrapper(raw, encoding=_encoding(raw, name), newline="")


def _encoding(raw: BinaryIO, name: str) -> str:
    head = raw.read(4)
    raw.seek(0)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    try:
        for encoding in ("utf-8", "cp1252"):
            if _decodes(raw, encoding, name):
                return encoding
    finally:
        raw.seek(0)
    raise SourceError(f"{name} is in an unknown encoding; save it as CSV (UTF-8)")


def _decodes(raw: BinaryIO, encoding: str, name: str) -> bool:
    raw.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := raw.read(_CHUNK):
            if b"\0" in chunk:
                raise SourceError(f"{name} is not a text file (it holds NUL bytes); save it as CSV (UTF-8)")
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
