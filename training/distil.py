"""Distil an English sentence encoder into a student that reads English and French alike.

    python -m training.distil --data ../shared/data --out build/encoder

The student's French and English vectors are both drawn to the teacher's English vector: cosine distance plus an
in-batch contrastive loss (Reimers & Gurevych 2020, "Making monolingual sentence embeddings multilingual").
Some sentences are joined, since comments are longer than the parallel corpora's; some French loses its accents,
since people type it so. Resumable: the last checkpoint under ``--out`` is picked up.
"""

import argparse
import csv
import gzip
import random
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional as F
from transformers import BertModel

from .descent import Checkpoint, descend
from .network import DEVICE, mixed_precision, pad
from .student import grow, teacher

PARALLEL = ("parallel_tatoeba_en_fr", "parallel_diabla_en_fr", "parallel_xed_subtitles_en_fr")
Pair = tuple[str, str]


def read_pairs(data: Path, name: str) -> Iterator[tuple[str, str, str]]:
    """Rows (en, fr, split) of one parallel file."""
    with gzip.open(data / f"{name}.tsv.gz", "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["en"], row["fr"], row["split"]


def training_pairs(data: Path, *, seed: int, joined: float = 0.5) -> list[Pair]:
    """Pairs of the train splits; a share ``joined`` of them is chained two to four at a time."""
    rng = random.Random(seed)
    pairs = [(en, fr) for name in PARALLEL for en, fr, split in read_pairs(data, name) if split == "train"]
    rng.shuffle(pairs)
    cut = int(len(pairs) * joined)
    chains, single = pairs[:cut], pairs[cut:]
    out = list(single)
    while chains:
        part = [chains.pop() for _ in range(min(len(chains), rng.choice((2, 2, 3, 4))))]
        out.append((" ".join(en for en, _ in part), " ".join(fr for _, fr in part)))
    rng.shuffle(out)
    return out


def without_accents(text: str) -> str:
    """``text`` as typed on a keyboard without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def encode(tokenizer: Tokenizer, texts: list[str], *, length: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Padded ids and mask, both of shape (texts, longest)."""
    rows = [e.ids[: length - 1] + e.ids[-1:] if len(e.ids) > length else e.ids for e in tokenizer.encode_batch(texts)]
    return pad(rows, pad_id=tokenizer.get_vocab()["[PAD]"])


def embed(model: BertModel, tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    """Mean-pooled, normalised sentence vectors of shape (texts, 384)."""
    ids, mask = encode(tokenizer, texts)
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    return F.normalize((hidden * weight).sum(1).float() / weight.sum(1).float(), dim=-1)


def batches(pairs: list[Pair], size: int, rng: random.Random) -> Iterator[list[Pair]]:
    """Batches of similar length, in random order."""
    for start in range(0, len(pairs), size * 50):
        block = sorted(pairs[start : start + size * 50], key=lambda p: len(p[1]))
        parts = [block[i : i + size] for i in range(0, len(block), size)]
        rng.shuffle(parts)
        yield from parts


def steps(pairs: list[Pair], size: int, epochs: float, rng: random.Random) -> list[list[Pair]]:
    """The batches of so many epochs, the last of which may be cut short."""
    plan = [batch for _ in range(int(epochs) + 1) for batch in batches(pairs, size, rng)]
    return plan[: int(len(pairs) / size * epochs)]


def retrieval(model: BertModel, tokenizer: Tokenizer, data: Path) -> float:
    """Share of DiaBLa's test sentences in French whose English twin is their nearest neighbour."""
    rows = [(en, fr) for en, fr, split in read_pairs(data, "parallel_diabla_en_fr") if split == "test"]
    model.eval()
    with torch.inference_mode():
        en = torch.cat([embed(model, tokenizer, [e for e, _ in rows[i : i + 64]]) for i in range(0, len(rows), 64)])
        fr = torch.cat([embed(model, tokenizer, [f for _, f in rows[i : i + 64]]) for i in range(0, len(rows), 64)])
    model.train()
    return float(((fr @ en.T).argmax(1) == torch.arange(len(rows), device=DEVICE)).float().mean())


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data (see the datasheet)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)

    english, english_tokenizer = teacher()
    pairs = training_pairs(args.data, seed=args.seed)
    student, tokenizer = grow(fr for _, fr in pairs)
    for model in (english, student):
        nn.Module.to(model, DEVICE)
    tokenizer.save(str(args.out / "tokenizer.json"))
    plan = steps(pairs, args.batch, args.epochs, rng)
    vectors = [p for n, p in student.named_parameters() if "word_embeddings" in n]
    rest = [p for n, p in student.named_parameters() if "word_embeddings" not in n]
    optimiser = torch.optim.AdamW(
        [{"params": vectors, "lr": args.rate * 3}, {"params": rest, "lr": args.rate}], weight_decay=0.01, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [args.rate * 3, args.rate], total_steps=len(plan) + 1, pct_start=0.08, anneal_strategy="linear"
    )
    checkpoint = Checkpoint(args.out / "checkpoint.pt", student=student, optimiser=optimiser, schedule=schedule)
    first = checkpoint.restore().get("step", 0)
    print(f"{len(pairs)} pairs, {len(plan)} steps, from {first}; vocabulary {tokenizer.get_vocab_size()}", flush=True)

    started = time.monotonic()
    student.train()
    for step, batch in enumerate(plan[first:], first + 1):
        texts_en = [en for en, _ in batch]
        texts_fr = [without_accents(fr) if rng.random() < 0.15 else fr for _, fr in batch]
        with mixed_precision():
            with torch.no_grad():
                goal = embed(english, english_tokenizer, texts_en)
            both = embed(student, tokenizer, texts_en + texts_fr)
        ours_en, ours_fr = both.split(len(batch))
        cosine = (1 - (ours_en * goal).sum(1)).mean() + (1 - (ours_fr * goal).sum(1)).mean()
        logits = ours_fr @ goal.T / 0.05
        contrast = F.cross_entropy(logits, torch.arange(len(batch), device=DEVICE))
        loss = cosine * 4 + contrast * 0.5
        descend(loss, optimiser, schedule)
        if step % 100 == 0 or step == len(plan):
            pace = (time.monotonic() - started) / (step - first)
            left = pace * (len(plan) - step) / 60
            print(
                f"step {step} cosine {cosine.item():.3f} contrast {contrast.item():.3f} left {left:.0f} min", flush=True
            )
        if step % 500 == 0:
            checkpoint.keep(step=step)
            print(f"step {step} retrieval {retrieval(student, tokenizer, args.data):.3f}", flush=True)
    student.save_pretrained(args.out)
    checkpoint.drop()
    print(f"retrieval {retrieval(student, tokenizer, args.data):.3f}; student in {args.out}")


if __name__ == "__main__":
    main()
