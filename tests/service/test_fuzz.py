"""A short campaign of ``make fuzz-api``: what it finds in seconds is found before the long one."""

from pathlib import Path

from tests.service.fuzz import fill, fuzz, serving


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    fill(tmp_path)
    with serving(tmp_path) as (address, key):
        done = fuzz(tmp_path, address, key, 12, "--phases", "examples,coverage,stateful", "--max-failures", "3")
    assert done.returncode == 0, done.stdout[-6000:]
    assert "Tested: " in done.stdout
    assert "Traceback" not in (tmp_path / "log").read_text()
