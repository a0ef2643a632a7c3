"""Bytes to text: byte order mark, else strict UTF-8, else UTF-16 by its zeros, else Windows-1252 or Mac Roman.

The whole file is checked before a row is read. Guessing libraries name Windows-1252 wrongly on short French files;
counting the bytes that are French letters in the one and in the other tells it from Mac Roman, which old Excel for
Mac still writes.
"""

import codecs
import contextlib
import io
from collections import Counter
from collections.abc import Iterator
from typing import IO, BinaryIO, Final

from friction.errors import SourceError
from friction.sources.limits import MAX_LINE

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK: Final = 1 << 20
_LETTERS: Final = "éèêëàâäçùûüîïôöœæÉÈÊÀÇÔÎ’‘“”«»…–—"


class _Lines(io.TextIOWrapper):
    """Lets go of the file instead of closing it: that is for whoever opened it."""

    def close(self) -> None:
        with contextlib.suppress(ValueError):
            self.detach()


def open_text(raw: BinaryIO, name: str) -> io.TextIOWrapper:
    """``raw`` as text, at its start; line ends are left to the reader, and so is ``raw`` itself.

    Raises:
        SourceError: not what its byte order mark says, no known encoding, or a NUL: not a text file.
    """
    return _Lines(raw, encoding=_encoding(raw, name), newline="")


def bounded_lines(lines: IO[str]) -> Iterator[str]:
    """The lines of a text; of one that does not end, ``MAX_LINE`` characters, and the rest is passed over."""
    while line := lines.readline(MAX_LINE):
        yield line
        while len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            line = lines.readline(MAX_LINE)


def _encoding(raw: BinaryIO, name: str) -> str:
    head = raw.read(_CHUNK)
    marked = [encoding for mark, encoding in _MARKS if head.startswith(mark)]
    try:
        for encoding in marked or _candidates(head):
            if _decodes(raw, encoding, name):
                return encoding if marked or encoding == "utf-8" or encoding.startswith("utf-16") else _eight_bit(raw)
    finally:
        raw.seek(0)
    if marked:
        kind = marked[0].removesuffix("-sig").upper()
        raise SourceError(f"{name} starts as {kind} and does not go on so, or is cut off; save it again as CSV (UTF-8)")
    if (encoding := _eight_bit(raw)) and _decodes(raw, encoding, name):
        raw.seek(0)
        return encoding
    raise SourceError(f"{name} is in an unknown encoding; save it as CSV (UTF-8)")


def _candidates(head: bytes) -> tuple[str, ...]:
    """Encodings to try; in UTF-16 without a mark, nearly every second byte of a Western text is zero."""
    half = len(head) // 2
    zeros = (head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0))
    if half >= 2 and max(zeros) * 10 >= half * 7 and min(zeros) * 10 <= half:
        return ("utf-16-le",) if zeros[1] > zeros[0] else ("utf-16-be",)
    return ("utf-8", "cp1252")


def _eight_bit(raw: BinaryIO) -> str:
    """Windows-1252 or Mac Roman, whichever makes more French letters of the bytes; empty where neither makes any."""
    raw.seek(0)
    bytes_seen: Counter[int] = Counter()
    while chunk := raw.read(_CHUNK):
        bytes_seen.update(chunk.translate(None, bytes(range(128))))
    points = {
        encoding: sum(bytes_seen[letter.encode(encoding)[0]] for letter in _LETTERS)
        for encoding in ("cp1252", "mac_roman")
    }
    undefined = sum(bytes_seen[byte] for byte in b"\x81\x8d\x8f\x90\x9d")
    if points["mac_roman"] > points["cp1252"] or (undefined and points["mac_roman"]):
        return "mac_roman"
    return "" if undefined else "cp1252"


def _decodes(raw: BinaryIO, encoding: str, name: str) -> bool:
    raw.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    wide = encoding.startswith("utf-16")
    try:
        while chunk := raw.read(_CHUNK):
            if (not wide and b"\0" in chunk) or "\0" in decoder.decode(chunk):
                raise SourceError(f"{name} is not a text file (it holds NUL bytes); save it as CSV (UTF-8)")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
