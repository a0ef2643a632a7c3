"""Intermediate training: teach encoder and read-out stance and register on public sets, before the corpus.

    python -m training.intermediate --data ../shared/data --encoder build/encoder --out build/stance

Emotions (GoEmotions, XED in both languages), survey sentiment (NHS), severity of complaints (X-FINCORP), politeness
(TyDiP, its English train split). Each text is put as the corpus' comments are, with a question about a target, and
read out alike; one linear head a task, thrown away afterwards (Pruksachatkun et al. 2020, "Intermediate-task transfer
learning with pretrained language models"). Most of these labels are English; batches of parallel sentences draw
what is read from the French to what is read from its English twin, so that French learns them too.
"""

import argparse
import bisect
import gzip
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from friction.markers import ASKED, TARGET

from .descent import descend
from .distil import Pair, training_pairs, without_accents
from .network import DEVICE, Network, mixed_precision, new_network, pad, save_encoder

ABOUT: Final = f"{TARGET}{ASKED}"
TWINS: Final = -1
"""Place of a batch of parallel sentences in the plan, where others have their task's."""
MAX_TOKENS: Final = 96
SEVERITIES: Final = ("non-complaint", "no explicit reproach", "disapproval", "accusation", "blame")


@dataclass(frozen=True, slots=True)
class Task:
    """A public set: the question its texts are put with, and its rows' labels, or None for a row without one."""

    file: str
    question: str
    outputs: int
    several: bool
    label: Callable[[dict[str, Any]], list[int] | int | None]


def _emotions(row: dict[str, Any], names: list[str]) -> list[int]:
    return [int(name in row["emotions"]) for name in names]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a public set."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def tasks(data: Path) -> list[Task]:
    """The tasks whose files are in ``data``."""
    names = sorted({e for row in read_lines(data / "goemotions.jsonl.gz") for e in row["emotions"]})
    felt = sorted({e for row in read_lines(data / "xed_emotions_en_fr.jsonl.gz") for e in row["emotions"]})
    return [
        Task("goemotions", TARGET, len(names), True, lambda row: _emotions(row, names)),
        Task("xed_emotions_en_fr", TARGET, len(felt), True, lambda row: _emotions(row, felt)),
        Task("nhs_survey_comments", ABOUT, 5, False, _sentiment),
        Task("xfincorp_complaint_severity", ABOUT, 5, False, lambda row: _severity(row["severity_name"])),
        Task(
            "tydip_politeness_en_fr",
            ABOUT,
            2,
            False,
            lambda row: row["polite"] if row["in_binary"] and row["lang"] == "en" else None,
        ),
    ]


def _sentiment(row: dict[str, Any]) -> int | None:
    """0, very positive, to 4, very negative; older rows state a criticality from 5 (praise) to -5 instead."""
    if row["sentiment_1verypos_5veryneg"] is not None:
        return int(row["sentiment_1verypos_5veryneg"]) - 1
    if row["criticality"] is None:
        return None
    return bisect.bisect_right((-2.99, -0.01, 0.01, 2.99), -row["criticality"])


def _severity(name: Any) -> int | None:
    return SEVERITIES.index(name) if name in SEVERITIES else None


def read(
    network: Network, tokenizer: Tokenizer, questions: list[str], texts: list[str], *, length: int = MAX_TOKENS
) -> Tensor:
    """What the network reads of at most ``length`` tokens, of shape (texts, width), in float."""
    rows = [e.ids[:length] for e in tokenizer.encode_batch(list(zip(questions, texts, strict=True)))]
    with mixed_precision():
        found = network.read(*pad(rows, pad_id=network.pad_id))
    return found.float()


def _blocks(rows: list[Any], length: Callable[[Any], int], batch: int, rng: random.Random) -> Iterator[list[Any]]:
    """Batches of rows of similar length."""
    rng.shuffle(rows)
    rows.sort(key=lambda r: length(r) // 40)
    for i in range(0, len(rows), batch):
        yield rows[i : i + batch]


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--twins", type=int, default=40_000, help="pairs of parallel sentences")
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)

    network, tokenizer = new_network(args.encoder)
    found = tasks(args.data)
    heads = nn.ModuleList(nn.Linear(network.mix.out_features, task.outputs) for task in found).to(DEVICE)
    pairs = training_pairs(args.data, seed=args.seed)[: args.twins]
    plan: list[tuple[int, list[Any]]] = [
        (TWINS, block) for block in _blocks(pairs, lambda p: len(p[1]), args.batch, rng)
    ]
    for place, task in enumerate(found):
        rows: list[Any] = []
        for row in read_lines(args.data / f"{task.file}.jsonl.gz"):
            label = task.label(row) if row["split"] == "train" else None
            if label is not None:
                text = without_accents(row["text"]) if row["lang"] == "fr" and rng.random() < 0.15 else row["text"]
                rows.append((text, label))
        print(f"{task.file}: {len(rows)} rows", flush=True)
        plan += [(place, block) for block in _blocks(rows, lambda r: len(r[0]), args.batch, rng)]
    rng.shuffle(plan)

    parameters = [*network.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=args.rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=len(plan) + 1, pct_start=0.1)
    network.train()
    started, running = time.monotonic(), [0.0] * (len(found) + 1)
    for step, (place, rows) in enumerate(plan, 1):
        if place == TWINS:
            loss = _twins(network, tokenizer, rows, rng)
        else:
            task = found[place]
            seen = read(network, tokenizer, [task.question] * len(rows), [text for text, _ in rows])
            goal = torch.tensor([label for _, label in rows], device=DEVICE)
            logits = heads[place](network.dropout(seen))
            loss = (
                F.binary_cross_entropy_with_logits(logits, goal.float()) * 4
                if task.several
                else F.cross_entropy(logits, goal)
            )
        descend(loss, optimiser, schedule)
        running[place] = 0.95 * running[place] + 0.05 * loss.item() if running[place] else loss.item()
        if step % 100 == 0 or step == len(plan):
            left = (time.monotonic() - started) / step * (len(plan) - step) / 60
            print(
                f"step {step}/{len(plan)} losses {' '.join(f'{r:.3f}' for r in running)} left {left:.0f} min",
                flush=True,
            )
    save_encoder(network, tokenizer, args.out)


def _twins(network: Network, tokenizer: Tokenizer, pairs: list[Pair], rng: random.Random) -> Tensor:
    """How far what is read from the French is from what is read from the English, which is held still."""
    questions = [rng.choice((TARGET, ABOUT)) for _ in pairs]
    with torch.no_grad():
        goal = read(network, tokenizer, questions, [en for en, _ in pairs])
    french = [without_accents(fr) if rng.random() < 0.15 else fr for _, fr in pairs]
    return (1 - F.cosine_similarity(read(network, tokenizer, questions, french), goal)).mean()


if __name__ == "__main__":
    main()
