import re
from collections.abc import Callable
from pathlib import Path

import pytest

from friction.model_folder import RELEASED, read_card
from friction.notice import CLAIMS, notice
from friction.settings import Settings, load
from friction.wording import PATTERN_WORDS, Language
from tests.conftest import CONFIG
from tests.test_cli import run

ROOT = Path(__file__).parent.parent
CARD = read_card(RELEASED)
BOTH: list[Language] = ["en", "fr"]
LAPLACE = '[privacy]\nmechanism = "laplace"\nepsilon = 1.1\nepsilon_per_year = 7.7\n'
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_with(more: str = "", language: Language = "en", teams: str = CONFIG) -> str:
        path = tmp_path / "friction.toml"
        path.write_text(teams + more, encoding="utf-8")
        return notice(load(path), CARD, language)

    return write_with


def test_every_claim_is_held_by_a_test_that_exists_and_stands_in_security() -> None:
    promises = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for name, claim in CLAIMS.items():
        file, test = claim.test.split("::")
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), name
        assert (ROOT / claim.file).exists(), name
        assert f"`{claim.test}`" in promises, name


@pytest.mark.parametrize("language", BOTH)
def test_every_claim_is_made_and_listed(write: Write, language: Language) -> None:
    listed = set()
    for more in ("", LAPLACE):
        text = write(more, language)
        rows = dict(re.findall(r"^\| \[(\d+)\] \| .* \| `(.*)` \|$", text, re.M))
        body = text[: text.rindex("\n## ")]
        assert set(re.findall(r"\[(\d+)\]", body)) == set(rows)
        listed |= set(rows.values())
    assert listed == {claim.test for claim in CLAIMS.values()}


@pytest.mark.parametrize("language", BOTH)
def test_no_figure_stands_in_the_template(language: Language) -> None:
    template = (ROOT / "friction" / "templates" / f"notice.{language}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\d+", re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", template))) == {"50", "100"}


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    ("more", "gone", "comes"),
    [
        ("[privacy]\nmin_respondents = 17\n", r"\b5 \w+ (wrote|ont écrit)", r"\b17 \w+ (wrote|ont écrit)"),
        ("[privacy]\nmin_team_size = 11\n", r"Support, IT\.", r"(said of|dit de) ?: IT, Legal"),
        ("[privacy]\nmax_window_weeks = 29\n", r"\b13 (weeks|semaines)", r"\b29 (weeks|semaines)"),
        ("[notice]\ncontact = 'Room 12, Ada'\n", "friction.toml", "Room 12, Ada"),
        ("[sources.pulse]\none_row_per_person = true\n", "no source|aucune source", r"pulse\.\n|pulse\b.*(row|ligne)"),
        (
            LAPLACE,
            r"multiple (of|de) 3",
            r"1[.,]1\.[^|]*75 (of|cas sur) 100[^|]*90 (of|cas sur) 100[^|]*96\.[^|]*7[.,]7[^|]*100 (of|cas sur) 100",
        ),
        (
            "[inbox]\nafter = 'keep'\n",
            r"is deleted from the inbox|est effacé de la boîte",
            r"(files that it came in|fichiers dont il vient)[^#]*#[^|]*(inbox are kept|réception sont gardés), ",
        ),
        ("[sources.chat.channels.c]\nprivate = true\n", "No private|Aucun canal", r"Private channels|canaux privés"),
    ],
)  # fmt: skip
def test_the_notice_changes_with_the_configuration(
    write: Write, language: Language, more: str, gone: str, comes: str
) -> None:
    before, after = write(language=language), write(more, language)
    assert re.search(gone, before)
    assert re.search(comes, after)
    assert not re.search(comes, before)
    assert not re.search(gone, after)


@pytest.mark.parametrize("language", BOTH)
def test_what_an_insider_gains_is_what_security_grants(write: Write, language: Language) -> None:
    text = write(language=language)
    granted = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    once, _, again = text.partition("**Every further" if language == "en" else "**Chaque compte de plus")
    assert re.search(r"67 (of|cas sur) 100[^|]* (one\s+time in|une fois sur) 6\b", once)
    for figure in ("78", "85", "97"):
        assert re.search(rf"\b{figure} (times )?in 100|{figure}, 44 and", granted), figure
        assert re.search(rf"\b(in|dans)\s+(up\s+to\s+)?{figure}\b", again), figure
        assert not re.search(rf"\b{figure}\b", once), figure


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("more", ["", "[inbox]\nafter = 'keep'\n"])
def test_no_file_is_denied(write: Write, language: Language, more: str) -> None:
    """Files that were not read stay in the inbox whatever the configuration says."""
    text = " ".join(write(more, language).split())
    assert not re.search(r"stands in no file|aucun fichier", text)
    assert re.search(r"cannot be read, .* is put aside there as it is|ne peut être lu, .* mis de côté tel quel", text)


@pytest.mark.parametrize("language", BOTH)
def test_teams_are_named_by_what_may_be_said_of_them(write: Write, language: Language) -> None:
    text = write(language=language)
    assert ": Sales, Marketing, Support, IT.\n" in text
    assert re.search(r"(What is said of|Ce qui est dit de) Events (counts for|compte pour) Marketing", text)
    assert re.search(r"(ever said of|jamais dit de) ?: Legal\.", text)


@pytest.mark.parametrize("language", BOTH)
def test_the_model_s_errors_are_those_of_its_card(write: Write, language: Language) -> None:
    text = write(language=language)
    for lang, rate in CARD.errors["blame"].items():
        missed = f"{100 * (1 - rate.hits / rate.positives):.1f}".replace(".", "," if language == "fr" else ".")
        (row,) = re.findall(rf"^\| {lang} \|.*$", text, re.M)
        assert f"| {missed} (" in row
        assert row.endswith(f"| {rate.positives + rate.negatives} |")
    assert CARD.name in text
    assert all(words in text for words in PATTERN_WORDS[language].values())


def test_the_command_writes_it_and_asks_for_somebody_to_ask(settings: Settings) -> None:
    home = settings.home
    assert run("notice", cwd=home) == notice(settings, CARD, "en")
    assert run("notice", "--lang", "fr", "--out", "notice.md", cwd=home) == ""
    assert (home / "notice.md").read_text(encoding="utf-8") == notice(settings, CARD, "fr")
    assert "Cannot write" in run("notice", "--out", "no/such/notice.md", cwd=home, code=2)
