"""Scored rows as JSON, for ``friction score`` and the scoring endpoint alike. Keeps nothing."""

import json
from collections.abc import Iterator
from typing import Any

from friction import sources
from friction.pipeline import Pipeline
from friction.records import Comment, Scored, TargetScore
from friction.settings import SourceSection


def to_json(scored: Scored, model: str) -> dict[str, Any]:
    """A scored row as its callers get it; probabilities to four places."""
    row: dict[str, Any] = {"id": scored.id, "lang": scored.lang, "model": model}
    if scored.error is not None:
        return row | {"error": scored.error}
    return row | {"targets": [_target(t) for t in scored.targets]}


def _target(score: TargetScore) -> dict[str, Any]:
    return {
        "team": score.team,
        "blame": round(score.blame, 4),
        "appreciation": round(score.appreciation, 4),
        "blamed": score.blamed,
        "appreciated": score.appreciated,
        "patterns": {p: round(v, 4) for p, v in score.patterns.items()},
        "labels": list(score.labels),
        "evidence": [{"start": e.start, "end": e.end, "weight": e.weight} for e in score.evidence],
    }


def score_file(path: str, pipeline: Pipeline, mapping: SourceSection) -> tuple[Iterator[str], list[tuple[int, str]]]:
    """Scored rows of a file, one JSON object each, in input order.

    Args:
        path: a file, or ``-`` for standard input.
        pipeline: scores the comments.
        mapping: which column holds what.

    Returns:
        The lines, and a list that fills with (row number, reason) while they are read.

    Raises:
        SourceError: the file as a whole cannot be read.
    """
    raw = sources.open_bytes(path)
    name = "standard input" if path == "-" else path
    opened = sources.read(raw, name, mapping, pipeline.targets.resolve)
    rejected: list[tuple[int, str]] = []
    return _lines(opened.rows, pipeline, rejected), rejected


def _lines(rows: Iterator[sources.Row], pipeline: Pipeline, rejected: list[tuple[int, str]]) -> Iterator[str]:
    block: list[sources.Row] = []
    for row in rows:
        block.append(row)
        if len(block) == 256:
            yield from _block(block, pipeline, rejected)
            block = []
    yield from _block(block, pipeline, rejected)


def _block(block: list[sources.Row], pipeline: Pipeline, rejected: list[tuple[int, str]]) -> Iterator[str]:
    comments: list[Comment] = [row.comment for row in block if row.comment is not None]
    scores = iter(pipeline.score(comments))
    for row in block:
        scored = next(scores) if row.comment is not None else Scored(id=row.id, lang=None, error=row.reason)
        if scored.error is not None:
            rejected.append((row.number, scored.error))
        yield json.dumps(to_json(scored, pipeline.model), ensure_ascii=False)
