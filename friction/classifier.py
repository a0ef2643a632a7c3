"""The classifier: readings in, calibrated scores per target out. ONNX Runtime on the CPU, nothing else.

Promises: a model is loaded from a checked folder (``friction.model_folder``), never downloaded, exported or
unpickled; a batch in, a batch out, in order, and a comment's scores do not hang on the batch; no text is kept.
Called by ``friction.pipeline``.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from friction.markers import clauses, mark, question
from friction.model_folder import Card, read_card
from friction.records import AlignedText, Evidence, Lang, Reading, Span, TargetScore, TeamId
from friction.taxonomy import HEADS, PATTERNS

_BLAME, _APPRECIATION, _FIRST_PATTERN = (HEADS.index(h) for h in ("blame", "appreciation", PATTERNS[0]))


class Classifier:
    """A loaded model."""

    def __init__(self, card: Card, tokenizer: Tokenizer, session: onnxruntime.InferenceSession, threads: int) -> None:
        self.card = card
        self.tokenizer = tokenizer
        self.session = session
        self._pool = ThreadPoolExecutor(threads)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0) -> Self:
        """Load a model folder.

        Args:
            folder: see ``friction.model_folder``.
            threads: sequences under way at once; 0 takes every core.

        Raises:
            UsageError: no such folder, or a file is missing.
            IntegrityError: a checksum or the taxonomy version does not match.
        """
        card = read_card(folder)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(card.max_tokens, strategy="only_second")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        return cls(card, tokenizer, session, threads or os.cpu_count() or 1)

    def score(self, readings: Sequence[Reading], *, evidence: bool = True) -> list[tuple[TargetScore, ...]]:
        """Score every candidate target of every reading.

        Args:
            readings: one for each comment.
            evidence: also find the spans that carry the blame (one more pass for each clause of a blaming comment).

        Returns:
            For each reading, one score for each candidate that the text really speaks of as a team.
        """
        asked = [(reading, target) for reading in readings for target in reading.candidates]
        marked = [mark(reading, target) for reading, target in asked]
        probabilities = self._probabilities(
            [_Input(question(r, t), m.text, r.lang) for (r, t), m in zip(asked, marked, strict=True)]
        )
        spans = self._evidence(asked, marked, probabilities) if evidence else [()] * len(asked)
        scores: list[list[TargetScore]] = [[] for _ in readings]
        rows = iter(zip(probabilities, spans, strict=True))
        for place, reading in enumerate(readings):
            for target in reading.candidates:
                row, shown = next(rows)
                if row[0] >= self.card.thresholds["is_team"] or target == reading.about_team:
                    scores[place].append(self._verdict(target, row, shown))
        return [tuple(s) for s in scores]

    def _verdict(self, target: TeamId, row: NDArray[np.float32], shown: tuple[Evidence, ...]) -> TargetScore:
        limits = self.card.thresholds
        blame, appreciation = float(row[_BLAME]), float(row[_APPRECIATION])
        blamed = blame >= limits["blame"]
        given = dict(zip(PATTERNS, map(float, row[_FIRST_PATTERN:]), strict=True))
        return TargetScore(
            team=target,
            blame=blame,
            appreciation=appreciation,
            blamed=blamed,
            appreciated=appreciation >= limits["appreciation"],
            patterns={p: blame * v for p, v in given.items()},
            labels=tuple(p for p, v in given.items() if v >= limits[p]) if blamed else (),
            evidence=shown if blamed else (),
        )

    def _probabilities(self, inputs: Sequence["_Input"]) -> NDArray[np.float32]:
        """Calibrated probabilities of shape (inputs, heads); those of the patterns are given blame."""
        places = {pair: place for place, pair in enumerate(dict.fromkeys((i.question, i.text) for i in inputs))}
        encoded = self.tokenizer.encode_batch(list(places))
        logits = np.array(list(self._pool.map(self._logits, encoded)), dtype=np.float32).reshape(-1, len(HEADS))
        rows = [self.card.scaling[i.lang].probabilities(logits[places[i.question, i.text]]) for i in inputs]
        return np.array(rows, dtype=np.float32).reshape(-1, len(HEADS))

    def _logits(self, encoded: Encoding) -> NDArray[np.float32]:
        """Logits of shape (heads,), one sequence a run.

        Int8 activations are scaled by run, so that in a larger batch a comment's scores would hang on the comments
        beside it. Alone nothing is padded either, and runs share the cores.
        """
        ids = np.array([encoded.ids], dtype=np.int64)
        (logits,) = self.session.run(["logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return np.asarray(logits[0], dtype=np.float32)

    def _evidence(
        self,
        asked: Sequence[tuple[Reading, TeamId]],
        marked: Sequence[AlignedText],
        probabilities: NDArray[np.float32],
    ) -> list[tuple[Evidence, ...]]:
        """Clauses whose removal lowers the blame, with the share of it that they carry (occlusion)."""
        probes: list[tuple[int, Span]] = []
        inputs: list[_Input] = []
        for place, (reading, target) in enumerate(asked):
            if probabilities[place, _BLAME] < self.card.thresholds["blame"]:
                continue
            text = marked[place].text
            for span in clauses(text):
                probes.append((place, span))
                left = (text[: span.start] + text[span.end :]).strip()
                inputs.append(_Input(question(reading, target), left, reading.lang))
        without = self._probabilities(inputs)[:, _BLAME]
        found: list[list[tuple[float, Span]]] = [[] for _ in asked]
        for (place, span), rest in zip(probes, without, strict=True):
            found[place].append((float(probabilities[place, _BLAME] - rest), span))
        return [_weigh(drops, text) for drops, text in zip(found, marked, strict=True)]


class _Input(NamedTuple):
    """What the model is asked: one comment as seen from one target."""

    question: str
    text: str
    lang: Lang


def _weigh(drops: list[tuple[float, Span]], text: AlignedText) -> tuple[Evidence, ...]:
    if len(drops) == 1:
        drops = [(1.0, drops[0][1])]
    total = sum(max(drop, 0.0) for drop, _ in drops)
    shares = [(drop / total if total else 1 / len(drops), span) for drop, span in drops]
    spans = [(share, text.source(_trim(text.text, span))) for share, span in shares if share >= 0.2]
    return tuple(Evidence(span.start, span.end, round(share, 4)) for share, span in spans)


def _trim(text: str, span: Span) -> Span:
    piece = text[span.start : span.end]
    return Span(span.start + len(piece) - len(piece.lstrip()), span.end - len(piece) + len(piece.rstrip()))
