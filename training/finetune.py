"""Fine-tune the encoder on the corpus: one question a target, twelve heads.

    python -m training.finetune --encoder build/encoder --out build/model

Trains once for each seed, from the same first weights in another order, and keeps of each the epoch that does best on
dev (mean of blame, appreciation and pattern average precision). The network that it leaves is the mean of their weights
(Wortsman et al. 2022, "Model soups"). Resumable. The test split is not read here.

Where the corpus has grown since, a trained network goes on for another epoch, and is itself part of the mean (Wortsman
et al. 2022, "Robust fine-tuning of zero-shot models"). With ``--others`` it reads what it still gets wrong, and as
many other comments (after Shrivastava et al. 2016, "Online Hard Example Mining"); with ``--data`` the collected
comments too (``training.collected``). friction-enfr-12 went on roughly so, nine times since friction-enfr-8: the first
two as below, then seven times with the comments that were newest read twice and others drawn at random:

    python -m training.finetune --encoder build/before --out build/one --epochs 1 --rate 1e-4 --seeds 83 89
        --others 40000 --data ../shared/data
    python -m training.finetune --encoder build/one --out build/two --epochs 1 --rate 6e-5 --seeds 97 101
        --others 25000 --data ../shared/data

friction-enfr-13 was made of that on a GPU in half an hour: adapted (``training.adapt``) for 2,730 steps of 256 texts at
4e-4; fine-tuned for 3 epochs and a half at 2.5e-4 in batches of 128; adapted for 5,501 steps of 384 texts at 5e-4;
fine-tuned for 3 epochs from three seeds, one of which kept its heads. These three, the network before them and one that
was distilled, adapted and fine-tuned anew from the published English encoder taught it together, for 9,975 steps of 128
(``training.ensemble``), from the best of the three on. A program with these stages' loops ran that; it drew every
hidden word anew, and smoothed labels alone. The released friction-enfr-14 went on from its
int8 weights, made floats again, at 1e-4 and 6e-5: four times an epoch of what had been written since, much of it twice,
with 10,000 to 58,000 others drawn at random, and is the mean of these, by 15, 35 and 40 in a hundred of the three that
were last, and of friction-enfr-13 by 10.
"""

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm
from transformers import PreTrainedModel

from friction.taxonomy import HEADS, PATTERNS

from .collected import with_corpus
from .corpus import Example, Labelled, examples
from .descent import Checkpoint, descend
from .hands import Hands
from .network import DEVICE, Network, is_trained, load_network, mixed_precision, new_network, pad, save_network

MAX_TOKENS: Final = 192
EPOCHS: Final = 3
RATE: Final = 2e-4
BATCH: Final = 32
FIRST_WEIGHTS: Final = 17
"""Seed of the heads' first weights, the same for every training whose weights are to be averaged."""
HEAD_WEIGHT: Final = torch.tensor([0.3, 1.0, 0.7, *[0.35] * len(PATTERNS)])


def tokenise(tokenizer: Tokenizer, items: Sequence[tuple[str, str]]) -> list[list[int]]:
    """Ids of (question, text) pairs, cut to ``MAX_TOKENS``."""
    return [
        e.ids[: MAX_TOKENS - 1] + e.ids[-1:] if len(e.ids) > MAX_TOKENS else e.ids
        for e in tokenizer.encode_batch(list(items))
    ]


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
            out[places] = network(*pad([rows[i] for i in places], pad_id=network.pad_id)).float().cpu().numpy()
    network.train()
    return out


def average_precisions(logits: NDArray[np.float32], items: Sequence[Example]) -> dict[str, float]:
    """Average precision of each head over the examples that it is judged on; 0 where none of them has its label."""
    labels, weights = (np.array([getattr(e, k) for e in items]) for k in ("labels", "weights"))
    found = {}
    for place, head in enumerate(HEADS):
        judged = weights[:, place] > 0
        there = bool(labels[judged, place].any())
        found[head] = float(average_precision_score(labels[judged, place], logits[judged, place])) if there else 0.0
    return found


def score(precisions: dict[str, float]) -> float:
    """One figure to choose an epoch by."""
    patterns = sum(precisions[p] for p in PATTERNS) / len(PATTERNS)
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
    batch: int = BATCH,
    checkpoint: Path | None = None,
) -> dict[str, float]:
    """Train in place and leave the best epoch's averaged weights; returns its average precisions on dev.

    Weights are averaged over the steps with an exponential decay of about half an epoch (Polyak & Juditsky 1992).

    The heads learn ten times as fast as the encoder. ``checkpoint`` is written after each epoch, picked up where it is
    found, and deleted at the end; ``hands`` varies how an example is written.
    """
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    fresh = [p for n, p in network.named_parameters() if not n.startswith("encoder.")]
    optimiser = torch.optim.AdamW(
        [{"params": encoder, "lr": rate}, {"params": fresh, "lr": rate * 10}], weight_decay=0.02, fused=True
    )
    steps = epochs * -(-len(train_items) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [rate, rate * 10], total_steps=steps + 1, pct_start=0.1)
    decay = 1 - 2 * batch / max(len(train_items), 4 * batch)
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))
    mean = cast(Network, averaged.module)
    half_done = Checkpoint(checkpoint, network=network, averaged=averaged, optimiser=optimiser, schedule=schedule)
    noted = half_done.restore()
    best: dict[str, float] = noted.get("best", {})
    kept: dict[str, Tensor] = noted.get("kept", {})
    network.train()
    for epoch in range(noted.get("epoch", 0) + 1, epochs + 1):
        rng = random.Random(f"{seed} {epoch}")
        torch.manual_seed(seed * 1000 + epoch)
        items = sorted(train_items, key=lambda e: len(e.text) + rng.uniform(0, 40))
        blocks = [items[i : i + batch] for i in range(0, len(items), batch)]
        rng.shuffle(blocks)
        losses = []
        for block in tqdm(blocks, f"epoch {epoch}/{epochs}", disable=None, leave=False):
            rows = tokenise(tokenizer, [(e.question, hands.write(e, rng)) for e in block])
            loss = _loss(network, pad(rows, pad_id=network.pad_id), block)
            descend(loss, optimiser, schedule)
            averaged.update_parameters(network)
            losses.append(loss.item())
        found = average_precisions(predict(mean, tokenizer, dev_items), dev_items)
        if not best or score(found) > score(best):
            best, kept = found, {k: v.clone() for k, v in mean.state_dict().items()}
        print(
            f"epoch {epoch} loss {np.mean(losses):.3f} dev blame {found['blame']:.3f} "
            f"appreciation {found['appreciation']:.3f} score {score(found):.3f}",
            flush=True,
        )
        half_done.keep(best=best, kept=kept, epoch=epoch)
    network.load_state_dict(kept)
    network.eval()
    half_done.drop()
    return best


def _loss(network: Network, batch: tuple[Tensor, Tensor], block: Sequence[Example]) -> Tensor:
    """Binary cross-entropy of each head where it is judged, labels smoothed a little."""
    with mixed_precision():
        logits = network(*batch).float()
    labels = torch.tensor([e.labels for e in block], device=DEVICE) * 0.96 + 0.02
    weights = (torch.tensor([e.weights for e in block]) * HEAD_WEIGHT).to(DEVICE)
    return (F.binary_cross_entropy_with_logits(logits, labels, reduction="none") * weights).sum() / len(block)


def hard_and_others(
    network: Network, tokenizer: Tokenizer, rows: Sequence[Labelled], others: int, *, seed: int
) -> list[Labelled]:
    """The comments of which the network gets a label wrong that it is judged on, and ``others`` of the rest at random.

    Where labels are sound (a second annotator upholds 97 in 100 that the network contradicts), the first are where
    there is most to learn, and the second keep it from forgetting the rest.
    """
    items = examples(list(rows))
    with mixed_precision():
        logits = predict(network, tokenizer, items)
    labels, weights = (np.array([getattr(e, k) for e in items]) for k in ("labels", "weights"))
    wrong = (((logits > 0) != (labels > 0.5)) & (weights > 0)).any(axis=1)
    hard = {(e.org, e.id) for e, is_wrong in zip(items, wrong, strict=True) if is_wrong}
    rest = [row for row in rows if (row.org, row.id) not in hard]
    chosen = random.Random(seed).sample(rest, min(others, len(rest)))
    return [row for row in rows if (row.org, row.id) in hard] + chosen


def train_once(
    encoder: Path,
    folder: Path,
    rows: list[Labelled],
    dev_items: list[Example],
    *,
    seed: int,
    epochs: int = EPOCHS,
    rate: float = RATE,
    batch: int = BATCH,
    others: int | None = None,
) -> tuple[Network, Tokenizer]:
    """The encoder's network trained on ``rows`` from one seed, kept in ``folder``; see ``hard_and_others``.

    Taken from there where it stands already, taken up where it is half done. Where ``encoder`` holds a network that
    was trained here before, that is what training goes on from.
    """
    if not is_trained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(FIRST_WEIGHTS)
        network, tokenizer = to_go_on_from(encoder) if is_trained(encoder) else new_network(encoder)
        read = rows if others is None else hard_and_others(network, tokenizer, rows, others, seed=seed)
        print(f"seed {seed}: {len(read)} comments to read", flush=True)
        train(
            network,
            tokenizer,
            examples(read),
            dev_items,
            Hands(rows),
            epochs=epochs,
            rate=rate,
            seed=seed,
            batch=batch,
            checkpoint=folder / "checkpoint.pt",
        )
        save_network(network, tokenizer, folder)
    return load_network(folder)


def to_go_on_from(folder: Path) -> tuple[Network, Tokenizer]:
    """A trained network that reads on half as fast again: its words stay as they are, its encoder drops nothing out.

    It does learn by heart (average precision of blame 0.94 to 0.99 on what it has read, 0.85 to 0.96 on what it has
    not), but words masked at random, with dropout in the encoder or without, did not help: dev was 0.001 lower.
    """
    network, tokenizer = load_network(folder)
    cast(PreTrainedModel, network.encoder).get_input_embeddings().requires_grad_(False)
    for part in network.encoder.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    return network, tokenizer


def training_rows(data: Path | None = None) -> list[Labelled]:
    """The training comments in an order that is always the same, so that the first ones are a fair sample.

    Args:
        data: folder of the public data, for the collected comments too (``training.collected``).
    """
    rows = with_corpus("train", data)
    random.Random(FIRST_WEIGHTS).shuffle(rows)
    return rows


def soup(networks: Sequence[Network]) -> Network:
    """The first network with the mean of everybody's weights. They must have started from the same ones."""
    states = [n.state_dict() for n in networks]
    mean = {name: torch.stack([state[name].float() for state in states]).mean(0) for name in states[0]}
    networks[0].load_state_dict(mean)
    return networks[0]


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--encoder", type=Path, required=True, help="an encoder, or a network to go on from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--seeds", type=int, nargs="+", default=[23, 31])
    parser.add_argument("--others", type=int, help="comments to read beside those that the network gets wrong")
    parser.add_argument("--data", type=Path, help="folder of the public data, for the collected comments too")
    args = parser.parse_args()
    rows, dev_items = training_rows(args.data), examples(with_corpus("dev", args.data))
    print(f"{len(rows)} comments to train on, {len(dev_items)} examples of dev", flush=True)
    networks = [load_network(args.encoder)[0]] if is_trained(args.encoder) else []
    for seed in args.seeds:
        network, tokenizer = train_once(
            args.encoder,
            args.out / f"seed-{seed}",
            rows,
            dev_items,
            seed=seed,
            epochs=args.epochs,
            rate=args.rate,
            batch=args.batch,
            others=args.others,
        )
        print(f"seed {seed}: {score(average_precisions(predict(network, tokenizer, dev_items), dev_items)):.3f}")
        networks.append(network)
    network = soup(networks)
    found = average_precisions(predict(network, tokenizer, dev_items), dev_items)
    save_network(network, tokenizer, args.out)
    (args.out / "dev.json").write_text(json.dumps(found, indent=1) + "\n")
    print(f"mean of weights: {score(found):.3f}\n{json.dumps(found, indent=1)}")


if __name__ == "__main__":
    main()
