"""Teach one network what several know together, also of comments that nobody has labelled.

    python -m training.ensemble --teachers build/one build/two build/three --adapted build/adapted --data ../shared/data
        --out build/model

What the student learns is the mean probability of its teachers (Hinton et al. 2015, "Distilling the Knowledge in a
Neural Network"): as much as the labels on the train comments as they are, and alone on the same comments with some
words drawn anew from the masked language model that ``training.adapt`` left (so augmented in Jiao et al. 2020,
"TinyBERT") and on the public sets' texts. The student goes on from the first teacher.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from tokenizers import Tokenizer, decoders

from friction.records import TeamId
from friction.taxonomy import HEADS, PATTERNS, STANCES

from .adapt import NOT_HIDDEN, Guess, hide, load_guess, public_texts, special
from .collected import with_corpus
from .corpus import Example, examples
from .finetune import average_precisions, predict, score, tokenise, train, training_rows
from .hands import Hands
from .intermediate import ABOUT
from .network import DEVICE, Network, load_network, pad, save_network

DRAWN: Final = 0.2
"""Share of words drawn anew, as a mean over comments: each has its own, from none to twice that."""
_BLAME: Final = HEADS.index("blame")


def drawn_anew(
    network: Network, tokenizer: Tokenizer, guess: Guess, items: Sequence[Example], *, seed: int, batch: int = 256
) -> list[Example]:
    """The same comments with some of their words drawn from what the language model takes for likely there."""
    torch.manual_seed(seed)
    network.eval()
    words = decoders.WordPiece()
    end, markers = tokenizer.get_vocab()["[SEP]"], special(tokenizer)
    rows = tokenise(tokenizer, [(e.question, e.text) for e in items])
    out = list(items)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        ids, mask = pad([rows[i] for i in places], pad_id=network.pad_id)
        share = torch.rand((len(places), 1), device=DEVICE) * 2 * DRAWN
        seen, goal = hide(ids, mask, tokenizer, markers, share=share)
        with torch.inference_mode():
            logits = guess.logits(network, seen, mask, goal != NOT_HIDDEN)
            logits[:, markers] = -torch.inf
            if len(logits):
                ids[goal != NOT_HIDDEN] = torch.multinomial(logits.softmax(-1), 1).squeeze(1)
        for place, drawn in zip(places, ids.tolist(), strict=True):
            text = drawn[drawn.index(end) + 1 : len(rows[place]) - 1]
            out[place] = replace(items[place], text=words.decode([str(tokenizer.id_to_token(i)) for i in text]))
    return out


def believed(teachers: Sequence[tuple[Network, Tokenizer]], items: Sequence[Example]) -> NDArray[np.float64]:
    """The teachers' mean probabilities, of shape (examples, heads)."""
    each = [expit(predict(network, tokenizer, items)) for network, tokenizer in teachers]
    return np.asarray(np.mean(each, axis=0), dtype=np.float64)


def taught(items: Sequence[Example], probabilities: NDArray[np.float64], *, labelled: float) -> list[Example]:
    """The examples labelled with what is believed of them.

    A stance counts as far as there is a team to have it of, a pattern as far as there is blame.

    Args:
        items: what is read.
        probabilities: what is believed, of shape (examples, heads).
        labelled: how much the examples' own labels weigh in it, from 0 to 1.
    """
    out = []
    for item, likely in zip(items, probabilities, strict=True):
        weights = np.array([1.0, *[likely[0]] * len(STANCES), *[likely[0] * likely[_BLAME]] * len(PATTERNS)])
        parts = (1 - labelled) * weights, labelled * np.array(item.weights)
        both = parts[0] + parts[1]
        labels = (parts[0] * likely + parts[1] * np.array(item.labels)) / np.maximum(both, 1e-6)
        out.append(replace(item, labels=tuple(labels.tolist()), weights=tuple(both.tolist())))
    return out


def unlabelled(data: Path) -> list[Example]:
    """The public sets' texts as answers about a team that is asked about; nothing is known of them."""
    nothing = (0.0,) * len(HEADS)
    return [
        Example(f"{n}", "public", lang, TeamId("asked"), ABOUT, text, nothing, nothing)
        for n, (text, lang) in enumerate(public_texts(data))
    ]


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--teachers", type=Path, nargs="+", required=True, help="trained networks; the student is the first"
    )
    parser.add_argument("--adapted", type=Path, required=True, help="what training.adapt left")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=6)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rows, dev_items = training_rows(args.data), examples(with_corpus("dev", args.data))
    items, public = examples(rows), unlabelled(args.data)
    anew = drawn_anew(*load_guess(args.adapted), items, seed=args.seed)
    teachers = [load_network(folder) for folder in args.teachers]
    read = [
        lesson
        for part, labelled in ((items, 0.5), (anew, 0.0), (public, 0.0))
        for lesson in taught(part, believed(teachers, part), labelled=labelled)
    ]
    random.Random(args.seed).shuffle(read)
    together = score(average_precisions(believed(teachers, dev_items).astype(np.float32), dev_items))
    print(f"{len(read)} examples to learn from {len(teachers)} teachers, {together:.3f} on dev together", flush=True)
    network, tokenizer = teachers[0]
    found = train(
        network,
        tokenizer,
        read,
        dev_items,
        Hands(rows),
        epochs=args.epochs,
        rate=args.rate,
        seed=args.seed,
        batch=args.batch,
        checkpoint=args.out / "checkpoint.pt",
    )
    save_network(network, tokenizer, args.out)
    print(f"{score(found):.3f} on dev")


if __name__ == "__main__":
    main()
