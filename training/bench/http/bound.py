"""What the network alone takes of the load, without a server: nobody who serves the pipeline here can answer more."""

import time
from collections.abc import Sequence

from onnxruntime import InferenceSession
from tokenizers import Tokenizer

from friction.classifier import Classifier
from friction.inference import Logits, Network
from friction.model_folder import RELEASED
from friction.pipeline import Pipeline
from friction.records import Comment
from training.corpus import CORPUS, read_directory

from .servers import ORGANISATION, rows

BATCH = 64
"""Comments that are put through together: as many as the endpoint takes at most."""


class Bound:
    """The load's comments, ready for the network.

    Args:
        threads: of the network.
    """

    def __init__(self, threads: int) -> None:
        classifier = Classifier.load(RELEASED, threads=threads)
        self._network = classifier.network
        asked = _Remembering(self._network.tokenizer, self._network.session, threads)
        directory = read_directory(CORPUS / "dev" / f"{ORGANISATION}.toml")
        comments = [Comment(**row) for row in rows(1)]
        Pipeline(directory, Classifier(classifier.card, asked)).score(comments, evidence=False)
        self._ready = asked.seen
        self.passes = len(self._ready) / len(comments)
        """Sequences that the network reads for a comment."""

    def rate(self, seconds: float) -> float:
        """Comments a second, tokenized beforehand, for at least so many seconds."""
        done, began = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - began) < seconds:
            for start in range(0, len(self._ready), BATCH):
                self._network.of_tokens(self._ready[start : start + BATCH])
            done += len(self._ready)
        return done / self.passes / elapsed


class _Remembering(Network):
    """Keeps the tokens that it was given."""

    def __init__(self, tokenizer: Tokenizer, session: InferenceSession, threads: int) -> None:
        super().__init__(tokenizer, session, threads)
        self.seen: list[Sequence[int]] = []

    def of_tokens(self, sequences: Sequence[Sequence[int]]) -> tuple[Logits, list[Logits]]:
        self.seen += sequences
        return super().of_tokens(sequences)
