"""What is asked of several routes: a week, and a page of a list that can grow."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import HTTPException, Path, Query
from pydantic import StringConstraints

from friction.errors import UsageError
from friction.records import Week

MOST: Final = 1000
"""Entries of a page, unless fewer are asked for."""

TeamPath = Annotated[str, Path(description="A team's id.", max_length=64)]
WeekText = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-W[0-9]{2}$")]
WeekPath = Annotated[str, Path(description="An ISO week.", pattern=r"^[0-9]{4}-W[0-9]{2}$", examples=["2026-W16"])]
Limit = Annotated[int, Query(description="How many to show at most.", ge=1, le=MOST)]
Cursor = Annotated[
    str | None, Query(description="`next` of the page before.", max_length=400, pattern=r"^[A-Za-z0-9_-]+=*$")
]
T = TypeVar("T")


def week_of(text: str) -> Week:
    """The week that a path names.

    Raises:
        HTTPException: 422, its year has no such week.
    """
    try:
        return Week.parse(text)
    except UsageError as error:
        raise HTTPException(422, str(error)) from None


def page(
    items: Sequence[T], key: Callable[[T], tuple[str, ...]], limit: int, cursor: str | None
) -> tuple[Sequence[T], str | None]:
    """One page of a list, and the cursor of the next; None where there is none.

    A cursor is the key of the last entry shown, so that nothing is shown twice or left out when more are added.

    Args:
        items: all there are, sorted by ``key``.
        key: tells entries apart.
        limit: of entries.
        cursor: of the page, None for the first.

    Raises:
        HTTPException: 422, the cursor is not one that a page gave.
    """
    after = () if cursor is None else _key(cursor)
    rest = [item for item in items if key(item) > after]
    shown = rest[:limit]
    return shown, _cursor(key(shown[-1])) if len(rest) > limit else None


def _cursor(key: tuple[str, ...]) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def _key(cursor: str) -> tuple[str, ...]:
    try:
        parts = json.loads(urlsafe_b64decode(cursor))
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise ValueError
        return tuple(parts)
    except (NotBase64, ValueError, RecursionError):
        raise HTTPException(422, "This cursor is not the next of any page.") from None
