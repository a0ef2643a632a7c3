"""A table, as a survey tool or a person wrote it, to comments: its form recognised, its columns laid out."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from itertools import chain, islice
from typing import Final

from friction.errors import RowError, SourceError
from friction.settings import SourceSection
from friction.sources import (
    culture_amp,
    glint,
    google_forms,
    limesurvey,
    microsoft_forms,
    qualtrics,
    surveymonkey,
    typeform,
)
from friction.sources.columns import SAMPLE, Find, Finder, Layout, letter, naming
from friction.sources.dates import Clock, are_turned, order_of
from friction.sources.grid import TOP, Form, Head, Record, Rows
from friction.sources.limits import MAX_COLUMNS
from friction.sources.picker import Picker
from friction.sources.rows import Reader, Resolve, Row, is_unicode

FORMS: Final[tuple[Form, ...]] = (
    qualtrics.FORM,
    surveymonkey.FORM,
    limesurvey.FORM,
    microsoft_forms.FORM,
    typeform.FORM,
    google_forms.FORM,
    glint.FORM,
    culture_amp.FORM,
)
"""The most telling first: none of them takes another's files."""
PLAIN: Final = "table"
_DATE: Final = r"\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](?:\d\d){1,2}"
_ANSWER: Final = re.compile(rf"(?s:.*)\w@\w(?s:.*)|(?:{_DATE})(?:[T ,]+\d.*)?")
"""What stands in answers and in no name of a column."""


def recognise(top: Rows) -> tuple[str, Head]:
    """The form of a file by its first rows, and what they say of the columns; else a plain table."""
    for form in FORMS:
        head = form.head(top)
        if head is not None:
            return form.name, head
    return PLAIN, Head(rows=1, names=top[0], keys=top[0])


def read(
    records: Iterator[Record], name: str, mapping: SourceSection, *, resolve: Resolve, find: Find | None, clock: Clock
) -> tuple[str, Layout, Iterator[Row]]:
    """The form, what the columns hold, and the rows.

    Raises:
        SourceError: no header, an answer in its place, no comment column, or too many columns.
    """
    top = list(islice(records, TOP))
    if not top:
        raise SourceError(f"{name} is empty")
    if top[0].reason:
        raise SourceError(f"{name}: row {top[0].number}: {top[0].reason}")
    if len(top[0].cells) > MAX_COLUMNS:
        raise SourceError(f"{name} has more than {MAX_COLUMNS} columns; leave out what is not asked")
    form, head = recognise(_header(top))
    if not is_unicode("".join((*head.names, *head.keys))):
        raise SourceError(f"{name} has bytes in its header that are no UTF-8, as the rest is; save it as CSV (UTF-8)")
    if form == PLAIN:
        _check_header(head.names, name)
    rest = chain(top[head.rows :], records)
    sample = list(islice(rest, SAMPLE))
    cells = [record.cells for record in sample if not record.reason]
    named = naming(find)
    layout = Finder(head, mapping, cells, resolve=resolve, named=named).layout(name)
    column = layout.week
    dates = [row[column] for row in cells if column < len(row)] if column is not None else []
    order = mapping.dates or order_of(dates, head.order)
    clock = Clock(zone=clock.zone, order=order, unzoned=UTC if head.utc else None, turned=are_turned(dates))
    texts = frozenset(text.column for text in layout.texts)
    filled = (_filled(record, texts) for record in chain(sample, rest))
    rows = _rows(filled, Picker(layout, mapping, named), Reader(mapping, resolve, clock))
    return form, layout, rows


def _header(top: list[Record]) -> Rows:
    """The first rows that could be read, each as wide as the first, with what is merged over their cells."""
    width = len(top[0].cells)
    rows = []
    for record in top:
        if record.reason:
            break
        cells = [record.across.get(column, cell).strip() for column, cell in enumerate(record.cells[:width])]
        rows.append(tuple(cells + [""] * (width - len(cells))))
    return rows


def _check_header(names: tuple[str, ...], file: str) -> None:
    """Refuse a header that is an answer: its words would tell what whole columns are about."""
    for index, name in enumerate(names):
        if _ANSWER.fullmatch(name):
            raise SourceError(
                f"{file}: row 1 holds an e-mail address or a date in column {letter(index)}, so that it is no row of "
                "column names; put that row back on top of the answers"
            )


def _filled(record: Record, texts: frozenset[int]) -> Record:
    """A row with what is merged over it from above, but for its comments."""
    if not record.merged:
        return record
    cells = list(record.cells)
    for column, said in record.merged.items():
        if column not in texts and column < len(cells):
            cells[column] = said
    return replace(record, cells=tuple(cells))


def _rows(records: Iterator[Record], picker: Picker, reader: Reader) -> Iterator[Row]:
    for record in records:
        try:
            yield from reader.rows(picker.cells(record))
        except RowError as error:
            yield Row(record.number, picker.id_of(record), reason=str(error))
