"""Texts through the network: pairs of texts in, logits and tokens' weights out. ONNX Runtime on the CPU, nothing else.

Promises: a pair's logits do not hang on the pairs beside it, to the last bit; nothing is padded; equal pairs go
through once; no text is kept. Called by ``friction.classifier``; ``training`` opens its sessions here, so that what it
measures is what serves.
"""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from friction.processor import cores, has_vnni
from friction.taxonomy import HEADS

Logits = NDArray[np.float32]
STATIC: Final = ("activations", "static")
"""A model's metadata where the int8 scales of its activations are fixed, so that sequences may share a run."""
RUN_TOKENS: Final = 256
"""Tokens of a shared run: enough to fill the matrix kernels, few enough that a layer stays in a core's cache."""
_PRECISE: Final = "session.x64quantprecision"
"""Weights become uint8, whose products take twice as long (onnxruntime_session_options_config_keys.h)."""


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """A session on an ONNX file that runs on the thread that calls it.

    Without VNNI ``_PRECISE`` has ONNX Runtime take products that cannot overflow: the same scores to the last bit,
    later. ``SkipLayerNormFusion`` is off: the fused kernel is scalar, eight times slower than addition and
    normalisation apart, and took a quarter of the model's time.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not has_vnni():
        options.add_session_config_entry(_PRECISE, "1")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
    )


class Network:
    """A loaded network and its tokenizer."""

    def __init__(self, tokenizer: Tokenizer, session: onnxruntime.InferenceSession, threads: int) -> None:
        self.tokenizer = tokenizer
        self.session = session
        self.threads = threads
        name, value = STATIC
        self.run_tokens = RUN_TOKENS if session.get_modelmeta().custom_metadata_map.get(name) == value else 1
        self._map = map if threads == 1 else ThreadPoolExecutor(threads).map

    @classmethod
    def load(cls, folder: Path, *, max_tokens: int, threads: int) -> Self:
        """Load from a checked model folder (``friction.model_folder``).

        Args:
            folder: holds ``model.onnx`` and ``tokenizer.json``.
            max_tokens: longer pairs lose the end of their second text.
            threads: runs under way at once; 0 takes every core.
        """
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens, strategy="only_second")
        return cls(tokenizer, open_session(folder / "model.onnx"), threads or cores())

    def answer(self, pairs: Sequence[tuple[str, str]]) -> "Answers":
        """What the network says of each pair of texts; equal pairs are asked once."""
        places = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
        encodings = self.tokenizer.encode_batch(list(places))
        logits, weights = self.of_tokens([encoding.ids for encoding in encodings])
        return Answers(logits, weights, encodings, [places[pair] for pair in pairs])

    def of_tokens(self, sequences: Sequence[Sequence[int]]) -> tuple[Logits, list[Logits]]:
        """Logits of shape (sequences, heads), and for each sequence the weights of its tokens."""
        together = runs([len(ids) for ids in sequences], run_tokens=self.run_tokens, threads=self.threads)
        batches = [np.array([sequences[place] for place in run], dtype=np.int64) for run in together]
        logits = np.empty((len(sequences), len(HEADS)), dtype=np.float32)
        weights: list[Logits] = [np.empty(0, np.float32)] * len(sequences)
        for run, (found, carried) in zip(together, self._map(self._run, batches), strict=True):
            logits[run] = found
            for place, row in zip(run, carried, strict=True):
                weights[place] = row
        return logits, weights

    def _run(self, ids: NDArray[np.int64]) -> tuple[Logits, Logits]:
        """Logits of shape (sequences, heads) and weights of the shape of ``ids``, (sequences, tokens)."""
        found = self.session.run(["logits", "evidence"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return np.asarray(found[0], dtype=np.float32), np.asarray(found[1], dtype=np.float32)


class Answers:
    """What the network says of pairs of texts.

    Attributes:
        logits: of shape (pairs, heads).
    """

    def __init__(
        self, logits: Logits, weights: Sequence[Logits], encodings: Sequence[Encoding], places: Sequence[int]
    ) -> None:
        self.logits = logits[places]
        self._weights = weights
        self._encodings = encodings
        self._places = places

    def shares(self, pair: int, ends: Sequence[int]) -> NDArray[np.float64]:
        """How the blame is shared out among stretches of a pair's second text: a sum of 1, or 0 where it has none.

        Args:
            pair: its place.
            ends: character after each stretch; the first begins at 0, each other where the one before it ends. What is
                cut off, and not read, carries nothing.
        """
        encoding = self._encodings[self._places[pair]]
        second = np.array(encoding.sequence_ids, dtype=float) == 1
        weights = self._weights[self._places[pair]][second].astype(np.float64)
        carried = np.zeros(len(ends))
        if len(ends) and len(weights):
            stretch = np.searchsorted(ends, np.array(encoding.offsets)[second, 0], side="right")
            np.add.at(carried, np.minimum(stretch, len(ends) - 1), np.exp(weights - weights.max()))
            carried /= carried.sum()
        return carried


def runs(lengths: Sequence[int], *, run_tokens: int, threads: int) -> list[list[int]]:
    """Which sequences share a run: those of one length, so that none is padded.

    Args:
        lengths: tokens of each sequence.
        run_tokens: a run of several sequences has no more tokens than this.
        threads: few sequences are shared out, so that each thread has some.

    Returns:
        Places in ``lengths``, each once; the longest runs first, so that the threads end together.

    >>> runs([3, 4, 3, 3], run_tokens=6, threads=1)
    [[0, 2], [1], [3]]
    """
    alike: defaultdict[int, list[int]] = defaultdict(list)
    for place, length in enumerate(lengths):
        alike[length].append(place)
    limit = min(run_tokens, -(-sum(lengths) // threads))
    found = []
    for length, places in alike.items():
        size = max(limit // max(length, 1), 1)
        found += [places[start : start + size] for start in range(0, len(places), size)]
    return sorted(found, key=lambda run: -len(run) * lengths[run[0]])
