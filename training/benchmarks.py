"""Three published benchmarks: how far the encoder carries to other people's data and labels.

    python -m training.benchmarks incivility|complaints|politeness --data ../shared/data --encoder build/encoder
        --out build/benchmarks

- ``incivility``: GitHub comments on the authors' own ten folds (reset-ufc/slm-evaluation-incivility); the predictions
  of their DistilBERT stand in the file and are judged on the same rows. Both alone, and beside the words themselves
  (``baselines.word_features``), of which a network that was taught by others' texts sees the rare ones least.
- ``complaints``: X-CI (Jin & Aletras 2021), ten folds, four-way severity of complaints and complaint or not.
- ``politeness``: TyDiP (Srinivasan & Choi 2022), trained on English, tested on French: once as it is, and once with the
  labels carried over a public parallel corpus (what the English-trained network says of the English side teaches the
  French side: Xu & Yang 2017, "Cross-lingual Distillation for Text Classification"). No French label is seen.

Each fine-tunes the encoder anew with one linear head; no label of the test rows is seen. F1 is taken at one half
and at the limit that a network's own probabilities promise the most of, accuracy at one half.
Where each set is published stands in the datasheet of the public data. Prints Markdown. Resumable: what a fold was
judged stays in ``--out``, a folder for each encoder and each way to train it, and is taken from there.
"""

import argparse
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .baselines import word_features, word_regression
from .distil import training_pairs
from .intermediate import ABOUT, read, read_lines
from .network import DEVICE, Network, new_network

Array = NDArray[np.float64]
SEVERITIES: Final = ("no explicit reproach", "disapproval", "accusation", "blame")
SEED: Final = 5
LENGTH: Final = 256
SMALLEST: Final = 1e-4
"""Less likely than that is nothing."""
LIMITS: Final = np.arange(10, 51) / 100
REQUEST: Final = re.compile(r"(?i)(?=(?:\S+\s+){6}\S).*(?:\?|please)")
"""A question or a plea of seven words or more: what politeness is said in."""


@dataclass(frozen=True, slots=True)
class Row:
    """A text and how likely each class is; ``row`` makes one of a class that is known."""

    text: str
    likely: tuple[float, ...]


def row(text: str, label: int, classes: int) -> Row:
    """A text of a class that is known."""
    return Row(text, tuple(float(place == label) for place in range(classes)))


def fit_and_judge(
    encoder: Path, train: Sequence[Row], asked: Sequence[str], *, epochs: int, rate: float = 1e-4, batch: int = 32
) -> Array:
    """Fine-tune an encoder on labelled texts and judge others.

    Weights are averaged with an exponential decay of a sixth of all steps, so that the first count for next to nothing.

    Returns:
        Probabilities of shape (asked, classes).
    """
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    network, tokenizer = new_network(encoder)
    head = nn.Linear(network.mix.out_features, len(train[0].likely)).to(DEVICE)
    both = nn.ModuleList([network, head])
    steps = epochs * (len(train) // batch + 1)
    averaged = AveragedModel(both, multi_avg_fn=get_ema_multi_avg_fn(1 - 6 / max(steps, 12)))
    optimiser = torch.optim.AdamW(
        [{"params": network.parameters(), "lr": rate}, {"params": head.parameters(), "lr": rate * 10}], fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [rate, rate * 10], total_steps=steps + 1, pct_start=0.1)
    network.train()
    for _ in range(epochs):
        rows = sorted(train, key=lambda r: len(r.text) + rng.uniform(0, 60))
        blocks = [rows[i : i + batch] for i in range(0, len(rows), batch)]
        rng.shuffle(blocks)
        for block in blocks:
            seen = read(network, tokenizer, [ABOUT] * len(block), [r.text for r in block], length=LENGTH)
            loss = F.cross_entropy(head(network.dropout(seen)), torch.tensor([r.likely for r in block], device=DEVICE))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            averaged.update_parameters(both)
    network, head = cast(tuple[Network, nn.Linear], averaged.module.eval())
    parts = []
    with torch.inference_mode():
        for i in range(0, len(asked), 64):
            texts = list(asked[i : i + 64])
            parts.append(head(read(network, tokenizer, [ABOUT] * len(texts), texts, length=LENGTH)).softmax(-1))
    return torch.cat(parts).double().cpu().numpy()


def folds_of(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """Each fold by name, in one order everywhere: the rows of the others to learn from, and its own to be judged."""
    for fold in sorted({r["fold10"] for r in rows}):
        yield fold, [r for r in rows if r["fold10"] != fold], [r for r in rows if r["fold10"] == fold]


def over_folds(
    encoder: Path, rows: Sequence[dict[str, Any]], label: str, kept: Path, *, epochs: int
) -> list[tuple[Array, Array]]:
    """(truth, probabilities) of each of the ten folds, judged by a network trained on the nine others.

    The probabilities stay in ``kept``, a file a fold.
    """
    kept.mkdir(parents=True, exist_ok=True)
    out, classes = [], max(int(r[label]) for r in rows) + 1
    for fold, others, test in folds_of(rows):
        started = time.monotonic()
        train = [row(r["text"], int(r[label]), classes) for r in others]
        path = kept / f"{label}-{fold}.npy"
        if not path.is_file():
            found = fit_and_judge(encoder, train, [r["text"] for r in test], epochs=epochs)
            np.save(path.with_suffix(".part.npy"), found)
            path.with_suffix(".part.npy").replace(path)
        found = np.load(path)
        out.append((np.array([int(r[label]) for r in test]), found))
        print(f"fold {fold}: {len(train)} rows to train on, {time.monotonic() - started:.0f} s", flush=True)
    return out


def by_words(rows: Sequence[dict[str, Any]], label: str) -> list[Array]:
    """Probabilities of shape (asked, classes) of each fold by its words alone, learnt on the nine others."""
    out = []
    for _, others, test in folds_of(rows):
        model = make_pipeline(word_features(), word_regression())
        model.fit([r["text"] for r in others], [int(r[label]) for r in others])
        out.append(model.predict_proba([r["text"] for r in test]))
    return out


def together(one: Array, other: Array) -> Array:
    """What two judges say together, all of shape (asked, classes): their geometric mean (Hinton 1999, "Products of
    Experts").
    """
    both = np.sqrt(np.clip(one, SMALLEST, 1) * np.clip(other, SMALLEST, 1))
    return np.asarray(both / both.sum(1, keepdims=True))


def promising(likely: Array) -> float:
    """The limit of the highest F1 that probabilities of shape (asked,) promise, were they true; asks for no label.

    At one half, where one in four is uncivil, F1 loses more by what is missed than it gains by what is not invented
    (Lipton et al. 2014, "Optimal Thresholding of Classifiers to Maximize F1 Measure").
    """
    return float(
        max(LIMITS, key=lambda limit: 2 * likely[likely >= limit].sum() / ((likely >= limit).sum() + likely.sum()))
    )


def incivility(data: Path, encoder: Path, kept: Path) -> list[str]:
    """F1 of the uncivil class and AUC, beside the published model on the same rows."""
    rows = list(read_lines(data / "github_incivility_6879_published_folds.jsonl.gz"))
    folds = over_folds(encoder, rows, "uncivil", kept, epochs=2)
    words = by_words(rows, "uncivil")
    truth = np.concatenate([t for t, _ in folds])
    published = [np.array([r["published_distilbert_prob"] for r in test], float) for _, _, test in folds_of(rows)]
    theirs = [np.column_stack((1 - p, p)) for p in published]
    ours = [p for _, p in folds]
    lines = [
        "| GitHub incivility, ten published folds | F1 (uncivil) at one half | at the limit | AUC |",
        "|" + " --- |" * 4,
    ]
    for name, judged in (
        ("ours", ours),
        ("words alone", words),
        ("ours, and words", [together(*two) for two in zip(ours, words, strict=True)]),
        ("DistilBERT as published", theirs),
        ("DistilBERT, and words", [together(*two) for two in zip(theirs, words, strict=True)]),
    ):
        likely = np.concatenate([p[:, 1] for p in judged])
        found = np.concatenate([p[:, 1] >= promising(p[:, 1]) for p in judged])
        figures = f1_score(truth, likely >= 0.5), f1_score(truth, found), roc_auc_score(truth, likely)
        lines.append(f"| {name} | {' | '.join(f'{figure:.3f}' for figure in figures)} |")
    return lines


def complaints(data: Path, encoder: Path, kept: Path) -> list[str]:
    """Mean macro-F1 over the folds: four-way severity of complaints, and complaint or not."""
    rows = list(read_lines(data / "xci_complaint_severity.jsonl.gz"))
    severe = [r | {"level": SEVERITIES.index(r["severity_name"])} for r in rows if r["severity_name"] in SEVERITIES]
    lines = ["| X-CI, ten folds | macro-F1 | published |", "| --- | --- | --- |"]
    for name, these, label, published in (
        ("severity, four ways", severe, "level", 0.557),
        ("complaint or not", rows, "complaint", 0.882),
    ):
        folds = over_folds(encoder, these, label, kept, epochs=5)
        figures = [f1_score(t, p.argmax(1), average="macro") for t, p in folds]
        lines.append(f"| {name} | {np.mean(figures):.3f} | {published:.3f} |")
    return lines


def politeness(data: Path, encoder: Path, _: Path) -> list[str]:
    """Accuracy on French after training on English, with and without labels carried over parallel sentences."""
    rows = [r for r in read_lines(data / "tydip_politeness_en_fr.jsonl.gz") if r["in_binary"]]
    train = [row(r["text"], r["polite"], 2) for r in rows if r["lang"] == "en" and r["split"] == "train"]
    test = [r for r in rows if r["split"] == "test"]
    asked = [pair for pair in training_pairs(data, seed=SEED) if REQUEST.search(pair[0])]
    found = fit_and_judge(encoder, train, [r["text"] for r in test] + [en for en, _ in asked], epochs=4)
    carried = [Row(fr, tuple(likely)) for (_, fr), likely in zip(asked, found[len(test) :].tolist(), strict=True)]
    ways = {
        "English": found[: len(test)],
        f"English, and {len(asked):,} French sentences as their English twins were judged": fit_and_judge(
            encoder, train * 4 + carried, [r["text"] for r in test], epochs=1
        ),
    }
    lines = ["| TyDiP, trained on | fr | en |", "| --- | --- | --- |", "| XLM-R large, published | 0.820 | 0.892 |"]
    polite = np.array([r["polite"] for r in test])
    for name, likely in ways.items():
        right = likely.argmax(1) == polite
        means = [right[[r["lang"] == lang for r in test]].mean() for lang in ("fr", "en")]
        lines.append(f"| {name} | {means[0]:.3f} | {means[1]:.3f} |")
    return lines


BENCHMARKS: Final[dict[str, Callable[[Path, Path, Path], list[str]]]] = {
    "incivility": incivility,
    "complaints": complaints,
    "politeness": politeness,
}


def main() -> None:
    """Run one benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("benchmark", choices=BENCHMARKS)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--encoder", type=Path, required=True, help="an encoder's folder, or a trained network's")
    parser.add_argument("--out", type=Path, required=True, help="where what each fold was judged is kept")
    args = parser.parse_args()
    print("\n".join(BENCHMARKS[args.benchmark](args.data, args.encoder, args.out)))


if __name__ == "__main__":
    main()
