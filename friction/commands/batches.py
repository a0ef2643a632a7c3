"""``friction ingest`` beside reading in: rehearse a file, say what became of one, list batches, take one out again."""

import json
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Literal

from friction.commands import build_pipeline, one_by_one
from friction.commands.progress import Progress
from friction.errors import SourceError, UsageError
from friction.wording import counted

if TYPE_CHECKING:
    from friction.batch_report import Report
    from friction.records import Week
    from friction.settings import Settings


Format = Literal["table", "json"]
Waiting = tuple[str, str | None, "Week | None"]
"""A file's path, its source, and the week of rows that state none."""


def in_inbox(settings: "Settings", source: str | None, week: "Week | None") -> list[Waiting]:
    """Files of the inbox, left where they are; ``source`` and ``week`` where their place says none."""
    from friction.inbox import Inbox

    inbox = Inbox(settings.inbox, sources=settings.sources)
    found = [(path, inbox.origin(path)) for path in inbox.waiting()]
    return [(str(path), its or source, own or week) for path, (its, own) in found]


def rehearse_files(
    files: Sequence[Waiting],
    settings: "Settings",
    *,
    strict: bool = False,
    scores: bool = True,
    format: Format = "table",
) -> None:
    """Say what would become of each file, and write nothing."""
    from friction.ingest import rehearse
    from friction.pipeline import Looker
    from friction.store.scores import Preview

    pipeline: Looker = build_pipeline(settings) if scores else Looker(settings.directory, settings.redactor())
    address = settings.scores_address if settings.has_scores() else None

    def rehearse_one(file: Waiting) -> None:
        path, source, week = file
        with (
            closing(Progress(path)) as progress,
            closing(Preview(address, enough=settings.policy.min_respondents)) as preview,
        ):
            report = rehearse(
                path,
                settings=settings,
                pipeline=pipeline,
                preview=preview,
                source=source,
                week=week,
                strict=strict,
                progress=progress,
            )
        say(report, format)
        refuse_lost(report)

    one_by_one(files, rehearse_one)


def refuse_lost(report: "Report") -> None:
    """Say what to do about a file of which nothing could be counted.

    Raises:
        SourceError: it is one.
    """
    if report.is_lost:
        raise SourceError(f"{report.name}: {report.advice}")


def say(report: "Report", format: Format = "table") -> None:
    """Print what became of a file, to whoever holds it."""
    from friction.batch_report import to_json, to_table

    print(json.dumps(to_json(report), ensure_ascii=False) if format == "json" else to_table(report))


def log(report: "Report") -> None:
    """Print what became of a file where others read it: a service's log, or cron's mail."""
    from friction.batch_report import lasting, public

    print(json.dumps(lasting(public(report)), ensure_ascii=False), flush=True)


def list_batches(settings: "Settings", format: Format) -> None:
    """Print the files of which votes are in open windows."""
    from friction.store.scores import ScoreStore

    if not settings.has_scores():
        found = []
    else:
        with closing(ScoreStore(settings.scores_address)) as store:
            found = store.batches()
    for batch in found:
        told = batch.report
        if format == "json":
            print(json.dumps({"batch": batch.id, "day": batch.day, **told}, ensure_ascii=False))
        else:
            weeks = ", ".join(told.get("weeks", {})) or "no week"
            votes = counted(told.get("added", 0), "vote")
            print(f"{batch.id}  {batch.day}  {told.get('form', '')}  {weeks}: {votes} counted")
    if not found and format == "table":
        print("No batch has votes in an open window.")


def withdraw_batch(settings: "Settings", batch: str) -> None:
    """Take a batch's votes out again, and let whoever uploaded it know."""
    from friction import rejects
    from friction.store import uploads
    from friction.store.operations import open_operations
    from friction.store.scores import ScoreStore

    if not settings.has_scores():
        raise UsageError(f"No batch {batch}: nothing was read yet")
    with closing(ScoreStore(settings.scores_address)) as store:
        withdrawn = store.withdraw(batch)
    rejects.place(settings.data, withdrawn.batch).unlink(missing_ok=True)
    with closing(open_operations(settings.operations_address)) as operations:
        uploads.withdraw(operations, withdrawn.batch)
    print(
        f"Took {counted(withdrawn.votes, 'vote')} of batch {withdrawn.batch} out again. "
        "Its file, and others with its comments, may be read again."
    )
