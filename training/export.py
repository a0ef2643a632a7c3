"""From a trained network to a released model folder: ONNX, int8, card, checksums.

    python -m training.export --model build/model --out models/friction-enfr-14 --data ../shared/data

The ranges of the int8 activations are taken from dev as well (``training.quantisation``).
Calibration, thresholds and error rates are measured on dev with the exported int8 weights, as they will serve.
The error counts are kept in ``errors.json`` beside the folder too, and stay there when another model takes its place.
"""

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from friction.inference import open_session
from friction.model_folder import ERRORS, checksums
from friction.taxonomy import HEADS, VERSION

from . import calibration
from .collected import with_corpus
from .corpus import Example, examples
from .finetune import MAX_TOKENS, tokenise
from .hush import hushed
from .pointing import Pointing, load_pointing
from .quantisation import quantise

CALIBRATION_ROWS: Final = 500
"""Rows of dev, about, that the ranges of the activations are taken from."""


def to_onnx(pointing: Pointing, path: Path) -> None:
    """Float ONNX with dynamic batch and length."""
    sample = (torch.ones(2, 16, dtype=torch.long), torch.ones(2, 16, dtype=torch.long))
    batch, tokens = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("tokens", min=3, max=512)
    with hushed():
        torch.onnx.export(
            pointing,
            sample,
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits", "evidence"],
            dynamic_shapes=({0: batch, 1: tokens}, {0: batch, 1: tokens}),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def run(session: onnxruntime.InferenceSession, tokenizer: Tokenizer, items: list[Example]) -> NDArray[np.float32]:
    """Logits of shape (examples, heads) from an exported model, to the last bit as the classifier's."""
    rows = tokenise(tokenizer, [(e.question, e.text) for e in items])
    out = np.zeros((len(items), len(HEADS)), dtype=np.float32)
    for place, row in enumerate(rows):
        ids = np.array([row], dtype=np.int64)
        (out[place : place + 1],) = session.run(["logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    return out


def write_folder(model: Path, out: Path, dev: list[Example], readme: str) -> None:
    """Write a whole model folder."""
    pointing, tokenizer = load_pointing(model)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        to_onnx(pointing, Path(scratch) / "float.onnx")
        some = dev[:: max(len(dev) // CALIBRATION_ROWS, 1)]
        quantise(
            Path(scratch) / "float.onnx",
            out / "model.onnx",
            tokenise(tokenizer, [(e.question, e.text) for e in some]),
        )
    session = open_session(out / "model.onnx")
    logits = run(session, tokenizer, dev)
    scaling = calibration.fit(logits, dev)
    probability = calibration.probabilities(logits, dev, scaling)
    limits = calibration.thresholds(probability, dev)
    errors = calibration.error_rates(probability, dev, limits)
    card = {
        "name": out.name,
        "taxonomy": VERSION,
        "heads": list(HEADS),
        "max_tokens": MAX_TOKENS,
        "scaling": {
            lang: {
                "scale": np.round(s.scale.astype(float), 6).tolist(),
                "shift": np.round(s.shift.astype(float), 6).tolist(),
            }
            for lang, s in scaling.items()
        },
        "thresholds": limits,
        "errors": {s: {lang: dataclasses.asdict(e) for lang, e in by.items()} for s, by in errors.items()},
    }
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (out / "README.md").write_text(readme, encoding="utf-8")
    (out / "SHA256SUMS").write_text(checksums(out), encoding="utf-8")


def keep_errors(folder: Path) -> None:
    """Put a model's error counts beside those of the models before it, which what they counted is corrected with."""
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    path = folder.with_name(ERRORS.name)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(kept | {card["name"]: card["errors"]}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Run the stage. The model card's table is written by ``training.evaluate``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="folder of the public data, for the collected comments too")
    args = parser.parse_args()
    dev = examples(with_corpus("dev", args.data))
    write_folder(args.model, args.out, dev, "Not evaluated yet: run python -m training.evaluate\n")
    keep_errors(args.out)
    size = sum(f.stat().st_size for f in args.out.iterdir()) / 1e6
    print(f"{args.out}: {size:.1f} MB")


if __name__ == "__main__":
    main()
