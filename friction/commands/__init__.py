"""One file per family of commands: options in, one call, words out. Heavy modules are imported inside commands.

Here is what they share. ``friction.cli`` names them; ``service`` and ``training`` bring theirs through the
entry-point group ``friction.commands``.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from friction.errors import UsageError

if TYPE_CHECKING:
    from friction.pipeline import Pipeline
    from friction.records import Week
    from friction.settings import Settings

Config = Annotated[Path, typer.Option("--config", help="The configuration file.", metavar="PATH")]
CONFIG = Path("friction.toml")
Item = TypeVar("Item")
FILES = "Survey or chat exports, CSV, XLSX or JSON lines; - is standard input, s3://bucket/folder/ every file there."
Engine = Annotated[
    Literal["local", "dask"],
    typer.Option(
        help="Who scores: this process, or Dask: the cluster of [cluster], or else processes of this machine."
    ),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes that --engine dask starts here; by default one a core.")
]


def build_pipeline(settings: "Settings") -> "Pipeline":
    """The pipeline for a configuration, with the released model."""
    from friction.classifier import Classifier
    from friction.model_folder import RELEASED
    from friction.pipeline import Pipeline

    return Pipeline(settings.directory, Classifier.load(RELEASED), settings.redactor())


def asked_week(week: str | None, option: str) -> "Week | None":
    """The week that an option names; None where it is left out.

    Raises:
        UsageError: it is none.
    """
    from friction.records import Week

    try:
        return None if week is None else Week.parse(week)
    except UsageError as error:
        raise UsageError(f"{option} is {error}") from None


@contextmanager
def raised_after(failure: UsageError | None) -> Iterator[None]:
    """Raise what went wrong once the block is done; where the block fails as well, say it before that."""
    try:
        yield
    except Exception:
        if failure is not None:
            print(f"friction: {failure}", file=sys.stderr)
        raise
    if failure is not None:
        raise failure


@contextmanager
def on_engine(settings: "Settings", engine: str, workers: int | None = None) -> Iterator["Pipeline"]:
    """The pipeline on the engine that was asked for.

    Raises:
        UsageError: Dask is not installed, or its cluster cannot be reached.
    """
    pipeline = build_pipeline(settings)
    if engine == "local":
        yield pipeline
        return
    try:
        from friction import cluster
        from friction.processor import cores
    except ModuleNotFoundError:
        raise UsageError("--engine dask needs Dask. Install it with: pip install 'friction[dask]'") from None
    found = settings.cluster
    started = cluster.local(pipeline, workers or cores()) if found is None else cluster.remote(pipeline, found)
    with started as scoring:
        yield scoring


def one_by_one(files: Sequence[Item], read: Callable[[Item], object], *, others: str = "") -> None:
    """Read files; one that cannot be read is told, and does not stop the others.

    Args:
        files: to read.
        read: reads one.
        others: what to say of the others where some could not be read.

    Raises:
        UsageError: one could not be read; of a single file its own words.
    """
    failures = 0
    for file in files:
        try:
            read(file)
        except UsageError as error:
            if len(files) == 1:
                raise
            failures += 1
            print(f"friction: {error}", file=sys.stderr)
    if failures:
        raise UsageError(f"{failures} of {len(files)} files could not be read{others}")


def write_whole(path: Path, lines: Iterator[str]) -> None:
    """Write a file that is there whole or not at all."""
    part = Path(f"{path}.part")
    try:
        with part.open("w", encoding="utf-8") as target:
            target.writelines(line + "\n" for line in lines)
        part.replace(path)
    except OSError as error:
        raise UsageError(
            f"Cannot write {path}: {error.strerror}. Name a file in a folder that exists, where there is room."
        ) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
