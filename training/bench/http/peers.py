"""What LitServe and BentoML serve: the model's file with its tokenizer, or the whole of what the endpoint answers.

``network``: each text once through tokenizer and network, as their users would serve a classifier; ``pipeline``: the
same answer as friction's endpoint, from the same pipeline, so that only the servers differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from friction.classifier import Classifier
from friction.markers import TARGET
from friction.model_folder import RELEASED, read_card
from friction.pipeline import Pipeline
from friction.records import Comment
from friction.scored_rows import to_json
from training.corpus import CORPUS, read_directory

Answer = Callable[[Sequence[dict[str, Any]]], list[Any]]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a peer is set up.

    Attributes:
        job: ``network`` or ``pipeline``.
        organisation: whose teams the pipeline knows.
        workers: processes that have the model.
        threads: of the network in each.
        batch: requests that go to the model together at most.
        window: seconds that a batch waits to fill.
    """

    job: str
    organisation: str
    workers: int
    threads: int
    batch: int
    window: float


def load(settings: Settings) -> Answer:
    """What a worker does with a batch of requests."""
    if settings.job == "pipeline":
        directory = read_directory(CORPUS / "dev" / f"{settings.organisation}.toml")
        pipeline = Pipeline(directory, Classifier.load(RELEASED, threads=settings.threads))

        def score(rows: Sequence[dict[str, Any]]) -> list[Any]:
            return [to_json(scored, pipeline.model) for scored in pipeline.score([Comment(**row) for row in rows])]

        return score

    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(RELEASED / "tokenizer.json"))
    tokenizer.enable_truncation(read_card(RELEASED).max_tokens, strategy="only_second")
    tokenizer.enable_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    session = onnxruntime.InferenceSession(
        str(RELEASED / "model.onnx"), options, providers=["CPUExecutionProvider"],
        disabled_optimizers=["SkipLayerNormFusion"],
    )  # fmt: skip

    def classify(rows: Sequence[dict[str, Any]]) -> list[Any]:
        encoded = tokenizer.encode_batch([(TARGET, row["text"]) for row in rows])
        ids = np.array([e.ids for e in encoded], dtype=np.int64)
        mask = np.array([e.attention_mask for e in encoded], dtype=np.int64)
        (logits,) = session.run(["logits"], {"input_ids": ids, "attention_mask": mask})
        return [row.tolist() for row in 1 / (1 + np.exp(-np.asarray(logits)))]

    return classify
