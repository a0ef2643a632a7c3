"""The command as people run it: a real process, its words and its exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
    assert "1 votes counted" in run("ingest", "--inbox", "--config", "org/friction.toml", cwd=tmp_path)
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
    assert "row 2: the text is empty" in said
    assert not (home / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score", "none.csv"], "none.csv: no such file"),
        (["ingest"], "Name at least one file"),
        (["ingest", "x.csv", "--week", "2026-99"], "not an ISO week"),
        (["ingest", "x.csv", "--source", "pulse"], "No [sources.pulse]"),
        (["trends"], "Run friction release first"),
        (["digest"], "Run friction release first"),
        (["release", "--through", "2199-W01"], "is not over yet"),
        (["score", "x.csv", "--config", "none.toml"], "friction init"),
        (["serve", "--host", "0.0.0.0"], "not a loopback address"),
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
    assert "sales  marketing  2026-W16..W16  5-9" in table
    assert "legal -> sales" in table
    (pair,) = json.loads(run("trends", "--format", "json", cwd=home))["pairs"]
    assert pair["verdict"] in ("rising", "falling", "steady", "cannot tell")
    assert [c["last_week"] for c in pair["cells"]] == [f"2026-W{w:02d}" for w in range(1, 17)]
    assert set(pair["cells"][0]) == {
        "from_team", "about_team", "first_week", "last_week", "respondents", "blame_rate", "low", "high",
        "appreciation_rate", "patterns", "model", "mechanism",
    }  # fmt: skip
    assert len(run("trends", "--format", "csv", cwd=home).splitlines()) == 17
    assert "too few voices (1 pairs):\n  it -> sales" in run("trends", "it", "sales", cwd=home)
    assert "Name both teams" in run("trends", "it", cwd=home, code=2)
