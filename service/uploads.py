"""``/v1/batches``: files of comments come in, and what became of each is told to whoever sent it.

What the API calls a batch is an upload in here (``friction.store.uploads``).

A file is streamed into the spool (``friction.spool``), looked at as far as its kind goes, and is on the disk before its
row is written; the row is written before 202 is sent. Reading it is ``friction.worker``'s, in another process.
Must never read on in a file, keep or log the name that it had, or tell anybody else than its sender of it.
"""

import errno
import logging
import os
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from friction.errors import SourceError, UsageError
from friction.records import Week
from friction.sources import sniff
from friction.sources.encoding import check_start
from friction.spool import FULL, Spool
from friction.store import uploads
from friction.store.uploads import Upload

from .access import Caller, Uploader
from .multipart import Form
from .state import State, state_of
from .trail import about

PATH: Final = "/v1/batches"
OVERHEAD: Final = 10_000
"""Bytes of a form beside its file."""
router = APIRouter(prefix="/v1")
_log = logging.getLogger("friction.uploads")
_WRITTEN: Final = 1 << 18
"""Bytes that are gathered before they are written, in another thread."""
_FORM: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "A survey or chat export."},
                        "source": {"type": "string", "description": "Column mapping [sources.NAME]."},
                        "week": {"type": "string", "description": "ISO week of rows that state none."},
                    },
                    "additionalProperties": False,
                }
            }
        },
    }
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RejectsOut(_Model):
    """Rows that could not be used for one reason: how many, and the numbers of the first of them."""

    reason: str
    count: int
    rows: list[int]


class ReportOut(_Model):
    """What a file held, in counts."""

    model_config = ConfigDict(extra="ignore")  # earlier versions kept more: whether the file was in already
    form: str
    rows: int
    comments: int
    blank: int
    languages: dict[str, int]
    weeks: dict[str, int]
    masked: dict[str, int]
    rejected: int
    rejects: list[RejectsOut]
    columns_not_used: list[str] = []


class BatchOut(_Model):
    """A file that was sent, and what became of it. ``report`` is there once it was read, ``reason`` where it failed.

    ``received`` is in seconds since 1970, UTC.
    """

    id: str
    state: Literal["waiting", "reading", "done", "failed", "withdrawn"]
    source: str | None
    week: str | None
    received: int
    bytes: int
    reason: str | None
    report: ReportOut | None


class BatchesOut(_Model):
    """What this key sent, the latest first. ``next`` is the ``cursor`` of the page after this one."""

    batches: list[BatchOut]
    next: str | None


@router.post("/batches", status_code=202, response_model=BatchOut, openapi_extra=_FORM)
async def upload(request: Request, caller: Uploader) -> JSONResponse:
    """Send a file of comments. It is read soon, or by the next weekly run; its batch says what became of it."""
    state = state_of(request)
    try:
        upload = await _receive(state, request, caller)
    except ClientDisconnect:
        raise HTTPException(400, "The file was not sent to its end. Nothing of it was kept.") from None
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "unknown")
        _log.warning("an upload cannot be kept", extra={"fields": {"error": name}})
        if error.errno in FULL:
            raise HTTPException(507, "There is no room for the file. Nothing of it was kept.") from None
        raise HTTPException(503, "The file cannot be kept now. Nothing of it was.", {"Retry-After": "60"}) from None
    about(request, upload.id)
    return JSONResponse(_out(upload), 202, {"Location": f"{PATH}/{upload.id}"})


@router.get("/batches")
def sent(
    request: Request,
    caller: Uploader,
    limit: Annotated[int, Query(description="How many to show at most.", ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(description="`next` of the page before.", pattern="^[0-9a-f]{32}$")] = None,
) -> BatchesOut:
    """What this key sent, the latest first."""
    found = uploads.sent(state_of(request).operations, caller.key.id, before=cursor, limit=limit + 1)
    page = [BatchOut(**_out(upload)) for upload in found[:limit]]
    return BatchesOut(batches=page, next=page[-1].id if len(found) > limit else None)


@router.get("/batches/{id}")
def batch(id: Annotated[str, Path(description="A batch's id.")], request: Request, caller: Uploader) -> BatchOut:
    """What became of a file. Another's is not there."""
    found = uploads.find(state_of(request).operations, id)
    if found is None or not (found.key == caller.key.id or caller.may("admin")):
        raise HTTPException(404, "There is no such batch.")
    return BatchOut(**_out(found))


async def _receive(state: State, request: Request, caller: Caller) -> Upload:
    form = Form(request.headers.get("content-type", ""), file="file", fields=("source", "week"))
    spool, id = state.spool, uploads.fresh_id()
    async with contextmanager_in_threadpool(spool.receive(id)) as file:  # it waits for the disk, and for a lock
        size = await _stream(form, request, file, state.settings.max_upload)
        source, week = _origin(form, state)
        upload = Upload(id, caller.key.id, source, week, int(id[:12], 16) // 1000, size)
        await run_in_threadpool(_acknowledge, state, spool, file, upload)
    return upload


async def _stream(form: Form, request: Request, file: int, most: int) -> int:
    """Write the form's file, and return its size.

    Raises:
        HTTPException: 413, it is too large; 415, no reader could read it; or as ``Form``.
    """
    size = 0
    head, waiting = b"", bytearray()
    async for chunk in request.stream():
        found = form.feed(chunk)
        size += len(found)
        if size > most:
            raise HTTPException(413, f"The file is larger than {most} bytes. Send it in parts, the header on each.")
        if len(head) < sniff.ENOUGH:
            head = (head + found)[: sniff.ENOUGH]
            if len(head) == sniff.ENOUGH:
                _check(head)
        waiting += found
        if len(waiting) >= _WRITTEN:
            await run_in_threadpool(_write, file, bytes(waiting))
            waiting.clear()
    form.close()
    _check(head)
    await run_in_threadpool(_write, file, bytes(waiting))
    return size


def _check(head: bytes) -> None:
    try:
        if not sniff.check(head, "the file"):
            check_start(head, "the file")
    except SourceError as error:
        raise HTTPException(415, f"{str(error)[:1].upper()}{str(error)[1:]}.") from None


def _write(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


def _origin(form: Form, state: State) -> tuple[str | None, Week | None]:
    source, week = form.values.get("source"), form.values.get("week")
    if source and source not in state.settings.sources:
        raise HTTPException(422, "source is none of the [sources.NAME] of the configuration.")
    try:
        return source or None, Week.parse(week) if week else None
    except UsageError as error:
        raise HTTPException(422, f"week is {error}.") from None


def _acknowledge(state: State, spool: Spool, file: int, upload: Upload) -> None:
    spool.keep(file)
    uploads.add(state.operations, upload)


def _out(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "state": upload.state,
        "source": upload.source,
        "week": None if upload.week is None else str(upload.week),
        "received": upload.received,
        "bytes": upload.size,
        "reason": upload.reason,
        "report": upload.report,
    }
