"""``friction score``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from friction.commands import CONFIG, Config, build_pipeline, write_whole
from friction.errors import UsageError


def score(
    file: Annotated[str, typer.Argument(help="A survey or chat export, CSV, XLSX or JSON lines; - is standard input.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write here instead of to standard output.")] = None,
    source: Annotated[str | None, typer.Option(help="Column mapping [sources.NAME] of the configuration.")] = None,
    strict: Annotated[
        bool, typer.Option(help="Any row that cannot be scored is a failure; nothing is written.")
    ] = False,
    config: Config = CONFIG,
) -> None:
    """Score comments and keep nothing: one JSON object a line, in input order."""
    from friction import settings as configuration
    from friction.scoring import score_file

    settings = configuration.load(config)
    pipeline = build_pipeline(settings)
    lines, rejected = score_file(file, pipeline, settings.source(source))
    if strict:
        kept = list(lines)
        lines = iter(kept)
        if rejected:
            number, reason = rejected[0]
            raise UsageError(
                f"{len(rejected)} rows rejected, the first is row {number}: {reason}. Nothing was written."
            )
    if out is None:
        for line in lines:
            print(line)
    else:
        write_whole(out, lines)
    if rejected:
        print(f"friction: {len(rejected)} rows could not be scored; each says why in its error field", file=sys.stderr)
