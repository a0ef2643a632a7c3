"""friction: blame between teams, read from anonymous comments, reported only as safe aggregates.

Read ``friction.pipeline`` first; ``friction.records`` is the glossary. ``Client`` talks to a running service.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from friction.client import Client

__all__ = ["Client", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """``Client``, and with it httpx, only where it is asked for."""
    if name != "Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from friction.client import Client

    return Client
