"""friction: blame between teams, read from anonymous comments, reported only as safe aggregates.

Read ``friction.pipeline`` first; ``friction.records`` is the glossary. ``Client`` talks to a running service.

Promise: whatever of friction is imported, ONNX Runtime reports nothing to its maker. Since 1.29 its wheels do so by
default, with an identifier of the machine that they keep in its owner's home; it reads its switch once, when it is
loaded, so that the switch is thrown here, before anything can load it.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from friction.client import Client

__all__ = ["Client", "__version__"]
__version__ = "0.1.0"

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251  # a switch, not a setting


def __getattr__(name: str) -> object:
    """``Client``, and with it httpx, only where it is asked for."""
    if name != "Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from friction.client import Client

    return Client
