import subprocess
import sys
from pathlib import Path

import pytest

from friction.errors import UsageError
from friction.redaction import Redactor
from friction.redaction.roster import hashed, hashed_lines, read

NAMES = "# our own\nZébulon Quartz # the head of sales\n  # from hr export\nblorp#and a remark\nMc Fly\n"


@pytest.fixture(params=["plain", "hashed"])
def listed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "names.txt"
    path.write_text(NAMES, "utf-8")
    if request.param == "hashed":
        path.write_text(_command(path), "utf-8")
    return path


def _command(path: Path) -> str:
    made = subprocess.run(
        [sys.executable, "-W", "error", "-m", "friction.redaction", path], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("see zebulon quartz today", "see Alex today"),
        ("ZÉBULON QUARTZ's desk", "Alex's desk"),
        ("l'avis de Blorp, blorp.", "l'avis de Alex, Alex."),
        ("quartz and blorping stay", "quartz and blorping stay"),
        ("mc fly", "Alex"),
        ("the head of sales, from hr export", "the head of sales, from hr export"),
        ("the Blorp-led team, post-blorp", "the Alex-led team, post-Alex"),
    ],
)
def test_listed_names_are_masked(listed: Path, text: str, masked: str) -> None:
    redacted = Redactor(roster=read(listed)).redact(text)
    assert redacted.text.text == masked
    assert set(redacted.counts) <= {"listed_name"}


def test_a_hashed_list_may_have_remarks_and_a_salt_any_character(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text(f" # hashed\nsalt: a#b\n{hashed('blorp', b'a#b')} # by hr\n", "utf-8")
    assert Redactor(roster=read(path)).redact("ask blorp").text.text == "ask Alex"


def test_hashes_do_not_show_the_names_and_differ_each_time(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text(NAMES, "utf-8")
    first, second = (list(hashed_lines(read(path))) for _ in range(2))
    assert len(first) == 4
    assert not set(first) & set(second)
    assert "zebulon" not in " ".join(first)
    path.write_text("\n".join(first), "utf-8")
    with pytest.raises(UsageError, match="hashes already"):
        list(hashed_lines(read(path)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"salt: x\nZebulon Quartz\n", "line 2 is not a hash"),
        (b"one two three four five six\n", "line 1 is not a name"),
        (b"ok\n12345\n", "line 2 is not a name"),
        (b"Z\xe9bulon\n", "is not UTF-8"),
        (None, "cannot read"),
    ],
)
def test_mistakes_are_told_without_the_name(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "list"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as found:
        read(path)
    assert "bulon" not in str(found.value)
