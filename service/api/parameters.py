"""What is asked of several routes: a week, and a page of a list that can grow."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Final, TypeVar

from fastapi import HTTPException, Path, Query
from pydantic import StringConstraints

from friction.errors import UsageError
from friction.records import Week

from ..access import Caller
from ..released import View

MOST: Final = 1000
"""Entries of a page, unless fewer are asked for."""

_WEEK: Final = r"W(0[1-9]|[1-4][0-9]|5[0-3])"
_DAY: Final = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"

TeamPath = Annotated[str, Path(description="A team's id.", max_length=64, examples=["sales"])]
OtherTeamPath = Annotated[str, Path(description="Another team's id.", max_length=64, examples=["marketing"])]
WeekPath = Annotated[str, Path(description="An ISO week.", pattern=rf"^[0-9]{{4}}-{_WEEK}$", examples=["2026-W16"])]
DateText = Annotated[str, StringConstraints(strict=True, pattern=rf"^20[0-9]{{2}}-({_WEEK}|{_DAY})$")]
"""An ISO week, or a day of it."""
Limit = Annotated[int, Query(description="How many to show at most.", ge=1, le=MOST)]
_TEAM: Final = "[a-z0-9][a-z0-9_-]{0,63}"
_NEXT: Final = "`next` of the page before."
PairCursor = Annotated[str | None, Query(description=_NEXT, pattern=f"^{_TEAM}/{_TEAM}$")]
WeekCursor = Annotated[str | None, Query(description=_NEXT, pattern=rf"^[0-9]{{4}}-{_WEEK}$")]
DoneCursor = Annotated[str | None, Query(description=_NEXT, pattern=rf"^[0-9]{{4}}-{_WEEK}/{_TEAM}/{_TEAM}$")]
T = TypeVar("T")


def week_of(text: str) -> Week:
    """The week that a text of one of the forms above names.

    Raises:
        HTTPException: 404, the calendar has no such week or day.
    """
    try:
        return Week.parse(text) if "W" in text else Week.of(date.fromisoformat(text))
    except (UsageError, ValueError):
        raise HTTPException(404, "The calendar has no such week or day.") from None


def released_week(text: str, view: View, caller: Caller) -> Week:
    """A week of which something is released, however little.

    Weeks begin where the first cell that the caller may see does, so that no answer hangs on a pair hidden from them.

    Raises:
        HTTPException: 404, the week is none, lies before or is still to come.
    """
    week = week_of(text)
    first = min((trend.points[0].cell.first_week for trend in caller.seen(view.trends)), default=None)
    if first is None or view.last_week is None or not first <= week <= view.last_week:
        raise HTTPException(404, "Nothing is released of that week, or nothing that this key may see.")
    return week


def page(
    items: Sequence[T], key: Callable[[T], tuple[str, ...]], limit: int, cursor: str | None
) -> tuple[Sequence[T], str | None]:
    """One page of a list, and the cursor of the next; None where there is none.

    A cursor is the key of the last entry shown, so that nothing is shown twice or left out when more are added; the
    entry itself may be gone. What has not the form of a key is refused: it would look like the end of the list.

    Args:
        items: all there are, sorted by ``key``.
        key: tells entries apart; no part of it has a slash.
        limit: of entries.
        cursor: of the page, None for the first.
    """
    after = () if cursor is None else tuple(cursor.split("/"))
    rest = [item for item in items if key(item) > after]
    shown = rest[:limit]
    return shown, "/".join(key(shown[-1])) if len(rest) > limit else None
