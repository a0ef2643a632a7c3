"""multipart/form-data as it streams in: small fields by name, and the bytes of one file, handed on and never held.

The name that a file has on its sender's machine is not looked at: it may name a person. Used by ``service.uploads``.
"""

import logging
from collections.abc import Collection
from typing import Final

from fastapi import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

MAX_FIELD: Final = 200
"""Bytes of a field that is no file."""
_SILENT: Final = logging.Logger("silent", logging.CRITICAL + 1)
"""The parser logs bytes that surprise it; they may be a comment's."""


class Form:
    """A form on its way.

    Args:
        content_type: of the request.
        file: the field that is the file.
        fields: the others that are taken.

    Attributes:
        values: fields that were sent, by name.

    Raises:
        HTTPException: 415, it is no form.
    """

    def __init__(self, content_type: str, *, file: str, fields: Collection[str]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise HTTPException(415, "Send a form: multipart/form-data with a file.")
        self.values: dict[str, str] = {}
        self._file = file
        self._fields = fields
        self._seen: set[str] = set()
        self._name: str | None = None
        self._header = [bytearray(), bytearray()]
        self._value = bytearray()
        self._bytes = bytearray()
        self._is_over = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._admit,
                    "on_part_data": self._take,
                    "on_part_end": self._end,
                    "on_end": self._finish,
                },
            )
        except FormParserError:
            raise HTTPException(400, _MALFORMED) from None
        self._parser.logger = _SILENT

    def feed(self, chunk: bytes) -> bytes:
        """Read on; returns the bytes of the file among what was sent.

        Raises:
            HTTPException: 400, it is no form as its type says; 422, a field that is not taken, or is too long.
        """
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise HTTPException(400, _MALFORMED) from None
        found = bytes(self._bytes)
        self._bytes.clear()
        return found

    def close(self) -> None:
        """Everything was sent.

        Raises:
            HTTPException: 400, the form is cut off; 422, there is no file in it.
        """
        if not self._is_over:
            raise HTTPException(400, _MALFORMED)
        if self._file not in self._seen:
            raise HTTPException(422, f"The form has no field {self._file}.")

    def _begin(self) -> None:
        self._name = None
        self._header = [bytearray(), bytearray()]

    def _end_header(self) -> None:
        name, value = map(bytes, self._header)
        if name.lower() == b"content-disposition":
            self._name = parse_options_header(value)[1].get(b"name", b"").decode("utf-8", "replace")
        self._header = [bytearray(), bytearray()]

    def _admit(self) -> None:
        """Whether the part that begins is one that is taken, and comes for the first time."""
        taken = (self._file, *self._fields)
        if self._name not in taken or self._name in self._seen:
            raise HTTPException(422, f"The form takes these fields, once each: {', '.join(taken)}.")
        self._seen.add(self._name)
        self._value.clear()

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._name == self._file:
            self._bytes += data[start:end]
            return
        self._value += data[start:end]
        if len(self._value) > MAX_FIELD:
            raise HTTPException(422, f"The field {self._name} is longer than {MAX_FIELD} bytes.")

    def _end(self) -> None:
        if self._name is not None and self._name != self._file:
            self.values[self._name] = self._value.decode("utf-8", "replace")

    def _finish(self) -> None:
        self._is_over = True


_MALFORMED: Final = "The body is not the form that its Content-Type names, or it is cut off."
