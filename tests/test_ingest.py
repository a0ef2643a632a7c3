from collections.abc import Callable
from pathlib import Path

import pytest

from friction.batch_report import Report
from friction.errors import UsageError
from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.records import Week
from friction.release import release
from friction.settings import Settings, SourceSection, load
from friction.sources.rows import alike
from friction.store.releases import ReleaseStore
from friction.store.scores import METADATA, ScoreStore
from tests.conftest import CONFIG, ENGINES, query

pytestmark = ENGINES
HEADER = "text,from_team,about_team,respondent,week\n"
Ingest = Callable[..., Report]


@pytest.fixture
def run(settings: Settings, pipeline: Pipeline, scores: ScoreStore, tmp_path: Path) -> Ingest:
    def ingest_text(content: str, name: str = "week.csv", **options: object) -> Report:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return ingest(str(path), settings=settings, pipeline=pipeline, store=scores, **options)  # type: ignore[arg-type]

    return ingest_text


def rows(
    settings: Settings, statement: str = "select from_team, about_team, week from scores order by 1, 2, 3"
) -> list[tuple]:  # type: ignore[type-arg]
    return query(settings.scores_address, statement)


def test_a_comment_about_two_teams_is_two_votes(run: Ingest, settings: Settings) -> None:
    report = run(HEADER + "Marketing and the helpdesk never answer us,sales,,p1,2026-W10\n")
    assert (report.rows, report.comments, report.added, report.unattributed.total()) == (1, 1, 2, 0)
    week = Week.parse("2026-W10").index
    assert rows(settings) == [("sales", "marketing", week), ("sales", "support", week)]


def test_same_file_twice_or_renamed_counts_once(run: Ingest, settings: Settings) -> None:
    content = HEADER + "Marketing never answers us,sales,,p1,2026-W10\n"
    assert run(content).added == 1
    assert run(content).repeated
    assert run(content, "other.csv").repeated
    assert len(rows(settings)) == 1


def test_a_file_that_grew_adds_only_its_new_rows(run: Ingest, settings: Settings) -> None:
    first = HEADER + "Marketing never answers us,sales,,p1,2026-W10\n"
    run(first)
    assert run(first + "Marketing is late again,sales,,p2,2026-W10\n").added == 1
    assert len(rows(settings)) == 2


def test_rows_without_a_respondent_need_a_promise(run: Ingest, tmp_path: Path) -> None:
    content = HEADER + "Marketing never answers us,sales,,,2026-W10\n" * 2
    assert [row for row, _ in run(content).rejects.shown()] == [2, 3]
    promise = tmp_path / "promise.toml"
    promise.write_text(CONFIG + "[sources.pulse]\none_row_per_person = true\n", encoding="utf-8")
    settings = load(promise)
    store = ScoreStore(f"sqlite:///{tmp_path / 'other.sqlite'}")
    from friction.classifier import Classifier
    from friction.model_folder import RELEASED

    pipe = Pipeline(settings.directory, Classifier.load(RELEASED, threads=1))
    report = ingest(str(tmp_path / "week.csv"), settings=settings, pipeline=pipe, store=store, source="pulse")
    assert (report.added, report.rejects.count) == (2, 0)
    store.close()


def test_week_comes_from_the_row_or_the_option(run: Ingest) -> None:
    content = "text,from_team,about_team,respondent\nnever an answer,sales,marketing,p1\n"
    assert "--week" in run(content).rejects.shown()[0][1]
    assert run(content, week=Week.parse("2026-W11")).added == 1


def test_a_row_is_told_of_once_with_all_that_it_misses(run: Ingest, settings: Settings) -> None:
    settings.sources["two"] = SourceSection(text=["good", "bad"])
    report = run("good,bad,from_team\nMarketing helps us,Marketing is late,sales\n", source="two")
    ((row, reason),) = report.rejects.shown()
    assert row == 2
    assert "no week" in reason
    assert "no respondent" in reason
    german = "Das Marketing antwortet uns leider nie"
    report = run(f"good,bad,from_team,respondent,week\n{german},{german} mehr,sales,p1,2026-W10\n", source="two")
    assert [row for row, _ in report.rejects.shown()] == [2]


def test_strict_writes_nothing(run: Ingest, settings: Settings) -> None:
    content = HEADER + "Marketing never answers us,sales,,p1,2026-W10\nlate,nobody,marketing,p2,2026-W10\n"
    with pytest.raises(UsageError, match="row 3: unknown team in from_team"):
        run(content, strict=True)
    assert rows(settings) == []
    assert not (settings.data / "rejects").exists()


def test_rejects_are_listed_without_text(run: Ingest) -> None:
    report = run(HEADER + "Das Marketing antwortet uns leider nie,sales,,p1,2026-W10\nok fine,nowhere,,p1,2026-W10\n")
    assert report.rejects_file is not None
    listed = report.rejects_file.read_text()
    assert listed.splitlines()[0] == "row,reason"
    assert [line.split(",")[0] for line in listed.splitlines()[1:]] == ["2", "3"]
    assert "antwortet" not in listed
    assert "nowhere" not in listed


def test_a_small_team_counts_for_its_parent_or_for_nobody(run: Ingest, settings: Settings) -> None:
    report = run(
        HEADER
        + "late again,sales,events,p1,2026-W10\n"
        + "late again,sales,legal,p2,2026-W10\n"
        + "late again,marketing,events,p3,2026-W10\n"
    )
    assert [about for _, about, _ in rows(settings)] == ["marketing"]
    assert dict(report.unattributed) == {"no team that may be spoken of": 2}


def test_no_name_and_no_text_in_the_store(run: Ingest, settings: Settings) -> None:
    run(HEADER + "Marketing kumquat never answers,sales,,respondent-zebra,2026-W10\n")
    kept = [path.read_bytes() for path in settings.data.rglob("*") if path.is_file()]
    kept += [repr(rows(settings, f"select * from {table}")).encode() for table in METADATA.tables]
    for content in kept:
        assert b"kumquat" not in content
        assert b"zebra" not in content


def test_the_same_words_of_two_people_are_two_votes_and_of_one_are_one(run: Ingest, settings: Settings) -> None:
    words = "they are late again,sales,marketing,{},2026-W10\n"
    assert run(HEADER + words.format("p1")).added == 1
    assert run(HEADER + words.format("p2"), "site-b.csv").added == 1
    assert run(HEADER + words.format("p1") + "\n", "again.csv").added == 0
    assert len(rows(settings)) == 2


def test_nothing_that_outlives_the_window_tells_the_author_of_a_known_text(run: Ingest, settings: Settings) -> None:
    """The key that recognises a comment again is the same whoever wrote it, so it cannot be searched for its author."""
    keys = []
    for name in ("p1", "p2"):
        run(HEADER + f"they are late again,sales,marketing,{name},2026-W10\n", f"{name}.csv")
        keys.append(rows(settings, "select key from seen"))
    assert keys[0] == keys[1]


def test_ids_that_start_again_each_week_are_other_comments(run: Ingest, settings: Settings) -> None:
    header = "id,text,from_team,respondent,week\n"
    row = "{},{},sales,p1,2026-W{}\n"
    assert run(header + row.format(1, "Marketing never answers", 10)).added == 1
    assert run(header + row.format(1, "Marketing is late", 11), "next.csv").added == 1
    report = run(header + row.format(7, "Marketing is rude", 11) * 3, "twice.csv")
    assert (report.added, report.repeats) == (1, 2)
    assert len(rows(settings)) == 3


def test_a_person_is_one_however_the_address_is_written(run: Ingest, settings: Settings) -> None:
    spellings = ("Ann.Lee@x.example", "ann.lee@x.example", "ANN.LEE@X.EXAMPLE", "ａnn.lee@x.example ")
    report = run(
        HEADER + "".join(f"they are late ({i}),sales,marketing,{s},2026-W10\n" for i, s in enumerate(spellings))
    )
    assert report.added == len(spellings)
    assert len(rows(settings, "select distinct respondent from scores")) == 1


SPELLINGS = [
    ("00{0}", "{0}"),
    ("'00{0}", "{0}.0"),
    ("a{0}@x.example", "Ann Lee <A{0}@x.example>"),
    ("mailto:a{0}@x.example", "a{0}@x.example;"),
    ("<a{0}@x.example>", "a{0}@x.example."),
    ("{{ABC-{0}}}", "abc-{0}"),
    ("10{0}", "10 {0}"),
    ("10{0}", "10\u202f{0}"),
    ("10{0}", '"10,{0}"'),
    ("10{0}", "10'{0}.0"),
    ("{0}", '"{0},00"'),
]


@pytest.mark.parametrize(("first", "second"), SPELLINGS)
def test_three_people_are_three_however_their_keys_are_spelled(
    run: Ingest, scores: ScoreStore, releases: ReleaseStore, settings: Settings, first: str, second: str
) -> None:
    said = "They never answer us in week {0},sales,marketing,{1},2026-W{0}\n"
    for number, spelling in ((10, first), (11, second)):
        content = "".join(said.format(number, spelling.format(key)) for key in (101, 102, 103))
        assert run(HEADER + content, f"{number}.csv").added == 3
    assert len(rows(settings, "select distinct respondent from scores")) == 3
    week = Week.parse("2026-W11")
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=week)
    assert releases.cells() == []


def test_who_is_known_otherwise_since_an_upgrade_is_no_second_voice(
    run: Ingest, scores: ScoreStore, releases: ReleaseStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("friction.identity.bare", alike)
        before.setattr("friction.identity._SPELLING", "1")
        run(HEADER + "".join(f"They never answer,sales,marketing,00{i},2026-W10\n" for i in range(101, 104)), "a.csv")
    run(HEADER + "".join(f"They are late,sales,marketing,00{i},2026-W11\n" for i in range(101, 104)), "b.csv")
    week = Week.parse("2026-W11")
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=week)
    assert releases.cells() == []


@pytest.mark.parametrize(("more", "cells"), [(0, 0), (1, 1)])
def test_whom_a_tool_calls_now_by_a_number_now_by_an_address_is_no_second_voice(
    run: Ingest, scores: ScoreStore, releases: ReleaseStore, settings: Settings, more: int, cells: int
) -> None:
    """One of four people has lost their number by the second week: not five voices. Five numbers are."""
    said = "They never answer us in week {0},sales,marketing,{1},2026-W{0}\n"
    week = Week.parse("2026-W11")
    for number, people in ((10, [f"100{i}" for i in range(4 + more)]), (11, ["ann@x.example", "1002"])):
        assert run(HEADER + "".join(said.format(number, p) for p in people), f"{number}.csv").added == len(people)
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=week)
    assert len(releases.cells()) == cells


def test_whom_a_tool_calls_by_the_keys_of_two_columns_is_no_second_voice(
    run: Ingest, scores: ScoreStore, releases: ReleaseStore, settings: Settings
) -> None:
    """Three people of a survey, whose other number was filled in by the second export: not six voices."""
    header = "Employee ID,Unique Identifier,Date,Department,Question,Comment\n"
    for first in ("", "E"):
        said = (f"{first and f'E{i}'},u{i},2026-03-02,Sales,Marketing?,They never answer us ({i})\n" for i in range(3))
        assert run(header + "".join(said), f"week{first}.csv").form == "Culture Amp"
    week = Week.parse("2026-W10")
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=week)
    assert releases.cells() == []


def test_a_file_that_grew_after_its_release_brings_its_new_rows_alone(
    run: Ingest, scores: ScoreStore, releases: ReleaseStore, settings: Settings
) -> None:
    """Whatever week is given for it now, where ids tell its rows."""
    header = "id,text,from_team,about_team,respondent\n"
    content = header + "".join(f"r{i},they never answer,Sales,Marketing,p{i}\n" for i in range(6))
    arguments = {"directory": settings.directory, "policy": settings.policy}
    assert run(content, week=Week.parse("2026-W10")).added == 6
    release(scores, releases, through=Week.parse("2026-W10"), **arguments)  # type: ignore[arg-type]
    grown = content + "r7,they never answer,Sales,Marketing,p7\n"
    assert run(grown, "grown.csv", week=Week.parse("2026-W11")).added == 1


def test_a_team_under_another_id_is_not_counted_anew(
    settings: Settings, pipeline: Pipeline, scores: ScoreStore, releases: ReleaseStore, tmp_path: Path
) -> None:
    renamed = tmp_path / "renamed.toml"
    renamed.write_text(CONFIG.replace("[teams.marketing]", "[teams.growth]").replace('"marketing"', '"growth"'))
    content = HEADER + "".join(f"they never answer,Sales,Marketing,p{i},2026-W10\n" for i in range(6))
    added = []
    for of, rows_more in ((settings, ""), (load(renamed), "they never answer,Sales,Marketing,p9,2026-W11\n")):
        path = tmp_path / "week.csv"
        path.write_text(content + rows_more, encoding="utf-8")
        reader = Pipeline(of.directory, pipeline.classifier)
        added.append(ingest(str(path), settings=of, pipeline=reader, store=scores).added)
        release(scores, releases, directory=of.directory, policy=of.policy, through=Week.parse("2026-W10"))
    assert added == [6, 1]


def test_comments_of_released_weeks_are_said_to_be_late(
    run: Ingest, scores: ScoreStore, releases: ReleaseStore, settings: Settings
) -> None:
    assert run(HEADER + "never an answer,sales,marketing,p1,2026-W10\n").late == 0
    arguments = {"directory": settings.directory, "policy": settings.policy}
    release(scores, releases, through=Week.parse("2026-W10"), **arguments)  # type: ignore[arg-type]
    rows = "they are slow,sales,marketing,p2,2026-W09\nso slow,sales,marketing,p3,2026-W10\n"
    assert run(HEADER + rows + "hm,sales,marketing,p4,2026-W11\n", "late.csv").late == 2


@pytest.mark.parametrize(("week", "said"), [("2199-W01", "in the future"), ("1999-W01", "weeks back")])
def test_a_week_that_cannot_be_is_rejected(run: Ingest, settings: Settings, week: str, said: str) -> None:
    report = run(HEADER + f"never an answer,sales,marketing,p1,{week}\n")
    assert said in report.rejects.shown()[0][1]
    assert rows(settings) == []


def test_a_week_in_the_future_says_what_mends_it(run: Ingest) -> None:
    assert "mend the row" in run(HEADER + "late,sales,marketing,p1,2199-W01\n").rejects.shown()[0][1]
    report = run("text,from_team,respondent\nlate,sales,p1\n", week=Week.parse("2199-W01"))
    assert "give another --week" in report.rejects.shown()[0][1]


def test_a_row_that_would_not_be_recognised_as_a_repeat_is_too_late(
    run: Ingest, scores: ScoreStore, releases: ReleaseStore, settings: Settings
) -> None:
    run(HEADER + "never an answer,sales,marketing,p1,2025-W20\n")
    arguments = {"directory": settings.directory, "policy": settings.policy}
    release(scores, releases, through=Week.parse("2025-W47"), **arguments)  # type: ignore[arg-type]
    report = run(HEADER + "never an answer,sales,marketing,p1,2025-W20\nhm,sales,marketing,p1,2025-W22\n", "late.csv")
    assert "too late" in report.rejects.shown()[0][1]
    assert report.rejects.shown()[0][0] == 2


def test_a_row_of_a_week_released_without_this_private_store_is_too_late(
    run: Ingest, scores: ScoreStore, releases: ReleaseStore, settings: Settings
) -> None:
    releases.append(Week.parse("2026-W10"), "[]")
    rows = HEADER + "never an answer,sales,marketing,p1,2026-W10\nhm,sales,marketing,p1,2026-W11\n"
    assert run(rows).rejects.count == 0
    arguments = {"directory": settings.directory, "policy": settings.policy}
    release(scores, releases, through=Week.parse("2026-W10"), **arguments)  # type: ignore[arg-type]
    report = run(rows + "oh,sales,marketing,p2,2026-W11\n", "again.csv")
    said = "too late to be counted: what counted before 2026-W11 is no longer known; leave the row out"
    assert report.rejects.shown() == [(2, said)]
    assert report.added == 1
