"""``friction init``."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write; it must not hold a friction.toml.")] = Path(),
    sample: Annotated[bool, typer.Option("--sample", help="A whole sample company, to look around.")] = False,
) -> None:
    """Write a commented friction.toml and an inbox."""
    from friction import sample as sample_company

    written = sample_company.write(folder) if sample else sample_company.write_starter(folder)
    print(
        f"Wrote {written}. Put copies of your files into {written.parent / 'inbox'}: once read, they are deleted there."
    )
    print(f"Then run: friction weekly --config {written}")
