"""Other people's libraries on the same texts. All read the whole comment once; none finds teams, redacts or explains.

The encoder is all-MiniLM-L6-v2 in float32, from the package that ``training.student`` checks. Heads are untrained:
they cost what trained ones cost. Nothing is downloaded.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    TextClassificationPipeline,
)

from training.student import teacher_folder

from .rounds import Contestant

ENCODE: Final = "sentence-transformers, MiniLM float32, `encode`"
SETFIT: Final = "SetFit `predict`, MiniLM float32"
PIPELINE: Final = "transformers `pipeline`, MiniLM float32"
BATCHES: Final = (8, 16, 32, 64, 128)
HOPED: Final = (32,)
"""Of a quick run, which does not look for the best."""
DETOXIFY_SHARE: Final = 8
"""Detoxify's network is some eight times as large: it reads every eighth text."""
Batched = Callable[[list[str], int], object]


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer before its batch size is known."""

    name: str
    run: Batched
    share: int = 1


def contestants(texts: Sequence[str], batches: Sequence[int], say: Callable[[str], None]) -> list[Contestant]:
    """Every peer that is installed, each at the batch size that is fastest for it here."""
    found = []
    for peer in _peers():
        own = list(texts[:: peer.share])
        sample = own[:: max(len(own) // 200, 1)]
        best = min(batches, key=partial(_seconds, peer.run, sample)) if len(batches) > 1 else batches[0]
        say(f"{peer.name}: batches of {best}")
        found.append(Contestant(f"{peer.name} (batches of {best})", partial(peer.run, own, best), len(own)))
    return found


def _seconds(run: Batched, texts: list[str], batch: int) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run(texts, batch)
        times.append(time.perf_counter() - start)
    return min(times)


def _peers() -> list[Peer]:
    from sentence_transformers import SentenceTransformer

    folder = teacher_folder()
    encoder = SentenceTransformer(str(folder), device="cpu")
    weights = np.random.default_rng(7).normal(size=(encoder.get_embedding_dimension() or 384, 3)).astype(np.float32)

    def encode(texts: list[str], batch: int) -> Any:
        return encoder.encode(texts, batch_size=batch, show_progress_bar=False)

    def with_head(texts: list[str], batch: int) -> Any:
        return (encode(texts, batch) @ weights).argmax(axis=1)

    peers = [
        Peer(ENCODE, encode),
        Peer("sentence-transformers + linear head", with_head),
        Peer(PIPELINE, _pipeline(_classifier(folder), _tokenizer(folder))),
        Peer(
            "Detoxify's architecture (BERT base, 6 labels), random weights",
            _pipeline(BertForSequenceClassification(_six_labels()), _tokenizer(folder)),
            DETOXIFY_SHARE,
        ),
    ]
    if setfit := _setfit(encoder):
        peers.insert(2, setfit)
    return peers


def _tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    return cast(PreTrainedTokenizerFast, AutoTokenizer.from_pretrained(folder, local_files_only=True))


def _six_labels() -> BertConfig:
    config = BertConfig()
    config.num_labels = 6
    return config


def _classifier(folder: Path) -> BertForSequenceClassification:
    found: BertForSequenceClassification = BertForSequenceClassification.from_pretrained(
        folder, local_files_only=True, num_labels=3
    )
    return found


def _pipeline(model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast) -> Batched:
    model.eval()
    pipeline = TextClassificationPipeline(model=model, tokenizer=tokenizer, device=torch.device("cpu"), top_k=None)

    def run(texts: list[str], batch: int) -> Any:
        return pipeline(texts, batch_size=batch, truncation=True, max_length=256)

    return run


def _setfit(encoder: Any) -> Peer | None:
    try:
        from setfit import SetFitModel
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        return None
    some = np.random.default_rng(7)
    head = LogisticRegression().fit(some.normal(size=(64, encoder.get_embedding_dimension())), np.arange(64) % 2)
    model = SetFitModel(model_body=encoder, model_head=head)

    def run(texts: list[str], batch: int) -> Any:
        return model.predict(texts, batch_size=batch, show_progress_bar=False)

    return Peer(SETFIT, run)
