"""What the trainings here do alike: a step down, and a half-done state that is picked up where it lies.

Called by ``training.distil``, ``training.adapt``, ``training.intermediate`` and ``training.finetune``.
"""

from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from .network import DEVICE

STEEPEST: Final = 1.0
"""Length that gradients are cut to."""


def descend(loss: Tensor, optimiser: Optimizer, schedule: LRScheduler) -> None:
    """One step of every weight that the optimiser holds."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], STEEPEST)
    optimiser.step()
    schedule.step()


class Checkpoint:
    """A training that may be cut off, on disk: whole or not at all.

    Args:
        path: where; None keeps nothing.
        parts: whatever has a ``state_dict``: the network, the optimiser, its schedule.
    """

    def __init__(self, path: Path | None, **parts: Any) -> None:
        self._path = path
        self._parts = parts

    def restore(self) -> dict[str, Any]:
        """Bring the parts back as they were last kept; returns what was noted with them, nothing at the start."""
        if self._path is None or not self._path.is_file():
            return {}
        kept = torch.load(self._path, weights_only=True, map_location=DEVICE)
        for name, part in self._parts.items():
            part.load_state_dict(kept["parts"][name])
        notes: dict[str, Any] = kept["notes"]
        return notes

    def keep(self, **notes: Any) -> None:
        """Keep the parts as they are now, and what is noted: numbers, tensors, and lists and mappings of them."""
        if self._path is None:
            return
        fresh = self._path.with_suffix(".part")
        torch.save({"parts": {name: part.state_dict() for name, part in self._parts.items()}, "notes": notes}, fresh)
        fresh.replace(self._path)

    def drop(self) -> None:
        """The training is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
