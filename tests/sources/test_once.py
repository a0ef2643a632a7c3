"""The same people in a file that comes again otherwise: in another order, format or source. Nobody becomes another."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.records import Week
from friction.release import release
from friction.settings import Settings, SourceSection
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore
from tests.conftest import ENGINES, query
from tests.sources.exports import comma_separated, workbook

pytestmark = ENGINES
MARCH = Week.parse("2026-W10")
SAID = [f"Sales never answers our request number {number}." for number in range(4)]
Bring = Callable[..., int]


@pytest.fixture
def bring(settings: Settings, pipeline: Pipeline, scores: ScoreStore, tmp_path: Path) -> Bring:
    rows = {"text": ["annoys", "good"], "one_row_per_person": True}
    settings.sources |= {
        "this": SourceSection.model_validate(rows),
        "pulse": SourceSection(),
        "rows": SourceSection(one_row_per_person=True),
        "survey": SourceSection(),
    }

    def votes_added(name: str, content: bytes, source: str | None = "this") -> int:
        path = tmp_path / name
        path.write_bytes(content)
        found = ingest(str(path), settings=settings, pipeline=pipeline, store=scores, source=source, week=MARCH)
        return found.added

    return votes_added


def _unnamed(said: list[str]) -> bytes:
    return comma_separated(
        [["annoys", "good", "from_team"], *([text, "Coffee is good", "marketing"] for text in said)]
    ).encode()


def _people(settings: Settings) -> int:
    ((people,),) = query(settings.scores_address, "select count(distinct respondent) from scores")
    return int(people)


def test_a_row_that_nobody_is_named_in_may_move(bring: Bring, settings: Settings) -> None:
    """An export that grew, the newest first: one person would be another in each."""
    assert bring("a.csv", _unnamed(SAID[:1])) == 1
    for number in range(2, 5):
        assert bring(f"{number}.csv", _unnamed(SAID[:number][::-1])) == 1
    assert _people(settings) == 4


def test_json_lines_may_move_as_well(bring: Bring, settings: Settings) -> None:
    lines = [f'{{"annoys": "{text}", "good": "", "from_team": "marketing"}}' for text in SAID]
    assert bring("a.jsonl", "\n".join(lines[:2]).encode()) == 2
    assert bring("b.jsonl", "\n".join(lines[::-1]).encode()) == 2
    assert _people(settings) == 4


def test_the_same_words_of_nobody_who_is_named_count_once_in_a_week(bring: Bring, settings: Settings) -> None:
    assert bring("a.csv", _unnamed(SAID[:1] * 3)) == 3
    assert bring("b.csv", _unnamed(SAID[:1] * 2)) == 0
    assert _people(settings) == 3


def _google(said: list[str], stamp: str = "2026/03/02 9:1{}:05 AM GMT+1") -> bytes:
    rows = [[stamp.format(number), "Marketing", text] for number, text in enumerate(said)]
    return comma_separated([["Timestamp", "Your team", "What annoys you?"], *rows]).encode()


@pytest.mark.parametrize("is_released", [False, True])
def test_a_file_may_come_under_another_source(
    bring: Bring, settings: Settings, scores: ScoreStore, releases: ReleaseStore, is_released: bool
) -> None:
    assert bring("a.csv", _google(SAID[:3]), "pulse") == 3
    if is_released:
        release(scores, releases, directory=settings.directory, policy=settings.policy, through=MARCH)
    assert bring("b.csv", _google(SAID), "survey") == 1
    assert bring("c.csv", _google(SAID), None) == 0
    if not is_released:
        assert _people(settings) == 4


@pytest.mark.parametrize("stamp", ["02/03/2026 09:1{}:05", "2026-03-02T09:1{}:05+01:00", "2026-03-02 09:1{}"])
def test_a_tool_may_spell_moments_otherwise(bring: Bring, settings: Settings, stamp: str) -> None:
    settings.sources["this"] = settings.sources["this"].model_copy(update={"text": "What annoys you?", "dates": "dmy"})
    assert bring("a.csv", _google(SAID[:3])) == 3
    assert bring("b.csv", _google(SAID, stamp)) == 1
    assert _people(settings) == 4


def test_a_form_may_come_as_a_workbook_and_as_text(bring: Bring, settings: Settings) -> None:
    header = ["ID", "Start time", "Completion time", "Email", "Name", "Department", "What slows you down?"]
    times = [datetime(2026, 3, 16, 9, number) for number in range(4)]
    table = [[n + 1, at, at, "anonymous", "", "Marketing", SAID[n]] for n, at in enumerate(times)]
    assert bring("a.xlsx", workbook(header, *table[:3]), None) == 3
    text = [[str(n + 1), *[f"3/16/26 9:0{n}:00"] * 2, *map(str, row[3:])] for n, row in enumerate(table)]
    assert bring("b.csv", comma_separated([header, *text]).encode(), None) == 1
    assert _people(settings) == 4


NAMED = "text,from_team,about_team,respondent,week\n"


@pytest.mark.parametrize("unseen", ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u200e"])
def test_nobody_is_somebody_else_by_what_is_not_seen(bring: Bring, settings: Settings, unseen: str) -> None:
    rows = [f"late {n},marketing,sales,ali{unseen * n}ce@x.example,2026-W10" for n in range(3)]
    assert bring("a.csv", (NAMED + "\n".join(rows)).encode(), None) == 3
    assert _people(settings) == 1


def test_a_pseudonym_may_be_written_as_a_number_with_a_fraction(bring: Bring, settings: Settings) -> None:
    assert bring("a.csv", (NAMED + "late,marketing,sales,100,2026-W10\n").encode(), None) == 1
    assert bring("b.csv", (NAMED + "too late,marketing,sales,100.0,2026-W10\n").encode(), None) == 1
    assert _people(settings) == 1


TOLD = [
    "Sales never answers our tickets, we can't work.",
    "Sales broke its promise again and told nobody.",
    "Sales promised the list for Tuesday and didn't deliver it.",
]
LATER = ["Sales never sent what we asked for.", "Sales let us wait and said nothing.", "Sales forgot us once more."]


def _table(told: list[str] = TOLD, team: str = "Marketing", about: str = "", who: str = "", id: str = "r") -> bytes:
    rows = [[f"{id}{n}", "2026-W10", team, about, who and f"{who}{n}", text] for n, text in enumerate(told)]
    return comma_separated([["id", "week", "from_team", "about_team", "respondent", "text"], *rows]).encode()


def _json(told: list[str] = TOLD, good: str = "") -> bytes:
    week = '"week": "2026-W10", "from_team": "marketing"'
    rows = [f'{{"id": "r{n}", {week}, "annoys": "{text}", "good": "{good}"}}' for n, text in enumerate(told)]
    return "\n".join(rows).encode()


def _two(told: list[str] = TOLD, good: str = "") -> bytes:
    rows = [[f"r{n}", "2026-W10", "marketing", text, good] for n, text in enumerate(told)]
    return comma_separated([["id", "week", "from_team", "annoys", "good"], *rows]).encode()


def _amp(told: list[str] = TOLD, team: str = "Marketing") -> bytes:
    rows = [["What slows you down?", text, team, f"2026-03-0{2 + n}"] for n, text in enumerate(told)]
    return comma_separated([["Question", "Comment", "Department", "Submitted at"], *rows]).encode()


CORRECTED = [text.replace("Sales ", "I say that Sales ") for text in TOLD]
AGAIN = {
    "a team in other letters": (_table(), _table(team="MARKETING ")),
    "a renamed team": (_table(team="Support"), _table(team="Helpdesk")),
    "a team that is asked about now": (_table(), _table(about="sales")),
    "another apostrophe": (_table(), _table([text.replace("'", "’") for text in TOLD])),
    "an entity": (_table(), _table([text.replace("'", "&#39;") for text in TOLD])),
    "no full stop": (_table(), _table([text[:-1] for text in TOLD])),
    "corrected texts": (_table(), _table(CORRECTED)),
    "other ids": (_table(), _table(id="s")),
    "new pseudonyms": (_table(who="p"), _table(who="q")),
    "two pulses in a week": (_table(id="a"), _table(LATER, id="b")),
    "corrected JSON": (_json(), _json(CORRECTED)),
    "JSON filled in": (_json(), _json(good="Sales was late as well")),
    "two columns, corrected": (_two(), _two(CORRECTED)),
    "two columns, filled in": (_two(), _two(good="Sales was late as well")),
    "Culture Amp, a renamed team": (_amp(team="Support"), _amp(team="Helpdesk")),
    "Culture Amp, corrected": (_amp(), _amp(CORRECTED)),
    "Google Forms, corrected": (_google(TOLD), _google(CORRECTED)),
    "Google Forms, twice a week": (_google(TOLD), _google(LATER, "2026/03/05 9:1{}:05 AM GMT+1")),
}


@pytest.mark.parametrize(("before", "after"), AGAIN.values(), ids=AGAIN)
def test_three_people_are_three_however_their_file_comes_again(
    bring: Bring, scores: ScoreStore, releases: ReleaseStore, settings: Settings, before: bytes, after: bytes
) -> None:
    for number, content in enumerate((before, after)):
        name = f"{number}.{'jsonl' if content.startswith(b'{') else 'csv'}"
        bring(name, content, "this" if b"good" in before else "rows")
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=MARCH)
    assert releases.cells() == []


def test_a_file_that_is_read_by_other_settings_makes_nobody_two(
    bring: Bring, scores: ScoreStore, releases: ReleaseStore, settings: Settings
) -> None:
    """A row of it is rejected, so that it may come again; then its other question is asked for."""
    settings.sources |= {name: SourceSection(text=[name], one_row_per_person=True) for name in ("annoys", "good")}
    told = [["annoys", "good", "from_team"], *([one, two, "marketing"] for one, two in zip(TOLD, LATER, strict=True))]
    content = comma_separated([*told, ["Sales again", "Sales again", "marketting"]]).encode()
    assert bring("a.csv", content, "annoys") == 3
    assert bring("a.csv", content, "good") == 3
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=MARCH)
    assert releases.cells() == []


@pytest.mark.parametrize("header", ["Employee number", "Matricule"])
def test_a_key_that_a_form_asked_for_is_one_person(
    bring: Bring, scores: ScoreStore, releases: ReleaseStore, settings: Settings, header: str
) -> None:
    """Google Forms knows no such column, and tells responses apart."""
    rows = [[f"2026/03/02 9:1{n}:05 AM GMT+1", "Marketing", text, "E77"] for n, text in enumerate(TOLD + LATER)]
    content = comma_separated([["Timestamp", "Your team", "What annoys you?", header], *rows]).encode()
    assert bring("form.csv", content, "survey") == len(rows)
    assert _people(settings) == 1
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=MARCH)
    assert releases.cells() == []


def test_keys_of_two_names_in_json_lines_are_no_two_people(
    bring: Bring, scores: ScoreStore, releases: ReleaseStore, settings: Settings
) -> None:
    settings.sources["bot"] = SourceSection()
    for name, told in (("login", TOLD), ("user", LATER)):
        settings.sources["bot"] = SourceSection(respondent=name)
        lines = ({"text": text, "from_team": "marketing", name: f"{name}{n}"} for n, text in enumerate(told[:3]))
        assert bring(f"{name}.jsonl", "\n".join(map(json.dumps, lines)).encode(), "bot") == 3
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=MARCH)
    assert releases.cells() == []


@pytest.mark.parametrize("rows", [_table, _amp, _google])
def test_whom_a_file_brings_again_stand_beside_its_new_rows(
    bring: Bring, scores: ScoreStore, releases: ReleaseStore, settings: Settings, rows: Callable[[list[str]], bytes]
) -> None:
    """An export that grows while its survey is open: three rows on Tuesday, five on Friday."""
    assert bring("a.csv", rows(TOLD), "rows") == 3
    assert bring("b.csv", rows(TOLD + LATER[:2]), "rows") == 2
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=MARCH)
    assert len(releases.cells()) == 1
