"""From a trained network to a released model folder: ONNX, int8, card, checksums.

    python -m training.export --model build/model --out models/friction-enfr-1

Calibration, thresholds and error rates are measured on dev with the exported int8 weights, as they will serve.
"""

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from friction.model_folder import checksums
from friction.taxonomy import HEADS, VERSION

from . import calibration
from .corpus import Example, examples, load
from .finetune import MAX_TOKENS, tokenise
from .network import Network, load_network


def to_onnx(network: Network, path: Path) -> None:
    """Float ONNX with dynamic batch and length."""
    sample = (torch.ones(2, 16, dtype=torch.long), torch.ones(2, 16, dtype=torch.long))
    batch, tokens = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("tokens", min=3, max=512)
    torch.onnx.export(
        network,
        sample,
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_shapes=({0: batch, 1: tokens}, {0: batch, 1: tokens}),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def quantise(source: Path, path: Path) -> None:
    """Dynamic int8: weights by channel, activations as they come."""
    quantize_dynamic(source, path, per_channel=True, weight_type=QuantType.QInt8)


def run(session: onnxruntime.InferenceSession, tokenizer: Tokenizer, items: list[Example]) -> NDArray[np.float32]:
    """Logits of shape (examples, heads) from an exported model, one sequence a run, as the classifier does."""
    rows = tokenise(tokenizer, [(e.question, e.text) for e in items])
    out = np.zeros((len(items), len(HEADS)), dtype=np.float32)
    for place, row in enumerate(rows):
        ids = np.array([row], dtype=np.int64)
        (out[place : place + 1],) = session.run(["logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    return out


def write_folder(model: Path, out: Path, dev: list[Example], readme: str) -> None:
    """Write a whole model folder."""
    network, tokenizer = load_network(model)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        to_onnx(network, Path(scratch) / "float.onnx")
        quantise(Path(scratch) / "float.onnx", out / "model.onnx")
    session = onnxruntime.InferenceSession(str(out / "model.onnx"), providers=["CPUExecutionProvider"])
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


def main() -> None:
    """Run the stage. The model card's table is written by ``training.evaluate``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    write_folder(args.model, args.out, examples(load("dev")), "Not evaluated yet: run python -m training.evaluate\n")
    size = sum(f.stat().st_size for f in args.out.iterdir()) / 1e6
    print(f"{args.out}: {size:.1f} MB")


if __name__ == "__main__":
    main()
