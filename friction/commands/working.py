"""``friction worker``: reads what comes, as it comes, until it is told to stop."""

import os
import signal
import sys
import time
from contextlib import closing, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated

import typer

from friction.commands import CONFIG, Config, build_pipeline
from friction.commands.batches import log

if TYPE_CHECKING:
    from friction.batch_report import Report


def worker(
    until_closed: Annotated[bool, typer.Option("--until-closed", hidden=True)] = False, config: Config = CONFIG
) -> None:
    """Read the inbox and what is uploaded as it comes. Ctrl-C, or SIGTERM, ends it after the file at hand."""
    from friction import settings as configuration
    from friction.commands.ingesting import reading
    from friction.inbox import Inbox
    from friction.spool import Spool
    from friction.store.operations import open_operations
    from friction.worker import DAY, empty_inbox, empty_spool, forget_uploads, watch

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if until_closed:
        Thread(target=_wait_for_the_end, args=(stop,), daemon=True).start()
    settings = configuration.load(config)
    inbox = Inbox(settings.inbox, sources=settings.sources, keep=settings.keeps_files, make=True)
    spool = Spool(settings.spool)
    said: set[str] = set()
    forgotten = 0.0
    with (
        reading(settings, build_pipeline(settings), _tell, again=True) as reader,
        closing(open_operations(settings.operations_address)) as operations,
    ):
        read = reader(False)

        def empty() -> None:
            nonlocal forgotten
            if time.time() - forgotten > DAY:
                forget_uploads(operations, settings.service.audit_days)
                forgotten = time.time()
            failures = empty_spool(spool, operations, read, sources=settings.sources, stop=stop.is_set)
            if not stop.is_set():
                failures += empty_inbox(inbox, read, stop.is_set)
            complaints = set(inbox.complaints())
            for line in (*failures, *sorted(complaints - said)):
                _say(line)
            said.intersection_update(complaints)
            said.update(complaints)

        watch(empty, stop, say=_say)


def _tell(report: "Report") -> None:
    """Print what became of a file. Where nobody listens, or the log's disk is full, the work goes on."""
    with suppress(OSError):
        log(report)


def _say(line: str) -> None:
    with suppress(OSError):
        print(f"friction: {line}", file=sys.stderr, flush=True)


def _wait_for_the_end(stop: Event) -> None:
    """Stop once standard input closes: whoever holds its other end is gone."""
    while os.read(0, 1):
        pass
    stop.set()
