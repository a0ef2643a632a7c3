"""Read this first: the one way of a comment, from its text to its scores.

    Comment ─> redaction ─> language ─> targets ─> classifier ─> Scored

This is the only composer of code that sees text. The steps know nothing of each other. What comes in is masked
before anything else looks at it; what goes out has no text, only teams, probabilities and character offsets.
Called by the commands that score or ingest, and by the scoring endpoint.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from friction.errors import RowError
from friction.language import detect
from friction.records import Comment, Directory, Reading, Scored, TargetScore, TeamId
from friction.redaction import Redactor
from friction.targets import TargetFinder

if TYPE_CHECKING:  # a process that has another score needs nothing that runs a model
    from friction.classifier import Classifier

BLOCK: Final = 256
"""Comments that are scored together: enough to fill the model's batches, few enough to stay small."""
MAX_CHARACTERS: Final = 20_000

Item = TypeVar("Item")
Result = TypeVar("Result")


def blocks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """``items`` in order, ``BLOCK`` at a time."""
    waiting = iter(items)
    while block := list(islice(waiting, BLOCK)):
        yield block


def ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Each item with its result, in order; two are worked on at once.

    While the model runs for one block, another is redacted and tokenised, so that no core waits for the other's turn.
    """
    with ThreadPoolExecutor(2) as pool:
        under_way: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            under_way.append((item, pool.submit(work, item)))
            if len(under_way) > 2:
                first, future = under_way.popleft()
                yield first, future.result()
        for first, future in under_way:
            yield first, future.result()


class Looker:
    """The steps before the classifier, for a first look at a file: no model, and no stance.

    Args:
        directory: the teams.
        redactor: masks what is personal; by default without a list of names or a pattern of the organisation's own.
    """

    def __init__(self, directory: Directory, redactor: Redactor | None = None) -> None:
        self.directory = directory
        self.redactor = redactor or Redactor(directory)
        self.targets = TargetFinder(directory)

    @property
    def model(self) -> str:
        """Name of the model that scores."""
        return "none"

    def score(self, comments: Sequence[Comment], *, evidence: bool = True) -> list[Scored]:
        """Score a batch.

        Returns:
            One result for each comment, in order; one that cannot be scored says why in ``error``.
        """
        readings = [self._read(comment) for comment in comments]
        scores = iter(self._judge([r for r, _ in readings if isinstance(r, Reading)], evidence=evidence))
        return [
            Scored(id=comment.id, lang=reading.lang, targets=next(scores), masked=masked)
            if isinstance(reading, Reading)
            else Scored(id=comment.id, lang=None, error=str(reading), masked=masked)
            for comment, (reading, masked) in zip(comments, readings, strict=True)
        ]

    def _judge(self, readings: Sequence[Reading], *, evidence: bool) -> list[tuple[TargetScore, ...]]:  # noqa: ARG002 (no stance, so none to be shown)
        """Every team that is named or asked about is taken for a target."""
        return [tuple(map(_unscored, reading.candidates)) for reading in readings]

    def stream(self, comments: Iterable[Comment], *, evidence: bool = True) -> Iterator[tuple[Comment, Scored]]:
        """Score any number of comments with a small, constant amount of memory."""
        for block, scored in self.ahead(blocks(comments), list, evidence=evidence):
            yield from zip(block, scored, strict=True)

    def ahead(
        self, items: Iterable[Item], comments: Callable[[Item], list[Comment]], *, evidence: bool = True
    ) -> Iterator[tuple[Item, list[Scored]]]:
        """Each item, in order, with the scores of its comments, while the next ones are worked on.

        Args:
            items: any number, of about ``BLOCK`` comments each; only a few are held at a time.
            comments: those of an item.
            evidence: see ``score``.
        """
        return ahead(lambda item: self.score(comments(item), evidence=evidence), items)

    def _read(self, comment: Comment) -> tuple[Reading | RowError, Mapping[str, int]]:
        """A comment as the classifier reads it, or why not; and what was masked in it."""
        if len(comment.text) > MAX_CHARACTERS:
            return RowError(f"the comment is longer than {MAX_CHARACTERS} characters"), {}
        redacted = self.redactor.redact(comment.text)
        text = redacted.text
        try:
            lang = comment.lang or detect(text.text)
        except RowError as error:
            return error, redacted.counts
        reading = Reading(
            text=text,
            lang=lang,
            mentions=self.targets.find(text.text),
            from_team=comment.from_team,
            about_team=comment.about_team,
        )
        return reading, redacted.counts


class Pipeline(Looker):
    """The steps, put together once for a directory and a model.

    Args:
        directory: the teams.
        classifier: the model.
        redactor: as for ``Looker``.

    Attributes:
        at_once: batches that are worth scoring at once; one takes every core.
        is_up: whether it can score just now; what scores in a process of its own may not (``friction.scorer``).
    """

    at_once = 1
    is_up = True

    def __init__(self, directory: Directory, classifier: "Classifier", redactor: Redactor | None = None) -> None:
        super().__init__(directory, redactor)
        self.classifier = classifier

    @property
    def model(self) -> str:
        """Name of the model that scores."""
        return self.classifier.card.name

    def _judge(self, readings: Sequence[Reading], *, evidence: bool) -> list[tuple[TargetScore, ...]]:
        return self.classifier.score(readings, evidence=evidence)


def _unscored(team: TeamId) -> TargetScore:
    return TargetScore(team=team, blame=0.0, appreciation=0.0, blamed=False, appreciated=False, patterns={})
