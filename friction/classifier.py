"""The classifier: readings in, calibrated scores per target out.

Promises: a model is loaded from a checked folder (``friction.model_folder``), never downloaded, exported or
unpickled; a batch in, a batch out, in order, and a comment's scores do not hang on the batch; no text is kept.
Called by ``friction.pipeline``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from friction.inference import Answers, Network
from friction.markers import clauses, mark, question
from friction.model_folder import Card, read_card
from friction.records import AlignedText, Evidence, Lang, Reading, Span, TargetScore, TeamId
from friction.taxonomy import HEADS, PATTERNS

_IS_TEAM, _BLAME, _APPRECIATION, _FIRST_PATTERN = map(HEADS.index, ("is_team", "blame", "appreciation", PATTERNS[0]))

_SHOWN: Final = 0.2
"""Share of the blame from which a clause is shown as evidence."""


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
            evidence: also find the spans that carry the blame.

        Returns:
            For each reading, one score for each candidate that the text really speaks of as a team.
        """
        asked = [(reading, target) for reading in readings for target in reading.candidates]
        marked = [mark(reading, target) for reading, target in asked]
        answers = self.network.answer([(question(r, t), m.text) for (r, t), m in zip(asked, marked, strict=True)])
        probabilities = self._probabilities(answers.logits, [reading.lang for reading, _ in asked])
        spans = [
            self._evidence(answers, place, text) if evidence and self._is_blamed(probabilities[place]) else ()
            for place, text in enumerate(marked)
        ]
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
        blamed = self._is_blamed(row)
        patterns = {p: blame * float(v) for p, v in zip(PATTERNS, row[_FIRST_PATTERN:], strict=True)}
        return TargetScore(
            team=target,
            blame=blame,
            appreciation=appreciation,
            blamed=blamed,
            appreciated=appreciation >= limits["appreciation"],
            patterns=patterns,
            labels=tuple(p for p, v in patterns.items() if v >= limits[p]) if blamed else (),
            evidence=shown,
        )

    def _is_blamed(self, row: NDArray[np.float32]) -> bool:
        return bool(row[_BLAME] >= self.card.thresholds["blame"])

    def _probabilities(self, logits: NDArray[np.float32], langs: Sequence[Lang]) -> NDArray[np.float32]:
        """Calibrated probabilities of shape (inputs, heads); those of the patterns are given blame."""
        rows = [self.card.scaling[lang].probabilities(row) for row, lang in zip(logits, langs, strict=True)]
        return np.array(rows, dtype=np.float32).reshape(-1, len(HEADS))

    def _evidence(self, answers: Answers, place: int, marked: AlignedText) -> tuple[Evidence, ...]:
        """Clauses that carry at least ``_SHOWN`` of the blame, with the share of it that they carry."""
        spans = clauses(marked.text)
        shares = answers.shares(place, [span.end for span in spans])
        shown = [(share, marked.source(_trim(marked.text, span))) for share, span in zip(shares, spans, strict=True)]
        return tuple(Evidence(s.start, s.end, round(float(share), 4)) for share, s in shown if share >= _SHOWN)


def _trim(text: str, span: Span) -> Span:
    piece = text[span.start : span.end]
    return Span(span.start + len(piece) - len(piece.lstrip()), span.end - len(piece) + len(piece.rstrip()))
