"""What a released model folder holds, and the check before it is believed.

    MODEL/
      model.onnx        inputs input_ids, attention_mask (batch, tokens); outputs logits (batch, heads)
                        and evidence (batch, tokens), how much of the blame a token carries
      tokenizer.json    tokenizers' format
      card.json         this module's ``Card``
      README.md         the model card for people
      SHA256SUMS        of every other file

Data only: no code, no pickle. Written by ``training.export``, read by ``friction.classifier`` and ``friction.trends``.

Beside the folder stands ``errors.json``: the error counts of every model that was ever released, so that what an
earlier one counted is shown with the same numbers as before.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from friction.errors import IntegrityError, UsageError
from friction.taxonomy import HEADS, VERSION

RELEASED: Final = Path(__file__).resolve().parent.parent / "models" / "friction-enfr-14"
"""The model that ships with this version."""
ERRORS: Final = RELEASED.with_name("errors.json")
CHECKED: Final = ("model.onnx", "tokenizer.json", "card.json", "README.md")


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """How often a stance is found where it is, and not found where it is not: counts on held-out people.

    Attributes:
        hits, positives: true targets with the stance found, of all that have it (sensitivity).
        rejections, negatives: without the stance and none found, of all that lack it (specificity).
        effective_positives, effective_negatives: how many an organisation that was not measured would have to count
            to know its own rates as well as these tell them; None where that is as many as were counted.
    """

    hits: int
    positives: int
    rejections: int
    negatives: int
    effective_positives: float | None = None
    effective_negatives: float | None = None

    @property
    def posteriors(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Beta distributions (Jeffreys' prior) of sensitivity and specificity in an organisation that uses the model.

        Classifiers err more in one organisation than in the next, so that many counts do not make it certain.
        """
        return (
            _beta(self.hits, self.positives, self.effective_positives),
            _beta(self.rejections, self.negatives, self.effective_negatives),
        )


def _beta(found: int, of: int, effective: float | None) -> tuple[float, float]:
    scale = 1.0 if effective is None or not of else effective / of
    return found * scale + 0.5, (of - found) * scale + 0.5


StanceErrors = Mapping[str, Mapping[str, ErrorRate]]
"""A model's error counts, by stance and language ("en", "fr")."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Platt scaling: ``sigmoid(scale * logit + shift)`` is a probability. Arrays of shape (heads,), as ``HEADS``."""

    scale: NDArray[np.float32]
    shift: NDArray[np.float32]

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities of shape (rows, heads) from logits of that shape."""
        found: NDArray[np.float32] = 1 / (1 + np.exp(-(logits * self.scale + self.shift)))
        return found


@dataclass(frozen=True, slots=True)
class Card:
    """The numbers beside the weights.

    Attributes:
        scaling: by language, Platt scaling of each head's logit.
        thresholds: probability, by head, from which a label is given; a pattern's is that of both, blame and pattern.
        errors: measured on dev.
    """

    name: str
    max_tokens: int
    scaling: dict[str, Scaling]
    thresholds: dict[str, float]
    errors: StanceErrors


def checksums(folder: Path) -> str:
    """Content of ``SHA256SUMS`` for a folder as it stands."""
    return "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in CHECKED)


def read_card(folder: Path) -> Card:
    """Check a folder against its checksums and the taxonomy, and read its card.

    Raises:
        UsageError: the folder or one of its files is missing.
        IntegrityError: a file is not the one that was released, or the model speaks another taxonomy.
    """
    missing = [name for name in (*CHECKED, "SHA256SUMS") if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"{folder} is no model folder: {', '.join(missing)} missing. Reinstall friction, or run: make train"
        )
    if (folder / "SHA256SUMS").read_text() != checksums(folder):
        raise IntegrityError(f"A file in {folder} is not the one that was released (SHA256SUMS). Reinstall friction.")
    try:
        return _parse(json.loads((folder / "card.json").read_text(encoding="utf-8")), folder)
    except (KeyError, TypeError, ValueError):
        raise IntegrityError(
            f"{folder}/card.json is not a card that this friction reads. Train the model again."
        ) from None


def _parse(raw: dict[str, Any], folder: Path) -> Card:
    if raw["taxonomy"] != VERSION or tuple(raw["heads"]) != HEADS:
        raise IntegrityError(
            f"{folder} speaks taxonomy {raw['taxonomy']}, this friction speaks {VERSION}. Train it again."
        )
    return Card(
        name=raw["name"],
        max_tokens=raw["max_tokens"],
        scaling={
            lang: Scaling(**{k: np.array(v, dtype=np.float32) for k, v in s.items()})
            for lang, s in raw["scaling"].items()
        },
        thresholds=raw["thresholds"],
        errors=_errors(raw["errors"]),
    )


def _errors(raw: dict[str, dict[str, dict[str, Any]]]) -> StanceErrors:
    return {stance: {lang: ErrorRate(**e) for lang, e in by.items()} for stance, by in raw.items()}


@cache
def released_errors() -> Mapping[str, StanceErrors]:
    """Error counts of every model that was ever released, by its name.

    Raises:
        IntegrityError: ``errors.json`` is missing or cannot be read.
    """
    try:
        return {name: _errors(raw) for name, raw in json.loads(ERRORS.read_text(encoding="utf-8")).items()}
    except (OSError, AttributeError, TypeError, ValueError):
        raise IntegrityError(
            f"{ERRORS} is missing or not the one that was released: what earlier models counted would be shown with "
            "other numbers. Reinstall friction."
        ) from None


def errors_of(model: str, current: StanceErrors) -> StanceErrors:
    """Error counts of the model that made a cell.

    Args:
        model: as the cell names it.
        current: of the model in use, which stand in for one that was never released.
    """
    return released_errors().get(model, current)
