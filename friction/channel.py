"""What crosses between a process that asks for scores and one that gives them: JSON over a pair of sockets.

    friction.scorer ──comments──> friction.scoring_process
                    <──scores────

Promises: scores arrive as they were, to the last bit and with every field but the comment's id, which stays where it
is; of a comment only what the pipeline reads goes over. Never: a pickle; a text anywhere but on the wire.
"""

import json
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from friction.records import Comment, Evidence, Scored, TargetScore


def say(end: Connection, thing: object) -> None:
    """Send anything that JSON has.

    Raises:
        OSError: nobody is at the other end.
    """
    end.send_bytes(json.dumps(thing).encode())


def hear(end: Connection) -> Any:
    """What was said next.

    Raises:
        EOFError, OSError: nobody is at the other end any more.
    """
    return json.loads(end.recv_bytes())


def question(comments: Sequence[Comment], *, evidence: bool) -> list[Any]:
    """What is asked about comments."""
    return [evidence, [[c.text, c.lang, c.from_team, c.about_team] for c in comments]]


def asked(question: Sequence[Any]) -> tuple[list[Comment], bool]:
    """The comments that a question is about, and whether evidence is wanted."""
    evidence, rows = question
    comments = [Comment(text=text, lang=lang, from_team=by, about_team=about) for text, lang, by, about in rows]
    return comments, evidence


def answer(scored: Sequence[Scored]) -> list[Any]:
    """What is answered."""
    return [[s.lang, s.error, dict(s.masked), [_plain(target) for target in s.targets]] for s in scored]


def answered(comments: Sequence[Comment], answer: Sequence[Any]) -> list[Scored]:
    """The scores of the comments that were asked about."""
    return [
        Scored(id=comment.id, lang=lang, error=error, masked=masked, targets=tuple(map(_target, targets)))
        for comment, (lang, error, masked, targets) in zip(comments, answer, strict=True)
    ]


def _plain(score: TargetScore) -> list[Any]:
    evidence = [[e.start, e.end, e.weight] for e in score.evidence]
    verdict = (score.team, score.blame, score.appreciation, score.blamed, score.appreciated)
    return [*verdict, dict(score.patterns), score.labels, evidence]


def _target(plain: Sequence[Any]) -> TargetScore:
    team, blame, appreciation, blamed, appreciated, patterns, labels, evidence = plain
    shown = tuple(Evidence(*e) for e in evidence)
    return TargetScore(team, blame, appreciation, blamed, appreciated, patterns, tuple(labels), shown)
