"""The digest's content and words: news first, nothing that the numbers do not say, short where there is none."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friction.conflict import Rise
from friction.interventions import Effect, Step
from friction.model_folder import ErrorRate
from friction.records import Cell, Directory, Intervention, Team, TeamId, Week
from friction.taxonomy import PATTERNS
from friction.trends import Break, Point, Rate, Trend, trends
from service.digest import Language, render
from service.digest.content import MOST_CHANGES, leading_pattern
from service.digest.layout import COLUMNS
from service.digest.practices import library
from tests.conftest import disrespected

MakeCells = Callable[..., list[Cell]]
ERRORS = {s: {"en": ErrorRate(95, 100, 190, 200)} for s in ("blame", "appreciation")}
WEEK = Week.parse("2026-W16")
LINK = "https://friction.example.org/"
RISEN = [0.0] * 10 + [0.5] * 6


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        (
            "en",
            "friction 2026-W16: Sales → Marketing rising and 1 more",
            ["2 changes", "rising", "falling", "errors at others' cost", "more hold it responsible", "fewer hold it"],
        ),
        (
            "fr",
            "friction 2026-W16 : Sales → Marketing en hausse et 1 de plus",
            ["2 changements", "en hausse", "en baisse", "au détriment", "davantage l'en tiennent"],
        ),
    ],
)
def test_the_news_comes_first(
    language: Language, subject: str, words: list[str], make_cells: MakeCells, directory: Directory
) -> None:
    cells = [*make_cells([0.1] * 8 + [0.9] * 8), *make_cells([0.8] * 8 + [0.2] * 8, from_team="support")]
    mail = render(trends(cells, ERRORS), directory, WEEK, language)
    assert mail.subject.replace("\u00a0", " ") == subject
    for word in words:
        assert word in _flat(mail.text)
        assert word in _unescaped(mail.html)


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        (
            "en",
            "friction 2026-W16: IT → Marketing disrespect rising and 1 more",
            ["1. IT → Marketing: disrespect rising Of those who wrote, more people voice disrespect than before: +50 "
             "points (+",
             "as the classifier finds it. That is relationship conflict", "Blame itself: cannot tell; latest",
             "2. Sales → Marketing: rising Of those in Sales"],
        ),
        (
            "fr",
            "friction 2026-W16 : IT → Marketing manque de respect en hausse et 1 de plus",
            ["1. IT → Marketing : manque de respect en hausse Parmi les personnes qui ont écrit, davantage expriment "
             "un manque de respect qu'avant : +50 points (+", "C'est le conflit relationnel",
             "Les reproches eux-mêmes : indécis ; dernière", "2. Sales → Marketing : en hausse"],
        ),
    ],
)  # fmt: skip
def test_relationship_conflict_that_rises_comes_first_whatever_blame_does(
    language: Language, subject: str, words: list[str], make_cells: MakeCells, directory: Directory
) -> None:
    cells = [*make_cells([0.1] * 8 + [0.9] * 8), *disrespected(make_cells([0.3, 0.6] * 8, from_team="it"), RISEN)]
    mail = render(trends(cells, ERRORS), directory, WEEK, language)
    assert mail.subject.replace("\u00a0", " ") == subject
    text = _flat(mail.text)
    for word in words:
        assert word in text
    assert "IT → Marketing (" not in text  # nor is it one that may have changed by chance
    assert any(text.count(practice.title[language]) for practice in library() if "disrespect" in practice.fits)


def test_relationship_conflict_is_told_beside_a_verdict_and_once_as_news(
    make_cells: MakeCells, directory: Directory
) -> None:
    both = disrespected(make_cells([0.1] * 10 + [0.9] * 6), RISEN)
    now = trends(both, ERRORS)
    mail = render(now, directory, WEEK, "en")
    assert mail.subject == "friction 2026-W16: Sales → Marketing rising, and disrespect rising"
    facts = _flat(mail.text)
    order = [
        "more hold it responsible",
        "more people voice disrespect",
        "Latest, up to",
        "Most voiced",
        "Mutual or one-way",
    ]
    assert sorted(order, key=facts.index) == order
    assert "rising, and disrespect rising, as a week ago" in _flat(render(now, directory, WEEK, "en", before=now).text)
    before = [replace(now[0], relationship_conflict=None)]
    assert "as a week ago" not in render(now, directory, WEEK, "en", before=before).text
    calm = [replace(now[0], verdict="cannot tell")]  # blame is no longer said to rise, which is no news of disrespect
    assert "disrespect rising, as a week ago" in _flat(render(calm, directory, WEEK, "en", before=now).text)


def test_what_stood_a_week_ago_is_no_news(make_cells: MakeCells, directory: Directory) -> None:
    now = trends(make_cells([0.1] * 8 + [0.9] * 8), ERRORS)
    mail = render(now, directory, WEEK, "en", before=now)
    assert mail.subject == "friction 2026-W16: nothing new; one earlier change still stands"
    assert "rising, as a week ago" in mail.text
    turned = [replace(now[0], verdict="falling")]
    assert "rising" in render(now, directory, WEEK, "en", before=turned).subject


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (None, "Mutual or one-way cannot be told: Marketing → Sales has too few voices"),
        ([0.1] * 8 + [0.9] * 8, "Mutual: Marketing → Sales is rising too"),
        ([0.9] * 8 + [0.1] * 8, "One-way: Marketing → Sales is falling"),
        ([0.3] * 16, "Marketing → Sales is steady|whether that changed is not known"),
    ],
)
def test_reciprocity(back: list[float] | None, said: str, make_cells: MakeCells, directory: Directory) -> None:
    cells = make_cells([0.1] * 8 + [0.9] * 8)
    if back is not None:
        cells += make_cells(back, from_team="marketing", about_team="sales")
    assert re.search(said, _flat(render(trends(cells, ERRORS), directory, WEEK, "en").text))


def test_interventions_are_told_with_their_effect(make_cells: MakeCells, directory: Directory) -> None:
    done = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse("2026-W09"), "weekly meeting, with agenda")
    cells = make_cells([0.8] * 8 + [0.2] * 8)
    for speaks in ("support", "it", "events"):
        cells += make_cells([0.3] * 16, from_team=speaks)
    text = _flat(render(trends(cells, ERRORS, [done]), directory, WEEK, "en").text)
    said = re.search(r"weekly meeting, with agenda \(since 2026-W09\): blame fell: −(\d\d) points \(−(\d\d) to −", text)
    assert said is not None, text
    assert 40 < int(said[1]) < int(said[2])


def test_a_bound_team_reads_of_its_pairs_alone(make_cells: MakeCells, directory: Directory) -> None:
    cells = [
        *make_cells([0.1] * 8 + [0.9] * 8),
        *make_cells([0.8] * 8 + [0.2] * 8, from_team="it", about_team="support"),
    ]
    found = trends(cells, ERRORS)
    mail = render(found, directory, WEEK, "en", team=TeamId("it"))
    assert "IT → Support" in mail.subject
    assert "Marketing" not in mail.text
    assert "Pairs of IT only; judged together with all others." in mail.text
    assert f"{2 * (len(directory.teams) - 1) - 1} pairs have too few voices" in mail.text
    assert render(found, directory, WEEK, "en", team=TeamId("legal")).subject == "friction 2026-W16: no change"


def test_only_pairs_of_the_directory_are_counted(make_cells: MakeCells, directory: Directory) -> None:
    """Teams leave the directory; what was released of them stays."""
    left = Directory({id: directory.teams[id] for id in (TeamId("sales"), TeamId("marketing"), TeamId("it"))})
    flat = [c for speaks in ("sales", "support", "events", "hr") for c in make_cells([0.3] * 16, from_team=speaks)]
    quiet = _flat(render(trends(flat, ERRORS), left, WEEK, "en").text)
    assert "Pairs with a number: 1 of 6" in quiet
    bound = _flat(render(trends(flat, ERRORS), left, WEEK, "en", team=TeamId("marketing")).text)
    assert "Pairs with a number: 1 of 4" in bound
    risen = [*flat, *make_cells([0.1] * 8 + [0.9] * 8, from_team="legal")]
    news = _flat(render(trends(risen, ERRORS), left, WEEK, "en").text)
    assert "legal → Marketing: rising" in news
    assert "5 pairs have too few voices" in news


def test_what_a_pair_lacks_to_be_compared_is_said(make_cells: MakeCells, directory: Directory) -> None:
    cells = [
        *make_cells([0.1] * 8 + [0.9] * 8),
        *make_cells([0.3] * 10, from_team="it"),
        *[c for c in make_cells([0.3] * 16, from_team="support") if c.last_week > WEEK + -6],
    ]
    text = _flat(render(trends(cells, ERRORS), directory, WEEK, "en").text)
    assert "One pair has nothing earlier to compare with yet: Support → Marketing." in text
    assert "One pair has had too few voices in the last 6 weeks: IT → Marketing." in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Steady: IT → Marketing. The 90% interval of the change stays within 5 points of 0 there."),
        ("fr", "Stable : IT → Marketing. L'intervalle à 90 % du changement y reste à 5 points de 0 au plus."),
    ],
)
def test_steady_says_no_more_than_was_tested(
    language: Language, said: str, make_cells: MakeCells, directory: Directory
) -> None:
    """The interval of 95 % that is shown elsewhere may be wider than what is called steady."""
    cells = [*make_cells([0.1] * 8 + [0.9] * 8), *make_cells([0.1] * 16, from_team="it", people=120)]
    found = trends(cells, ERRORS)
    (steady,) = [t for t in found if t.verdict == "steady"]
    assert steady.high is not None
    assert steady.high > 0.05
    assert said in _flat(render(found, directory, WEEK, language).text)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_first_numbers_are_told_by_their_lower_end_and_in_few_lines(language: Language, make_cells: MakeCells) -> None:
    names = {f"t{i}": f"{i} {'The people of the north and the south '[i:]}"[:40] for i in range(9)}
    teams = Directory({TeamId(id): Team(TeamId(id), name, 10) for id, name in names.items()})
    pairs = list(teams.pairs)
    shares = [0.1, 0.9, 0.3, 0.7, 0.5, 0.2]
    cells = [replace(make_cells([s])[0], from_team=f, about_team=a) for s, (f, a) in zip(shares, pairs, strict=False)]
    done = [Intervention(*pairs[0], cells[0].last_week, "a weekly meeting of both, with an agenda and minutes")]
    mail = render(trends(cells, ERRORS, done), teams, cells[0].last_week, language, link=LINK)
    said = _flat(mail.text)
    told = [f"{names[f]} → {names[a]}" for f, a in (pairs[1], pairs[3], pairs[4])]
    assert [said.find(_flat(pair)) for pair in told] == sorted(said.find(_flat(pair)) for pair in told)
    assert all(_flat(pair) in said for pair in told)
    assert {"en": "and 3 more", "fr": "et 3 de plus"}[language] in said
    assert len(mail.text.splitlines()) < 15, mail.text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_week_without_news_says_so_and_is_short(
    language: Language, make_cells: MakeCells, directory: Directory
) -> None:
    mail = render(trends(make_cells([0.3] * 16), ERRORS), directory, WEEK, language, link=LINK)
    assert (
        mail.subject.replace("\u00a0", " ")
        == {
            "en": "friction 2026-W16: no change",
            "fr": "friction 2026-W16 : rien de nouveau",
        }[language]
    )
    assert len(mail.text.splitlines()) < 15
    assert not mail.images


def test_the_pattern_is_of_the_weeks_that_the_verdict_is_about(make_cells: MakeCells) -> None:
    cells = [
        replace(c, patterns=dict.fromkeys(PATTERNS, 0) | ({"disrespect": 30} if i < 10 else {"unresponsive": 6}))
        for i, c in enumerate(make_cells([0.4] * 16))
    ]
    (trend,) = trends(cells, ERRORS)
    assert leading_pattern(trend, WEEK) == "unresponsive"
    silent = [replace(c, patterns={}) for c in cells]
    assert leading_pattern(trends(silent, ERRORS)[0], WEEK) is None


def test_a_picture_is_told_since_the_model_that_counts(make_cells: MakeCells, directory: Directory) -> None:
    before, after = make_cells([0.6] * 4, model="a"), make_cells([0.1] * 9 + [0.9] * 7, model="b")[4:]
    mail = render(trends([*before, *after], ERRORS), directory, WEEK, "en")
    (told,) = re.findall(r'alt="(Chart: [^"]*)"', _unescaped(mail.html))
    assert re.search(r"from \d+% in 2026-W05 to \d+% in 2026-W16", told), told


def test_names_are_escaped_in_html_only(make_cells: MakeCells, directory: Directory) -> None:
    teams = dict(directory.teams)
    teams[TeamId("sales")] = replace(teams[TeamId("sales")], name='R&D <b> "x"')
    mail = render(trends(make_cells([0.1] * 8 + [0.9] * 8), ERRORS), Directory(teams), WEEK, "en")
    assert "R&amp;D &lt;b&gt;" in mail.html
    assert "<b>" not in mail.html
    assert 'R&D <b> "x"' in mail.text


NAMES = (
    st.text(min_size=1, max_size=60) | st.just("<script>alert(1)</script>") | st.just("A\r\nBcc: x@example.org\r\n\r\n")
)
SHARES = st.floats(0, 1)


@st.composite
def _trends(draw: st.DrawFn) -> tuple[list[Trend], Directory]:
    teams = {TeamId(f"t{i}"): Team(TeamId(f"t{i}"), draw(NAMES), 10) for i in range(draw(st.integers(2, 5)))}
    pairs = [(a, b) for a in teams for b in teams if a != b]
    found = [_trend(draw, pair) for pair in draw(st.lists(st.sampled_from(pairs), unique=True))]
    return found, Directory(teams)


def _trend(draw: st.DrawFn, pair: tuple[TeamId, TeamId]) -> Trend:
    people = draw(st.integers(2, 40)) * 3
    patterns = draw(st.dictionaries(st.sampled_from(PATTERNS), st.integers(0, people), max_size=3))
    cell = Cell(*pair, WEEK + -1, WEEK, people, {"en": people}, 0, 0, patterns, "m", "rounding-3")
    low, value, high = sorted(draw(st.tuples(SHARES, SHARES, SHARES)))
    point = Point(cell, Rate(value, low, high), Rate(0.0, 0.0, 0.1), {})
    verdict = draw(st.sampled_from(["rising", "falling", "steady", "cannot tell"]))
    size = draw(st.floats(0.01, 1))
    change = {"rising": size, "falling": -size, "steady": 0.0}.get(verdict, draw(st.none() | st.floats(-1, 1)))
    described = draw(NAMES)
    finding = draw(st.sampled_from(["fell", "rose", "no effect seen", "moved before", "cannot tell"]))
    step = None if finding == "cannot tell" else Step(*draw(st.tuples(*[st.floats(-1, 1)] * 4)))
    return Trend(
        *pair,
        (point,),
        verdict=verdict,
        change=change,
        low=None if change is None else max(change - 0.1, -1),
        high=None if change is None else min(change + 0.1, 1),
        smallest_visible_change=None if change is None else draw(st.none() | st.floats(0, 1)),
        breaks=draw(st.just(()) | st.just((Break(WEEK, "m", "rounding-3"),))),
        effects=tuple(
            Effect(Intervention(*pair, WEEK + -i, described), finding, step, None, 5)
            for i in range(draw(st.integers(0, 3)))
        ),
        relationship_conflict=draw(st.none() | st.builds(Rise, st.floats(0.05, 1), st.floats(0, 1), st.floats(0, 1))),
    )


@settings(max_examples=150, deadline=None)
@given(found=_trends(), language=st.sampled_from(["en", "fr"]))
def test_whatever_the_trends_words_and_data_agree(found: tuple[list[Trend], Directory], language: Language) -> None:
    told, directory = found
    mail = render(told, directory, WEEK, language, link=LINK, pictures=False)
    moved = [t for t in told if t.is_news]
    first = [t for t in moved if t.relationship_conflict] or moved
    words = {
        "en": ("rising", "falling", "no change", "first numbers"),
        "fr": ("en hausse", "en baisse", "rien de nouveau", "premiers chiffres"),
    }[language]
    headings = re.findall(r"^\d\. (.+(?:\n   .+)*?)\n   (?:Of those|Parmi)", mail.text, re.M)
    assert len(headings) == min(len(moved), MOST_CHANGES)
    if moved:
        largest = max(abs(t.change or 0) for t in first)
        assert any(abs(t.change or 0) == largest and words[t.verdict == "falling"] in mail.subject for t in first)
    else:
        has_earlier = [t.verdict == "steady" or t.change is not None or bool(t.breaks) for t in told]
        assert mail.subject.endswith(words[2] if any(has_earlier) or not told else words[3])
        assert len(mail.text.splitlines()) < 15, mail.text
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    assert "<script" not in mail.html
    for line in mail.text.splitlines():
        assert len(line) <= COLUMNS or LINK in line
        assert line == line.rstrip()


def _flat(text: str) -> str:
    return re.sub(r"[\s\u00a0]+", " ", text)


def _unescaped(html: str) -> str:
    return html.replace("&#39;", "'")
