"""A real Chromium for tests, as Debian installs it, driven by Playwright; its pictures are kept for review."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

MISSING = "Chromium is missing, so what pages do in a browser is not shown. Get it with: apt-get install chromium"
PICTURES = Path(__file__).parents[1] / "build" / "pictures"
"""What the tests saw; ignored by git."""


def program() -> str | None:
    """Chromium's path."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start Chromium; stop it at the end. Under root it has no sandbox of its own."""
    path = program()
    if path is None:
        raise FileNotFoundError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if os.getuid() == 0 else [], handle_sigint=False
        )
        yield browser
        browser.close()
