"""Errors are counted on lines written by hand, ``tests/languages.txt``, each of which says what becomes of it."""

from collections import Counter
from pathlib import Path

import pytest

from friction.errors import RowError
from friction.language import SUPPORTED, detect
from friction.language.words import LITTLE_WORDS

TABLE = Path(__file__).with_name("languages.txt").read_text(encoding="utf-8").splitlines()
LINES = [line.split("\t") for line in TABLE if line and not line.startswith("#")]


def heard(text: str) -> str:
    """The language, that of a reject included."""
    try:
        return detect(text)
    except RowError as error:
        return str(error).split("'")[1]


def test_every_line_is_what_the_table_says() -> None:
    found = [[lang, text, *([] if heard(text) == lang.rstrip("+") else [heard(text)])] for lang, text, *_ in LINES]
    assert found == LINES


def test_the_table_is_as_large_and_as_seldom_wrong_as_is_claimed() -> None:
    lines, wrong = Counter(line[0] for line in LINES), Counter(line[0] for line in LINES if len(line) > 2)
    assert min(lines["en"], lines["fr"]) >= 60
    assert min(lines["en+"], lines["fr+"]) >= 10
    assert all(lines[lang] >= 5 for lang in ("de", "es", "pt", "it", "nl", "pl", "ru", "zh", "ja", "ar", "tr"))
    assert len({text for _, text, *_ in LINES}) == len(LINES)
    ours = {*SUPPORTED, "en+", "fr+"}
    silenced = [line for line in LINES if line[0] in ours and len(line) > 2 and line[2] not in SUPPORTED]
    let_in = [line for line in LINES if line[0] not in ours and len(line) > 2 and line[2] in SUPPORTED]
    assert sum(wrong.values()) <= 0.04 * sum(lines.values())
    assert len(silenced) <= 0.02 * sum(lines[lang] for lang in ours)
    assert len(let_in) <= 0.02 * sum(lines[lang] for lang in lines if lang not in ours)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("they don't close", "en"),
        ("Rien à redire, ça roule.", "fr"),
        ("on attend tjrs la maquette", "fr"),
        ("great people", "en"),
        ("Le reporting est OK mais le feedback arrive too late", "fr"),
        ("FAUT RELANCER TROIS FOIS", "fr"),
        ("[email] never answers", "en"),
        ("[person] ne répond pas", "fr"),
        ("we never got 会议 invites from sales", "en"),
        ("l’équipe n’a rien dit", "fr"),
        ("they said \n\n nothing\tagain", "en"),
        ("no", "en"),
        ("ｔｈｅｙ ｎｅｖｅｒ ａｎｓｗｅｒ ｕｓ", "en"),
    ],
)
def test_english_and_french(text: str, lang: str) -> None:
    assert heard(text) == lang


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Das Marketing antwortet uns nie auf unsere Fragen", "de"),
        ("Vi väntar fortfarande på svar från ekonomi, och ingen vet när de kommer att betala", "sv"),
        ("Sales hat uns wieder nichts gesagt, das Meeting war wie immer umsonst", "de"),
        ("სად არის ჩვენი პასუხი", "ka"),
    ],
)
def test_another_language_is_rejected_by_name(text: str, lang: str) -> None:
    with pytest.raises(RowError, match=f"^language '{lang}' is not supported \\(supported: en, fr\\)$"):
        detect(text)


@pytest.mark.parametrize("text", ["12 / 10 !!", "", "👍🏽", "[link]", "[email] [phone]", "a", "\n"])
def test_no_words_are_no_language(text: str) -> None:
    with pytest.raises(RowError, match="'unknown'"):
        detect(text)


@pytest.mark.parametrize(
    "text", ["\0", "a\0b", "\ud7ff\uffff", "a" * 20_000, "é " * 9_000, "\u0301\u0301aa", "''''aa''", "\ufe70 \ufe70"]
)
def test_whatever_the_text_a_language_or_a_reason(text: str) -> None:
    assert heard(text)


def test_little_words_are_in_lower_case_and_whole() -> None:
    assert all(word == word.lower() and word.strip("'").replace("'", "").isalpha() for word in LITTLE_WORDS)
