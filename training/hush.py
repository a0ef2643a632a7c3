"""What libraries say of themselves while a model is loaded and exported, and whoever trains can do nothing about.

Promise: only what is listed here is left out; any other warning is seen. Called by ``training.network``,
``training.export`` and ``training.quantisation``.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final

LOGGED: Final[Mapping[str, tuple[str, ...]]] = {
    "transformers.modeling_utils": (
        "LOAD REPORT",  # a table of heads that nobody here asks for; what the encoder lacks, ``load_encoder`` says
        "new embeddings will be initialized",  # those of the markers, which are learnt
    ),
    "torch.onnx._internal.exporter._registration": ("torchvision is not installed",),
    "root": ("Please consider to run pre-processing",),  # which its embeddings do not need
}
"""Logger, and what is left out of what it says."""
WARNED: Final = (
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",  # torch, of itself
    r"# The axis name: \w+ will not be used",  # both inputs share their axes: so it is meant
)
"""How warnings begin that are left out."""


@contextmanager
def hushed() -> Iterator[None]:
    """Leave out what is listed, for the block."""
    with ExitStack() as stack, warnings.catch_warnings():
        for message in WARNED:
            warnings.filterwarnings("ignore", message)
        for name, known in LOGGED.items():
            logger, lets_pass = logging.getLogger(name), _Filter(known)
            logger.addFilter(lets_pass)
            stack.callback(logger.removeFilter, lets_pass)
        yield


class _Filter(logging.Filter):
    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__()
        self._known = known

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        return not any(known in said for known in self._known)
