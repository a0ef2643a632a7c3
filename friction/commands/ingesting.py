"""``friction ingest``: files into the private store, and what became of each."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from friction.commands import CONFIG, FILES, Config, build_pipeline
from friction.errors import UsageError

if TYPE_CHECKING:
    from friction.batch_report import Report
    from friction.records import Week
    from friction.settings import Settings
    from friction.worker import Read

Format = Literal["table", "json"]


def ingest(
    files: Annotated[list[str] | None, typer.Argument(help=FILES)] = None,
    inbox: Annotated[bool, typer.Option("--inbox", help="Read the inbox beside friction.toml, and empty it.")] = False,
    source: Annotated[str | None, typer.Option(help="Column mapping [sources.NAME] of the configuration.")] = None,
    week: Annotated[str | None, typer.Option(help="ISO week of rows that state none, like 2026-W47.")] = None,
    strict: Annotated[
        bool, typer.Option(help="Any rejected row is a failure; nothing of its file is written.")
    ] = False,
    format: Annotated[Format, typer.Option(help="How to print the reports; json is one object a line.")] = "table",
    config: Config = CONFIG,
) -> None:
    """Read files through the pipeline into the private store. The same file twice counts once."""
    from friction import settings as configuration
    from friction import sources
    from friction.records import Week

    if not files and not inbox:
        raise UsageError("Name at least one file, or use --inbox")
    settings = configuration.load(config)
    given = None if week is None else Week.parse(week)
    if files:
        paths = [path for named in files for path in sources.listed(named)]
        ingest_files(paths, settings, source=source, week=given, strict=strict, format=format)
    if inbox:
        empty_inbox(settings, source=source, week=given, strict=strict, format=format)


def ingest_files(
    paths: Sequence[str],
    settings: "Settings",
    *,
    source: str | None = None,
    week: "Week | None" = None,
    strict: bool = False,
    format: Format = "table",
) -> None:
    """Ingest files one by one and say what became of each. A file that cannot be read does not stop the others."""
    failures: list[str] = []
    with reading(settings, format) as reader:
        read = reader(strict)
        for path in paths:
            try:
                read(path, source, week)
            except UsageError as error:
                if len(paths) == 1:
                    raise
                failures.append(str(error))
                print(f"friction: {error}", file=sys.stderr)
    if failures:
        raise UsageError(f"{len(failures)} of {len(paths)} files could not be read; the others are in")


def empty_inbox(
    settings: "Settings",
    *,
    source: str | None = None,
    week: "Week | None" = None,
    strict: bool = False,
    format: Format = "table",
) -> None:
    """Ingest every file of the inbox and every upload, and say what became of each.

    ``source`` and ``week`` are for files of the inbox whose place says none.

    Raises:
        UsageError: there is no inbox, or a file could not be read; the others are in.
    """
    from friction import worker
    from friction.inbox import Inbox
    from friction.spool import Spool
    from friction.store.operations import open_operations

    inbox = Inbox(settings.inbox, sources=settings.sources, keep=settings.keeps_files)
    with (
        reading(settings, format) as reader,
        closing(open_operations(settings.operations_address)) as operations,
    ):
        read = reader(strict)
        failures = worker.empty_inbox(inbox, lambda path, its, own: read(path, its or source, own or week))
        failures += worker.empty_spool(Spool(settings.spool), operations, reader(False), sources=settings.sources)
    for said in (*failures, *inbox.complaints()):
        print(f"friction: {said}", file=sys.stderr)
    if failures:
        raise UsageError(f"{len(failures)} files that waited could not be read; the others are in")


@contextmanager
def reading(settings: "Settings", format: Format) -> Iterator[Callable[[bool], "Read"]]:
    """What makes, strict or not, a function that reads one file into the private store and says what became of it."""
    from friction.ingest import ingest as ingest_file
    from friction.store.scores import ScoreStore

    pipeline = build_pipeline(settings)

    def reader(strict: bool) -> "Read":
        def read(path: str, source: str | None, week: "Week | None") -> "Report":
            with _progress(path) as show:
                report = ingest_file(
                    path,
                    settings=settings,
                    pipeline=pipeline,
                    store=store,
                    source=source,
                    week=week,
                    strict=strict,
                    progress=show,
                )
            say(report, format)
            return report

        return read

    with closing(ScoreStore(settings.scores_address)) as store:
        yield reader


def say(report: "Report", format: Format) -> None:
    """Print what became of a file."""
    from friction.batch_report import to_json, to_table

    print(json.dumps(to_json(report), ensure_ascii=False) if format == "json" else to_table(report))


@contextmanager
def _progress(path: str) -> Iterator["_Counter"]:
    counter = _Counter(path)
    try:
        yield counter
    finally:
        counter.clear()


class _Counter:
    """Rows so far, on a terminal only."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._shown = sys.stderr.isatty()

    def __call__(self, rows: int) -> None:
        if self._shown and rows % 256 == 0:
            print(f"\r{self._path}: {rows} rows", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
