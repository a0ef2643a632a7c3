"""What a model has to beat. Same examples, same splits; each gives probabilities of shape (examples, heads).

The majority; a list of two hundred phrases; TF-IDF with logistic regression; SetFit (Tunstall et al. 2022, "Efficient
few-shot learning without prompts") on the English encoder that ours is distilled from.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_union
from torch.nn import functional as F

from friction.targets import fold
from friction.taxonomy import HEADS

from .corpus import Example
from .distil import embed
from .network import mixed_precision
from .student import teacher

Array = NDArray[np.float64]
KEYWORDS: Final = Path(__file__).parent / "keywords.txt"
SETFIT_PAIRS: Final = 16_000
_IS_TEAM, _BLAME = HEADS.index("is_team"), HEADS.index("blame")


def _arrays(items: Sequence[Example]) -> tuple[Array, Array]:
    return np.array([e.labels for e in items]), np.array([e.weights for e in items])


def _text(item: Example) -> str:
    """The same input as the network's: markers are words."""
    return f"{item.question} {item.text}".replace("[", " mark").replace("]", " ")


def majority(train: Sequence[Example], judged: Sequence[Example]) -> Array:
    """The training share of each head, for everybody."""
    labels, weights = _arrays(train)
    share = (labels * weights).sum(0) / weights.sum(0)
    return np.tile(share, (len(judged), 1))


def keywords(train: Sequence[Example], judged: Sequence[Example]) -> Array:  # noqa: ARG001 - as the others are called
    """Blame wherever a phrase of the list stands; no other label."""
    lines = KEYWORDS.read_text(encoding="utf-8").splitlines()
    phrases = [f" {fold(line)} " for line in lines if line and not line.startswith("#")]
    out = np.zeros((len(judged), len(HEADS)))
    out[:, _IS_TEAM] = 1
    for row, item in enumerate(judged):
        words = "".join(c if c.isalnum() or c == "'" else " " for c in fold(item.text)).split()
        text = f" {' '.join(words)} "
        out[row, _BLAME] = any(phrase in text for phrase in phrases)
    return out


def word_features() -> FeatureUnion:
    """TF-IDF of words, pairs of words and character n-grams."""
    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=60_000),
    )


def word_regression() -> LogisticRegression:
    """The regression that stands on them: whichever class is rare counts as much."""
    return LogisticRegression(C=4.0, max_iter=500, class_weight="balanced")


def tfidf(train: Sequence[Example], judged: Sequence[Example]) -> Array:
    """TF-IDF of words and character n-grams, one logistic regression a head."""
    features = word_features()
    seen = features.fit_transform([_text(e) for e in train])
    return _regress(seen, train, features.transform([_text(e) for e in judged]))


def setfit(train: Sequence[Example], judged: Sequence[Example], *, seed: int = 3, batch: int = 16) -> Array:
    """SetFit on all-MiniLM-L6-v2: pairs with the same blame label drawn together, then logistic regression a head."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    model, tokenizer = teacher()
    known = [e for e in train if e.weights[_BLAME]]
    by_label = [[e for e in known if e.labels[_BLAME] == label] for label in (0.0, 1.0)]
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-5)
    model.train()
    for _ in range(SETFIT_PAIRS // batch):
        pairs = []
        for row in range(batch):
            one, other = (rng.choice((0, 1)),) * 2 if row % 2 else rng.sample((0, 1), 2)
            pairs.append((rng.choice(by_label[one]), rng.choice(by_label[other])))
        with mixed_precision():
            vectors = embed(model, tokenizer, [_text(e) for pair in zip(*pairs, strict=True) for e in pair])
        left, right = vectors.split(batch)
        goal = torch.tensor([float(a.labels[_BLAME] == b.labels[_BLAME]) for a, b in pairs])
        loss = F.mse_loss((left * right).sum(1), goal)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    model.eval()

    def vectors_of(items: Sequence[Example]) -> Array:
        with torch.inference_mode():
            parts = [embed(model, tokenizer, [_text(e) for e in items[i : i + 64]]) for i in range(0, len(items), 64)]
        return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)

    return _regress(vectors_of(train), train, vectors_of(judged))


def _regress(seen: Array | csr_matrix, train: Sequence[Example], asked: Array | csr_matrix) -> Array:
    """One balanced logistic regression a head, trained on the examples that the head is judged on."""
    labels, weights = _arrays(train)
    out = np.zeros((asked.shape[0], len(HEADS)))
    for head in range(len(HEADS)):
        rows = np.flatnonzero(weights[:, head] > 0)
        if len(set(labels[rows, head])) < 2:
            out[:, head] = labels[rows, head].mean()
            continue
        fitted = word_regression().fit(seen[rows], labels[rows, head])
        out[:, head] = fitted.predict_proba(asked)[:, 1]
    return out
