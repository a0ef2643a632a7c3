"""Items of a JSON array, one at a time, whatever the size of the file around it.

The array is the whole document, or stands under a key of the object that is. No more is held than one item, which may
take ``MAX_MESSAGE`` characters; what else stands in the object is passed over.
"""

import json
from collections.abc import Iterator
from typing import IO, Any, Final

from friction.errors import SourceError
from friction.sources.archive import BROKEN
from friction.sources.limits import MAX_MESSAGE

_CHUNK: Final = 1 << 16
_DECODER: Final = json.JSONDecoder(parse_constant=lambda _: None)


def items(lines: IO[str], name: str, *under: str, beside: dict[str, str] | None = None) -> Iterator[Any]:
    """Every item of the array, or of the first array under one of the keys; none where there is no such array.

    Args:
        lines: the text, from where it is read.
        name: its name, for messages.
        under: keys.
        beside: takes the texts under the object's other keys, before and after the array.

    Raises:
        SourceError: not JSON, cut off, damaged, or with an item over the limit.
    """
    window = _Window(lines, name)
    if window.takes("["):
        yield from window.array()
        return
    window.expects("{")
    while not window.takes("}"):
        key = window.value()
        window.expects(":")
        if key in under and window.takes("["):
            yield from window.array()
        else:
            value = window.value()
            if beside is not None and isinstance(key, str) and isinstance(value, str):
                beside[key] = value
        window.takes(",")


class _Window:
    """A part of the text that moves forward."""

    def __init__(self, lines: IO[str], name: str) -> None:
        self._lines = lines
        self._name = name
        self._text = ""
        self._at = 0
        self._ended = False

    def array(self) -> Iterator[Any]:
        while not self.takes("]"):
            yield self.value()
            self.takes(",")

    def takes(self, sign: str) -> bool:
        """Whether the next sign is this one, and if so step over it."""
        found = self._next() == sign
        self._at += found
        return found

    def expects(self, sign: str) -> None:
        """Step over a sign that must come next."""
        if not self.takes(sign):
            raise self._damaged()

    def value(self) -> Any:
        """The next value, whole."""
        self._next()
        size = _CHUNK
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
                if end < len(self._text) or self._ended:
                    self._at = end
                    return found
            except RecursionError:
                raise self._damaged() from None
            except ValueError:
                if self._ended:
                    raise self._damaged() from None
            if len(self._text) - self._at > MAX_MESSAGE:
                raise self._damaged()
            self._more(size)
            size *= 2

    def _next(self) -> str:
        """The next sign that is no blank, where the window then starts."""
        while True:
            while self._at < len(self._text):
                if not self._text[self._at].isspace():
                    return self._text[self._at]
                self._at += 1
            if self._ended:
                raise self._damaged()
            self._more(_CHUNK)

    def _more(self, size: int) -> None:
        try:
            more = self._lines.read(size)
        except BROKEN:
            raise self._damaged() from None
        self._ended = not more
        self._text = self._text[self._at :] + more
        self._at = 0

    def _damaged(self) -> SourceError:
        return SourceError(f"{self._name} holds JSON that is damaged, cut off or over a limit; export it again")
