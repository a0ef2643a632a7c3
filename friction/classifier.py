"""The classifier: readings in, calibrated scores per target out.

Promises: a model is loaded from a checked folder (``friction.model_folder``), never downloaded, exported or
unpickled; a batch in, a batch out, in order, and a comment's scores do not hang on the batch; no text is kept.
Called by ``friction.pipeline``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from friction.inference import Network
from friction.markers import clauses, mark, question
from friction.model_folder import Card, read_card
from friction.records import AlignedText, Evidence, Lang, Reading, Span, TargetScore, TeamId
from friction.taxonomy import HEADS, PATTERNS

_IS_TEAM, _BLAME, _APPRECIATION, _FIRST_PATTERN = map(HEADS.index, ("is_team", "blame", "appreciation", PATTERNS[0]))


class Classifier:
    """A loaded model."""

    def __init__(self, card: Card, network: Network) -> None:
        self.card = card
        self.network = network

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0) -> Self:
        """Load a model folder.

        Args:
            folder: see ``friction.model_folder``.
            threads: runs of the model under way at once; 0 takes every core.

        Raises:
            UsageError: no such folder, or a file is missing.
            IntegrityError: a checksum or the taxonomy version does not match.
        """
        card = read_card(folder)
        return cls(card, Network.load(folder, max_tokens=card.max_tokens, threads=threads))

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
                if self._is_spoken_of(row, reading, target):
                    scores[place].append(self._verdict(target, row, shown))
        return [tuple(s) for s in scores]

    def _is_spoken_of(self, row: NDArray[np.float32], reading: Reading, target: TeamId) -> bool:
        return bool(row[_IS_TEAM] >= self.card.thresholds["is_team"]) or target == reading.about_team

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
        logits = self.network.logits([(i.question, i.text) for i in inputs])
        rows = [self.card.scaling[i.lang].probabilities(row) for i, row in zip(inputs, logits, strict=True)]
        return np.array(rows, dtype=np.float32).reshape(-1, len(HEADS))

    def _evidence(
        self,
        asked: Sequence[tuple[Reading, TeamId]],
        marked: Sequence[AlignedText],
        probabilities: NDArray[np.float32],
    ) -> list[tuple[Evidence, ...]]:
        """Clauses whose removal lowers the blame, with the share of it that they carry (occlusion).

        Only of blamed targets. A single clause carries it all, and one that the network does not reach carries
        nothing: neither has to be asked.
        """
        found: list[list[tuple[float, Span]]] = [[] for _ in asked]
        probes: list[tuple[int, Span]] = []
        inputs: list[_Input] = []
        for place, (reading, target) in enumerate(asked):
            row, text = probabilities[place], marked[place].text
            if row[_BLAME] < self.card.thresholds["blame"] or not self._is_spoken_of(row, reading, target):
                continue
            spans = clauses(text)
            if len(spans) == 1:
                found[place].append((1.0, spans[0]))
                continue
            reach = self.network.reach(question(reading, target), text)
            for span in spans:
                if span.start >= reach:
                    found[place].append((0.0, span))
                    continue
                probes.append((place, span))
                left = (text[: span.start] + text[span.end :]).strip()
                inputs.append(_Input(question(reading, target), left, reading.lang))
        without = self._probabilities(inputs)[:, _BLAME]
        for (place, span), rest in zip(probes, without, strict=True):
            found[place].append((float(probabilities[place, _BLAME] - rest), span))
        return [_weigh(sorted(drops, key=_place), text) for drops, text in zip(found, marked, strict=True)]


class _Input(NamedTuple):
    """What the model is asked: one comment as seen from one target."""

    question: str
    text: str
    lang: Lang


def _place(drop: tuple[float, Span]) -> int:
    return drop[1].start


def _weigh(drops: list[tuple[float, Span]], text: AlignedText) -> tuple[Evidence, ...]:
    total = sum(max(drop, 0.0) for drop, _ in drops)
    shares = [(drop / total if total else 1 / len(drops), span) for drop, span in drops]
    spans = [(share, text.source(_trim(text.text, span))) for share, span in shares if share >= 0.2]
    return tuple(Evidence(span.start, span.end, round(share, 4)) for share, span in spans)


def _trim(text: str, span: Span) -> Span:
    piece = text[span.start : span.end]
    return Span(span.start + len(piece) - len(piece.lstrip()), span.end - len(piece) + len(piece.rstrip()))
