"""What the network alone takes of the load, without a server: nobody who serves the pipeline here can answer more."""

import time
from collections.abc import Sequence

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
        self._network = _Remembering(classifier.network.tokenizer, classifier.network.session, threads)
        directory = read_directory(CORPUS / "dev" / f"{ORGANISATION}.toml")
        comments = [Comment(**row) for row in rows(1)]
        Pipeline(directory, Classifier(classifier.card, self._network)).score(comments, evidence=False)
        self.passes = len(self._network.seen) / len(comments)
        """Sequences that the network reads for a comment."""

    def rate(self, seconds: float) -> float:
        """Comments a second, tokenized beforehand, for at least so many seconds."""
        ready = list(self._network.seen)
        done, began = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - began) < seconds:
            for start in range(0, len(ready), BATCH):
                Network.of_tokens(self._network, ready[start : start + BATCH])
            done += len(ready)
        return done / self.passes / elapsed


class _Remembering(Network):
    """Keeps the tokens that it was given."""

    def __init__(self, *network: object) -> None:
        super().__init__(*network)  # type: ignore[arg-type]
        self.seen: list[Sequence[int]] = []

    def of_tokens(self, sequences: Sequence[Sequence[int]]) -> tuple[Logits, list[Logits]]:
        self.seen += sequences
        return super().of_tokens(sequences)
