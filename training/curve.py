"""The learning curve on dev, and what an intermediate stage would change: a training a point, each from the same seed.

    python -m training.curve --encoder build/encoder --stance build/stance --whole build/model/seed-23 --out build/curve

Says whether more comments would still help, and why the public sets of ``training.intermediate`` are left out.
``training.evaluate --curve build/curve`` takes it into the model card.
Resumable. The test split is not read here.
"""

import argparse
import json
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

from friction.taxonomy import PATTERNS

from .corpus import examples, load
from .finetune import average_precisions, predict, train_once, training_rows
from .network import Network, load_network

SIZES: Final = (500, 1_000, 2_000, 4_000)
SEED: Final = 23
POINTS: Final = "curve.json"


def table(folder: Path) -> str:
    """The curve as a Markdown table: average precision on dev of blame, appreciation, and the patterns' mean."""
    points = json.loads((folder / POINTS).read_text(encoding="utf-8"))
    lines = ["| trained on | blame | appreciation | patterns |", "| --- | --- | --- | --- |"]
    for name, found in points.items():
        patterns = sum(found[p] for p in PATTERNS) / len(PATTERNS)
        lines.append(f"| {name} | {found['blame']:.3f} | {found['appreciation']:.3f} | {patterns:.3f} |")
    return "\n".join(lines)


def main() -> None:
    """Run the stage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--encoder", type=Path, required=True, help="folder of training.distil")
    parser.add_argument("--stance", type=Path, required=True, help="folder of training.intermediate")
    parser.add_argument("--whole", type=Path, required=True, help="a network of training.finetune on every comment")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    rows, dev = training_rows(), examples(load("dev"))
    points: dict[str, dict[str, float]] = {}

    def add(name: str, network: Network, tokenizer: Tokenizer) -> None:
        points[name] = average_precisions(predict(network, tokenizer, dev), dev)
        (args.out / POINTS).write_text(json.dumps(points, indent=1) + "\n", encoding="utf-8")

    for size in SIZES:
        add(f"{size:,} comments", *train_once(args.encoder, args.out / str(size), rows[:size], dev, seed=SEED))
    add(f"all {len(rows):,}", *load_network(args.whole))
    staged = train_once(args.stance, args.out / "stance", rows[: SIZES[-1]], dev, seed=SEED)
    add(f"{SIZES[-1]:,}, after the intermediate stage", *staged)
    print(table(args.out))


if __name__ == "__main__":
    main()
