"""friction: blame between teams, read from anonymous comments, reported only as safe aggregates.

Read ``friction.pipeline`` first; ``friction.records`` is the glossary.

Promise: whatever of friction is imported, ONNX Runtime reports nothing to its maker. Since 1.29 its wheels do so by
default, with an identifier of the machine that they keep in its owner's home; it reads its switch once, when it is
loaded, so that the switch is thrown here, before anything can load it.
"""

import os

__version__ = "0.1.0"

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251  # a switch, not a setting
