from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from friction.errors import UsageError
from friction.records import AlignedText, Comment, Directory, Span, TeamId, Week
from tests.conftest import team


@given(st.dates(date(1980, 1, 1), date(2090, 1, 1)))
def test_week_of_a_day_is_its_iso_week(day: date) -> None:
    year, number, _ = day.isocalendar()
    assert str(Week.of(day)) == f"{year}-W{number:02d}"
    assert Week.parse(str(Week.of(day))) == Week.of(day)


@pytest.mark.parametrize("text", ["2026-W54", "2026-W00", "2026-47", "W47", "2025-W53", "", "2026-W4"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write it like 2026-W47"):
        Week.parse(text)


def test_aligned_text_finds_the_way_back() -> None:
    text = AlignedText.of("ask anna about the plan").replace([(Span(4, 8), "[person]"), (Span(19, 23), "[x]")])
    assert text.text == "ask [person] about the [x]"
    assert text.source(Span(4, 12)) == Span(4, 8)
    again = text.replace([(Span(13, 18), "on")])
    assert again.text == "ask [person] on the [x]"
    assert again.source(Span(13, 15)) == Span(9, 14)
    assert again.source(Span(20, 23)) == Span(19, 23)


def test_a_comment_does_not_print_itself() -> None:
    shown = repr(Comment(text="the secret text", respondent="p-17"))
    assert "secret" not in shown
    assert "p-17" not in shown


def test_a_small_team_is_reported_through_its_parent() -> None:
    teams = [team("a", 3, "b"), team("b", 4, "c"), team("c", 9), team("d", None), team("e", 2, "f"), team("f", 2, "e")]
    directory = Directory({t.id: t for t in teams})
    assert [directory.reportable(TeamId(t), 5) for t in "acde"] == ["c", "c", None, None]
