"""Documentation is a contract: what it names exists."""

import re
from pathlib import Path

from typer.main import get_command

from friction import cli

ROOT = Path(__file__).parent.parent


def test_every_promise_names_a_test_that_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text())
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"


def test_every_file_that_carries_a_promise_exists() -> None:
    for name in ("SECURITY.md", "CONTRIBUTING.md", "README.md"):
        for path in re.findall(
            r"`((?:friction|service|training|models|tests|docs)/[\w/.-]*)`", (ROOT / name).read_text()
        ):
            assert (ROOT / path).exists(), f"{name}: {path}"


def test_links_lead_somewhere() -> None:
    pages = [page for room in ("docs", "models", "training") for page in (ROOT / room).rglob("*.md")]
    for page in (*ROOT.glob("*.md"), *pages):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_map_of_rooms_has_every_room_and_no_other() -> None:
    mapped = set()
    for row in re.findall(r"^\| (`[^|]+) \|", (ROOT / "CONTRIBUTING.md").read_text(), re.M):
        first, *others = re.findall(r"`([^`]+)`", row)
        mapped |= {first, *(f"{first.split('/')[0]}/{other}" for other in others)}
    assert all((ROOT / room).exists() for room in mapped)
    for path in (*(ROOT / "friction").iterdir(), *(ROOT / "service").iterdir()):
        if not path.name.startswith("_"):
            assert f"{path.parent.name}/{path.name}{'/' * path.is_dir()}" in mapped


def test_the_readme_names_only_commands_that_exist() -> None:
    from importlib.metadata import entry_points

    for found in entry_points(group="friction.commands"):
        found.load()(cli.app)
    commands = set(get_command(cli.app).commands)  # type: ignore[attr-defined]
    text = (ROOT / "README.md").read_text()
    named = set(re.findall(r"^friction (\w+) +(?:\S+ +#|-)", text, re.M)) | set(re.findall(r"`friction (\w+)", text))
    assert named <= commands
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"`make (\w+)`", text)) <= targets
