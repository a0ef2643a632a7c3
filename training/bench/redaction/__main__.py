"""Measure on the held-out half, and write the datasheet.

    python -m training.bench.redaction [--half tune] [--rounds 5] [--out docs/redaction.md]

``--half tune`` prints what was missed and what was masked for nothing there; the held-out half prints figures only.
"""

import argparse
import time
from pathlib import Path
from statistics import median

from friction.records import LANGS, Lang
from training.bench.redaction.contestants import Contestant, friction, presidio
from training.bench.redaction.labelled import Half, Sentence, read
from training.bench.redaction.measure import Tally, tally
from training.bench.redaction.report import Figures, page

NAMES = frozenset({"name"})
PATTERNS = frozenset({"email", "url", "phone", "account", "number", "ip", "handle", "staff"})


def threshold(contestant: Contestant, lang: Lang) -> float:
    """The confidence from which its masks are taken: the best F1 on the half that is there to tune on."""
    sentences = list(read(lang, "tune"))
    scored = [contestant.scored(s.text, lang) for s in sentences]

    def f1(at: float) -> float:
        pairs = [
            (s, [(span, kind) for span, kind, score in found if score >= at])
            for s, found in zip(sentences, scored, strict=True)
        ]
        total = tally(pairs, NAMES | PATTERNS)
        return 2 * total.precision * total.recall / (total.precision + total.recall or 1.0)

    return max((0.0, 0.2, 0.35, 0.5, 0.7), key=f1)


def measured(contestant: Contestant, lang: Lang, half: Half) -> dict[str, Tally]:
    """Tallies by kind of label, and for patterns and everything together."""
    at = threshold(contestant, lang)
    pairs = [(s, contestant.find(s.text, lang, at)) for s in read(lang, half)]
    wanted = {kind: frozenset({kind}) for kind in sorted(NAMES | PATTERNS)}
    wanted |= {"patterns": PATTERNS, "all": NAMES | PATTERNS}
    return {name: tally(pairs, kinds) for name, kinds in wanted.items()}


def speeds(contestants: list[Contestant], rounds: int) -> dict[str, list[float]]:
    """Comments a second of processor time, round by round; contestants take turns, forwards and backwards."""
    texts: list[tuple[Sentence, Lang]] = [(s, lang) for lang in LANGS for s in read(lang)]
    rates: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for number in range(rounds):
        for contestant in contestants if number % 2 == 0 else contestants[::-1]:
            start = time.process_time()
            for sentence, lang in texts:
                contestant.scored(sentence.text, lang)
            rates[contestant.name].append(len(texts) / (time.process_time() - start))
    return rates


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=["tune", "held"], default="held")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    contestants = [c for c in (friction(), presidio(models=False), presidio(models=True)) if c is not None]
    figures = Figures(
        tallies={(c.name, lang): measured(c, lang, args.half) for c in contestants for lang in LANGS},
        rates=speeds(contestants, args.rounds),
        half=args.half,
    )
    text = page(figures)
    if args.out:
        args.out.write_text(text, encoding="utf-8")
    print(text)
    print({name: round(median(rates)) for name, rates in figures.rates.items()})
    if args.half == "tune":
        for lang in LANGS:
            total = figures.tallies["friction", lang]["all"]
            for sentence, label in total.missed:
                print(f"missed {lang} {sentence.line} {label.kind}: {sentence.text}")
            for sentence, span in total.wrong:
                print(f"for nothing {lang} {sentence.line} {sentence.text[span.start : span.end]}: {sentence.text}")


if __name__ == "__main__":
    main()
