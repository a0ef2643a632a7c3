from collections.abc import Callable

import pytest

from friction.model_folder import ErrorRate
from friction.records import Cell, Directory, Week
from friction.trends import trends
from service.digest import Language, render

ERRORS = {s: {"en": ErrorRate(95, 100, 190, 200)} for s in ("blame", "appreciation")}
WEEK = Week.parse("2026-W16")


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        (
            "en",
            "friction 2026-W16: Sales → Marketing rising and 1 more",
            ["rising", "falling", "errors at others' cost"],
        ),
        (
            "fr",
            "friction 2026-W16: Sales → Marketing en hausse et 1 autre(s)",
            ["en hausse", "en baisse", "au détriment"],
        ),
    ],
)
def test_the_news_comes_first(
    language: Language, subject: str, words: list[str], make_cells: Callable[..., list[Cell]], directory: Directory
) -> None:
    cells = [*make_cells([0.1] * 8 + [0.9] * 8), *make_cells([0.8] * 8 + [0.2] * 8, from_team="support")]
    mail = render(trends(cells, ERRORS), directory, WEEK, language)
    assert mail.subject == subject
    for word in words:
        assert word in mail.text
        assert word in mail.html.replace("&#39;", "'")


def test_a_week_without_news_is_short(make_cells: Callable[..., list[Cell]], directory: Directory) -> None:
    mail = render(trends(make_cells([0.3] * 16), ERRORS), directory, WEEK, "en")
    assert mail.subject == "friction 2026-W16: no change"
    assert len(mail.text.strip().splitlines()) < 15


def test_names_are_escaped_in_html_only(make_cells: Callable[..., list[Cell]], directory: Directory) -> None:
    from dataclasses import replace

    from friction.records import TeamId

    teams = dict(directory.teams)
    teams[TeamId("sales")] = replace(teams[TeamId("sales")], name="R&D <b>")
    mail = render(trends(make_cells([0.1] * 8 + [0.9] * 8), ERRORS), Directory(teams), WEEK, "en")
    assert "R&amp;D &lt;b&gt;" in mail.html
    assert "R&D <b>" in mail.text
