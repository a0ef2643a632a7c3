"""Intermediate training: teach the encoder stance and register on public sets, before the corpus.

    python -m training.intermediate --data ../shared/data --encoder build/encoder --out build/stance

Emotions (GoEmotions, XED in both languages), survey sentiment and criticality (NHS), severity of complaints
(X-FINCORP), politeness (TyDiP, its English train split). One linear head a task on the mean vector, thrown away
afterwards (Pruksachatkun et al. 2020, "Intermediate-task transfer learning with pretrained language models").
"""

import argparse
import gzip
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from .distil import without_accents
from .network import load_encoder, pad

SEVERITIES: Final = ("non-complaint", "no explicit reproach", "disapproval", "accusation", "blame")


@dataclass(frozen=True, slots=True)
class Task:
    """A public set: its rows' labels, or None for a row without one."""

    file: str
    outputs: int
    several: bool
    label: Callable[[dict[str, Any]], list[int] | int | None]


def _emotions(row: dict[str, Any], names: list[str]) -> list[int]:
    return [int(name in row["emotions"]) for name in names]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def tasks(data: Path) -> list[Task]:
    """The tasks whose files are in ``data``."""
    names = sorted({e for row in _lines(data / "goemotions.jsonl.gz") for e in row["emotions"]})
    felt = sorted({e for row in _lines(data / "xed_emotions_en_fr.jsonl.gz") for e in row["emotions"]})
    return [
        Task("goemotions", len(names), True, lambda row: _emotions(row, names)),
        Task("xed_emotions_en_fr", len(felt), True, lambda row: _emotions(row, felt)),
        Task("nhs_survey_comments", 5, False, lambda row: _index(row["sentiment_1verypos_5veryneg"])),
        Task("xfincorp_complaint_severity", 5, False, lambda row: _severity(row["severity_name"])),
        Task(
            "tydip_politeness_en_fr",
            2,
            False,
            lambda row: row["polite"] if row["in_binary"] and row["lang"] == "en" else None,
        ),
    ]


def _index(value: Any) -> int | None:
    return None if value is None else int(value) - 1


def _severity(name: Any) -> int | None:
    return SEVERITIES.index(name) if name in SEVERITIES else None


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)

    encoder, tokenizer, width = load_encoder(args.encoder)
    found = tasks(args.data)
    heads = nn.ModuleList(nn.Linear(width, task.outputs) for task in found)
    plan: list[tuple[int, list[tuple[str, Any]]]] = []
    for place, task in enumerate(found):
        rows = []
        for row in _lines(args.data / f"{task.file}.jsonl.gz"):
            label = task.label(row) if row["split"] == "train" else None
            if label is not None:
                text = without_accents(row["text"]) if row["lang"] == "fr" and rng.random() < 0.15 else row["text"]
                rows.append((text, label))
        print(f"{task.file}: {len(rows)} rows", flush=True)
        rng.shuffle(rows)
        rows.sort(key=lambda r: len(r[0]) // 40)
        plan += [(place, rows[i : i + args.batch]) for i in range(0, len(rows), args.batch)]
    rng.shuffle(plan)

    parameters = [*encoder.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=args.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=len(plan) + 1, pct_start=0.1)
    encoder.train()
    started, running = time.monotonic(), [0.0] * len(found)
    for step, (place, rows) in enumerate(plan, 1):
        ids, mask = pad([e.ids[:96] for e in tokenizer.encode_batch([text for text, _ in rows])])
        with torch.autocast("cpu", torch.bfloat16):
            hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1)
        logits = heads[place]((hidden.float() * weight).sum(1) / weight.sum(1))
        goal = torch.tensor([label for _, label in rows])
        loss = (
            F.binary_cross_entropy_with_logits(logits, goal.float()) * 4
            if found[place].several
            else F.cross_entropy(logits, goal)
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        running[place] = 0.95 * running[place] + 0.05 * loss.item() if running[place] else loss.item()
        if step % 100 == 0 or step == len(plan):
            left = (time.monotonic() - started) / step * (len(plan) - step) / 60
            print(
                f"step {step}/{len(plan)} losses {' '.join(f'{r:.3f}' for r in running)} left {left:.0f} min",
                flush=True,
            )
    args.out.mkdir(parents=True, exist_ok=True)
    cast(PreTrainedModel, encoder).save_pretrained(args.out)
    tokenizer.save(str(args.out / "tokenizer.json"))


if __name__ == "__main__":
    main()
