"""Reads what waits, file by file, into the private store: what people put into the inbox, and what was uploaded.

Promises: a file counts once, whenever this is killed and run again, and however many run at once, since each file is
read under a lock, is deleted only once its comments are committed, and is known to the store when it comes again; a
file that cannot be read keeps no other one waiting, not even one that ends the process. Called by the commands
``ingest --inbox`` and ``worker``.
"""

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Final

from friction.batch_report import Report, public
from friction.errors import ENDINGS, FrictionError, SourceError, UsageError, place
from friction.inbox import Inbox
from friction.records import Week
from friction.spool import Spool
from friction.store import uploads
from friction.store.engine import Database
from friction.store.uploads import Upload

Read = Callable[[str, str | None, Week | None], Report]
"""Reads a file, by its path, source and the week of rows that state none."""
Stop = Callable[[], bool]
"""Whether to end before the next file."""
POLL: Final = 1.0
LONGEST: Final = 15.0
"""Seconds between two looks at what waits: usually, and at most while a store is away."""
DAY: Final = 86_400
LOST: Final = DAY
"""Seconds after which an upload whose file is not there has failed. Until then somebody may put its folder right."""
ENDS: Final = 3
"""How often a file may have ended the process that read it, before it is read no more; two power cuts may be chance."""
_DEADLY: Final = (
    "The process that read it was ended, three times: it may ask for more memory than there is. Save it as CSV "
    "(UTF-8), or split it by rows, and bring that."
)


class _Failed(Exception):
    """A file cannot be read; the message says why, without its text."""


def never() -> bool:
    """Read all that waits."""
    return False


def empty_inbox(inbox: Inbox, read: Read, stop: Stop = never, *, named: bool = False) -> list[str]:
    """Read every file that waits in the inbox; returns what is wrong with those that could not be read.

    ``named``: for whoever put them there. Otherwise where it stands: names of files, which may name people, and what
    is said of them are not for a log.

    Raises:
        UsageError: the store cannot be reached; the files wait.
    """
    failures = []
    for claim in inbox.take():
        try:
            if claim.ends >= ENDS:
                raise _Failed(f"{claim.path.name}: {_DEADLY}")
            report = _read(read, str(claim.path), claim.source, claim.week)
            if report.is_lost:
                raise _Failed(f"{claim.path.name}: {report.advice}")
        except _Failed as failure:
            note = claim.failed(str(failure))
            failures.append(str(failure) if named else f"a file could not be read; {note} says why")
        else:
            claim.done()
        if stop():
            break
    return failures


def empty_spool(
    spool: Spool, operations: Database, read: Read, *, sources: Collection[str], stop: Stop = never
) -> list[str]:
    """Read every upload that waits; returns what is wrong with those that could not be read.

    Raises:
        UsageError: a store cannot be reached; the uploads wait.
    """
    failures = []
    clear_spool(spool, operations)
    for upload in uploads.undone(operations):
        if stop():
            break
        with spool.take(upload.id) as path:
            if path is None:
                if _is_lost(spool, upload):
                    uploads.fail(operations, upload.id, "its file is gone; send it again")
                continue
            if not uploads.begin(operations, upload.id):
                continue
            try:
                report = _read_upload(read, str(path), upload, sources)
                if report.is_lost:
                    failures.append(f"{upload.id}: {report.advice}")
                    uploads.fail(operations, upload.id, failures[-1], report=public(report))
                else:
                    uploads.finish(operations, upload.id, public(report), batch=report.batch)
            except _Failed as failure:
                uploads.fail(operations, upload.id, str(failure))
                failures.append(str(failure))
            except BaseException:  # a store is away, or we are told to stop: the file has not ended us
                with suppress(UsageError):
                    uploads.put_back(operations, upload.id)
                raise
            spool.remove(upload.id)
    return failures


def _read_upload(read: Read, path: str, upload: Upload, sources: Collection[str]) -> Report:
    if upload.begun >= ENDS:
        raise _Failed(f"{upload.id}: {_DEADLY}")
    if upload.source is not None and upload.source not in sources:
        raise _Failed(f"{upload.id}: its source is not in the configuration any more")
    return _read(read, path, upload.source, upload.week)


def forget_uploads(operations: Database, days: int) -> None:
    """Forget what became of uploads that came more than so many days ago."""
    uploads.forget(operations, int(time.time()) - days * DAY)


def clear_spool(spool: Spool, operations: Database) -> None:
    """Delete the files of uploads that are over, or were never acknowledged."""
    for id in spool.ids():
        with spool.take(id) as path:
            if path is not None:
                upload = uploads.find(operations, id)
                if upload is None or upload.state not in uploads.OPEN:
                    spool.remove(id)


def _read(read: Read, path: str, source: str | None, week: Week | None) -> Report:
    try:
        return read(path, source, week)
    except SourceError as error:
        raise _Failed(str(error)) from None
    except (FrictionError, OSError):
        raise  # a store, or this machine: not the file's fault
    except ENDINGS:
        raise
    except BaseException as error:  # a defect, met in this file: it must not keep the others waiting
        raise _Failed(f"{Path(path).name}: {place(error)}. This is a defect; please report this line") from None


def _is_lost(spool: Spool, upload: Upload) -> bool:
    return time.time() - upload.received > LOST and not spool.path(upload.id).exists()


def watch(empty: Callable[[], None], stop: Event, *, say: Callable[[str], None]) -> None:
    """Read what waits, and go on as more comes, until told to stop.

    Args:
        empty: reads what waits.
        stop: set from a signal's handler or another thread; the file at hand is read to its end.
        say: told when a store or this machine does not let us go on, once until it does again.
    """
    pause = POLL
    while not stop.is_set():
        try:
            empty()
            pause = POLL
        except (UsageError, OSError) as error:
            if pause == POLL:
                said = error.strerror if isinstance(error, OSError) else error
                say(f"{said}. What waits is read once that is over")
            pause = min(2 * pause, LONGEST)
        stop.wait(pause)
