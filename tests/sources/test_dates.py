from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from friction.errors import RowError
from friction.sources.dates import LONGEST, Clock, Order, order_of

PARIS = Clock(zone=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("written", "week"),
    [
        ("2026-W10", "2026-W10"),
        ("2026-03-02", "2026-W10"),
        ("2026-03-02 00:10:00", "2026-W10"),  # as written: it says no zone
        ("2026-03-01T23:10:00Z", "2026-W10"),  # ten past midnight in Paris
        ("2026-03-01T22:50:00Z", "2026-W09"),
        ("2026-03-02T00:10:00+05:00", "2026-W09"),
        ("2026/03/02 12:10:00 AM GMT+1", "2026-W10"),
        ("2026/03/02 12:10:00 AM GMT+5:30", "2026-W09"),
        ("2026/03/01 11:59:59 PM GMT-3", "2026-W10"),
        ("16/03/2026 09:14", "2026-W12"),
        ("03/16/2026 09:14:05 PM", "2026-W12"),
        ("16.03.26", "2026-W12"),
        ("02/02/2026", "2026-W06"),  # the same either way
        ("Monday, March 2, 2026 at 9:14:05\u202fAM UTC", "2026-W10"),
        ("lundi 2 mars 2026 à 09:14:05 UTC", "2026-W10"),
        ("1er février 2026", "2026-W05"),
        ("2 Mar 2026 09:14", "2026-W10"),
        ("2026-11-15 20:30:00 EST", "2026-W47"),  # half past two on Monday in Paris
        ("Nov 15, 2026, 4:30 PM PST", "2026-W47"),
        ("2026/11/15 5:30:00 PM EST", "2026-W46"),
        ("2026-11-15 23:30:00 CET", "2026-W46"),  # the organisation's own
        ("2026-11-15 20:30:00 -0500 EST", "2026-W47"),
        ("15.11.2026 23:30 Uhr", "2026-W46"),
        ("2026-12-31", "2026-W53"),
        ("2027-01-03", "2026-W53"),
        ("2026-03-29T22:30:00Z", "2026-W14"),  # summer time: it is Monday there
    ],
)
def test_a_moment_falls_in_the_week_of_the_organisation(written: str, week: str) -> None:
    assert str(PARIS.week(written)) == week


@pytest.mark.parametrize(
    "written",
    ["", "soon", "2026-W60", "2026-02-30", "31/31/2026", "0000-00-00", "3/2", "25:61", "2 zzz 2026", "9" * 500],
)
def test_what_is_no_moment_is_rejected_without_being_quoted(written: str) -> None:
    with pytest.raises(RowError, match="week is"):
        PARIS.week(written)


@pytest.mark.parametrize("zone", ["IST", "AEST", "CEST", "xyz"])
def test_a_zone_that_is_not_known_is_not_passed_over(zone: str) -> None:
    with pytest.raises(RowError, match="time zone that is not known"):
        PARIS.week(f"2026-11-15 20:30:00 {zone}")


def test_a_day_that_could_be_two_needs_an_order() -> None:
    with pytest.raises(RowError, match='dates = "dmy" or "mdy"'):
        PARIS.week("03/02/2026")
    assert str(Clock(order="dmy").week("03/02/2026")) == "2026-W06"
    assert str(Clock(order="mdy").week("03/02/2026")) == "2026-W10"
    assert order_of(["03/02/2026", "13/02/2026", "02/13/2026"]) is None


@pytest.mark.parametrize(("order", "written"), [("dmy", "03/27/2026"), ("mdy", "27/03/2026")])
def test_a_day_against_the_order_is_not_read_the_other_way_round(order: Order, written: str) -> None:
    with pytest.raises(RowError, match="mend the row, or say dates"):
        Clock(order=order).week(written)
    assert str(Clock().week(written)) == "2026-W13"


def test_moments_in_utc_that_do_not_say_so() -> None:
    assert str(Clock(zone=PARIS.zone, unzoned=UTC).week("2026-03-01 23:30:00")) == "2026-W10"


@given(st.text(max_size=LONGEST + 5) | st.from_regex(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.{0,30}"))
def test_any_moment_is_read_or_rejected(written: str) -> None:
    said = ""
    try:
        PARIS.week(written)
    except RowError as error:
        said = str(error)
    assert len(written) < 5 or written not in said
