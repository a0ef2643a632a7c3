"""``friction ingest --dry-run``: what would become of a file, and not a byte written."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from friction.batch_report import Report, to_json, to_table
from friction.ingest import ingest, rehearse
from friction.pipeline import Looker, Pipeline
from friction.records import Week
from friction.release import release
from friction.settings import Settings, SourceSection
from friction.store.releases import ReleaseStore
from friction.store.scores import Preview, ScoreStore, Vote
from tests.conftest import CONFIG, ENGINES, Ask

FRICTION = Path(sys.executable).parent / "friction"
HEADER = "id,text,from_team,respondent,week\n"
ROWS = [
    "1,Marketing and the helpdesk never answer us,sales,p1,2026-W10",
    "2,Marketing is late again,sales,p2,2026-W10",
    "2,Marketing is late again,sales,p2,2026-W10",
    "3,The legal team is late again,sales,p3,2026-W10",
    "4,n/a,sales,p4,2026-W10",
    "5,Das Marketing antwortet uns leider nie,sales,p5,2026-W10",
    "6,Write to bob@example.test about marketing,sales,p6,2026-W10",
    "7,Marketing is late,,p7,2026-W10",
    "8,It is a fine week for everybody here,sales,p8,2026-W10",
]


def _file(home: Path, rows: list[str], name: str = "a.csv") -> str:
    path = home / name
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def _tree(home: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() if p.is_file() else b"" for p in home.rglob("*")}


def _rehearse(path: str, settings: Settings, pipeline: Looker, address: str | None) -> Report:
    with closing(Preview(address, enough=settings.policy.min_respondents)) as preview:
        return rehearse(path, settings=settings, pipeline=pipeline, preview=preview)


@ENGINES
@pytest.mark.parametrize("before", ["nothing", "the same file", "half of it", "all rows of it", "a closed window"])
def test_a_dry_run_says_what_the_run_says(
    before: str,
    settings: Settings,
    pipeline: Pipeline,
    scores: ScoreStore,
    releases: ReleaseStore,
    make_vote: Callable[..., Vote],
) -> None:
    """Everything but the id of a batch and where rejects are listed, which only a run has."""
    earlier = {"nothing": None, "half of it": ROWS[:2], "all rows of it": [*ROWS, ""]}.get(before, ROWS)
    if earlier:
        ingest(_file(settings.home, earlier, "earlier.csv"), settings=settings, pipeline=pipeline, store=scores)
    if before == "a closed window":
        scores.add_batch(b"others", [make_vote(f"q{n}") for n in range(9)])
        through = Week.parse("2026-W10")
        release(scores, releases, directory=settings.directory, policy=settings.policy, through=through)
    path = _file(settings.home, ROWS)
    rehearsed = _rehearse(path, settings, pipeline, settings.scores_address)
    report = ingest(path, settings=settings, pipeline=pipeline, store=scores)
    assert rehearsed.is_dry
    assert rehearsed.unattributed["no target"] == 1
    rehearsed.is_dry, report.batch, report.rejects_file = False, "", None
    assert rehearsed == report
    assert (report.repeats, report.added) == (1, {"nothing": 4, "half of it": 1}.get(before, 0))


def test_a_file_that_is_in_whole_is_said_to_be_so(settings: Settings, pipeline: Pipeline, scores: ScoreStore) -> None:
    path = _file(settings.home, ROWS[:2])
    ingest(path, settings=settings, pipeline=pipeline, store=scores)
    report = _rehearse(path, settings, pipeline, settings.scores_address)
    assert (report.repeated, report.added, report.comments, to_json(report)["in_already"]) == (True, 0, 2, True)


def test_a_file_that_is_in_whole_counts_no_more_once_its_columns_are_said(
    settings: Settings, pipeline: Pipeline, scores: ScoreStore
) -> None:
    path = _file(settings.home, ["marketing,It is a slow week for everybody here,sales,p8,2026-W10"])
    assert ingest(path, settings=settings, pipeline=pipeline, store=scores).unattributed["no target"] == 1
    settings.sources["told"] = SourceSection(about_team="id")
    with closing(Preview(settings.scores_address, enough=5)) as preview:
        report = rehearse(path, settings=settings, pipeline=pipeline, preview=preview, source="told")
    assert (report.repeated, report.votes, report.added, report.waiting) == (True, 1, 0, ())
    assert "withdraw it first" in to_table(report)
    assert ingest(path, settings=settings, pipeline=pipeline, store=scores, source="told").added == 0


def test_without_a_store_and_without_a_model(settings: Settings) -> None:
    """Every team that is named or asked about is a target then; nothing else differs."""
    report = _rehearse(_file(settings.home, ROWS), settings, Looker(settings.directory), None)
    assert (report.rows, report.comments, report.blank, report.rejects.count) == (9, 7, 1, 1)
    assert dict(report.masked) == {"email": 1}
    assert dict(report.targets) == {"marketing": 5, "support": 1, "legal": 1}
    assert (report.votes, report.added, report.repeats) == (4, 4, 1)
    assert report.waiting == (("sales", "marketing"), ("sales", "support"))


@ENGINES
def test_a_dry_run_knows_who_comes_again_beside_new_rows(
    settings: Settings, pipeline: Pipeline, scores: ScoreStore
) -> None:
    settings.sources["pulse"] = SourceSection(one_row_per_person=True)
    rows = [f"{n},Marketing never answers us ({n}),sales,,2026-W10" for n in range(5)]
    ingest(_file(settings.home, rows[:3], "b.csv"), settings=settings, pipeline=pipeline, store=scores, source="pulse")
    path = _file(settings.home, rows)
    with closing(Preview(settings.scores_address, enough=5)) as preview:
        rehearsed = rehearse(path, settings=settings, pipeline=pipeline, preview=preview, source="pulse")
    report = ingest(path, settings=settings, pipeline=pipeline, store=scores, source="pulse")
    assert (rehearsed.added, rehearsed.waiting) == (report.added, report.waiting) == (2, ())


@pytest.mark.parametrize("between", [0, 10_000])
def test_one_person_who_says_what_others_said_counts_once_however_far_apart(
    settings: Settings, scores: ScoreStore, make_vote: Callable[..., Vote], between: int
) -> None:
    said = [make_vote(f"p{n}", comment=f"late again {n}", is_ambiguous=True) for n in range(2)]
    scores.add_batch(b"earlier", said)
    others = [make_vote(f"q{n}", comment=f"other words {n}") for n in range(between)]
    votes = [replace(said[0], respondent="p9"), *others, replace(said[1], respondent="p9")]
    with closing(Preview(settings.scores_address, enough=5)) as preview:
        for vote in votes:
            preview.take([vote])
        assert preview.counts() == (between + 2, between + 1)
    assert scores.add_batch(b"later", votes) == between + 1


@ENGINES
def test_a_database_without_tables_is_no_store_yet(settings: Settings, engine: str, ask: Ask) -> None:
    if engine == "sqlite":
        settings.data.mkdir()
        Path(settings.scores_address.removeprefix("sqlite:///")).touch()
    path = _file(settings.home, ROWS)
    assert _rehearse(path, settings, Looker(settings.directory), settings.scores_address).added == 4
    with pytest.raises(DatabaseError):
        ask("select * from scores_version")


@pytest.mark.parametrize("people", [4, 5])
def test_pairs_that_would_stay_under_the_threshold(
    people: int, settings: Settings, scores: ScoreStore, make_vote: Callable[..., Vote]
) -> None:
    """The people of the file and those of the store, each once."""
    scores.add_batch(b"f", [make_vote(f"p{n}") for n in range(3)])
    rows = [f"{n},Marketing is late again,sales,p{n},2026-W10" for n in range(people)]
    report = _rehearse(_file(settings.home, rows), settings, Looker(settings.directory), settings.scores_address)
    assert report.waiting == ((("sales", "marketing"),) if people < 5 else ())


@pytest.mark.parametrize("store", [False, True], ids=["no store yet", "a store"])
@pytest.mark.parametrize("options", [[], ["--no-scores"], ["--strict"], ["--format", "json"], ["--inbox"]])
def test_nothing_is_written(tmp_path: Path, options: list[str], store: bool) -> None:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "inbox").mkdir(mode=0o700)
    _file(tmp_path / "inbox", ROWS)
    path = _file(tmp_path, ROWS)

    def run(*arguments: str) -> str:
        command = [FRICTION, "ingest", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == (2 if "--strict" in arguments else 0), done.stderr
        return done.stdout + done.stderr

    if store:
        run(_file(tmp_path, ROWS[:2], "earlier.csv"))
    before = _tree(tmp_path)
    said = run("--dry-run", *options, *([] if "--inbox" in options else [path]))
    assert _tree(tmp_path) == before
    if "json" in options:
        assert json.loads(said)["dry_run"]
    elif "--strict" in options:
        assert "1 row rejected, the first is row 7" in said
    else:
        assert f"{'1 vote' if store else '4 votes'} would count" in said


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    for arguments, said in (
        (["a.csv", "--no-scores"], "--no-scores goes with --dry-run"),
        (["a.csv", "--batches"], "stand alone"),
        (["--inbox", "--withdraw", "ab12"], "stand alone"),
        (["--batches", "--withdraw", "ab12"], "stand alone"),
        (["--withdraw", "ab12", "--strict"], "stand alone"),
        (["a.csv", "--dry-run", "--engine", "dask"], "do not go with --dry-run"),
    ):
        done = subprocess.run(
            [FRICTION, "ingest", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 2
        assert said in done.stderr
