"""What the processor has that speed hangs on: cores, and quick products. Needs nothing that runs a model.

Called by ``friction.inference``, by the commands, and by ``service.app``, whose process runs none, for the metrics.
"""

import os
import sys
from pathlib import Path
from typing import Final

_PROCESSOR: Final = Path("/proc/cpuinfo")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def has_vnni() -> bool:
    """Whether the processor is known to add up products of uint8 and int8 in 32 bits.

    Others add pairs of them in 16 bits first, where two large ones overflow. Where the system does not tell, none is
    known.
    """
    try:
        return "vnni" in _PROCESSOR.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
