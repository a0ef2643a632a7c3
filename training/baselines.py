"""What a model has to beat: the majority, and TF-IDF with logistic regression. Same examples, same splits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from friction.taxonomy import HEADS

from .corpus import Example

Array = NDArray[np.float64]


def _arrays(items: Sequence[Example]) -> tuple[Array, Array]:
    return np.array([e.labels for e in items]), np.array([e.weights for e in items])


def _text(item: Example) -> str:
    """The same input as the network's: markers are words."""
    return f"{item.question} {item.text}".replace("[", " mark").replace("]", " ")


def majority(train: Sequence[Example], judged: Sequence[Example]) -> Array:
    """The training share of each head, for everybody. Shape (examples, heads)."""
    labels, weights = _arrays(train)
    share = (labels * weights).sum(0) / weights.sum(0)
    return np.tile(share, (len(judged), 1))


def tfidf(train: Sequence[Example], judged: Sequence[Example]) -> Array:
    """TF-IDF of words and character n-grams, one logistic regression a head. Shape (examples, heads)."""
    labels, weights = _arrays(train)
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=60_000),
    )
    seen = features.fit_transform([_text(e) for e in train])
    asked = features.transform([_text(e) for e in judged])
    out = np.zeros((len(judged), len(HEADS)))
    for head in range(len(HEADS)):
        rows = weights[:, head] > 0
        if len(set(labels[rows, head])) < 2:
            out[:, head] = labels[rows, head].mean()
            continue
        fitted = make_pipeline(LogisticRegression(C=4.0, max_iter=500, class_weight="balanced"))
        fitted.fit(seen[np.flatnonzero(rows)], labels[rows, head])
        out[:, head] = fitted.predict_proba(asked)[:, 1]
    return out
