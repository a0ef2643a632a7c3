"""One file per family of commands: options in, one call, words out. Heavy modules are imported inside commands.

Here is what they share. ``friction.cli`` names them; ``service`` and ``training`` bring theirs through the
entry-point group ``friction.commands``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from friction.errors import UsageError

if TYPE_CHECKING:
    from friction.pipeline import Pipeline
    from friction.settings import Settings

Config = Annotated[Path, typer.Option("--config", help="The configuration file.", metavar="PATH")]
CONFIG = Path("friction.toml")


def build_pipeline(settings: "Settings") -> "Pipeline":
    """The pipeline for a configuration, with the released model."""
    from friction.classifier import Classifier
    from friction.model_folder import RELEASED
    from friction.pipeline import Pipeline

    return Pipeline(settings.directory, Classifier.load(RELEASED), settings.redactor())


def write_whole(path: Path, lines: Iterator[str]) -> None:
    """Write a file that is there whole or not at all."""
    part = Path(f"{path}.part")
    try:
        with part.open("w", encoding="utf-8") as target:
            target.writelines(line + "\n" for line in lines)
        part.replace(path)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}. Name a file in a folder that exists.") from None
    finally:
        part.unlink(missing_ok=True)
