"""Training: makes what is in ``models/``, from the corpus, the public data and a published encoder.

Nothing here runs in production. Every stage is a module with a command of its own
(``python -m training.distil`` and so on) and ``make train`` runs them in order.
"""

import friction  # noqa: F401  # before ONNX Runtime: see there
