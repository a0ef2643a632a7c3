"""Bytes to text: byte order mark, else strict UTF-8, else UTF-16 by its zeros, else Windows-1252 or Mac Roman.

The whole file is checked before a row is read. Guessing libraries name Windows-1252 wrongly on short French files;
counting the bytes that are French letters in the one and in the other tells it from Mac Roman, which old Excel for
Mac still writes.

UTF-8 with a few bytes of another encoding in it, or cut off inside its last character, stays UTF-8: those bytes become
lone surrogates, by which their rows are rejected.

Stray NULs (a block of them where a disk or a transfer failed, padding of an old system) are left out of the text. A
file with many of them apart, or with other control characters besides, is no text.
"""

import codecs
import contextlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, BinaryIO, Final

from friction.errors import SourceError
from friction.sources.limits import MAX_LINE, MAX_NULS

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK: Final = 1 << 20
_ODD: Final = re.compile(r"\0+|[\x01-\x08\x0e-\x19\x1c-\x1f]")
_FEW: Final = 3
"""Odd places that any file may have, however small."""
_SELDOM: Final = 50
"""Characters of a text for each that it may have more."""
_WIDE: Final = re.compile(r"[^\0-\x7f\udc80-\udcff]")
_BAD: Final = re.compile(r"[\udc80-\udcff]+")
_FOR_EACH_BAD: Final = 3
"""Characters over ASCII that are UTF-8, for each place that is not; Windows-1252 and Mac Roman make hardly one."""
_LETTERS: Final = "éèêëàâäçùûüîïôöœæÉÈÊÀÇÔÎ’‘“”«»…–—"


class _Lines(io.TextIOWrapper):
    """Lets go of the file instead of closing it: that is for whoever opened it."""

    def close(self) -> None:
        with contextlib.suppress(ValueError):
            self.detach()


class _Spotted(_Lines):
    """Reads past NULs, up to as many other characters as were asked for."""

    def read(self, size: int | None = -1, /) -> str:
        found = super().read(size)
        text = found.replace("\0", "")
        while found and size is not None and 0 <= len(text) < size:
            found = super().read(size - len(text))
            text += found.replace("\0", "")
        return text

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        found = super().readline(size)
        text = found.replace("\0", "")
        while found and 0 <= len(text) < size and not text.endswith(("\n", "\r")):
            found = super().readline(size - len(text))
            text += found.replace("\0", "")
        return text


def open_text(raw: BinaryIO, name: str) -> io.TextIOWrapper:
    """``raw`` as text, at its start; line ends are left to the reader, and so is ``raw`` itself.

    Raises:
        SourceError: not what its byte order mark says, no known encoding, or not a text file.
    """
    spots = _Spots(name)
    encoding = _encoding(raw, spots)
    errors = "surrogateescape" if encoding == "utf-8" else "strict"
    return (_Spotted if spots.seen else _Lines)(raw, encoding=encoding, errors=errors, newline="")


def check_start(head: bytes, name: str) -> None:
    """Refuse the first bytes of a file that are not those of a text; the rest of it may still be none.

    Raises:
        SourceError: not a text file.
    """
    marked = [encoding for mark, encoding in _MARKS if head.startswith(mark)]
    _Spots(name).look(head.decode((marked or _candidates(head))[0], "ignore"))


def bounded_lines(lines: IO[str]) -> Iterator[str]:
    """The lines of a text; of one that does not end, ``MAX_LINE`` characters, and the rest is passed over."""
    while line := lines.readline(MAX_LINE):
        yield line
        while len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            line = lines.readline(MAX_LINE)


class _Spots:
    """Counts what no text has, where there is a NUL, of one pass over a file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.restart()

    def restart(self) -> None:
        self.seen = False
        self._odd = self._nuls = self._size = 0

    def look(self, text: str) -> None:
        """Look at the next piece of the text.

        Raises:
            SourceError: so much of it is odd that it is no text.
        """
        self._size += len(text)
        if self.seen or "\0" in text:
            self.seen = True
            self._nuls += text.count("\0")
            if self._nuls > MAX_NULS:
                raise SourceError(f"{self.name} has a hole of NUL bytes where rows are lost; export it again")
            self._odd += sum(1 for _ in _ODD.finditer(text))
            if self._odd > max(_FEW, self._size // _SELDOM):
                raise SourceError(f"{self.name} is not a text file (it holds NUL bytes); save it as CSV (UTF-8)")


def _encoding(raw: BinaryIO, spots: _Spots) -> str:
    head = raw.read(_CHUNK)
    marked = [encoding for mark, encoding in _MARKS if head.startswith(mark)]
    try:
        for encoding in marked or _candidates(head):
            if _decodes(raw, encoding, spots) or (encoding == "utf-8" and _is_mostly_utf8(raw, spots)):
                return encoding if marked or encoding == "utf-8" or encoding.startswith("utf-16") else _eight_bit(raw)
    finally:
        raw.seek(0)
    if marked:
        kind = marked[0].removesuffix("-sig").upper()
        raise SourceError(
            f"{spots.name} starts as {kind} and does not go on so, or is cut off; save it again as CSV (UTF-8)"
        )
    if (encoding := _eight_bit(raw)) and _decodes(raw, encoding, spots):
        raw.seek(0)
        return encoding
    raise SourceError(f"{spots.name} is in an unknown encoding; save it as CSV (UTF-8)")


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


def _is_mostly_utf8(raw: BinaryIO, spots: _Spots) -> bool:
    """Whether what is no valid UTF-8 is no other encoding either; a last character that is cut off does not count."""
    raw.seek(0)
    spots.restart()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    valid = bad = 0
    while chunk := raw.read(_CHUNK):
        text = decoder.decode(chunk)
        spots.look(text)
        valid += len(_WIDE.findall(text))
        bad += len(_BAD.findall(text))
    return valid > 0 and valid >= _FOR_EACH_BAD * bad


def _decodes(raw: BinaryIO, encoding: str, spots: _Spots) -> bool:
    raw.seek(0)
    spots.restart()
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := raw.read(_CHUNK):
            spots.look(decoder.decode(chunk))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
