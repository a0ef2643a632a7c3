"""Both catalogues say the same things, with the same places to fill in, and nothing that no page asks for."""

import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from friction.verdicts import FALSE_DISCOVERIES
from friction.wording import Language
from service.words import LANGUAGES, words

ROOT = Path(__file__).parents[2] / "service"


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _catalogue(language: str) -> dict[str, str]:
    return dict(_flat(tomllib.loads((ROOT / "words" / f"{language}.toml").read_text("utf-8"))))


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_same_keys_and_places() -> None:
    english, french = map(_catalogue, LANGUAGES)
    assert list(english) == list(french)
    for key, text in english.items():
        one_count = key.endswith(".one")
        assert _places(text) - {"count"} == _places(french[key]) - {"count"}, key
        assert one_count or _places(text) == _places(french[key]), key


def test_every_key_is_asked_for() -> None:
    asked = "".join(p.read_text("utf-8") for kind in ("*.py", "*.html", "*.svg") for p in ROOT.rglob(kind))
    built = {match + "." for match in re.findall(r'(?:say|self)\(f?"([\w.]+)\.(?:\{|" ~)', asked)}
    for key in _catalogue("en"):
        key = re.sub(r"\.(one|other)$", "", key)
        assert f'"{key}"' in asked or any(key.startswith(b) for b in built), key


def test_french_spaces_its_marks() -> None:
    for key, text in _catalogue("fr").items():
        assert not re.search(r"\w[;:!?](\s|$)", text), key


def test_one_and_many() -> None:
    say = words("en")
    kind = {"weeks": "2026-W01", "share": "5%", "interval": "1% to 9%"}
    assert say("series.description", count=1, **kind).startswith("One window")
    assert say("series.description", count=2, **kind).startswith("2 windows")
    assert say("about.longest", count=1) == "one week"
    with pytest.raises(KeyError):
        say("no.such.key")


@pytest.mark.parametrize(
    ("language", "value", "said"),
    [
        ("en", 0.01, "+1 point (0 to +20)"),
        ("en", -0.012, "−1 point (0 to +20)"),
        ("en", 0.0, "0 points (0 to +20)"),
        ("fr", 0.0, "0 point (0 à +20)"),
        ("fr", -0.02, "−2 points (0 à +20)"),
    ],
)
def test_a_point_is_one_or_many_as_each_language_counts(language: Language, value: float, said: str) -> None:
    assert words(language).change(value, 0.001, 0.2) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "a week where nothing changed, nor who writes, about {wrong} companies in 100 hear of"),
        ("fr", "ne semaine où rien n'a changé, ni qui écrit, environ {wrong} entreprises sur 100 s"),
    ],
)
def test_how_often_a_change_is_said_wrongly_is_what_was_measured(language: str, said: str) -> None:
    """Of the changes that are said more may be wrong: that share hangs on how many there are to be found."""
    wrong = str(round(100 * FALSE_DISCOVERIES))
    measured = (ROOT.parent / "docs" / "statistics.md").read_text("utf-8")
    (row,) = re.findall(r"^\| companies where nothing changed that hear of a change in a week .*$", measured, re.M)
    assert f"| at most {wrong} % |" in row
    assert row.endswith("| yes |")
    for key in ("digest.how", "digest.how_quiet", "about.verdict"):
        assert said in _catalogue(language)[key]
    notice = (ROOT.parent / "friction" / "templates" / f"notice.{language}.md").read_text("utf-8")
    filled = said.replace("{wrong}", "{{ false_discoveries | decimal(0) }}")
    assert filled in " ".join(notice.split())
