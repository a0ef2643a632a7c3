"""JSON documents, and the items of their arrays one at a time, whatever the size of the file around them.

A document is an array, or an object with an array under one of some keys. Several may follow one another, as when a
script appends page to page: every one is read, and what follows and is no document is an error. No more is held than
one item and what stands in the object beside the array, which may take ``MAX_MESSAGE`` characters each.
"""

import json
from collections import deque
from collections.abc import Iterator
from typing import IO, Any, Final

from friction.errors import SourceError
from friction.sources.archive import BROKEN
from friction.sources.limits import MAX_MESSAGE

_CHUNK: Final = 1 << 16
_DECODER: Final = json.JSONDecoder(parse_constant=lambda _: None)


class Document:
    """One JSON document.

    Attributes:
        is_array: it is an array itself, and no object.
        items: of the array, or of those under the keys.
        has_items: there is such an array; known once the items are read.
        beside: the object's other keys; whole once the items are read.
    """

    def __init__(self, window: "_Window", under: tuple[str, ...]) -> None:
        self.is_array = self.has_items = window.takes("[")
        self.beside: dict[str, Any] = {}
        self.items: Iterator[Any] = window.array() if self.is_array else self._members(window, under)

    def _members(self, window: "_Window", under: tuple[str, ...]) -> Iterator[Any]:
        held = 0
        window.expects("{")
        while not window.takes("}"):
            key = window.value()
            window.expects(":")
            if key in under and window.takes("["):
                self.has_items = True
                yield from window.array()
            else:
                self.beside[str(key)] = window.value()
                held += window.taken
                if held > MAX_MESSAGE:
                    raise window.damaged()
            window.takes(",")


def documents(lines: IO[str], name: str, *under: str) -> Iterator[Document]:
    """Every document of a text. Whatever the caller leaves of one is read over before the next.

    Args:
        lines: the text, from where it is read.
        name: its name, for messages.
        under: keys of an object's arrays.

    Raises:
        SourceError: not JSON, cut off, damaged, with something over the limit, or going on after its end.
    """
    window = _Window(lines, name)
    while True:
        document = Document(window, under)
        yield document
        deque(document.items, maxlen=0)
        if window.is_over():
            return
        if not window.starts_with("[", "{"):
            raise SourceError(f"{name} goes on after its end with what is no JSON document; export it again")


def items(lines: IO[str], name: str, *under: str) -> Iterator[Any]:
    """Every item of every document, each of which has such an array.

    Raises:
        SourceError: as ``documents``, or a document without such an array.
    """
    for document in documents(lines, name, *under):
        yield from document.items
        if not document.has_items:
            wanted = " or ".join(f'"{key}"' for key in under)
            raise SourceError(
                f"{name} holds a JSON object {f'without {wanted}' if under else 'in the place of a list'}; "
                "it is not read as it stands, so that nothing is passed over. Export it again"
            )


class _Window:
    """A part of the text that moves forward. ``taken``: how many characters the last value took."""

    def __init__(self, lines: IO[str], name: str) -> None:
        self.taken = 0
        self._lines = lines
        self._name = name
        self._text = ""
        self._at = 0
        self._ended = False

    def array(self) -> Iterator[Any]:
        """The items of an array whose first sign was taken."""
        while not self.takes("]"):
            yield self.value()
            self.takes(",")

    def is_over(self) -> bool:
        """Whether nothing but blanks is left."""
        return not self._seek()

    def starts_with(self, *signs: str) -> bool:
        """Whether the next sign is one of these."""
        return self._next() in signs

    def takes(self, sign: str) -> bool:
        """Whether the next sign is this one, and if so step over it."""
        found = self._next() == sign
        self._at += found
        return found

    def expects(self, sign: str) -> None:
        """Step over a sign that must come next."""
        if not self.takes(sign):
            raise self.damaged()

    def value(self) -> Any:
        """The next value, whole."""
        self._next()
        size = _CHUNK
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
                if end < len(self._text) or self._ended:
                    self.taken = end - self._at
                    self._at = end
                    return found
            except RecursionError:
                raise self.damaged() from None
            except ValueError:
                if self._ended:
                    raise self.damaged() from None
            if len(self._text) - self._at > MAX_MESSAGE:
                raise self.damaged()
            self._more(size)
            size *= 2

    def damaged(self) -> SourceError:
        """The error of a text that cannot be read on from here."""
        return SourceError(f"{self._name} holds JSON that is damaged, cut off or over a limit; export it again")

    def _next(self) -> str:
        """The next sign that is no blank, where the window then starts."""
        if not self._seek():
            raise self.damaged()
        return self._text[self._at]

    def _seek(self) -> bool:
        """Move on to the next sign that is no blank; whether there is one."""
        while True:
            while self._at < len(self._text):
                if not self._text[self._at].isspace():
                    return True
                self._at += 1
            if self._ended:
                return False
            self._more(_CHUNK)

    def _more(self, size: int) -> None:
        try:
            more = self._lines.read(size)
        except BROKEN:
            raise self.damaged() from None
        self._ended = not more
        self._text = self._text[self._at :] + more
        self._at = 0
