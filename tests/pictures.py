"""The pictures of the README: pages and mail of a released company, in a real Chromium. ``make pictures`` runs it."""

import sys
from pathlib import Path

from playwright.sync_api import Page

from friction.commands import build_pipeline
from friction.settings import Settings, load
from friction.store.engine import Database
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore
from service.digest import Letter, lay_out
from service.edition import Edition
from service.state import State
from service.words import words
from tests.browser import browsing
from tests.service.conftest import make_key, serve

DESK, PHONE, MAIL = {"width": 1120, "height": 960}, {"width": 390, "height": 960}, {"width": 640, "height": 800}
LARGEST = 150_000
"""Bytes of a picture, at most."""


def main(config: Path, folder: Path) -> None:
    """Take the pictures.

    Args:
        config: ``friction.toml`` of the company.
        folder: where to put them.
    """
    settings = load(config, private=False)
    releases, operations = ReleaseStore(settings.releases_address), open_operations(settings.operations_address)
    state = State(settings, build_pipeline(settings), releases, operations)
    key = make_key(operations, "read", days=1)
    done = next(iter(settings.interventions))
    pair = f"/pairs/{done.from_team}/{done.about_team}"
    serving = serve(state, key)
    client = next(serving)
    folder.mkdir(parents=True, exist_ok=True)
    with browsing() as browser:
        for name, path, more in (
            ("matrix", "/", {"viewport": DESK}),
            ("pair", pair, {"viewport": DESK}),
            ("pair-phone-dark", pair, {"viewport": PHONE, "color_scheme": "dark", "locale": "fr-FR"}),
        ):
            page = browser.new_page(base_url=str(client.base_url), **more)
            _sign_in(page, key)
            page.goto(path)
            page.evaluate("document.fonts.ready")
            _take(page, folder / f"{name}.png")
        page = browser.new_page(viewport=MAIL)
        page.set_content(lay_out(_with_news(settings, releases, operations)).page)
        _take(page, folder / "digest.png")
    next(serving, None)
    releases.close()
    operations.close()


def _with_news(settings: Settings, releases: ReleaseStore, operations: Database) -> Letter:
    """The digest of the last week that brought something new; of the last one where none did."""
    weeks = sorted({cell.last_week for cell in releases.cells()}, reverse=True)
    letters = [Edition(settings, releases, operations, week).letter("en", None) for week in weeks]
    nothing_new = {words("en")(f"digest.lead_{kind}") for kind in ("quiet", "standing")}
    return next((letter for letter in letters if letter.lead[0] not in nothing_new), letters[0])


def _take(page: Page, file: Path) -> None:
    size = len(page.screenshot(path=file))
    if size > LARGEST:
        raise SystemExit(f"{file.name} has {size} bytes, more than {LARGEST}")
    print(f"{file}: {size} bytes")
    page.close()


def _sign_in(page: Page, key: str) -> None:
    page.goto("/sign-in")
    page.locator("#key").fill(key)
    page.locator("main button").click()
    page.wait_for_selector("h1")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
