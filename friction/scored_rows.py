"""Scored rows as JSON, for ``friction score`` and the scoring endpoint alike. Keeps nothing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from friction import sources
from friction.errors import SourceError
from friction.pipeline import Pipeline, blocks
from friction.records import Comment, Scored, TargetScore


class Rejected(NamedTuple):
    """A row that cannot be scored, and why; without its text."""

    file: str
    row: int
    reason: str


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


def score_files(
    paths: Sequence[str],
    pipeline: Pipeline,
    open: sources.Open,
    *,
    rejected: list[Rejected],
    failed: list[SourceError],
) -> Iterator[str]:
    """Scored rows of files, one JSON object each, in input order; the next file is begun while one is scored.

    Args:
        paths: files, or ``-`` for standard input.
        pipeline: scores the comments.
        open: opens a file.
        rejected: gets the rows that cannot be scored, while the lines are read.
        failed: gets why files cannot be read as a whole; what was read of one before is given, and the others are.

    Raises:
        SourceError: not one could be read; why the last one could not, which is not in ``failed``.
    """
    for block, scores in pipeline.ahead(_blocks(paths, open), _Block.comments):
        if block.failure is not None:
            failed.append(block.failure)
        waiting = iter(scores)
        for row in block.rows:
            scored = next(waiting) if row.comment is not None else Scored(id=row.id, lang=None, error=row.reason)
            if scored.error is not None:
                rejected.append(Rejected(block.file, row.number, scored.error))
            yield json.dumps(to_json(scored, pipeline.model), ensure_ascii=False)
    if failed and len(failed) == len(paths):
        raise failed.pop()


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows of a file that are scored together, or why there are no more of it."""

    file: str
    rows: list[sources.Row]
    failure: SourceError | None = None

    def comments(self) -> list[Comment]:
        return [row.comment for row in self.rows if row.comment is not None]


def _blocks(paths: Iterable[str], open: sources.Open) -> Iterator[_Block]:
    for path in paths:
        name = "standard input" if path == "-" else path
        try:
            with sources.open_bytes(path) as raw:
                for rows in blocks(open(raw, name).rows):
                    yield _Block(name, rows)
        except SourceError as failure:  # told in its turn: files are read ahead of what is scored
            yield _Block(name, [], failure)
