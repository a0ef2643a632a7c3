"""``friction ingest``: files into the private store, and what became of each."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from friction.commands import CONFIG, FILES, Config, Engine, Workers, asked_week, on_engine, one_by_one, raised_after
from friction.commands.batches import (
    Format,
    in_inbox,
    list_batches,
    log,
    refuse_lost,
    rehearse_files,
    say,
    withdraw_batch,
)
from friction.commands.progress import Progress
from friction.errors import UsageError
from friction.wording import counted

if TYPE_CHECKING:
    from friction.batch_report import Report
    from friction.pipeline import Pipeline
    from friction.records import Week
    from friction.settings import Settings
    from friction.worker import Read


def ingest(
    files: Annotated[list[str] | None, typer.Argument(help=FILES)] = None,
    inbox: Annotated[bool, typer.Option("--inbox", help="Read the inbox beside friction.toml, and empty it.")] = False,
    source: Annotated[str | None, typer.Option(help="Column mapping [sources.NAME] of the configuration.")] = None,
    week: Annotated[str | None, typer.Option(help="ISO week of rows that state none, like 2026-W47.")] = None,
    strict: Annotated[
        bool, typer.Option(help="Any rejected row is a failure; nothing of its file is written.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of the files; write nothing.")
    ] = False,
    no_scores: Annotated[
        bool, typer.Option("--no-scores", help="In a dry run, leave the classifier out: far faster, and no stance.")
    ] = False,
    batches: Annotated[bool, typer.Option("--batches", help="List what was read and is in open windows.")] = False,
    withdraw: Annotated[
        str | None, typer.Option(metavar="ID", help="Take a batch's votes out again, while its windows are open.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to print the reports; json is one object a line.")] = "table",
    engine: Engine = "local",
    workers: Workers = None,
    logged: Annotated[bool, typer.Option("--logged", hidden=True)] = False,
    config: Config = CONFIG,
) -> None:
    """Read files through the pipeline into the private store. The same file twice counts once."""
    from friction import settings as configuration
    from friction import sources

    beside = files or inbox or dry_run or strict or source or week or engine != "local" or workers
    if (batches or withdraw is not None) and (beside or (batches and withdraw)):
        raise UsageError("--batches and --withdraw stand alone; read files with another command")
    if no_scores and not dry_run:
        raise UsageError("--no-scores goes with --dry-run: a comment without scores cannot be counted")
    if dry_run and (engine != "local" or workers):
        raise UsageError("--engine and --workers do not go with --dry-run, which scores in this process")
    if not (files or inbox or batches or withdraw):
        raise UsageError("Name at least one file, or use --inbox")
    settings = configuration.load(config)
    if batches:
        return list_batches(settings, format)
    if withdraw is not None:
        return withdraw_batch(settings, withdraw)
    given = asked_week(week, "--week")
    paths = [path for named in files or [] for path in sources.listed(named)]
    if dry_run:
        waiting = [(path, source, given) for path in paths]
        if inbox:
            found = in_inbox(settings, source, given)
            if not found:
                _say_nothing_waits(settings)
            waiting += found
        return rehearse_files(waiting, settings, strict=strict, scores=not no_scores, format=format)
    with on_engine(settings, engine, workers) as pipeline:
        failure = None
        try:
            if paths:
                ingest_files(paths, settings, pipeline, source=source, week=given, strict=strict, format=format)
        except UsageError as error:  # what waits in the inbox is read all the same
            failure = error
        with raised_after(failure):
            if inbox:
                tell = log if logged else partial(say, format=format)
                empty_inbox(settings, pipeline, tell, source=source, week=given, strict=strict, named=not logged)


def ingest_files(
    paths: Sequence[str],
    settings: "Settings",
    pipeline: "Pipeline",
    *,
    source: str | None = None,
    week: "Week | None" = None,
    strict: bool = False,
    format: Format = "table",
) -> None:
    """Ingest files one by one and say what became of each. A file that cannot be read does not stop the others.

    Raises:
        UsageError: one could not be read, or nothing of it could be counted.
    """
    with reading(settings, pipeline, partial(say, format=format)) as reader:
        read = reader(strict)
        one_by_one(paths, lambda path: refuse_lost(read(path, source, week)), others="; the others are in")


def empty_inbox(
    settings: "Settings",
    pipeline: "Pipeline",
    tell: Callable[["Report"], None],
    *,
    source: str | None = None,
    week: "Week | None" = None,
    strict: bool = False,
    named: bool = True,
) -> None:
    """Ingest every file of the inbox and every upload, and tell what became of each.

    ``source`` and ``week`` are for files of the inbox whose place says none; ``named`` as in ``friction.worker``.

    Where nothing waits this says so, and where it looked.

    Raises:
        UsageError: there is no inbox, or a file could not be read; the others are in.
    """
    from friction import worker
    from friction.inbox import Inbox
    from friction.spool import Spool
    from friction.store.operations import open_operations

    inbox = Inbox(settings.inbox, sources=settings.sources, keep=settings.keeps_files)
    told = 0

    def tell_of(report: "Report") -> None:
        nonlocal told
        told += 1
        tell(report)

    with (
        reading(settings, pipeline, tell_of, again=True) as reader,
        closing(open_operations(settings.operations_address)) as operations,
    ):
        read = reader(strict)
        failures = worker.empty_inbox(inbox, lambda path, its, own: read(path, its or source, own or week), named=named)
        failures += worker.empty_spool(Spool(settings.spool), operations, reader(False), sources=settings.sources)
        worker.forget_uploads(operations, settings.service.audit_days)
    if not (told or failures):
        _say_nothing_waits(settings, uploads=True)
    for said in (*failures, *inbox.complaints()):
        print(f"friction: {said}", file=sys.stderr)
    if failures:
        raise UsageError(f"{counted(len(failures), 'file')} that waited could not be read; the others are in")


def _say_nothing_waits(settings: "Settings", *, uploads: bool = False) -> None:
    """On standard error: what is printed on the other is reports, for programs too."""
    nor = f", and no upload in {settings.spool}" if uploads else ""
    print(
        f"friction: no file is ready to be read in {settings.inbox}{nor}. Put copies of exports into the inbox, and "
        "run this again",
        file=sys.stderr,
    )


@contextmanager
def reading(
    settings: "Settings", pipeline: "Pipeline", tell: Callable[["Report"], None], *, again: bool = False
) -> Iterator[Callable[[bool], "Read"]]:
    """What makes, strict or not, a function that reads one file into the private store and tells what became of it.

    ``again``: for files that others sent, who are not to learn whether theirs was in already.
    """
    from friction.ingest import ingest as ingest_file
    from friction.store.scores import ScoreStore

    def reader(strict: bool) -> "Read":
        def read(path: str, source: str | None, week: "Week | None") -> "Report":
            with closing(Progress(path)) as progress:
                report = ingest_file(
                    path,
                    settings=settings,
                    pipeline=pipeline,
                    store=store,
                    source=source,
                    week=week,
                    strict=strict,
                    again=again,
                    progress=progress,
                )
            tell(report)
            return report

        return read

    with closing(ScoreStore(settings.scores_address)) as store:
        yield reader
