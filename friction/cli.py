"""The ``friction`` command. Thin: options in, one call, words out. Heavy modules are imported inside commands.

``service`` and ``training`` bring their commands through the entry-point group ``friction.commands``.
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
"""

import sys
from importlib.metadata import entry_points
from typing import Annotated

import typer

from friction import __version__
from friction.commands import ingesting, keys, releasing, reporting, scoring, starting, working
from friction.crashes import leave_no_core
from friction.errors import ENDINGS, FrictionError, UsageError, place, trouble

app = typer.Typer(
    name="friction",
    help="Blame between teams, read from anonymous comments, reported only as safe aggregates.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def main() -> None:
    """Entry point: load every command, run one, turn errors into exit codes."""
    leave_no_core()
    for found in entry_points(group="friction.commands"):
        found.load()(app)
    try:
        app()
    except FrictionError as error:
        print(f"friction: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except BrokenPipeError:
        sys.exit(1)
    except ENDINGS:
        raise
    except BaseException as error:  # its text, or a traceback's, may hold a comment's
        said = trouble(error, sys.argv[1:]) if isinstance(error, OSError) else None
        said = said or f"{place(error)}. This is a defect; please report this line."
        print(f"friction: {said}", file=sys.stderr)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


for command in (
    starting.init,
    scoring.score,
    ingesting.ingest,
    working.worker,
    releasing.release,
    reporting.trends,
    reporting.plan,
    reporting.notice,
):
    app.command()(command)
app.add_typer(keys.app, name="keys")
