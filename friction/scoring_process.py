"""The process that scores for another: comments in, scores out, through as many channels as it has threads.

Promises: it leaves no core, and can open no store, before it loads anything; it says why where it cannot begin; it ends
once who asks has ended, however that ended, after the batches at hand. Never: a text anywhere but in a channel; what
fails is told by its type and place. Started by ``friction.scorer``, and by nobody else.
"""

import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from friction import __version__
from friction.channel import answer, asked, hear, say
from friction.crashes import leave_no_core
from friction.errors import ENDINGS, FrictionError, place
from friction.guard import keep_out
from friction.records import Comment

if TYPE_CHECKING:
    from friction.pipeline import Pipeline

SWITCH: Final = 0.0005
"""Seconds after which a thread makes room for one that waits: the model gives its own time away, and wants it back."""


def main() -> None:
    """Score what comes through the channels, whose numbers are the arguments, until they are closed."""
    leave_no_core()
    keep_out()
    for sent in (signal.SIGTERM, signal.SIGINT):  # sent to every process of a service; what was accepted is finished
        signal.signal(sent, signal.SIG_IGN)
    sys.setswitchinterval(SWITCH)
    ends = [Connection(int(number)) for number in sys.argv[1:]]
    try:
        settings, home = hear(ends[0])
        pipeline = _begin(settings, home, ends[0])
    except (EOFError, OSError):  # who asks is gone
        return
    if pipeline is not None:
        for end in ends:
            threading.Thread(target=_serve, args=(pipeline, end)).start()


def _begin(settings: str, home: str, end: Connection) -> "Pipeline | None":
    """The pipeline, once it is said that it is ready; or None, once it is said why there is none."""
    try:
        pipeline = _load(settings, Path(home))
    except Exception as error:
        why = str(error) if isinstance(error, FrictionError) else f"{place(error)}. Is the installation whole?"
        say(end, {"kind": type(error).__name__, "why": why})
        return None
    say(end, {"model": pipeline.model, "version": __version__})
    return pipeline


def _load(settings: str, home: Path) -> "Pipeline":
    from friction.classifier import Classifier
    from friction.model_folder import RELEASED
    from friction.pipeline import Pipeline
    from friction.settings import Settings

    told = Settings.scoring_only(settings, home)
    return Pipeline(told.directory, Classifier.load(RELEASED, threads=1), told.redactor())


def _serve(pipeline: "Pipeline", end: Connection) -> None:
    """Score batch after batch until nobody asks."""
    with end:
        while True:
            try:
                comments, evidence = asked(hear(end))
                say(end, _scored(pipeline, comments, evidence=evidence))
            except (EOFError, OSError):
                return


def _scored(pipeline: "Pipeline", comments: Sequence[Comment], *, evidence: bool) -> list[Any] | str:
    """The answer; where there is none, what went wrong: its own words may hold a comment's."""
    try:
        return answer(pipeline.score(comments, evidence=evidence))
    except ENDINGS:
        raise
    except BaseException as error:
        return place(error)


if __name__ == "__main__":
    main()
