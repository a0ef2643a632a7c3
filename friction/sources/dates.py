"""From what an export writes for a moment to the ISO week that it fell in, where the organisation is.

A moment with an offset is moved to the organisation's time zone first: half past midnight on a Monday in Paris is
still Sunday in UTC. One without is taken as written. 03/02/2026 is two days; which one is meant is known from the
format, the configuration or the other rows of the file, never guessed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, Literal

from friction.errors import RowError, UsageError
from friction.records import Week
from friction.targets import fold

Order = Literal["dmy", "mdy"]

_TIME: Final = r"(?:[ T,]+(?:(?:at|a|um) )?(?P<hour>\d\d?)[:h](?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?)?"
_TAIL: Final = (
    r"(?: ?(?P<half>[ap])\.?m\.?)?(?: ?(?:\(?(?P<zone>utc|gmt|z)\)?)?(?P<offset>[+-]\d\d?(?::?\d\d)?)?)?"
    r"(?: uhr)?(?: (?P<name_of_zone>[a-z]{2,5}))?"
)
_HOURS: Final = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
"""Zones that have a name in RFC 5322, 4.3, in hours from UTC; other abbreviations mean several places."""
_DAYS: Final = re.compile(r"[45]\d{4}(?:[.,]\d+)?")
"""Days since 1900 as a spreadsheet counts them, from 2009 to 2064; read as a date they would be a guess."""
_YEAR_FIRST: Final = re.compile(rf"(?P<year>\d{{4}})[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?){_TIME}{_TAIL}")
_YEAR_LAST: Final = re.compile(rf"(?P<first>\d\d?)[-/.](?P<second_>\d\d?)[-/.](?P<year>\d{{4}}|\d\d){_TIME}{_TAIL}")
_DAY_NAMED: Final = re.compile(
    rf"(?:[a-z]{{3,9}}\.?,? )?(?:(?P<day>\d\d?)(?:er|st|nd|rd|th)? (?P<name>[a-z]{{3,9}})\.?,?|"
    rf"(?P<name_>[a-z]{{3,9}})\.? (?P<day_>\d\d?)(?:st|nd|rd|th)?,?) (?P<year>\d{{4}}){_TIME}{_TAIL}"
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        [
            "january jan janvier janv",
            "february feb fevrier fevr fev",
            "march mar mars",
            "april apr avril avr",
            "may mai",
            "june jun juin",
            "july jul juillet juil",
            "august aug aout",
            "september sep sept septembre",
            "october oct octobre",
            "november nov novembre",
            "december dec decembre",
        ],
        1,
    )
    for name in names.split()
}
LONGEST: Final = 80
"""Characters of the longest moment that any export writes; what is longer is not one."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Reads moments.

    Attributes:
        zone: where the organisation is.
        order: settles 03/02/2026.
        unzoned: the zone of moments that state none.
        turned: a spreadsheet took days for months, as ``are_turned`` finds.
    """

    zone: tzinfo = UTC
    order: Order | None = None
    unzoned: tzinfo | None = None
    turned: bool = False

    def week(self, text: str) -> Week:
        """The week of a moment, or of an ISO week.

        Raises:
            RowError: neither, or a day that could be two.
        """
        if re.fullmatch(r"\s*\d{4}-?[Ww]\d\d\s*", text):
            try:
                return Week.parse(text)
            except UsageError as error:
                raise RowError(f"week is {error}") from None
        return self.week_of(self.moment(text))

    def week_of(self, moment: datetime) -> Week:
        """The week that a moment falls in where the organisation is."""
        if moment.tzinfo is None and self.unzoned is not None:
            moment = moment.replace(tzinfo=self.unzoned)
        try:
            return Week.of((moment if moment.tzinfo is None else moment.astimezone(self.zone)).date())
        except OverflowError:
            raise RowError("week is not an ISO week (2026-W47) or a date (2026-11-16)") from None

    def moment(self, text: str) -> datetime:
        """A date, with its time and offset where they stand.

        Raises:
            RowError: not a date, or one that could be two.
        """
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            pass
        else:
            if self.turned and moment.day != moment.month:
                raise RowError(
                    "a spreadsheet made a date of this cell and left others as text, so that its day and month may be "
                    "the wrong way round; give the export as the tool wrote it"
                )
            return moment
        start = text[: LONGEST + 1]
        folded = " ".join((start.casefold() if start.isascii() else fold(start)).split())
        try:
            for pattern in (_YEAR_FIRST, _YEAR_LAST, _DAY_NAMED):
                if len(folded) <= LONGEST and (found := pattern.fullmatch(folded)):
                    moment = datetime(*self._day(found.groupdict()), *_time(found.groupdict()))
                    return moment.replace(tzinfo=self._zone(found, moment))
        except (ValueError, KeyError):
            pass
        if _DAYS.fullmatch(text.strip()):
            raise RowError("week is a spreadsheet's number of days; format its column as a date (2026-11-16), and save")
        raise RowError("week is not an ISO week (2026-W47) or a date (2026-11-16)")

    def _zone(self, found: re.Match[str], moment: datetime) -> tzinfo | None:
        """The zone beside a moment: its offset, else the organisation's own or one of RFC 5322 by its name."""
        name = found["name_of_zone"]
        if found["offset"] is not None or found["zone"] or name is None:
            return _offset(found)
        if name == (moment.replace(tzinfo=self.zone).tzname() or "").casefold():
            return self.zone
        if name in _HOURS:
            return timezone(timedelta(hours=_HOURS[name]))
        raise RowError("the date has a time zone that is not known; write its hours from UTC: 2026-11-16 09:14 +01:00")

    def _day(self, found: dict[str, str | None]) -> tuple[int, int, int]:
        year = int(found["year"] or 0)
        if "first" in found:
            day, month = _in_order(int(found["first"] or 0), int(found["second_"] or 0), self.order)
            return year + 2000 * (year < 100), month, day
        if "name" in found:
            return year, _MONTHS[found["name"] or found["name_"] or ""], int(found["day"] or found["day_"] or 0)
        return year, int(found["month"] or 0), int(found["day"] or 0)


def _in_order(first: int, second: int, order: Order | None) -> tuple[int, int]:
    """Day and month."""
    if first == second:
        return first, second
    if max(first, second) > 12:
        told: Order = "dmy" if first > 12 else "mdy"
        if order not in (None, told):
            raise RowError(
                f"the date is no {order}, as the other rows or [sources.NAME] have it; mend the row, or say "
                f'dates = "{told}" there'
            )
        order = told
    if order is None:
        raise RowError('the date can be read in two ways; say dates = "dmy" or "mdy" in the [sources.NAME] section')
    return (first, second) if order == "dmy" else (second, first)


def _time(found: dict[str, str | None]) -> tuple[int, int, int]:
    hour = int(found["hour"] or 0)
    if found["half"]:
        hour = hour % 12 + 12 * (found["half"] == "p")
    return hour, int(found["minute"] or 0), int(found["second"] or 0)


def _offset(found: re.Match[str]) -> tzinfo | None:
    offset = found["offset"]
    if offset is None:
        return UTC if found["zone"] else None
    digits = offset[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    return timezone((1 if offset[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))


def are_turned(dates: Iterable[str]) -> bool:
    """Whether a spreadsheet took days for months: what it could make dates of has no day over 12, the rest is text.

    >>> are_turned(["2026-05-11 00:00:00", "24/11/2026 09:14"]), are_turned(["2026-05-11", "2026-05-24", "24/11/2026"])
    (True, False)
    """
    made, left = [], []
    for text in dates:
        if (date := re.match(r"\s*\d{4}-\d\d-(\d\d)", text[:LONGEST])) is not None:
            made.append(int(date[1]))
        elif (date := re.match(r"\s*(\d\d?)[-/.](\d\d?)[-/.]\d\d", text[:LONGEST])) is not None:
            left.append(max(int(date[1]), int(date[2])))
    return bool(made and left) and max(made) <= 12 < min(left)


def order_of(dates: Iterable[str], habit: Order | None = None) -> Order | None:
    """What the days of a file tell of their order: one over 12 settles it, two that disagree unsettle it again.

    Args:
        dates: as they are written.
        habit: the order of the tool that wrote them, for days that tell nothing.

    >>> order_of(["03/02/2026 10:00", "16/02/2026"]), order_of(["03/02/2026"]), order_of(["03/02/2026"], "mdy")
    ('dmy', None, 'mdy')
    """
    told: set[Order] = set()
    for text in dates:
        if (found := re.match(r"\s*(\d\d?)[-/.](\d\d?)[-/.]\d\d", text[:LONGEST])) is not None:
            if int(found[1]) > 12:
                told.add("dmy")
            if int(found[2]) > 12:
                told.add("mdy")
    return habit if not told else told.pop() if len(told) == 1 else None
