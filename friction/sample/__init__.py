"""What ``friction init`` writes: a starter configuration, or a whole sample company to look around in.

The sample's comments are fictional, written by hand, and in no training split.
"""

from importlib.resources import files
from pathlib import Path

from friction.errors import UsageError


def write_starter(folder: Path) -> Path:
    """Write a commented ``friction.toml`` and an empty inbox; returns the configuration's path.

    Raises:
        UsageError: the folder holds a configuration already, or cannot be written.
    """
    path = _fresh(folder)
    path.write_text((files(__name__) / "starter.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def write(folder: Path) -> Path:
    """Write the sample company: its configuration and its inbox of surveys and one chat export.

    Raises:
        UsageError: the folder holds a configuration already, or cannot be written.
    """
    path = _fresh(folder)
    company = files(__name__) / "company"
    path.write_bytes((company / "friction.toml").read_bytes())
    for source in (company / "inbox").iterdir():
        (folder / "inbox" / source.name).write_bytes(source.read_bytes())
    return path


def _fresh(folder: Path) -> Path:
    path = folder / "friction.toml"
    if path.exists():
        raise UsageError(f"{path} exists already; nothing was changed. Choose another folder.")
    try:
        (folder / "inbox").mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(f"Cannot write to {folder}: {error.strerror}") from None
    return path
