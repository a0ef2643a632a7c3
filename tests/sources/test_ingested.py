"""Every tool's export through the whole way into the private store."""

from collections.abc import Callable
from pathlib import Path

import pytest

from friction.batch_report import Report
from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.records import Week
from friction.settings import Settings, SourceSection, load
from friction.store.scores import ScoreStore
from tests.conftest import CONFIG, Ask
from tests.sources.exports import SAMPLES, Sample

Ingest = Callable[[Sample], Report]
MARCH = Week.parse("2026-W10")


@pytest.fixture
def run(settings: Settings, pipeline: Pipeline, scores: ScoreStore, tmp_path: Path) -> Ingest:
    def ingest_sample(sample: Sample) -> Report:
        path = tmp_path / sample.name
        path.write_bytes(sample.content)
        settings.sources["this"] = SourceSection.model_validate(sample.mapping)
        return ingest(str(path), settings=settings, pipeline=pipeline, store=scores, source="this", week=MARCH)

    return ingest_sample


@pytest.mark.parametrize("name", SAMPLES)
def test_an_export_is_ingested_without_a_word_or_a_name_left(run: Ingest, settings: Settings, name: str) -> None:
    sample = SAMPLES[name]
    report = run(sample)
    assert report.form == sample.form
    assert report.blank == sample.blanks
    assert {row for row, _ in report.rejects.shown()} >= set(sample.rejects)
    assert report.comments + report.rejects.count == len(sample.expected) + len(sample.rejects)
    assert report.comments
    kept = b"".join(path.read_bytes() for path in settings.data.rglob("*") if path.is_file())
    for private in (b"@example.test", b"@exemple.test", b"R_1a", b"help-sales", b"nobody", b"retards", b"again"):
        assert private not in kept


def test_a_file_that_spans_weeks_is_split_by_the_rows_weeks(run: Ingest, ask: Ask) -> None:
    report = run(SAMPLES["google"])
    assert dict(report.weeks) == {"2026-W10": 2, "2026-W11": 1}
    assert {week for (week,) in ask("select distinct week from scores")} <= {MARCH.index, MARCH.index + 1}
    assert report.rows == 3


def test_a_date_that_stands_for_none_leaves_the_week_to_the_batch(run: Ingest) -> None:
    assert dict(run(SAMPLES["limesurvey, anonymised"]).weeks) == {"2026-W10": 2}


def test_settings_say_what_a_source_may_say(tmp_path: Path) -> None:
    path = tmp_path / "friction.toml"
    path.write_text(
        'timezone = "Europe/Paris"\n'
        + CONFIG
        + '[sources.slack]\ntimezone = "America/Montreal"\n[sources.slack.authors]\nU1 = "sales"\n'
        + '[sources.slack.channels."help-it"]\nabout_team = "it"\n'
        + '[sources.pulse]\ntext = { "Q1" = "sales", "Q2" = "it" }\ndates = "dmy"\n',
        encoding="utf-8",
    )
    settings = load(path)
    assert settings.zone(settings.source("slack")).key == "America/Montreal"
    assert settings.zone(settings.source("pulse")).key == "Europe/Paris"
    assert not settings.reads_private_channels
    path.write_text(
        path.read_text(encoding="utf-8") + "[sources.slack.channels.board]\nprivate = true\n", encoding="utf-8"
    )
    assert load(path).reads_private_channels


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('timezone = "Mars/Olympus"', "timezone: 'Mars/Olympus' is no time zone; "),
        ('[sources.a]\ntimezone = "../etc/passwd"', "sources.a.timezone: '../etc/passwd' is no time zone"),
        ('[sources.a.authors]\nU1 = "slaes"', "sources.a.authors.U1 must be the id of a team; did you mean sales?"),
        ('[sources.a]\ntext = { Q1 = "slaes" }', "sources.a.text.Q1 must be the id of a team"),
        ('[sources.a.channels.x]\nfrom_team = "slaes"', "sources.a.channels.x.from_team must be the id of a team"),
        ("[sources.a.channels.x]\nprivat = true", "Known here: from_team, about_team, private."),
        ('[sources.a]\ndates = "ymd"', "sources.a.dates"),
    ],
)
def test_settings_that_are_wrong_say_where(tmp_path: Path, line: str, said: str) -> None:
    from friction.errors import UsageError

    path = tmp_path / "friction.toml"
    parts = (line + "\n", CONFIG) if line.startswith("timezone") else (CONFIG, line + "\n")
    path.write_text("".join(parts), encoding="utf-8")
    with pytest.raises(UsageError) as found:
        load(path)
    assert said in str(found.value)
