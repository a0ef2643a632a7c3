"""From a row's cells to its comments. Reasons for a reject name the column and the mend, never a value.

A row of a survey may answer several questions: each answer is a comment of its own, and all of them are one person's.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from friction.errors import RowError
from friction.language import SUPPORTED, rejected
from friction.records import Comment, Lang, TeamId, Week
from friction.settings import SourceSection
from friction.sources.blank import has_failed, is_blank
from friction.sources.dates import Clock

MAX_ID: Final = 200
_REMEMBERED: Final = 1024
_WHOLE: Final = re.compile(r"(\d+)\.0+\Z")
"""A whole number as a table of floats writes it."""
BLANK: Final = "the text is empty"
Resolve = Callable[[str], TeamId | None]


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in a place of a file: a comment, or the reason why there is none.

    ``number`` is the row as a spreadsheet shows it, or the message's place in a chat export; several comments may share
    it. ``blank``: an answer that says nothing, or a message that is no person's words: not an error, and not a comment.
    """

    number: int
    id: str | None = None
    comment: Comment | None = None
    reason: str | None = None
    blank: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Cells:
    """A row's cells by what they hold, of JSON lines and tables alike.

    ``texts``: each comment, the team that it is asked about, and how many cells before it say the same. That alone
    tells it from another answer of the row, whatever columns come between them and whatever they are called.
    """

    number: int
    texts: tuple[tuple[str, TeamId | None, int], ...]
    id: str = ""
    from_team: str = ""
    about_team: str = ""
    respondent: str = ""
    survey: str | None = None
    realm: str = ""
    week: str = ""
    lang: str = ""


class Reader:
    """Makes comments of cells: finds teams, reads weeks. Both repeat from row to row, and are remembered."""

    def __init__(self, mapping: SourceSection, resolve: Resolve, clock: Clock) -> None:
        self._codes = mapping.codes
        self._resolve = lru_cache(_REMEMBERED)(resolve)
        self._week = lru_cache(_REMEMBERED)(clock.week)

    def rows(self, cells: Cells) -> Iterator[Row]:
        """One row for each text of a row."""
        row_id = cells.id.strip()
        name = shown(row_id)
        try:
            blank = [is_blank(text) for text, *_ in cells.texts]
            said = None if all(blank) else self._said(cells, row_id)
        except RowError as error:
            yield Row(cells.number, name, reason=str(error))
            return
        for (text, about, again), says_nothing in zip(cells.texts, blank, strict=True):
            if said is None or says_nothing:
                yield Row(cells.number, name, reason=BLANK, blank=True)
            elif has_failed(text):
                yield Row(
                    cells.number, name, reason="a failed formula stands in place of the text; write the text again"
                )
            else:
                yield Row(cells.number, name, comment=said.comment(text.strip(), about, again))

    def _said(self, cells: Cells, row_id: str) -> "_Said":
        lang = _language(cells.lang) if cells.lang.strip() else None
        if len(row_id) > MAX_ID:
            raise RowError(f"id is longer than {MAX_ID} characters")
        return _Said(
            number=cells.number,
            id=row_id or None,
            from_team=self._team(cells.from_team, "from_team"),
            about_team=self._team(cells.about_team, "about_team"),
            respondent=alike(cells.respondent) or None,
            survey=cells.survey,
            realm=cells.realm,
            week=self._week(cells.week) if cells.week.strip() else None,
            lang=lang,
            stated="\x1f".join((alike(cells.from_team), alike(cells.about_team))),
        )

    def _team(self, name: str, column: str) -> TeamId | None:
        name = name.strip()
        if not name:
            return None
        if name in self._codes:
            return TeamId(self._codes[name])
        team = self._resolve(name)
        if team is None:
            raise RowError(
                f"unknown team in {column}; add it, or this spelling as an alias, to [teams] of friction.toml"
            )
        return team


def alike(cell: str) -> str:
    """What a cell says, however a tool writes it this time: an address, a pseudonym, an id, a team.

    >>> alike("Al\u00adice@Example.com "), alike("100.0")
    ('alice@example.com', '100')
    """
    said = unicodedata.normalize("NFKC", cell).casefold()
    unseen = dict.fromkeys(ord(c) for c in set(said) if unicodedata.category(c) == "Cf")
    return _WHOLE.sub(r"\1", " ".join(said.translate(unseen).split()))


def wording(text: str) -> str:
    """The words of a text, however a tool writes what stands between them.

    >>> wording("Sales can’t  say."), wording("sales can&#39;t say")
    ('sales can t say', 'sales can t say')
    """
    said = alike(html.unescape(text))
    marks = {ord(c): " " for c in set(said) if unicodedata.category(c).startswith("P")}
    return " ".join(said.translate(marks).split()) or said


def _language(code: str) -> Lang:
    """The language of a code like "fr", "FR" or "fr-CA"."""
    short = re.split("[-_]", code.strip().lower(), maxsplit=1)[0]
    for known in SUPPORTED:
        if short == known:
            return known
    if re.fullmatch("[a-z]{2}", short):
        raise rejected(short)
    raise RowError(f"lang is no code of a language; write one of {', '.join(SUPPORTED)}, or leave it out")


@dataclass(frozen=True, slots=True, repr=False)
class _Said:
    """What is the same for every comment of a row."""

    number: int
    id: str | None
    from_team: TeamId | None
    about_team: TeamId | None
    respondent: str | None
    survey: str | None
    realm: str
    week: Week | None
    lang: Lang | None
    stated: str

    def comment(self, text: str, about: TeamId | None, again: int) -> Comment:
        """An answer of the row, before which ``again`` cells say the same."""
        return Comment(
            text=text,
            id=self.id,
            row=self.number,
            from_team=self.from_team,
            about_team=about or self.about_team,
            respondent=self.respondent,
            survey=self.survey,
            realm=self.realm,
            week=self.week,
            lang=self.lang,
            stated=f"{self.stated}\x1f{again}",
        )


def shown(row_id: str) -> str | None:
    """An id as a message may carry it."""
    found = row_id.strip()[:MAX_ID]
    return found if found and is_unicode(found) else None


def is_unicode(cell: str) -> bool:
    """False for half a surrogate pair, which JSON can spell and UTF-8 cannot."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True
