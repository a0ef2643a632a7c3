"""Go on pretraining an encoder on what it is to read: guess the words that are hidden.

    python -m training.adapt --data ../shared/data --encoder build/encoder --out build/adapted

Masked language modelling (Devlin et al. 2019) of the train comments as the network will read them, of the public sets'
train texts, and of parallel sentences side by side, where a word may be guessed from its twin (Conneau & Lample 2019,
"Cross-lingual Language Model Pretraining"). No label is seen. Before fine-tuning it teaches most where the English
encoder knew least: the French, and words of trades (Gururangan et al. 2020, "Don't Stop Pretraining").

Takes an encoder, or a trained network to start over from, of which it keeps the encoder and the read-out. Resumable:
the last checkpoint under ``--out`` is picked up.
"""

import argparse
import random
from pathlib import Path
from typing import Final, cast

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm
from transformers import PreTrainedModel

from friction.records import Lang

from .collected import with_corpus
from .corpus import examples
from .descent import Checkpoint, descend
from .distil import Pair, steps, training_pairs, without_accents
from .intermediate import ABOUT, read_lines, tasks
from .network import DEVICE, Network, mixed_precision, new_network, pad, save_encoder

MAX_TOKENS: Final = 128
HIDDEN: Final = 0.2
"""Share of words that are hidden: of these one in ten is replaced by any other, one in ten left as it is."""
ACCENTS_LOST: Final = 0.08
NOT_HIDDEN: Final = -100
BENCHMARK: Final = "tydip_politeness_en_fr"
_GUESS: Final = "guess.pt"


class Guess(nn.Module):
    """What stood where a word is hidden: a head over the encoder's own word vectors."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        words = self._words(network)
        self.dense = nn.Linear(words.shape[1], words.shape[1])
        self.norm = nn.LayerNorm(words.shape[1])
        self.bias = nn.Parameter(torch.zeros(words.shape[0]))

    @staticmethod
    def _words(network: Network) -> Tensor:
        return cast(Tensor, cast(PreTrainedModel, network.encoder).get_input_embeddings().weight)

    def logits(self, network: Network, ids: Tensor, mask: Tensor, where: Tensor) -> Tensor:
        """Of shape (words asked for, vocabulary); ids, mask and ``where`` are of shape (batch, tokens)."""
        with mixed_precision():
            hidden = network.states(ids, mask)[where]
            found = F.linear(self.norm(F.gelu(self.dense(hidden))), self._words(network), self.bias)
        return found.float()

    def loss(self, network: Network, ids: Tensor, mask: Tensor, goal: Tensor) -> Tensor:
        """Cross-entropy of the words that are hidden, 0 where none is; all three of shape (batch, tokens)."""
        where = goal != NOT_HIDDEN
        logits = self.logits(network, ids, mask, where)
        return F.cross_entropy(logits, goal[where], reduction="sum") / max(len(logits), 1)


def public_texts(data: Path) -> list[tuple[str, Lang]]:
    """Texts and languages of the public sets' train splits, but of the one that is also a benchmark."""
    files = [data / f"{task.file}.jsonl.gz" for task in tasks(data) if task.file != BENCHMARK]
    return [(row["text"], row["lang"]) for file in files for row in read_lines(file) if row["split"] == "train"]


def texts(data: Path, *, twins: int, seed: int) -> list[Pair]:
    """What is read, each as the two parts of a network's input: question and text, or a sentence and its twin."""
    rng = random.Random(seed)
    found = [(e.question, e.text) for e in examples(with_corpus("train", data))]
    found += [(ABOUT, text) for text, _ in public_texts(data)]
    pairs = training_pairs(data, seed=seed)[:twins]
    found += [(en, fr) if rng.random() < 0.5 else (fr, en) for en, fr in pairs]
    rng.shuffle(found)
    return found


def special(tokenizer: Tokenizer) -> Tensor:
    """Ids of markers and of what else is no word."""
    pieces = tokenizer.get_vocab().items()
    return torch.tensor([i for piece, i in pieces if piece.startswith("[") and piece.endswith("]")], device=DEVICE)


def hide(
    ids: Tensor, mask: Tensor, tokenizer: Tokenizer, markers: Tensor, *, share: float | Tensor = HIDDEN
) -> tuple[Tensor, Tensor]:
    """``ids`` with a share of their words hidden, and what stood there, ``NOT_HIDDEN`` elsewhere.

    Ids of ``markers`` (``special``, which takes too long to be asked for at every step) are never hidden.

    All else is of shape (texts, tokens); ``share`` may be one a text, of shape (texts, 1).
    """
    may = (mask > 0) & ~torch.isin(ids, markers)
    chosen = (torch.rand(ids.shape, device=ids.device) < share) & may
    how = torch.rand(ids.shape, device=ids.device)
    seen = torch.where(chosen & (how < 0.8), cast(int, tokenizer.token_to_id("[MASK]")), ids)
    seen = torch.where(chosen & (how > 0.9), torch.randint_like(ids, tokenizer.get_vocab_size()), seen)
    return seen, torch.where(chosen, ids, NOT_HIDDEN)


def learn(
    network: Network,
    tokenizer: Tokenizer,
    guess: Guess,
    read: list[Pair],
    *,
    epochs: float,
    rate: float,
    seed: int,
    batch: int = 128,
    checkpoint: Path | None = None,
) -> list[float]:
    """Teach the network's encoder in place to guess what is hidden in ``read``; returns the loss of each step."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    plan = steps(read, batch, epochs, rng)
    markers = special(tokenizer)
    parameters = [*network.encoder.parameters(), *guess.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=len(plan) + 1, pct_start=0.05)
    half_done = Checkpoint(checkpoint, network=network, guess=guess, optimiser=optimiser, schedule=schedule)
    losses: list[float] = half_done.restore().get("losses", [])
    print(f"{len(read)} texts, {len(plan)} steps, from {len(losses)}", flush=True)
    network.train()
    for block in tqdm(plan[len(losses) :], "adapting", disable=None, leave=False):
        said = [(one, without_accents(two) if rng.random() < ACCENTS_LOST else two) for one, two in block]
        ids, mask = pad([e.ids[:MAX_TOKENS] for e in tokenizer.encode_batch(said)], pad_id=network.pad_id)
        seen, goal = hide(ids, mask, tokenizer, markers)
        loss = guess.loss(network, seen, mask, goal)
        descend(loss, optimiser, schedule)
        losses.append(loss.item())
        if len(losses) % 500 == 0:
            print(f"step {len(losses)}/{len(plan)} loss {sum(losses[-100:]) / 100:.3f}", flush=True)
            half_done.keep(losses=losses)
    return losses


def load_guess(folder: Path) -> tuple[Network, Tokenizer, Guess]:
    """What this stage left in a folder: the adapted encoder in a network with fresh heads, and what guesses words."""
    network, tokenizer = new_network(folder)
    guess = Guess(network)
    guess.load_state_dict(torch.load(folder / _GUESS, weights_only=True, map_location="cpu"))
    return network, tokenizer, guess.to(DEVICE)


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--encoder", type=Path, required=True, help="an encoder, or a trained network's folder")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--twins", type=int, default=40_000, help="pairs of parallel sentences")
    parser.add_argument("--seed", type=int, default=19)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    network, tokenizer = new_network(args.encoder)
    guess = Guess(network).to(DEVICE)
    checkpoint = args.out / "checkpoint.pt"
    learn(
        network,
        tokenizer,
        guess,
        texts(args.data, twins=args.twins, seed=args.seed),
        epochs=args.epochs,
        rate=args.rate,
        seed=args.seed,
        batch=args.batch,
        checkpoint=checkpoint,
    )
    save_encoder(network, tokenizer, args.out)
    torch.save(guess.state_dict(), args.out / _GUESS)
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
