"""Progress on a real terminal, and silence in a pipe."""

import os
import pty
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from friction.batch_report import Report
from friction.commands.progress import line
from tests.conftest import CONFIG

FRICTION = Path(sys.executable).parent / "friction"


@pytest.mark.parametrize(
    ("share", "taken", "said"),
    [
        (0.0, 1.0, "a.csv: 12,000 rows, 9,000 comments a second"),
        (0.5, 1.0, "a.csv: 12,000 rows, 9,000 comments a second"),
        (0.25, 30.0, "a.csv: 12,000 rows, 300 comments a second, 1:30 left"),
        (0.5, 7325.0, "a.csv: 12,000 rows, 1 comment a second, 2:02:05 left"),
        (1.0, 30.0, "a.csv: 12,000 rows, 300 comments a second"),
        (0.5, 0.0, "a.csv: 12,000 rows, 9,000,000 comments a second"),
    ],
)
def test_a_line_tells_the_rate_and_the_time_left(share: float, taken: float, said: str) -> None:
    report = Report("a.csv", rows=12_000, comments=9_000, languages=Counter(en=9_000))
    assert line("a.csv", report, share, taken) == said


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A file that takes longer to read than the first line waits."""
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    rows = (f"Marketing was late with order {n},sales,p{n},2026-W10" for n in range(6000))
    (tmp_path / "a.csv").write_text("text,from_team,respondent,week\n" + "\n".join(rows), encoding="utf-8")
    return tmp_path


COMMAND = [FRICTION, "ingest", "a.csv", "--dry-run", "--no-scores"]


def test_a_terminal_sees_one_line_that_is_gone_in_the_end(home: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(COMMAND, cwd=home, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            shown += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert b"\r\x1b[Ka.csv: " in shown
    assert b" rows, " in shown
    assert b" comments a second" in shown
    assert shown.endswith(b"\r\x1b[K")
    assert b"\n" not in shown
    assert out.startswith(b"a.csv: 6,000 rows")


def test_a_pipe_sees_nothing_of_it(home: Path) -> None:
    done = subprocess.run(COMMAND, cwd=home, capture_output=True, timeout=120)
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
