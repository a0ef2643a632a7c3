import pytest

from friction.errors import RowError
from friction.language import detect


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("they don't close", "en"),
        ("Rien à redire, ça roule.", "fr"),
        ("on attend tjrs la maquette", "fr"),
        ("great people", "en"),
        ("Le reporting est OK mais le feedback arrive too late", "fr"),
        ("FAUT RELANCER TROIS FOIS", "fr"),
    ],
)
def test_english_and_french(text: str, lang: str) -> None:
    assert detect(text) == lang


def test_another_language_is_rejected_by_name() -> None:
    with pytest.raises(RowError, match="'de' is not supported"):
        detect("Das Marketing antwortet uns nie auf unsere Fragen")


def test_no_letters_is_no_language() -> None:
    with pytest.raises(RowError, match="no language"):
        detect("12 / 10 !!")
    assert detect("10/10", default="fr") == "fr"
