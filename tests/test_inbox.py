"""The inbox with real files and real processes: who takes a file, where it ends, and who may read it meanwhile."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from friction.batch_report import Report
from friction.errors import UsageError
from friction.inbox import Inbox
from friction.records import Week
from friction.worker import ENDS, empty_inbox
from tests.conftest import Ask

FRICTION = Path(sys.executable).parent / "friction"
LONG_AGO = 1_700_000_000
TAKE = """
import sys
from pathlib import Path
from friction.inbox import Inbox
for claim in Inbox(Path(sys.argv[1])).take():
    print(claim.path.name, flush=True)
    sys.stdin.readline()
"""
END = """
import os, sys
from pathlib import Path
from friction.inbox import Inbox
from friction.worker import empty_inbox
def read(path, source, week):
    if "deadly" in path:
        os.abort()
    raise OSError("the disk is full")
print(empty_inbox(Inbox(Path(sys.argv[1]), sources=["pulse"]), read, named=True))
"""
"""Reads the inbox, and is ended by a file in it, or by the machine."""
ROWS = "text,from_team,respondent,week\nMarketing never answers,sales,p1,2026-W10\n"


def _put(path: Path, content: str = ROWS) -> Path:
    """A file that was written long ago, so that nobody waits for it to settle."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir(mode=0o700)
    return tmp_path / "inbox"


@contextmanager
def _taking(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has taken the first file, and holds it."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", TAKE, folder], text=True, **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout is not None
        assert other.stdout.readline().strip()
        yield other
        other.kill()


def _names(folder: Path) -> list[str]:
    return [claim.path.name for claim in Inbox(folder).take()]


def test_a_file_is_taken_once_and_taken_over_from_the_dead(folder: Path) -> None:
    _put(folder / "a.csv")
    _put(folder / "b.csv")
    with _taking(folder) as other:
        assert _names(folder) == ["b.csv"]
        other.send_signal(signal.SIGKILL)
        other.wait()
        _put(folder / "z.csv")
        assert _names(folder)[0] == "z.csv"  # what may have killed a process comes last
        assert sorted(_names(folder)) == ["a.csv", "b.csv", "z.csv"]
    assert Inbox(folder).waiting() == []


def test_a_file_that_is_read_is_deleted_or_kept_for_its_owner_alone(folder: Path) -> None:
    for keep in (False, True):
        _put(folder / "a.csv").chmod(0o644)
        for claim in Inbox(folder, keep=keep).take():
            assert claim.done()
    (kept,) = [path for path in folder.rglob("*") if path.is_file()]
    assert kept.relative_to(folder).parts[0] == "done"
    assert [path.stat().st_mode & 0o077 for path in (kept, *kept.parents[:3])] == [0, 0, 0, 0]


def test_a_file_that_failed_has_its_reason_beside_it(folder: Path) -> None:
    _put(folder / "pulse" / "2026-W10" / "a.csv").chmod(0o644)
    _put(folder / "a.csv")
    inbox = Inbox(folder, sources=["pulse"])
    for claim in inbox.take():
        claim.failed("it is a PDF")
    assert Inbox(folder).waiting() == []
    found = sorted(path.name for path in (folder / "failed").rglob("*") if path.is_file())
    assert found[-2:] == ["a.csv", "a.csv"]
    assert [name.endswith(".txt") for name in found[:2]] == [True, True]
    assert all("it is a PDF" in note.read_text() for note in (folder / "failed").glob("*.txt"))
    assert not [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert "2 files that could not be read" in inbox.complaints()[0]


def _end(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", END, folder]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_file_that_ended_its_process_thrice_is_put_aside(folder: Path) -> None:
    _put(folder / "pulse" / "deadly.csv")
    for _ in range(ENDS):
        assert _end(folder).returncode == -signal.SIGABRT
        assert [path.name for path in folder.rglob("*.csv")] == ["deadly.csv"]
    assert "deadly.csv: The process that read it was ended, three times" in _end(folder).stdout
    (kept,) = folder.rglob("*.csv")
    assert kept.relative_to(folder).parts[0] == "failed"
    assert kept.relative_to(folder).parts[2:] == ("pulse", "deadly.csv")
    assert not list((folder / ".reading").iterdir())


def test_what_kept_it_from_being_read_otherwise_does_not_count(folder: Path) -> None:
    _put(folder / "a.csv")
    for _ in range(3):
        ended = _end(folder)
        assert (ended.returncode, "the disk is full" in ended.stderr) == (1, True)
    (claim,) = Inbox(folder).take()
    assert (claim.path.name, claim.ends) == ("a.csv", 0)


class _Panic(BaseException):
    """As a library in Rust raises it."""


def test_a_panic_keeps_no_other_file_waiting_and_is_told_by_its_place_alone(folder: Path) -> None:
    _put(folder / "a.csv")
    _put(folder / "b.csv")
    read = []

    def panic(path: str, _source: str | None, _week: Week | None) -> Report:
        read.append(path)
        raise _Panic("kumquat")

    said = empty_inbox(Inbox(folder), panic, named=True)
    assert len(read) == len(said) == 2
    assert "unexpected _Panic in" in said[0]
    assert "kumquat" not in "".join(said)


def test_a_folder_says_source_and_week(folder: Path) -> None:
    places = ["a.csv", "pulse/a.csv", "pulse/2026-W10/a.csv", "2026-W10/a.csv"]
    strange = ["other/a.csv", "pulse/2026-W99/a.csv", "pulse/pulse/a.csv", "2026-W10/pulse/a.csv"]
    for place in places + strange:
        _put(folder / place)
    inbox = Inbox(folder, sources=["pulse"])
    week = Week.parse("2026-W10")
    found = {(claim.source, claim.week) for claim in inbox.take()}
    assert found == {(None, None), ("pulse", None), ("pulse", week), (None, week)}
    (complaint,) = inbox.complaints()
    assert "has 4 folders named after no [sources.NAME]" in complaint
    assert all((folder / place).exists() for place in strange)


def test_what_is_not_finished_is_left_alone(folder: Path) -> None:
    for name in (".hidden.csv", "a.csv.part", "a.TMP", "~$a.xlsx", ".dir/a.csv"):
        _put(folder / name)
    (folder / "link.csv").symlink_to(_put(folder.parent / "elsewhere.csv"))
    os.mkfifo(folder / "pipe.csv")
    assert _names(folder) == []


def test_a_file_that_is_open_to_write_is_left_until_it_is_closed(folder: Path) -> None:
    path = _put(folder / "a.csv")
    with path.open("a"):
        os.utime(path, (LONG_AGO, LONG_AGO))
        assert _names(folder) == []
    assert _names(folder) == ["a.csv"]


def test_a_file_that_grows_while_it_settles_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "a.csv"
    path.write_text(ROWS)
    slept: list[float] = []

    def grow(seconds: float) -> None:
        slept.append(seconds)
        with path.open("a") as more:
            more.write("x\n")

    with monkeypatch.context() as patched:
        patched.setattr("friction.inbox.time.sleep", grow)
        assert _names(folder) == []
    assert slept == [1.0]
    assert _names(folder) == ["a.csv"]


def test_a_file_that_grew_while_it_was_read_is_not_deleted(folder: Path) -> None:
    _put(folder / "a.csv")
    for claim in Inbox(folder).take():
        with claim.path.open("a") as more:
            more.write("and more\n")
            more.flush()
            assert not claim.done()
        assert not claim.done()
    (again,) = [claim for claim in Inbox(folder).take() if claim.done()]
    assert again.path.name == "a.csv"
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_it_says_who_else_may_look_in_and_which_files_nobody_may_read(folder: Path) -> None:
    folder.chmod(0o755)
    assert "chmod o-rwx" in Inbox(folder).complaints()[0]
    folder.chmod(0o770)
    assert Inbox(folder).complaints() == []
    with pytest.raises(UsageError, match="No inbox"):
        Inbox(folder / "none")
    assert list(Inbox(folder / "none", make=True).take()) == []
    assert (folder / "none").stat().st_mode & 0o777 == 0o700


def test_its_complaints_name_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(folder / "pulse" / "Anne Dupont.csv")
    monkeypatch.setattr("friction.inbox.os.access", lambda *_: False)  # root may read everything
    assert Inbox(folder, sources=["pulse"]).complaints() == [
        f"no permission to read a file in {folder / 'pulse'}, so it waits"
    ]


def test_its_complaints_name_no_folder_of_an_unpacked_export(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(folder / "mpdm-alice.martin--bob.durand-1" / "2026-03-02.json")
    _put(folder / "pulse" / "alice.martin" / "a.csv")
    monkeypatch.setattr("friction.inbox.os.access", lambda *_: False)  # root may read everything
    said = "\n".join(Inbox(folder, sources=["pulse"]).complaints())
    assert "martin" not in said
    assert f"{folder} has 2 folders named after" in said
    assert f"no permission to read a file in {folder}," in said


@pytest.fixture
def home(config: Path, folder: Path) -> Path:
    with config.open("a") as more:
        more.write("[sources.pulse]\ntext = 'answer'\n")
    return config.parent


def _empty(home: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [FRICTION, "ingest", "--inbox", *arguments], cwd=home, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_the_command_empties_it(home: Path, ask: Ask) -> None:
    _put(home / "inbox" / "a.csv")
    _put(
        home / "inbox" / "pulse" / "2026-W11" / "b.csv",
        "answer,from_team,respondent\nThe helpdesk never answers us,sales,p2\n",
    )
    _put(home / "inbox" / "lost.csv", "text,from_team\nIT was late,sales\nIT was rude,sales\n")
    _put(home / "inbox" / "bad.csv", "%PDF-1.7")
    said = _empty(home, code=2)
    assert "2 files that waited could not be read" in said
    assert "lost.csv: Not one of its rows could be counted" in said
    left = sorted(path.name for path in (home / "inbox").rglob("*") if path.is_file() and path.suffix != ".txt")
    assert left == ["bad.csv", "lost.csv"]
    assert ask("select count(*) from scores") == [(2,)]
    assert "2 files that could not be read" in _empty(home)


def test_it_is_emptied_though_a_file_that_is_named_beside_it_cannot_be_read(home: Path, ask: Ask) -> None:
    _put(home / "inbox" / "a.csv")
    assert _empty(home, "missing.csv", code=2).endswith("missing.csv: no such file\n")
    assert ask("select count(*) from scores") == [(1,)]
    _put(home / "inbox" / "bad.csv", "%PDF-1.7")
    said = _empty(home, "missing.csv", code=2)
    assert said.count("missing.csv: no such file") == said.count("1 file that waited could not be read") == 1


def test_an_inbox_without_files_is_told(home: Path) -> None:
    _put(home / "inbox" / "other" / "a.csv")  # a folder that says nothing
    said = _empty(home, "--format", "json")
    assert f"no file is ready to be read in {home / 'inbox'}, and no upload in {home / 'friction-data'}" in said
    assert f"{home / 'inbox'} has 1 folder named after no [sources.NAME]" in said
    assert f"no file is ready to be read in {home / 'inbox'}. Put" in _empty(home, "--dry-run", "--no-scores")
    (home / "inbox" / "other").rename(home / "inbox" / "pulse")
    _put(home / "inbox" / "pulse" / "a.csv", ROWS.replace("text", "answer"))
    assert "no file is ready" not in _empty(home)


def test_a_file_of_which_nothing_counts_ends_as_in_the_inbox_wherever_it_lies(home: Path) -> None:
    lost = _put(home / "lost.csv", "text,respondent,week\nMarketing never answers us,p1,2026-W10\n")
    bad = _put(home / "bad.csv", "text,from_team\nIT was late,sales\n")
    for arguments in ([], ["--dry-run"]):
        for path, said in ((lost, "comments could be counted, because no author's"), (bad, "rows could be counted")):
            done = subprocess.run(
                [FRICTION, "ingest", path.name, *arguments], cwd=home, capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 2
            assert f"{path.name}: Not one of its {said}" in done.stderr


def test_a_file_without_an_authors_team_is_kept_and_counts_once_that_is_mended(home: Path, ask: Ask) -> None:
    content = "text,squad,respondent,week\nMarketing never answers us,sales,p1,2026-W10\n"
    _put(home / "inbox" / "a.csv", content)
    assert "a.csv: Not one of its comments could be counted, because no author's team is known" in _empty(home, code=2)
    assert [path.name for path in (home / "inbox" / "failed").rglob("*.csv")] == ["a.csv"]
    with (home / "friction.toml").open("a") as config:
        config.write('[sources.squads]\nfrom_team = "squad"\n')
    _put(home / "inbox" / "squads" / "a.csv", content)
    _empty(home)
    assert ask("select count(*) from scores") == [(1,)]


def test_a_file_whose_process_was_killed_counts_once(home: Path, ask: Ask) -> None:
    rows = [f"Marketing was late with order {n} and the helpdesk knew,sales,p{n % 9},2026-W10\n" for n in range(60)]
    _put(home / "inbox" / "a.csv", "text,from_team,respondent,week\n" + "".join(rows))
    with subprocess.Popen([FRICTION, "ingest", "--inbox"], cwd=home) as process:
        while not list((home / "inbox" / ".reading").glob("*/a.csv")):
            assert process.poll() is None
        process.kill()
    _empty(home)
    counted = ask("select count(*) from scores")
    assert counted > [(0,)]
    _put(home / "inbox" / "again.csv", "text,from_team,respondent,week\n" + "".join(rows))
    _empty(home)
    assert ask("select count(*) from scores") == counted
    assert [path for path in (home / "inbox").rglob("*") if path.is_file()] == []


def test_two_runs_at_once_share_the_files(home: Path, ask: Ask) -> None:
    for name in range(6):
        _put(home / "inbox" / f"{name}.csv", ROWS.replace("p1", f"p{name}"))
    runs = [subprocess.Popen([FRICTION, "ingest", "--inbox"], cwd=home, stdout=subprocess.PIPE) for _ in range(2)]
    said = b"".join(run.communicate(timeout=120)[0] for run in runs)
    assert [run.returncode for run in runs] == [0, 0]
    assert said.count(b" vote counted") == 6
    assert ask("select count(*) from scores") == [(6,)]


def test_a_defect_that_one_file_meets_keeps_no_other_waiting(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from friction import sources
    from friction.commands import build_pipeline, ingesting
    from friction.commands.batches import say
    from friction.settings import load

    read = sources.read

    def fail(raw: object, name: str, *rest: object, **more: object) -> object:
        if name == "a.csv":
            raise KeyError("the words of a comment")
        return read(raw, name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("friction.sources.read", fail)
    _put(home / "inbox" / "a.csv")
    _put(home / "inbox" / "b.csv")
    settings = load(home / "friction.toml")
    with pytest.raises(UsageError, match="1 file that waited"):
        ingesting.empty_inbox(settings, build_pipeline(settings), say)
    said = capsys.readouterr()
    assert "b.csv: 1 row," in said.out
    assert "a.csv: unexpected KeyError in friction/ingest.py line" in said.err
    notes = (home / "inbox" / "failed").glob("*.txt")
    assert not [text for text in (said.err, *(note.read_text() for note in notes)) if "words of" in text]
