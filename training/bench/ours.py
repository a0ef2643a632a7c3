"""Friction's own contestants, the whole and its parts."""

from collections.abc import Callable, Sequence
from functools import partial

from friction import sources
from friction.markers import mark, question
from friction.pipeline import Pipeline, ahead
from friction.records import Reading
from friction.redaction import redact
from friction.scored_rows import score_files
from friction.settings import SourceSection

from .rounds import Contestant
from .texts import Work

WHOLE = "`friction score`, file to file"
NO_EVIDENCE = "the same pipeline without evidence (as `friction ingest`)"
NETWORK = "the network alone, one pass a target"
TOKENIZER = "the tokenizer alone"
REDACTION = "redaction alone, one core"
NAMES = (WHOLE, NO_EVIDENCE, NETWORK, TOKENIZER, REDACTION)


def contestants(work: Sequence[Work]) -> list[Contestant]:
    """The command's own function in a warm process, and each of its steps; all over the same comments."""
    comments = sum(len(w.comments) for w in work)
    pairs = [pair for w in work for pair in _pairs(w.pipeline, w)]
    network = work[0].pipeline.classifier.network
    sequences = [encoding.ids for encoding in network.tokenizer.encode_batch(pairs)]
    texts = [text for w in work for text in w.texts]
    return [
        Contestant(WHOLE, partial(_each, _file, work), comments),
        Contestant(NO_EVIDENCE, partial(_each, _stream, work), comments),
        Contestant(NETWORK, partial(network.of_tokens, sequences), comments),
        Contestant(TOKENIZER, partial(network.tokenizer.encode_batch, pairs), comments),
        Contestant(REDACTION, lambda: [redact(text) for text in texts], comments),
    ]


def lengths(work: Sequence[Work]) -> list[int]:
    """Tokens of every sequence that ``NETWORK`` reads."""
    network = work[0].pipeline.classifier.network
    pairs = [pair for w in work for pair in _pairs(w.pipeline, w)]
    return [len(encoding.ids) for encoding in network.tokenizer.encode_batch(pairs)]


def _each(step: Callable[[Work], None], work: Sequence[Work]) -> None:
    """Two organisations at a time: of one that is as large as all of them, two blocks would be under way."""
    for _ in ahead(step, work):
        pass


def _file(work: Work) -> None:
    teams = work.pipeline.targets
    read = partial(sources.read, mapping=SourceSection(), resolve=teams.resolve, find=teams.find)
    lines = score_files([str(work.file)], work.pipeline, read, rejected=[], failed=[])
    with work.file.with_suffix(".out").open("w", encoding="utf-8") as out:
        out.writelines(line + "\n" for line in lines)


def _stream(work: Work) -> None:
    for _ in work.pipeline.stream(work.comments, evidence=False):
        pass


def _pairs(pipeline: Pipeline, work: Work) -> list[tuple[str, str]]:
    found = []
    for comment in work.comments:
        text = redact(comment.text)  # the language does not change what the network reads
        reading = Reading(text, "en", pipeline.targets.find(text.text), comment.from_team, comment.about_team)
        found += [(question(reading, t), mark(reading, t).text) for t in reading.candidates]
    return list(dict.fromkeys(found))
