"""Evaluate a released model folder beside its baselines and write its model card.

    python -m training.evaluate --model models/friction-enfr-1 [--split dev|test]

Thresholds of every model are chosen on dev. ``--split dev`` prints; ``--split test`` also writes the card.
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import cast

import onnxruntime
from tokenizers import Tokenizer

from friction.model_folder import checksums, read_card
from friction.taxonomy import PATTERNS

from . import baselines, calibration
from .corpus import Example, Split, examples, load
from .export import run
from .metrics import Judged

CARD = """# {name}

A classifier of blame between teams, per target team, in English and French. It reads one comment as seen from one
team and gives calibrated probabilities of blame, appreciation and nine patterns of blame (`docs/taxonomy.md`).

- **Architecture**: 6-layer BERT encoder of 384 dimensions, int8, ONNX; {vocabulary} word pieces; read out at the
  target's markers. Teams' names are replaced by markers before the model sees a text.
- **Made from**: all-MiniLM-L6-v2 (Apache-2.0), distilled into French on Tatoeba (CC BY 2.0), DiaBLa (CC BY-SA 4.0) and
  XED (CC BY 4.0) sentence pairs; intermediate training on GoEmotions (Apache-2.0), XED (CC BY 4.0), NHS survey comments
  (pxtextmining, MIT), X-FINCORP complaints (MIT) and TyDiP's English part (CC BY 4.0); then the hand-written corpus of
  `training/corpus` (see its datasheet). None of those texts is in this folder.
- **Use**: aggregated, corrected rates of pairs of teams. **Not for**: judging a single comment, a person, or a text in
  another language; measuring anger or stress.

## Evaluation

{rows} comments ({counts}) of organisations, trades and writers that no training split shares. Thresholds and
calibration are chosen on dev alone. 95 % bootstrap intervals over comments.
Command: `python -m training.evaluate --model {folder} --split test`.

{table}

F1 of each pattern: {patterns}.

Limits: written comments, not collected ones; one annotator a comment so far; few writers. What the errors have in
common, and what a second annotator reaches, is not measured yet.
"""


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    args = parser.parse_args()
    split = cast(Split, args.split)
    card = read_card(args.model)
    session = onnxruntime.InferenceSession(str(args.model / "model.onnx"), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    train, dev = examples(load("train")), examples(load("dev"))
    rows = load(split)
    judged = examples(rows)

    def ours(items: list[Example]) -> baselines.Array:
        return calibration.probabilities(run(session, tokenizer, items), items, card.scaling)

    found = {f"{card.name} (int8)": Judged(rows, judged, ours(judged), card.thresholds)}
    for name, baseline in (("TF-IDF + logistic regression", baselines.tfidf), ("majority", baselines.majority)):
        limits = calibration.thresholds(baseline(train, dev), dev)
        found[name] = Judged(rows, judged, baseline(train, judged), limits)

    lines = ["| model | language | blame F1 | appreciation F1 | pattern macro-F1 | targets F1 | ECE of blame |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for name, model in found.items():
        for lang in ("en", "fr", None):
            figures = " | ".join(str(f) for f in model.figures(lang).values())
            lines.append(f"| {name} | {lang or 'both'} | {figures} |")
    table = "\n".join(lines)
    best = next(iter(found.values()))
    patterns = ", ".join(f"{p} {best.pattern(p):.2f}" for p in PATTERNS)
    print(f"{split}: {len(rows)} comments, {len(judged)} candidates\n{table}\nF1 of each pattern: {patterns}")
    if split == "test":
        counts = Counter(r.reading.lang for r in rows)
        text = CARD.format(
            name=card.name,
            folder=f"models/{card.name}",
            vocabulary=tokenizer.get_vocab_size(),
            rows=len(rows),
            counts=", ".join(f"{n} {lang}" for lang, n in sorted(counts.items())),
            table=table,
            patterns=patterns,
        )
        (args.model / "README.md").write_text(text, encoding="utf-8")
        (args.model / "SHA256SUMS").write_text(checksums(args.model), encoding="utf-8")


if __name__ == "__main__":
    main()
