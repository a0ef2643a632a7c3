"""``friction score``."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from friction.commands import CONFIG, FILES, Config, Engine, Workers, on_engine, write_whole
from friction.errors import SourceError, UsageError
from friction.wording import counted


def score(
    files: Annotated[list[str], typer.Argument(help=FILES)],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write here instead of to standard output.")] = None,
    source: Annotated[str | None, typer.Option(help="Column mapping [sources.NAME] of the configuration.")] = None,
    strict: Annotated[
        bool, typer.Option(help="Any row that cannot be scored is a failure; nothing is written.")
    ] = False,
    engine: Engine = "local",
    workers: Workers = None,
    config: Config = CONFIG,
) -> None:
    """Score comments and keep nothing: one JSON object a line, in input order."""
    from friction import settings as configuration
    from friction import sources
    from friction.scored_rows import Rejected, score_files

    settings = configuration.load(config)
    rejected: list[Rejected] = []
    failed: list[SourceError] = []
    with on_engine(settings, engine, workers) as pipeline:
        open = sources.opener(settings, settings.source(source), pipeline.targets)
        paths = [path for named in files for path in sources.listed(named)]
        lines = score_files(paths, pipeline, open, rejected=rejected, failed=failed)
        try:
            if strict:
                lines = iter(list(lines))
            if not (strict and (rejected or failed)):
                _write(lines, out)
        finally:
            for failure in failed:
                print(f"friction: {failure}", file=sys.stderr)
    if rejected and strict:
        file, row, reason = rejected[0]
        raise UsageError(
            f"{counted(len(rejected), 'row')} rejected, the first is row {row} of {file}: {reason}. "
            "Nothing was written."
        )
    if rejected:
        rows = counted(len(rejected), "row")
        print(f"friction: {rows} could not be scored; see the field error for why", file=sys.stderr)
    if failed:
        others = "nothing was written" if strict else "the others are scored"
        raise UsageError(f"{len(failed)} of {len(paths)} files could not be read; {others}")


def _write(lines: Iterator[str], out: Path | None) -> None:
    if out is not None:
        write_whole(out, lines)
        return
    for line in lines:
        print(line)
