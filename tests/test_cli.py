"""The command as people run it: a real process, its words and its exit code."""

import errno
import json
import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from friction import cli, sample
from friction.records import Week
from friction.worker import ENDS
from tests.conftest import CONFIG

FRICTION = Path(sys.executable).parent / "friction"


def run(*arguments: str, cwd: Path, code: int = 0, stdin: str | None = None) -> str:
    done = subprocess.run([FRICTION, *arguments], cwd=cwd, capture_output=True, text=True, input=stdin, timeout=120)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_init_writes_a_configuration_that_loads(tmp_path: Path) -> None:
    run("init", "org", cwd=tmp_path)
    (tmp_path / "org" / "inbox" / "a.csv").write_text(
        "text,from_team,respondent,week\nSupport is great,sales,p,2026-W10\n"
    )
    assert "1 vote counted" in run("ingest", "--inbox", "--config", "org/friction.toml", cwd=tmp_path)
    assert "exists already" in run("init", "org", cwd=tmp_path, code=2)


def test_score_keeps_order_and_ids(home: Path) -> None:
    lines = [
        {"id": "a", "text": "Marketing never answers", "from_team": "sales"},
        {"id": "b", "text": ""},
        {"id": "c", "text": "Nothing to report here today", "about_team": "helpdesk"},
    ]
    out = run("score", "-", cwd=home, stdin="\n".join(map(json.dumps, lines)))
    rows = [json.loads(line) for line in out.splitlines()]
    assert [r["id"] for r in rows] == ["a", "b", "c"]
    assert [t["team"] for t in rows[0]["targets"]] == ["marketing"]
    assert rows[1]["error"] == "the text is empty"
    assert [t["team"] for t in rows[2]["targets"]] == ["support"]
    assert not (home / "friction-data").exists()


def test_score_strict_writes_nothing(home: Path) -> None:
    (home / "b.jsonl").write_text('{"text": "fine by me"}\n{"text": ""}\n')
    said = run("score", "b.jsonl", "--strict", "-o", "out.jsonl", cwd=home, code=2)
    assert "row 2 of b.jsonl: the text is empty" in said
    assert not (home / "out.jsonl").exists()


def test_score_goes_on_past_a_file_that_cannot_be_read(home: Path) -> None:
    (home / "a.csv").write_text("text\nfine by me\n")
    (home / "b.pdf").write_bytes(b"%PDF-1.7")
    said = run("score", "a.csv", "none.csv", "b.pdf", "a.csv", "-o", "out.jsonl", cwd=home, code=2)
    assert "none.csv: no such file" in said
    assert "b.pdf is a PDF" in said
    assert "2 of 4 files could not be read; the others are scored" in said
    assert len((home / "out.jsonl").read_text().splitlines()) == 2
    said = run("score", "none.csv", "b.pdf", "-o", "none.jsonl", cwd=home, code=2)
    assert "none.csv: no such file" in said
    assert "b.pdf is a PDF" in said
    said = run("score", "a.csv", "none.csv", "--strict", "-o", "none.jsonl", cwd=home, code=2)
    assert "1 of 2 files could not be read; nothing was written" in said
    assert not (home / "none.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score", "none.csv"], "none.csv: no such file"),
        (["score", f"{'x' * 300}.csv"], "x.csv names no file: File name too long"),
        (["score", "x.csv/x.csv"], "x.csv/x.csv names no file: Not a directory"),
        (["score", "."], ". is a folder; name the files in it"),
        (["ingest"], "Name at least one file"),
        (["ingest", "x.csv", "--week", "2026-99"], "--week is not an ISO week; write it like 2026-W47"),
        (["release", "--through", "2026-99"], "--through is not an ISO week"),
        (["digest", "--week", "2026-99"], "--week is not an ISO week"),
        (["ingest", "x.csv", "--source", "pulse"], "No [sources.pulse]"),
        (["trends"], "Run friction release first"),
        (["digest"], "Run friction release first"),
        (["release", "--through", "2199-W01"], "is not over yet"),
        (["release", "--through", str(Week.of(datetime.now(UTC).date()))], "is not over yet"),
        (["score", "x.csv", "-o", "no/such/out.jsonl"], "Cannot write no/such/out.jsonl"),
        (["score", "x.csv", "-o", "."], "Cannot write"),
        (["score", "x.csv", "-o", "x" * 300], "File name too long"),
        (["score", "x.csv", "--config", "friction.toml/x"], "Cannot read friction.toml/x"),
        (["score", "x.csv", "--config", "none.toml"], "friction init"),
        (["serve", "--host", "0.0.0.0"], "Say under which name"),
        (["serve", "--tls-cert", "x.csv"], "together"),
        (["serve", "--tls-cert", "x.csv", "--tls-key", "x.csv"], "Cannot use the certificate x.csv"),
        (["nonsense"], "No such command"),
    ],
)
def test_mistakes_are_usage_errors(home: Path, arguments: list[str], message: str) -> None:
    (home / "x.csv").write_text("text\nhello\n")
    said = run(*arguments, cwd=home, code=2)
    assert message in said
    assert "Traceback" not in said


def test_trends_in_three_forms(home: Path) -> None:
    rows = [f"Marketing never answers us at all,sales,p{p},2026-W{w:02d}" for w in range(1, 17) for p in range(6)]
    (home / "a.csv").write_text("text,from_team,respondent,week\n" + "\n".join(rows))
    run("ingest", "a.csv", cwd=home)
    assert "16 cells" in run("release", "--through", "2026-W16", cwd=home)
    assert "16 releases" in run("release", "--verify", cwd=home)
    table = run("trends", cwd=home)
    assert "sales  marketing  2026-W16      5-9" in table
    assert "legal -> sales" in table
    (pair,) = json.loads(run("trends", "--format", "json", cwd=home))["pairs"]
    assert pair["verdict"] in ("rising", "falling", "steady", "cannot tell")
    assert [c["last_week"] for c in pair["cells"]] == [f"2026-W{w:02d}" for w in range(1, 17)]
    assert set(pair["cells"][0]) == {
        "from_team", "about_team", "first_week", "last_week", "respondents", "blame_rate", "low", "high",
        "appreciation_rate", "patterns", "model", "mechanism",
    }  # fmt: skip
    assert len(run("trends", "--format", "csv", cwd=home).splitlines()) == 17
    assert "too few voices (1 pair):\n  it -> sales" in run("trends", "it", "sales", cwd=home)
    assert "Name both teams" in run("trends", "it", cwd=home, code=2)
    assert "Both names are of it. Name two teams" in run("trends", "it", "IT", cwd=home, code=2)
    later = CONFIG.replace("Marketing", "Brand").replace("marketing", "brand")
    (home / "friction.toml").write_text(later, encoding="utf-8")
    assert "sales  marketing  2026-W16" in run("trends", "sales", "marketing", cwd=home)  # it left; its cells stay
    assert "No team is called 'events-to-be'" in run("trends", "sales", "events-to-be", cwd=home, code=2)
    renamed = later.replace('name = "Brand"', 'name = "Brand"\naliases = ["marketing"]')
    (home / "friction.toml").write_text(renamed, encoding="utf-8")
    assert "sales -> brand" in run("trends", "sales", "marketing", cwd=home)  # a name of the directory is its team's


def test_an_end_that_was_cut_off_shows(home: Path) -> None:
    rows = "".join(f"Marketing never answers,sales,p{p},2026-W{w}\n" for w in (10, 11) for p in range(6))
    (home / "a.csv").write_text("text,from_team,respondent,week\n" + rows)
    run("ingest", "a.csv", cwd=home)
    run("release", "--through", "2026-W11", cwd=home)
    assert "2 releases, each as it was written; the last has hash" in run("release", "--verify", cwd=home)
    with sqlite3.connect(home / "friction-data" / "releases.sqlite") as db:
        db.execute("delete from cells where last_week = (select max(week) from releases)")
        db.execute("delete from releases where week = (select max(week) from releases)")
    assert "The release of 2026-W11 is gone" in run("release", "--verify", cwd=home, code=1)


def test_weekly_goes_on_past_a_file_that_cannot_be_read(home: Path) -> None:
    (home / "inbox").mkdir()
    rows = "".join(f"Marketing never answers,sales,p{p},2026-W10\n" for p in range(6))
    (home / "inbox" / "good.csv").write_text("text,from_team,respondent,week\n" + rows)
    (home / "inbox" / "Entretien Anne Dupont.csv").write_bytes(b"%PDF-1.7")
    said = run("weekly", cwd=home, code=2)
    assert "Dupont" not in said, "cron mails it, and a service's log keeps it"
    (note,) = (home / "inbox" / "failed").glob("*.txt")
    assert f"a file could not be read; {note} says why" in said
    assert "Entretien Anne Dupont.csv is a PDF" in note.read_text()
    assert list((home / "friction-data" / "digests").glob("*.html"))


ABORT = """
import os, sys
def look(event, args):
    if event == "open" and "deadly.csv" in str(args[0]) and args[1]:
        os.abort()
sys.addaudithook(look)
"""
"""Put before a process: it is ended when it opens that file to read it."""


def test_weekly_releases_though_a_file_ends_the_process_that_reads_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "inbox").mkdir()
    (home / "before").mkdir()
    (home / "before" / "sitecustomize.py").write_text(ABORT)
    monkeypatch.setenv("PYTHONPATH", f"{home / 'before'}:{Path(cli.__file__).parent.parent}")
    rows = "".join(f"Marketing never answers,sales,p{p},2026-W10\n" for p in range(6))
    (home / "a.csv").write_text("text,from_team,respondent,week\n" + rows)
    run("ingest", "a.csv", cwd=home)
    (home / "inbox" / "deadly.csv").write_text("text\nx\n")
    assert "the reading ended with -6" in run("weekly", cwd=home, code=2)
    assert list((home / "friction-data" / "digests").glob("*.html"))
    for _ in range(ENDS - 1):
        run("weekly", cwd=home, code=2)
    assert "a file could not be read" in run("weekly", cwd=home, code=2)
    assert "There is no" not in run("weekly", cwd=home)


def test_the_first_monday_has_nothing_to_tell_and_is_no_failure(home: Path) -> None:
    (home / "inbox").mkdir()
    assert "There is no digest yet: nothing has been released so far." in run("weekly", cwd=home)
    (home / "inbox" / "bad.csv").write_bytes(b"%PDF-1.7")
    assert "a file could not be read" in run("weekly", cwd=home, code=2)


def test_weekly_says_who_is_spoken_of_to_a_terminal_alone(home: Path) -> None:
    """Cron mails what it prints, and a service's log keeps it: there it says what the file alone decides."""
    (home / "inbox").mkdir()
    last = Week.of(datetime.now(UTC).date()) + -1
    rows = f"text,from_team,respondent,week\nMarketing never answers {{}},sales,p,{last}\n"
    (home / "inbox" / "a.csv").write_text(rows.format(1))
    told = run("weekly", cwd=home)
    assert '"rows": 1, "comments": 1' in told
    assert not [word for word in ("marketing", "sales", "waiting", "added", "votes") if word in told]
    (home / "inbox" / "a.csv").write_text(rows.format(2))
    screen, terminal = pty.openpty()
    done = subprocess.run([FRICTION, "weekly"], cwd=home, stdout=terminal, stderr=subprocess.DEVNULL, timeout=120)
    os.close(terminal)
    assert done.returncode == 0
    assert "too few voices  sales -> marketing" in os.read(screen, 10_000).decode()
    os.close(screen)


def test_a_question_mark_in_a_folder_s_name_is_part_of_it(tmp_path: Path) -> None:
    home = tmp_path / "who? 100%"
    home.mkdir()
    (home / "friction.toml").write_text(CONFIG, encoding="utf-8")
    (home / "a.csv").write_text("text,from_team,respondent,week\nSupport is great,sales,p,2026-W10\n")
    run("ingest", "a.csv", cwd=home)
    run("release", "--through", "2026-W10", cwd=home)
    assert {f.name for f in (home / "friction-data").iterdir()} >= {"scores.sqlite", "releases.sqlite"}
    assert [f.name for f in tmp_path.iterdir()] == ["who? 100%"]


def test_a_file_that_is_no_store_is_named(home: Path) -> None:
    (home / "friction-data").mkdir()
    store = home / "friction-data" / "releases.sqlite"
    store.write_bytes(b"")
    assert "is no friction store" in run("trends", cwd=home, code=2)
    store.write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    assert "Cannot use the store" in run("trends", cwd=home, code=2)


@pytest.fixture
def said_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[BaseException], str]:
    """What a command that an error ends says on standard error."""

    def said(error: BaseException) -> str:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr("friction.settings.load", fail)
        monkeypatch.setattr(sys, "argv", ["friction", "score", "x.csv"])
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert left.value.code == 1
        return capsys.readouterr().err

    return said


class _Panic(BaseException):
    """As a library in Rust raises it."""


@pytest.mark.parametrize("kind", [RuntimeError, _Panic])
def test_an_unexpected_error_says_where_and_nothing_else(
    kind: type[BaseException], said_of: Callable[[BaseException], str]
) -> None:
    said = said_of(kind("secret words of a comment"))
    assert f"unexpected {kind.__name__} in friction/commands/scoring.py line" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "secret", "Anne Dupont.csv"), "friction: No space left on device. Make room"),
        (PermissionError(errno.EACCES, "secret", "x.csv"), "friction: x.csv: Permission denied. Run this as the user"),
        (PermissionError("secret"), "friction: unexpected PermissionError in friction/commands/scoring.py line"),
    ],
)
def test_what_the_machine_refuses_is_no_defect(
    error: OSError, message: str, said_of: Callable[[BaseException], str]
) -> None:
    """Unless it is our own refusal, which has no number of the system."""
    said = said_of(error)
    assert said.startswith(message)
    assert "secret" not in said
    assert "Dupont" not in said


@pytest.mark.parametrize(
    "command", ["ingest --batches", "ingest --withdraw 123", "release --verify", "trends", "keys list", "digest"]
)
def test_a_store_that_cannot_be_reached_is_named(home: Path, command: str) -> None:
    """As where its folder is closed to this user."""
    lines = "".join(f'{store} = "sqlite:///{store}{"x" * 300}"\n' for store in ("scores", "releases", "operations"))
    with (home / "friction.toml").open("a", encoding="utf-8") as file:
        file.write(f"[store]\n{lines}")
    said = run(*command.split(), cwd=home, code=2)
    assert f"Cannot open the store at {home}/" in said
    assert "File name too long" in said


def test_a_store_s_path_is_taken_from_where_the_configuration_stands(home: Path) -> None:
    with (home / "friction.toml").open("a", encoding="utf-8") as file:
        file.write('[store]\nscores = "sqlite:///s.sqlite"\n')
    (home / "a.csv").write_text("text,from_team,respondent,week\nSupport is great,sales,p,2026-W10\n")
    other = home / "other"
    other.mkdir()
    run("ingest", "../a.csv", "--config", "../friction.toml", cwd=other)
    assert "1 vote counted" in run("ingest", "--batches", cwd=home)
    assert list(other.iterdir()) == []


def test_the_sample_ends_with_the_week_before_this(tmp_path: Path) -> None:
    sample.write(tmp_path)
    last = Week.of(datetime.now(UTC).date()) + -1
    surveys = sorted(Week.parse(f.stem.removeprefix("survey-")) for f in (tmp_path / "inbox").glob("survey-*"))
    assert surveys == [last + n for n in range(-15, 1)]
    assert f",{last}," in (tmp_path / "inbox" / f"survey-{last}.csv").read_text(encoding="utf-8")
