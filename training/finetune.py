"""Fine-tune the encoder on the corpus: one question a target, twelve heads.

    python -m training.finetune --encoder build/stance --out build/model

Keeps the weights of the epoch that does best on dev (mean of blame, appreciation and pattern average precision).
The test split is not read here.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import AutoConfig

from friction.markers import OTHER, US
from friction.taxonomy import HEADS, PATTERNS

from .corpus import Example, Labelled, examples, load
from .distil import without_accents
from .network import Network, new_network, pad

MAX_TOKENS: Final = 192
HEAD_WEIGHT: Final = torch.tensor([0.3, 1.0, 0.7, *[0.35] * len(PATTERNS)])


def tokenise(tokenizer: Tokenizer, items: Sequence[tuple[str, str]]) -> list[list[int]]:
    """Ids of (question, text) pairs, cut to ``MAX_TOKENS``."""
    return [
        e.ids[: MAX_TOKENS - 1] + e.ids[-1:] if len(e.ids) > MAX_TOKENS else e.ids
        for e in tokenizer.encode_batch(list(items))
    ]


class Hands:
    """The same comment as other hands would type it, and with something beside the point before or after it.

    Args:
        rows: comments to learn from; those that speak of no team serve as what is beside the point.
    """

    def __init__(self, rows: Sequence[Labelled], seed: int) -> None:
        self._rng = random.Random(seed)
        self._beside: dict[str, list[str]] = {"en": [], "fr": []}
        for row in rows:
            if not row.reading.mentions and row.reading.about_team is None and len(row.reading.text.text) < 120:
                self._beside[row.reading.lang].append(row.reading.text.text)

    def write(self, item: Example) -> str:
        """The comment's marked text in some hand: no accents, no final stop, no commas, a team less known."""
        text, chance = item.text, self._rng.random
        beside = self._beside[item.lang]
        if beside and chance() < 0.12:
            parts = [self._rng.choice(beside), text]
            text = " ".join(parts if chance() < 0.5 else parts[::-1])
        if item.lang == "fr" and chance() < 0.2:
            text = without_accents(text)
        if chance() < 0.2:
            text = text.rstrip(" .!…")
        if chance() < 0.1:
            text = text.replace(",", "")
        if chance() < 0.1:
            text = text.replace(US, OTHER)
        return text


def predict(
    network: Network, tokenizer: Tokenizer, items: Sequence[Example], *, batch: int = 64
) -> NDArray[np.float32]:
    """Logits of shape (examples, heads)."""
    network.eval()
    rows = tokenise(tokenizer, [(e.question, e.text) for e in items])
    out = np.zeros((len(items), len(HEADS)), dtype=np.float32)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            places = order[start : start + batch]
            out[places] = network(*pad([rows[i] for i in places])).float().numpy()
    network.train()
    return out


def average_precisions(logits: NDArray[np.float32], items: Sequence[Example]) -> dict[str, float]:
    """Average precision of each head over the examples that it is judged on."""
    labels, weights = (np.array([getattr(e, k) for e in items]) for k in ("labels", "weights"))
    found = {}
    for place, head in enumerate(HEADS):
        judged = weights[:, place] > 0
        if labels[judged, place].any():
            found[head] = float(average_precision_score(labels[judged, place], logits[judged, place]))
    return found


def score(precisions: dict[str, float]) -> float:
    """One figure to choose an epoch by."""
    patterns = sum(precisions.get(p, 0.0) for p in PATTERNS) / len(PATTERNS)
    return (2 * precisions["blame"] + precisions["appreciation"] + patterns) / 4


def train(
    network: Network,
    tokenizer: Tokenizer,
    train_items: list[Example],
    dev_items: list[Example],
    hands: Hands,
    *,
    epochs: int,
    rate: float,
    seed: int,
    batch: int = 32,
) -> dict[str, float]:
    """Train in place and leave the best epoch's averaged weights; returns its average precisions on dev.

    Weights are averaged over the steps with an exponential decay of about half an epoch (Polyak & Juditsky 1992).
    """
    rng = random.Random(seed)
    torch.manual_seed(seed)
    encoder = list(network.encoder.parameters())
    fresh = [p for n, p in network.named_parameters() if not n.startswith("encoder.")]
    optimiser = torch.optim.AdamW(
        [{"params": encoder, "lr": rate}, {"params": fresh, "lr": rate * 10}], weight_decay=0.02
    )
    steps = epochs * (len(train_items) // batch + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [rate, rate * 10], total_steps=steps + 1, pct_start=0.1)
    averaged = AveragedModel(
        network, multi_avg_fn=get_ema_multi_avg_fn(1 - 2 * batch / max(len(train_items), 4 * batch))
    )
    best: dict[str, float] = {}
    kept: dict[str, torch.Tensor] = {}
    for epoch in range(1, epochs + 1):
        started = time.monotonic()
        items = sorted(train_items, key=lambda e: len(e.text) + rng.uniform(0, 40))
        blocks = [items[i : i + batch] for i in range(0, len(items), batch)]
        rng.shuffle(blocks)
        losses = []
        for block in blocks:
            ids, mask = pad(tokenise(tokenizer, [(e.question, hands.write(e)) for e in block]))
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(ids, mask).float()
            labels = torch.tensor([e.labels for e in block]) * 0.96 + 0.02
            weights = torch.tensor([e.weights for e in block]) * HEAD_WEIGHT
            loss = (F.binary_cross_entropy_with_logits(logits, labels, reduction="none") * weights).sum() / len(block)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            averaged.update_parameters(network)
            losses.append(loss.item())
        mean = cast(Network, averaged.module)
        found = average_precisions(predict(mean, tokenizer, dev_items), dev_items)
        if not best or score(found) > score(best):
            best, kept = found, {k: v.clone() for k, v in mean.state_dict().items()}
        print(
            f"epoch {epoch} loss {np.mean(losses):.3f} dev blame {found['blame']:.3f} "
            f"appreciation {found['appreciation']:.3f} score {score(found):.3f} "
            f"({time.monotonic() - started:.0f} s)",
            flush=True,
        )
    network.load_state_dict(kept)
    return best


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=17)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    network, tokenizer = new_network(args.encoder)
    rows = load("train")
    train_items, dev_items, hands = examples(rows), examples(load("dev")), Hands(rows, args.seed)
    print(f"{len(train_items)} examples to train on, {len(dev_items)} of dev", flush=True)
    best = train(network, tokenizer, train_items, dev_items, hands, epochs=args.epochs, rate=args.rate, seed=args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    AutoConfig.from_pretrained(args.encoder).save_pretrained(args.out)
    tokenizer.save(str(args.out / "tokenizer.json"))
    torch.save(network.state_dict(), args.out / "network.pt")
    (args.out / "dev.json").write_text(json.dumps(best, indent=1) + "\n")
    print(json.dumps(best, indent=1))


if __name__ == "__main__":
    main()
