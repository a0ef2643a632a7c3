"""Scores from a process of its own, so that the model and what else is done here do not wait for each other.

    asking threads ──Scorer.score──a channel each──> friction.scoring_process, a thread each: Pipeline

Reading a request, writing its answer and preparing a text for the model are Python, and one interpreter runs one thread
at a time.

Promises: a batch in, a batch out, in order, the same scores to the last bit, all by one version and one model; a
process that ends is started again, and what it had is given to the next once more; while none can be started whoever
asks is told at once, and when to ask again; no process outlives this one, however this one ends. Never: a text anywhere
but in a channel.

``Scorer`` stands where a ``Pipeline`` stands. Made by ``friction serve``.
"""

import logging
import math
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from typing import Any, Final, Self

from friction import __version__
from friction.channel import answered, hear, question, say
from friction.errors import FrictionError, IntegrityError, UsageError
from friction.records import Comment, Scored
from friction.settings import Settings, bare_environment
from friction.targets import TargetFinder

PATIENCE: Final = 10.0
"""Seconds that a batch waits for another process, where the last one did not start or answer for the first time."""
GRACE: Final = 5.0
"""Seconds for the batches at hand, once no more is asked."""
SHORTEST: Final = 1.0
LONGEST: Final = 60.0
"""Seconds before another process is started where one after the other ends without an answer: at first, and at most."""
_ONE_THREAD: Final = {"TOKENIZERS_PARALLELISM": "false", "OPENBLAS_NUM_THREADS": "1"}
"""A batch takes one core; threads of libraries beyond that would take others' time."""
_ROOM: Final = "Is there memory for it?"
_log = logging.getLogger("friction.scoring")


class NotScored(FrictionError):
    """A batch could not be scored; the message says by its kind and place what went wrong."""


class Away(FrictionError):
    """There is no process that scores just now.

    Attributes:
        after: seconds after which to ask again.
    """

    def __init__(self, after: int) -> None:
        super().__init__("there is no process that scores")
        self.after = after


class Scorer:
    """The end that asks. The process begins to load at once; ``wait`` before anything is scored. Safe in threads.

    Args:
        settings: whose teams and redaction it scores by, for as long as it lives.
        threads: batches that are scored at once; each takes a core.

    Attributes:
        model: name of the one that was loaded first; empty until it is known.
    """

    def __init__(self, settings: Settings, *, threads: int) -> None:
        self.targets = TargetFinder(settings.directory)
        self.model = ""
        self.at_once = threads
        self._told = [settings.for_scoring, str(settings.home)]
        self._changed = threading.Condition()
        self._latest: _Process | None = None
        self._ready: _Process | None = None
        self._failure: FrictionError | None = None
        self._in_vain = 0
        self._resumes = 0.0
        self._is_open = True
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._keeper.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Have the process end once it has scored what it has."""
        with self._changed:
            self._is_open = False
            self._ready = None
            latest = self._latest
            self._changed.notify_all()
        if latest is not None:
            latest.finish()
        self._keeper.join()

    @property
    def is_up(self) -> bool:
        """Whether there is a process that scores just now."""
        return self._ready is not None

    def wait(self) -> None:
        """Return once the model is loaded.

        Raises:
            FrictionError: it cannot be, and why.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ready is not None or self._failure is not None)
            if self._failure is not None:
                raise self._failure

    def score(self, comments: Sequence[Comment], *, evidence: bool = True) -> list[Scored]:
        """One result for each comment, in order.

        Raises:
            Away: there is no process to score it.
            NotScored: the batch could not be scored.
        """
        said: Any = "the process ended twice"
        for _ in range(2):  # what ended the process may have been no comment's fault
            process = self._await()
            try:
                said = process.ask(question(comments, evidence=evidence))
                break
            except (EOFError, OSError):
                self._lose(process)
        if isinstance(said, str):
            raise NotScored(said)
        return answered(comments, said)

    def _await(self) -> "_Process":
        """The process that is ready, or the next, unless one after the other ends in vain."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._in_vain > 1 or not self._is_open, PATIENCE)
            if self._ready is None:
                raise Away(max(1, math.ceil(self._resumes - time.monotonic())))
            return self._ready

    def _lose(self, process: "_Process") -> None:
        """Take it that a process which did not answer has ended, and see to it."""
        process.kill()
        with self._changed:
            if self._ready is process:
                self._ready = None

    def _keep(self) -> None:
        """Run one process after the other."""
        while True:
            has_answered = self._run()
            with self._changed:
                self._in_vain = 0 if has_answered else self._in_vain + 1
                pause = min(SHORTEST * 2 ** (self._in_vain - 1), LONGEST) if self._in_vain else 0.0
                self._resumes = time.monotonic() + pause
                self._changed.notify_all()
                if self._changed.wait_for(lambda: not self._is_open, pause):
                    return

    def _run(self) -> bool:
        """Run a process to its end; whether it answered anything."""
        try:
            process = _Process(self._told, self.at_once)
        except OSError as error:
            self._failed(UsageError(f"No process that scores can be started: {error.strerror}. {_ROOM}"))
            return False
        with self._changed:
            self._latest = process
            is_wanted = self._is_open
        if not is_wanted:
            process.kill()
        said = process.first()
        failure = self._objection(said)
        if failure is None:
            with self._changed:
                self.model, self._failure = said["model"], None
                self._ready = process if self._is_open else None
                self._changed.notify_all()
        else:
            self._failed(failure)
            process.finish()
        code = process.wait()
        with self._changed:
            self._ready = None
            if self._is_open and failure is None:
                _log.error("the process that scores ended", extra={"fields": {"code": code}})
        return process.has_answered

    def _objection(self, said: dict[str, str]) -> FrictionError | None:
        """What keeps a process that said so from being asked."""
        if "model" not in said:
            return _failure(said)
        if said["version"] != __version__ or self.model not in ("", said["model"]):
            return IntegrityError(
                "Another version of friction has been installed since this one began. Start it again."
            )
        return None

    def _failed(self, failure: FrictionError) -> None:
        with self._changed:
            if self.model:
                _log.error("the process that scores cannot start", extra={"fields": {"why": str(failure)}})
            self._failure = failure
            self._changed.notify_all()


def _failure(said: dict[str, str]) -> FrictionError:
    """Why a process cannot begin, as what it would be in this one."""
    for kind in (UsageError, IntegrityError):
        if said["kind"] == kind.__name__:
            return kind(said["why"])
    return FrictionError(f"The process that scores cannot begin: {said['why']}")


class _Process:
    """One process, told what to score by.

    It is in a session of its own: what a terminal sends on Ctrl-C does not reach it.
    """

    def __init__(self, told: Sequence[str], threads: int) -> None:
        self.has_answered = False
        pairs = [Pipe() for _ in range(threads)]
        self._ends = [ours for ours, _ in pairs]
        theirs = [other.fileno() for _, other in pairs]
        try:
            self._process = subprocess.Popen(  # noqa: S603  # ourselves
                [sys.executable, "-P", "-m", "friction.scoring_process", *map(str, theirs)],
                pass_fds=theirs,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=bare_environment() | _ONE_THREAD,
            )
        finally:
            for _, other in pairs:
                other.close()
        self._free: SimpleQueue[Connection] = SimpleQueue()
        for end in self._ends[1:]:
            self._free.put(end)
        with suppress(OSError):  # it has ended; ``first`` says so
            say(self._ends[0], told)

    def first(self) -> dict[str, str]:
        """What it says when it is ready, or cannot be."""
        try:
            said: dict[str, str] = hear(self._ends[0])
        except (EOFError, OSError):
            return {"kind": "", "why": f"it ended ({self.wait()}). {_ROOM}"}
        finally:
            self._free.put(self._ends[0])
        return said

    def ask(self, question: object) -> Any:
        """What it answers.

        Raises:
            EOFError, OSError: it has ended.
        """
        end = self._free.get()
        try:
            say(end, question)
            said = hear(end)
        finally:
            self._free.put(end)
        self.has_answered = True
        return said

    def finish(self) -> None:
        """Let it end: at once, but for the batches at hand, and for these not for ever."""
        late = time.monotonic() + GRACE
        closed = []
        with suppress(Empty, subprocess.TimeoutExpired):
            for _ in self._ends:
                end = self._free.get(timeout=max(0.0, late - time.monotonic()))
                end.close()
                closed.append(end)
            self._process.wait(max(0.0, late - time.monotonic()))
        self.kill()
        for end in closed:  # whoever still waits for one finds it closed
            self._free.put(end)

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait()
