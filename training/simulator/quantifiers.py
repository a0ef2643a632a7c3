"""Estimators of a prevalence compared on scored dev comments, under the artificial-prevalence protocol.

Organisations of dev are halved at random, ``HALVINGS`` times; on one half each estimator learns what it needs (a card,
posteriors), from the other half bags of comments are drawn at every prevalence from 0 to 1 (Forman 2008; Esuli,
Fabris, Moreo & Sebastiani 2023). PACC and EMQ are QuaPy's (extra ``bench``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from friction.disclosure import MECHANISM, round_randomly, round_respondents
from friction.likelihood import Errors
from friction.model_folder import ErrorRate
from friction.rates import rates
from friction.records import Cell, Lang, TeamId, Week

from .confusions import Scores

HALVINGS: Final = 10
PREVALENCES: Final = tuple(round(p / 20, 2) for p in range(21))
METHODS: Final = (
    "raw share", "adjusted count", "PACC", "EMQ", "raw share, rounded", "adjusted count, rounded", "posterior, rounded"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bag:
    """Errors of each method on one bag, in the order of ``METHODS``; bags of one halving are no independent ones."""

    halving: tuple[Lang, int]
    size: int
    prevalence: float
    errors: tuple[float, ...]


def compare(scores: Mapping[Lang, Scores], sizes: Sequence[int], bags: int, rng: np.random.Generator) -> list[Bag]:
    """Bags of every size, prevalence and language, of every halving of its organisations."""
    found = []
    for lang, of in scores.items():
        orgs = np.unique(of.org)
        for halving in range(HALVINGS):
            here = np.isin(of.org, rng.choice(orgs, len(orgs) // 2, replace=False))
            known, other = of.only(here), of.only(~here)
            yes, no = np.flatnonzero(other.blamed), np.flatnonzero(~other.blamed)
            for size in sizes:
                for prevalence in PREVALENCES:
                    for _ in range(bags):
                        blaming = round(size * prevalence)
                        places = np.concatenate([rng.choice(yes, blaming), rng.choice(no, size - blaming)])
                        errors = _errors(known, other.only(places), blaming / size, rng)
                        found.append(Bag((lang, halving), size, prevalence, errors))
    return found


def _errors(known: Scores, bag: Scores, truth: float, rng: np.random.Generator) -> tuple[float, ...]:
    from quapy.method.aggregative import EMQ

    size = len(bag.found)
    rate = known.error_rate()
    raw = float(bag.found.mean())
    rounded = min(round_randomly(int(bag.found.sum()), rng.random()), round_respondents(size))
    prior = np.array([1 - known.blamed.mean(), known.blamed.mean()])
    posteriors = np.stack([1 - bag.posterior, bag.posterior], axis=1)
    soft = ErrorRateOfPosteriors.of(known)
    emq, _ = EMQ.EM(prior, posteriors)
    said = (
        raw,
        adjusted(raw, rate),
        soft.adjust(float(bag.posterior.mean())),
        float(emq[1]),
        rounded / round_respondents(size),
        adjusted(rounded / round_respondents(size), rate),
        _posterior(size, rounded, rate),
    )
    return tuple(abs(s - truth) for s in said)


def adjusted(share: float, rate: ErrorRate) -> float:
    """Adjusted count: Rogan & Gladen (1978), held between 0 and 1."""
    hit, false = rate.hits / rate.positives, 1 - rate.rejections / rate.negatives
    return float(np.clip((share - false) / max(hit - false, 0.05), 0, 1))


@dataclass(frozen=True, slots=True)
class ErrorRateOfPosteriors:
    """Mean posterior of the blamed and of the others: what PACC adjusts with (Bella et al. 2010)."""

    of_blamed: float
    of_others: float

    @classmethod
    def of(cls, known: Scores) -> "ErrorRateOfPosteriors":
        """From comments whose truth is known."""
        return cls(float(known.posterior[known.blamed].mean()), float(known.posterior[~known.blamed].mean()))

    def adjust(self, mean: float) -> float:
        """The prevalence behind a mean posterior."""
        return float(np.clip((mean - self.of_others) / max(self.of_blamed - self.of_others, 0.05), 0, 1))


def _posterior(size: int, rounded: int, rate: ErrorRate) -> float:
    """Median of the posterior of a single cell, as ``friction.rates`` has it for a company of one pair and one week."""
    cell = Cell(
        TeamId("a"), TeamId("b"), Week(0), Week(0), round_respondents(size), {"en": round_respondents(size), "fr": 0},
        rounded, 0, {}, "m", MECHANISM,
    )  # fmt: skip
    return rates([[cell]], "blame", Errors({"en": rate}))[0][0].value
