"""From a raw row, column by column, to a comment. Reasons for a reject name the column and the mend, never a value."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from friction.errors import RowError, SourceError, UsageError
from friction.language import SUPPORTED
from friction.records import Comment, TeamId, Week
from friction.settings import SourceSection

MAX_ID: Final = 200


@dataclass(frozen=True, slots=True)
class RawRow:
    """Cells by column name, every column that the row has; or the reason why the row could not be read."""

    number: int
    cells: Mapping[str, str]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Raw rows; ``columns`` where the format states them at its start."""

    rows: Iterator[RawRow]
    columns: tuple[str, ...] | None

    def check(self, mapping: SourceSection, name: str) -> tuple[str, ...]:
        """Columns that are not used.

        Raises:
            SourceError: the text column is missing, or a column stands twice.
        """
        if self.columns is None:
            return ()
        wanted = {v for k, v in mapping.model_dump().items() if isinstance(v, str)}
        if mapping.text not in self.columns:
            raise SourceError(f"{name} has no column {mapping.text!r} in row 1. {_how_to_map('column', mapping)}")
        twice = sorted({c for c in self.columns if c in wanted and self.columns.count(c) > 1})
        if twice:
            raise SourceError(f"{name}: column {twice[0]!r} stands twice in row 1; rename one of them")
        return tuple(c for c in self.columns if c and c not in wanted)


def id_of(raw: RawRow, mapping: SourceSection) -> str | None:
    """The row's own id, for messages, even where the row is bad."""
    found = raw.cells.get(mapping.id, "").strip()[:MAX_ID]
    return found if found and _is_unicode(found) else None


def to_comment(raw: RawRow, mapping: SourceSection, resolve: Callable[[str], TeamId | None]) -> Comment:
    """Check a row and build its comment.

    Raises:
        RowError: what is wrong with it.
    """
    if raw.reason:
        raise RowError(raw.reason)
    if not all(map(_is_unicode, raw.cells.values())):
        raise RowError("holds a character that is not valid Unicode")
    if mapping.text not in raw.cells:
        raise RowError(f"no key {mapping.text!r}. {_how_to_map('key', mapping)}")
    cell = {
        key: raw.cells.get(column, "").strip()
        for key, column in mapping.model_dump().items()
        if isinstance(column, str)
    }
    if not cell["text"]:
        raise RowError("the text is empty")
    lang = next((known for known in SUPPORTED if known == cell["lang"].lower()), None)
    if cell["lang"] and lang is None:
        raise RowError(f"lang is not supported (supported: {', '.join(SUPPORTED)})")
    if len(cell["id"]) > MAX_ID:
        raise RowError(f"id is longer than {MAX_ID} characters")
    return Comment(
        text=cell["text"],
        id=cell["id"] or None,
        row=raw.number,
        from_team=_team(cell["from_team"], "from_team", resolve),
        about_team=_team(cell["about_team"], "about_team", resolve),
        respondent=cell["respondent"] or None,
        week=_week(cell["week"]),
        lang=lang,
    )


def _how_to_map(kind: str, mapping: SourceSection) -> str:
    return (
        f"Rename the comment's {kind} to {mapping.text!r}, "
        'or say which one it is: [sources.NAME] text = "..." and --source NAME'
    )


def _is_unicode(cell: str) -> bool:
    """False for half a surrogate pair, which JSON can spell and UTF-8 cannot."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def _team(name: str, column: str, resolve: Callable[[str], TeamId | None]) -> TeamId | None:
    if not name:
        return None
    team = resolve(name)
    if team is None:
        raise RowError(f"unknown team in {column}; add it, or this spelling as an alias, to [teams] of friction.toml")
    return team


def _week(text: str) -> Week | None:
    if not text:
        return None
    try:
        return Week.parse(text)
    except UsageError as error:
        raise RowError(f"week is {error}") from None


__all__ = ["RawRow", "RowError", "SourceError", "Table", "id_of", "to_comment"]
