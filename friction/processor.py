"""What the processor can do that the model's speed hangs on. Needs nothing that runs a model.

Called by ``friction.inference``, and by ``service.app``, whose process runs none, for the metrics.
"""

from pathlib import Path
from typing import Final

_PROCESSOR: Final = Path("/proc/cpuinfo")


def has_vnni(processor: Path = _PROCESSOR) -> bool:
    """Whether the processor is known to add up products of uint8 and int8 in 32 bits.

    Others add pairs of them in 16 bits first, where two large ones overflow. Where the system does not tell, none is
    known.
    """
    try:
        return "vnni" in processor.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
