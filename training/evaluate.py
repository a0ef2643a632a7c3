"""Evaluate a released model folder beside its baselines and write its model card.

    python -m training.evaluate --model models/friction-enfr-14 [--split dev|test] [--float build/model]
        [--also setfit undistilled] [--data ../shared/data]

Thresholds of every model are chosen on dev. ``--split dev`` prints; ``--split test`` also writes the card.
``--also`` names baselines that train a network of their own, which takes long: SetFit's minutes, the whole fine-tuning
of a MiniLM that was never distilled. With ``--data`` the model is judged on collected comments too.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import numpy as np
from tokenizers import Tokenizer

from friction.inference import open_session
from friction.model_folder import Card, checksums, read_card
from friction.taxonomy import PATTERNS

from . import baselines, calibration, collected, curve, faithfulness
from .corpus import Example, Labelled, Split, examples, load
from .export import run
from .finetune import EPOCHS, RATE, predict, train
from .hands import Hands
from .metrics import Judged
from .network import load_network, new_network
from .student import grow

CARD = """# {name}

A classifier of blame between teams, per target team, in English and French. It reads one comment as seen from one
team and gives calibrated probabilities of blame, appreciation and nine patterns of blame (`docs/taxonomy.md`).

- **Architecture**: 6-layer BERT encoder of 384 dimensions, int8, ONNX; {vocabulary} word pieces; read out at the
  target's markers. Teams' names are replaced by markers before the model sees a text.
- **Made from**: all-MiniLM-L6-v2 (Apache-2.0), distilled into French on Tatoeba (CC BY 2.0), DiaBLa (CC BY-SA 4.0) and
  XED (CC BY 4.0) sentence pairs; then the hand-written corpus of `training/corpus`, and comments of patients' surveys
  (The Strategy Unit, pxtextmining, MIT), on banks (X-FINCORP, MIT), of GoEmotions (Apache-2.0) and of XED, labelled for
  it (`training/collected`); other texts of those sets and the sentence pairs were read without labels
  (`training.adapt`, `training.ensemble`). None of those texts is in this folder.
- **Use**: aggregated, corrected rates of pairs of teams. **Not for**: judging a single comment, a person, or a text in
  another language; measuring anger or stress.

## Evaluation

{rows} comments ({counts}) of organisations, trades and writers that no training split shares. Thresholds and
calibration are chosen on dev alone, written and collected. 95 % bootstrap intervals over comments.
Command: `python -m training.evaluate --model {folder} --split test`.

{table}

F1 of each pattern: {patterns}.

{evidence}

Blame by kind of comment, told apart by what can be counted:

{kinds}

By organisation. Those whose names begin with `u` came later: `u1` have surveys, chat and spoken statements, in about
the proportions in which organisations get them, `u2` what people say of other teams in public and are quoted as saying:

{organisations}

{collected}{curve}
Limits: the first table is of written comments, by writers of one kind; collected ones are harder. What a second
annotator reaches stands in the corpus' datasheet, what the errors have in common in `docs/errors.md`.
"""

COLLECTED: Final = """On {rows} collected comments, labelled blindly (`training/collected`; `wiki_fr` is French), at the
same thresholds. Nothing of `repository`, `wiki` and `wiki_fr` was trained on; of the others, other comments were:

{table}

"""

CURVE: Final = """Learning curve: average precision on dev of a single training, the patterns' given blame
(`python -m training.curve`):

{curve}
"""

BASELINES: Final = {
    "TF-IDF + logistic regression": baselines.tfidf,
    "keyword list (200 phrases)": baselines.keywords,
    "majority": baselines.majority,
}


SLOW: Final = ("setfit", "undistilled")


def _table(found: dict[str, Judged]) -> str:
    lines = ["| model | language | blame F1 | appreciation F1 | pattern macro-F1 | targets F1 | ECE of blame |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for name, model in found.items():
        for lang in ("en", "fr", None):
            figures = " | ".join(str(f) for f in model.figures(lang).values())
            lines.append(f"| {name} | {lang or 'both'} | {figures} |")
    return "\n".join(lines)


def _kinds(rows: Sequence[Labelled], items: Sequence[Example], model: Judged, phrases: baselines.Array) -> str:
    """Blame on the kinds of comment that are hard, told apart by what can be counted."""
    comments = {(r.org, r.id): r for r in rows}
    kinds: dict[str, list[int]] = {
        "no phrase of the keyword list": [],
        "a phrase of the keyword list": [],
        "target asked about, never named": [],
        "two or more targets with different labels": [],
        "under 8 words": [],
        "over 30 words": [],
    }
    for place in np.flatnonzero(model.is_gold).tolist():
        item, row = items[place], comments[items[place].org, items[place].id]
        words = len(item.text.split())
        belongs = (
            not phrases[place, 1],
            bool(phrases[place, 1]),
            all(mention.team != item.team for mention in row.reading.mentions),
            len(set(row.targets.values())) > 1,
            words < 8,
            words > 30,
        )
        for places, here in zip(kinds.values(), belongs, strict=True):
            places += [place] * here
    lines = ["| kind of comment | targets | of them blamed | blame F1 | precision | recall |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for name, places in kinds.items():
        n, blamed, f1, precision, recall = model.blame_of(places)
        lines.append(f"| {name} | {n} | {blamed} | {f1:.3f} | {precision:.3f} | {recall:.3f} |")
    return "\n".join(lines)


def _undistilled(train_rows: list[Labelled], dev: list[Example], judged: list[Example]) -> list[baselines.Array]:
    """Logits, on dev and on the judged split, of MiniLM never distilled: one seed, pieces grown from the corpus."""
    with tempfile.TemporaryDirectory() as scratch:
        model, tokenizer = grow(r.reading.text.text for r in train_rows if r.reading.lang == "fr")
        model.save_pretrained(scratch)
        tokenizer.save(f"{scratch}/tokenizer.json")
        network, tokenizer = new_network(Path(scratch))
    train(network, tokenizer, examples(train_rows), dev, Hands(train_rows), epochs=EPOCHS, rate=RATE, seed=23)
    return [predict(network, tokenizer, items).astype(float) for items in (dev, judged)]


def _by_organisation(rows: Sequence[Labelled], items: Sequence[Example], likely: baselines.Array, card: Card) -> str:
    """How the model fares on each organisation's comments, from its probabilities of shape (examples, heads)."""
    lines = [
        "| organisation | targets | of them blamed | appreciated | blame F1 | appreciation F1 | targets F1 | ECE |"
    ]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for org in (*sorted({row.org for row in rows}), None):
        here = [row for row in rows if org in (None, row.org)]
        places = [place for place, item in enumerate(items) if org in (None, item.org)]
        figures = Judged(here, [items[place] for place in places], likely[places], card.thresholds).figures()
        gold = [target for row in here for target in row.targets.values()]
        cells: list[object] = [org or "all", len(gold), sum(g.blame for g in gold), sum(g.appreciation for g in gold)]
        cells += [
            figures["blame F1"],
            figures["appreciation F1"] if cells[-1] else "-",
            figures["targets F1"],
            figures["ECE"],
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--float", type=Path, dest="network", help="folder of training.finetune: its float figures too")
    parser.add_argument("--curve", type=Path, help="folder of training.curve, for the card")
    parser.add_argument("--data", type=Path, help="folder of the public data: collected comments too")
    parser.add_argument("--also", nargs="+", choices=SLOW, default=(), help="baselines that train a network")
    return parser.parse_args()


def main() -> None:
    """Run the stage."""
    args = _read_arguments()
    split = cast(Split, args.split)
    card = read_card(args.model)
    session = open_session(args.model / "model.onnx")
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    train_rows, rows = load("train"), load(split)
    train_items, dev, judged = examples(train_rows), examples(collected.with_corpus("dev", args.data)), examples(rows)

    def scored(items: list[Example]) -> baselines.Array:
        return calibration.probabilities(run(session, tokenizer, items), items, card.scaling)

    ours = scored(judged)
    found = {f"{card.name} (int8)": Judged(rows, judged, ours, card.thresholds)}

    def add(name: str, on_dev: baselines.Array, on_judged: baselines.Array) -> None:
        found[name] = Judged(rows, judged, on_judged, calibration.thresholds(on_dev, dev))

    def add_network(name: str, logits: Sequence[baselines.Array]) -> None:
        scaling = calibration.fit(logits[0].astype("float32"), dev)
        on_dev, on_judged = (
            calibration.probabilities(part.astype("float32"), items, scaling)
            for part, items in zip(logits, (dev, judged), strict=True)
        )
        add(name, on_dev, on_judged)

    if args.network:
        network, tokenizer = load_network(args.network)
        add_network(
            f"{card.name} (float)", [predict(network, tokenizer, items).astype(float) for items in (dev, judged)]
        )
    if "undistilled" in args.also:
        add_network("MiniLM fine-tuned, not distilled", _undistilled(train_rows, dev, judged))
    if "setfit" in args.also:
        both = baselines.setfit(train_items, [*dev, *judged])
        add("SetFit on MiniLM", both[: len(dev)], both[len(dev) :])
    for name, baseline in BASELINES.items():
        both = baseline(train_items, [*dev, *judged])
        add(name, both[: len(dev)], both[len(dev) :])

    best = next(iter(found.values()))
    table, kinds = _table(found), _kinds(rows, judged, best, baselines.keywords(train_items, judged))
    patterns = ", ".join(f"{p} {best.pattern(p):.2f}" for p in PATTERNS)
    evidence = faithfulness.report(args.model, rows, judged)
    real = collected.load("test", args.data) if args.data else []
    asked = examples(real)
    on_collected = (
        COLLECTED.format(rows=len(real), table=_by_organisation(real, asked, scored(asked), card)) if real else ""
    )
    organisations = _by_organisation(rows, judged, ours, card)
    print(f"{split}: {len(rows)} comments, {len(judged)} candidates")
    print(f"{table}\n\n{kinds}\n\n{organisations}\n\n{on_collected}")
    print(f"F1 of each pattern: {patterns}\n{evidence}")
    if split == "test":
        _write_card(
            args.model,
            card,
            tokenizer.get_vocab_size(),
            rows,
            table=table,
            kinds=kinds,
            organisations=organisations,
            patterns=patterns,
            evidence=evidence,
            collected=on_collected,
            curve=CURVE.format(curve=curve.table(args.curve)) if args.curve else "",
        )


def _write_card(folder: Path, card: Card, vocabulary: int, rows: Sequence[Labelled], **parts: str) -> None:
    counts = Counter(r.reading.lang for r in rows)
    text = CARD.format(
        name=card.name,
        folder=f"models/{card.name}",
        vocabulary=vocabulary,
        rows=len(rows),
        counts=", ".join(f"{n} {lang}" for lang, n in sorted(counts.items())),
        **parts,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
    (folder / "SHA256SUMS").write_text(checksums(folder), encoding="utf-8")


if __name__ == "__main__":
    main()
