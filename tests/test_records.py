from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from friction.errors import UsageError
from friction.records import AlignedText, Comment, Directory, Span, Team, TeamId, Week
from friction.sources.dates import Clock
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


@st.composite
def rewritings(draw: st.DrawFn) -> tuple[str, list[list[tuple[Span, str]]]]:
    """A text, and edits of it and of what comes of them."""
    text = draw(st.text("abc", max_size=12))
    length, rounds = len(text), []
    for _ in range(draw(st.integers(1, 3))):
        ends = sorted(draw(st.lists(st.integers(0, length), max_size=6)))
        spans = [Span(a, b) for a, b in zip(ends[::2], ends[1::2], strict=False) if a < b]
        edits = [(span, draw(st.text("xyz", max_size=4))) for span in spans]
        length += sum(len(put) - (span.end - span.start) for span, put in edits)
        rounds.append(edits)
    return text, rounds


@given(rewritings())
def test_aligned_text_is_right_of_every_stretch(case: tuple[str, list[list[tuple[Span, str]]]]) -> None:
    text, rounds = case
    aligned, letters = AlignedText.of(text), [(c, Span(i, i + 1)) for i, c in enumerate(text)]
    for edits in rounds:
        aligned = aligned.replace(edits)
        for span, put in sorted(edits, key=lambda edit: -edit[0].start):
            behind = [origin for _, origin in letters[span.start : span.end]]
            letters[span.start : span.end] = [(c, Span(behind[0].start, behind[-1].end)) for c in put]
    assert aligned.text == "".join(c for c, _ in letters)
    for start in range(len(letters)):
        for end in range(start + 1, len(letters) + 1):
            assert aligned.source(Span(start, end)) == Span(letters[start][1].start, letters[end - 1][1].end)
    assert aligned.source(Span(0, 0)) == Span(0, 0)


def test_a_comment_does_not_print_itself() -> None:
    shown = repr(Comment(text="the secret text", respondent="p-17"))
    assert "secret" not in shown
    assert "p-17" not in shown


def test_a_small_team_is_reported_through_its_parent() -> None:
    teams = [team("a", 3, "b"), team("b", 4, "c"), team("c", 9), team("d", None), team("e", 2, "f"), team("f", 2, "e")]
    directory = Directory({t.id: t for t in teams})
    assert [directory.reportable(TeamId(t), 5) for t in "acde"] == ["c", "c", None, None]


def test_a_parent_of_whom_only_a_small_team_is_left_does_not_serve_for_it() -> None:
    """Sales are spoken of by themselves, so what is said of revenue would be said of four people."""

    def reported(whole: int, *more: Team) -> TeamId | None:
        teams = [team("company", 200), team("revenue", whole, "company"), team("sales", 26, "revenue")]
        teams += [team("revops", 4, "revenue"), *more]
        return Directory({t.id: t for t in teams}).reportable(TeamId("revops"), 5)

    assert reported(30) == "company"
    assert reported(31) == "revenue"
    assert reported(36, team("few", 3, "revenue")) == "revenue"
    assert reported(36, team("few", None, "revenue"), team("deals", 9, "few")) == "company"


@pytest.mark.parametrize(("day", "ops", "found"), [(8, 17, None), (8, 18, "ops"), (None, 40, None)])
def test_a_team_does_not_speak_of_a_small_one_as_of_the_rest_of_their_parent(
    day: int | None, ops: int, found: str | None
) -> None:
    """Day, too small to be spoken of by itself or of unknown size, speaks of ops: it can mean the others alone."""
    teams = [team("ops", ops), team("day", day, "ops"), team("night", 4, "ops")]
    directory = Directory({t.id: t for t in teams})
    assert directory.reportable(TeamId("night"), 10, by=TeamId("day")) == found
    assert directory.reportable(TeamId("night"), 10, by=TeamId("sales")) == "ops"


@pytest.mark.parametrize("text", ["2026-W46", "2026W46", "2026-w46", " 2026w46 "])
def test_a_week_is_read_in_both_formats_of_iso(text: str) -> None:
    assert str(Week.parse(text)) == "2026-W46"
    assert Clock().week(text) == Week.parse("2026-W46")
