"""Teach a network to point at what carries the blame, in the pass that finds it.

    python -m training.pointing --model build/model

The teacher is occlusion: each clause of a blaming comment is deleted in turn, and the fall of the blame's logit is what
it carries (Li, Monroe & Jurafsky 2016, arXiv:1612.08220). The pointer, two small layers over the frozen encoder's
states, learns to give the tokens of a clause as much weight. At run time that takes the place of a pass a clause.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from friction.errors import UsageError
from friction.markers import clauses, mark, question
from friction.taxonomy import HEADS

from .corpus import Labelled
from .finetune import MAX_TOKENS, training_rows
from .network import Network, load_network, pad

POINTER: Final = "pointer.pt"
"""Beside a trained network: the weights of its pointer."""
MOST: Final = 6000
"""Blaming comments that it is taught on."""
EPOCHS: Final = 4
RATE: Final = 2e-3
_BLAME: Final = HEADS.index("blame")
_NOTHING: Final = -1e4
"""The weight of a clause that has no token."""


class Pointer(nn.Module):
    """A weight for each token; a clause weighs the logarithm of its tokens' summed exponentials."""

    def __init__(self, width: int, hidden: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, 1))

    def forward(self, states: Tensor) -> Tensor:
        """Weights of shape (batch, tokens) from states of shape (batch, tokens, width)."""
        weights: Tensor = self.layers(states).squeeze(-1)
        return weights


class Pointing(nn.Module):
    """A network and its pointer, as they are exported: one pass, two answers."""

    def __init__(self, network: Network, pointer: Pointer) -> None:
        super().__init__()
        self.network = network
        self.pointer = pointer

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of shape (batch, heads) and tokens' weights of shape (batch, tokens)."""
        states = self.network.states(input_ids, attention_mask)
        return self.network.heads(self.network.read_out(states, input_ids, attention_mask)), self.pointer(states)


class Lesson(NamedTuple):
    """A blaming comment: its states (tokens, width), the clause of each token or -1, what each clause carries."""

    states: Tensor
    clause: list[int]
    falls: list[float]


def teach(network: Network, tokenizer: Tokenizer, rows: Sequence[Labelled], *, seed: int = 5) -> Pointer:
    """A pointer for a trained network, from the blaming comments of ``rows`` with more than one clause.

    Without any such comment it points everywhere alike.
    """
    network.eval()
    torch.manual_seed(seed)
    pointer = Pointer(network.heads.in_features)
    taught = lessons(network, tokenizer, rows)
    optimiser = torch.optim.AdamW(pointer.parameters(), lr=RATE, weight_decay=0.01)
    order = np.random.default_rng(seed)
    for _ in range(EPOCHS):
        for part in np.array_split(order.permutation(len(taught)), max(len(taught) // 32, 1)):
            if not len(part):
                continue
            loss = _loss(pointer, [taught[i] for i in part])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
    return pointer.eval()


def lessons(network: Network, tokenizer: Tokenizer, rows: Sequence[Labelled]) -> list[Lesson]:
    """What each clause of the blaming comments carries; of comments of one clause nothing is to be learnt."""
    tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")
    found: list[Lesson] = []
    for row in rows:
        for team, gold in row.targets.items():
            marked = mark(row.reading, team).text
            spans = clauses(marked)
            if not gold.blame or len(spans) < 2 or len(found) == MOST:
                continue
            asked = question(row.reading, team)
            whole = tokenizer.encode(asked, marked)
            left = [(marked[: s.start] + marked[s.end :]).strip() for s in spans]
            ids = [whole.ids, *(e.ids for e in tokenizer.encode_batch([(asked, text) for text in left]))]
            with torch.inference_mode():
                batch = pad(ids, pad_id=network.pad_id)
                states = network.states(*batch)
                blame = network.heads(network.read_out(states, *batch))[:, _BLAME]
            ends = [span.end for span in spans]
            clause = [
                int(np.searchsorted(ends, start, side="right")) if sequence == 1 else -1
                for sequence, (start, _) in zip(whole.sequence_ids, whole.offsets, strict=True)
            ]
            found.append(Lesson(states[0, : len(whole.ids)].clone().cpu(), clause, (blame[0] - blame[1:]).tolist()))
    tokenizer.no_truncation()
    return found


def _loss(pointer: Pointer, part: Sequence[Lesson]) -> Tensor:
    """Cross-entropy between what clauses carry and what they weigh, each as shares of their comment."""
    tokens, most = max(len(of.clause) for of in part), max(len(of.falls) for of in part)
    states = nn.utils.rnn.pad_sequence([of.states for of in part], batch_first=True)
    clause = torch.tensor([of.clause + [-1] * (tokens - len(of.clause)) for of in part])
    falls = torch.tensor([of.falls + [_NOTHING] * (most - len(of.falls)) for of in part])
    inside = clause[:, None, :] == torch.arange(most)[None, :, None]
    weights = torch.where(inside, pointer(states)[:, None, :], _NOTHING).logsumexp(-1)
    return -(torch.softmax(falls, -1) * torch.log_softmax(weights, -1)).sum() / len(part)


def save_pointer(pointer: Pointer, folder: Path) -> None:
    """Write a pointer beside its network."""
    torch.save(pointer.state_dict(), folder / POINTER)


def load_pointing(folder: Path) -> tuple[Pointing, Tokenizer]:
    """A trained network with its pointer.

    Raises:
        UsageError: the folder holds no network, or none that has learnt to point.
    """
    network, tokenizer = load_network(folder)
    if not (folder / POINTER).is_file():
        raise UsageError(f"The network in {folder} cannot point yet. Run: python -m training.pointing --model {folder}")
    pointer = Pointer(network.heads.in_features)
    pointer.load_state_dict(torch.load(folder / POINTER, weights_only=True, map_location="cpu"))
    return Pointing(network.cpu(), pointer).eval(), tokenizer


def agreement(pointing: Pointing, taught: Sequence[Lesson]) -> NDArray[np.bool_]:
    """For each comment, whether the clause that the pointer weighs most is the one that carries most."""
    found = []
    with torch.inference_mode():
        for of in taught:
            weights = pointing.pointer(of.states[None])[0]
            clause = torch.tensor(of.clause)
            sums = [float(torch.logsumexp(weights[clause == k], 0)) for k in range(len(of.falls))]
            found.append(int(np.argmax(sums)) == int(np.argmax(of.falls)))
    return np.array(found)


def main() -> None:
    """Run the stage."""
    from .corpus import load

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()
    network, tokenizer = load_network(args.model)
    pointer = teach(network, tokenizer, training_rows())
    save_pointer(pointer, args.model)
    right = agreement(Pointing(network, pointer), lessons(network, tokenizer, load("dev")))
    print(
        f"On dev it points at the clause that carries most of the blame in {right.mean():.0%} of {len(right)} comments."
    )


if __name__ == "__main__":
    main()
