"""Bytes to text: byte order mark, else strict UTF-8, else Windows-1252. The whole file is checked before a row is read.

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
        SourceError: not what its byte order mark says, neither UTF-8 nor Windows-1252, or a NUL: not a text file.
    """
    return io.TextIOWrapper(raw, encoding=_encoding(raw, name), newline="")


def _encoding(raw: BinaryIO, name: str) -> str:
    head = raw.read(4)
    marked = [encoding for mark, encoding in _MARKS if head.startswith(mark)]
    try:
        for encoding in marked or ("utf-8", "cp1252"):
            if _decodes(raw, encoding, name):
                return encoding
    finally:
        raw.seek(0)
    if marked:
        kind = marked[0].removesuffix("-sig").upper()
        raise SourceError(f"{name} starts as {kind} and does not go on so, or is cut off; save it again as CSV (UTF-8)")
    raise SourceError(f"{name} is in an unknown encoding; save it as CSV (UTF-8)")


def _decodes(raw: BinaryIO, encoding: str, name: str) -> bool:
    raw.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := raw.read(_CHUNK):
            if (encoding != "utf-16" and b"\0" in chunk) or "\0" in decoder.decode(chunk):
                raise SourceError(f"{name} is not a text file (it holds NUL bytes); save it as CSV (UTF-8)")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
