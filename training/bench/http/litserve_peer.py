"""Serve with LitServe: ``python -m training.bench.http.litserve_peer SETTINGS.json PORT``."""

import json
import sys
from pathlib import Path
from typing import Any

import litserve

from .peers import Settings, load


class Api(litserve.LitAPI):  # type: ignore[misc]
    """A request is a row; LitServe makes batches of them."""

    settings: Settings

    def setup(self, device: str) -> None:  # noqa: ARG002
        """In each worker."""
        self.answer = load(self.settings)

    def predict(self, rows: Any) -> Any:
        """A batch, or one row where there are no batches."""
        return self.answer(rows) if self.settings.batch > 1 else self.answer([rows])[0]

    def batch(self, inputs: list[Any]) -> Any:
        """As they are."""
        return inputs

    def unbatch(self, output: Any) -> Any:
        """As they are."""
        return output


def main() -> None:
    """Serve until the process is ended."""
    settings = Settings(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    api = Api(max_batch_size=settings.batch, batch_timeout=settings.window)
    api.settings = settings
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=settings.workers, timeout=60)
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False, generate_client_file=False
    )


if __name__ == "__main__":
    main()
