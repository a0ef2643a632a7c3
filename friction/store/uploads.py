"""What became of uploads, for whoever sent them: waiting, reading, done, failed or withdrawn, with counts and rejects.

``/v1/batches`` calls an upload a batch; here a batch is a file that was read into the private store, whatever way it
came (``friction.store.scores.batches``). The row of an upload is its acknowledgement: from then on its file
(``friction.spool``) is read, and is counted once. No name of a file, no text and nothing that hangs on what others
wrote is in it (``friction.batch_report.public``).
Written by ``service.uploads``, ``friction.worker`` and ``friction ingest --withdraw``.
"""

import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Row, delete, insert, select, update

from friction.batch_report import lasting
from friction.records import Week
from friction.store.engine import Database
from friction.store.operations import UPLOADS

State = Literal["waiting", "reading", "done", "failed", "withdrawn"]
OPEN: Final = ("waiting", "reading")
_NUL: Final = "\0"
"""In no id; PostgreSQL takes no text that has it."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload.

    Attributes:
        id: later ones have larger ids; nobody can guess one.
        key: the id of the access key that sent it.
        received: seconds since 1970.
        size: bytes.
        begun: how often its reading began, and came to no orderly end.
        reason: why it failed.
        report: its counts and rejects, once it was read; for a week or two with the numbers of rows.
    """

    id: str
    key: str
    source: str | None
    week: Week | None
    received: int
    size: int
    begun: int = 0
    state: State = "waiting"
    reason: str | None = None
    report: dict[str, Any] | None = None


def fresh_id() -> str:
    """An id for an upload: the millisecond, and 80 bits of chance."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def add(operations: Database, upload: Upload) -> None:
    """Acknowledge an upload, whose file is on the disk."""
    row = {
        "id": upload.id,
        "key": upload.key,
        "source": upload.source,
        "week": None if upload.week is None else upload.week.index,
        "received": upload.received,
        "size": upload.size,
        "state": upload.state,
    }
    with operations.write() as db:
        db.execute(insert(UPLOADS).values(row))


def find(operations: Database, id: str) -> Upload | None:
    """The upload of this id, if there is one."""
    if _NUL in id:
        return None
    with operations.read() as db:
        row = db.execute(select(UPLOADS).where(UPLOADS.c.id == id)).one_or_none()
    return None if row is None else _upload(row)


def sent(operations: Database, key: str, *, before: str | None, limit: int) -> list[Upload]:
    """Uploads of an access key, the latest first; with ``before``, those that came before the one of this id."""
    theirs = select(UPLOADS).where(UPLOADS.c.key == key).order_by(UPLOADS.c.id.desc()).limit(limit)
    if before is not None:
        theirs = theirs.where(UPLOADS.c.id < before.replace(_NUL, ""))
    with operations.read() as db:
        rows = db.execute(theirs).all()
    return [_upload(row) for row in rows]


def undone(operations: Database) -> list[Upload]:
    """Uploads that are not read yet, oldest first; after them those whose reading once began, and did not end."""
    with operations.read() as db:
        rows = db.execute(select(UPLOADS).where(UPLOADS.c.state.in_(OPEN))).all()
    return sorted(map(_upload, rows), key=lambda upload: (upload.state == "reading", upload.id))


def begin(operations: Database, id: str) -> bool:
    """Note that an upload is being read; False where it is over, or none."""
    return _move(operations, id, OPEN, state="reading", begun=UPLOADS.c.begun + 1)


def put_back(operations: Database, id: str) -> None:
    """Note that its reading came to an orderly end, and that it is to be read again."""
    _move(operations, id, OPEN, begun=UPLOADS.c.begun - 1)


def finish(operations: Database, id: str, report: dict[str, Any], *, batch: str) -> None:
    """Note what became of an upload.

    Args:
        operations: the store.
        id: of the upload.
        report: its public part.
        batch: the id under which the private store knows it, for ``withdrawn``.
    """
    _move(operations, id, OPEN, state="done", report=report, batch=batch or None)


def fail(operations: Database, id: str, reason: str, *, report: dict[str, Any] | None = None) -> None:
    """Note why an upload could not be read; with the public part of its report, why nothing of it could be counted."""
    _move(operations, id, OPEN, state="failed", reason=reason, report=report)


def withdraw(operations: Database, batch: str) -> None:
    """Note that what the private store knows by this id was taken out again."""
    theirs = UPLOADS.c.batch == batch, UPLOADS.c.state == "done"
    with operations.write() as db:
        db.execute(update(UPLOADS).where(*theirs).values(state="withdrawn"))


def forget(operations: Database, before: int) -> None:
    """Delete what was received before a second since 1970, and is over."""
    with operations.write() as db:
        db.execute(delete(UPLOADS).where(UPLOADS.c.received < before, UPLOADS.c.state.not_in(OPEN)))


def forget_rows(operations: Database, before: int) -> None:
    """Keep of reports of what was received before a second since 1970 what may last (``batch_report.lasting``)."""
    theirs = UPLOADS.c.received < before, UPLOADS.c.state.not_in(OPEN), UPLOADS.c.report.is_not(None)
    with operations.write() as db:
        for id, report in db.execute(select(UPLOADS.c.id, UPLOADS.c.report).where(*theirs)).all():
            if any(group["rows"] for group in report["rejects"]):
                db.execute(update(UPLOADS).where(UPLOADS.c.id == id).values(report=lasting(report)))


def _move(operations: Database, id: str, states: Collection[State], **values: Any) -> bool:
    with operations.write() as db:
        done = db.execute(update(UPLOADS).where(UPLOADS.c.id == id, UPLOADS.c.state.in_(states)).values(values))
    return bool(done.rowcount)


def _upload(row: Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        key=row.key,
        source=row.source,
        week=None if row.week is None else Week(row.week),
        received=row.received,
        size=row.size,
        begun=row.begun,
        state=row.state,
        reason=row.reason,
        report=row.report,
    )
