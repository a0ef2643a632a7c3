"""The dashboard as people use it: a real Chromium, signed in, on a desk and on a telephone, by mouse and by keyboard.

What it saw is kept in ``build/pictures`` for review. Skipped, with a word, where there is no Chromium.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from friction.pipeline import Pipeline
from friction.records import Cell, Intervention, TeamId, Week
from friction.settings import Settings
from friction.store import interventions
from friction.store.engine import Database
from friction.store.releases import ReleaseStore, serialise
from service.state import State
from tests import browser as chromium
from tests.conftest import disrespected
from tests.service.conftest import make_key, serve

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PATHS = ("/", "/pairs/sales/marketing", "/pairs/sales/legal", "/teams", "/teams/sales", "/weeks", "/weeks/2026-W16",
         "/interventions", "/batches", "/about", "/notice", "/export")  # fmt: skip
DONE = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse("2026-W11"), "weekly meeting with an agenda")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # of Playwright's own pipes


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium.program() is None:
        pytest.skip(chromium.MISSING)
    with chromium.browsing() as started:
        yield started


@pytest.fixture
def company(
    releases: ReleaseStore,
    operations: Database,
    settings: Settings,
    pipeline: Pipeline,
    make_cells: Callable[..., list[Cell]],
) -> Iterator[httpx.Client]:
    """Sales stop blaming marketing in the 11th week, and end with more disrespect; four pairs go on as they did."""
    series = [disrespected(make_cells([0.8] * 10 + [0.1] * 10), [0.0] * 14 + [0.3] * 6)]
    ends = (("sales", "it"), ("support", "it"), ("support", "sales"), ("it", "sales"))
    series += [make_cells([0.3] * 20, from_team=a, about_team=b) for a, b in ends]
    for cells in zip(*series, strict=True):
        releases.append(cells[0].last_week, serialise(list(cells)))
    yield from serve(State(settings, pipeline, releases, operations), make_key(operations, "read"))


@pytest.fixture
def key(operations: Database) -> str:
    return make_key(operations, "admin")


@contextmanager
def _signed_in(browser: Browser, company: httpx.Client, key: str, **more: Any) -> Iterator[Page]:
    """A page of somebody who signed in; nothing may be refused by the policy or fail in a script meanwhile."""
    said: list[str] = []
    context = browser.new_context(**{"base_url": str(company.base_url), "viewport": DESK, "locale": "en-GB"} | more)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto("/")
    page.locator("#key").fill(key)
    page.locator("main button").click()
    page.wait_for_selector(".matrix")
    yield page
    context.close()
    assert said == []


def _keep(page: Page, name: str) -> None:
    chromium.PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=chromium.PICTURES / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("name", "viewport"), [("desk", DESK), ("phone", PHONE)])
def test_from_signing_in_to_the_export(
    browser: Browser, company: httpx.Client, key: str, name: str, viewport: dict[str, int]
) -> None:
    with _signed_in(browser, company, key, viewport=viewport, accept_downloads=True) as page:
        _keep(page, f"{name}-1-matrix")
        page.locator(".matrix a").first.click()
        assert page.locator("h1").inner_text() == "Sales about Marketing"
        assert page.locator(".mark").count() == 0
        page.get_by_role("link", name="Enter what was done").click()
        page.get_by_label("Team that speaks").select_option("sales")
        page.get_by_label("Team spoken of").select_option("marketing")
        page.get_by_label("From which day on").fill("2026-03-10")
        page.get_by_label("What was done", exact=True).fill("weekly meeting with an agenda")
        page.get_by_role("button", name="Enter").click()
        assert page.locator("h1").inner_text() == "Sales about Marketing"
        expect(page.locator(".series .flag:visible")).to_have_count(1)  # of two charts, once the style sheet is there
        assert "fell: −" in page.locator("ol.done").inner_text()
        _keep(page, f"{name}-2-pair")
        page.get_by_role("button", name="Français").click()
        assert page.locator("html").get_attribute("lang") == "fr"
        assert page.locator("h1").inner_text() == "Sales au sujet de Marketing"
        _keep(page, f"{name}-3-pair-fr")
        page.goto("/interventions")
        page.get_by_text("Retirer: weekly meeting").click()
        page.get_by_role("button", name="La retirer pour tout le monde").click()
        expect(page.get_by_text("Rien n'est encore saisi.")).to_be_visible()
        page.goto("/export")
        with page.expect_download() as taken:
            page.get_by_role("link", name="Télécharger").click()
        assert taken.value.suggested_filename == "friction-2026-W20.csv"
        assert taken.value.path().read_text().count("\n") == 1 + 5 * 20
        page.get_by_role("button", name="Se déconnecter").click()
        assert page.locator("#key").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_axe_finds_nothing_and_nothing_runs_over(
    browser: Browser, company: httpx.Client, key: str, operations: Database, locale: str, scheme: str
) -> None:
    """On every page; the telephone is where pages run over, and both widths have the same content."""
    axe, found = Axe(), {}
    interventions.add(operations, DONE)
    with _signed_in(browser, company, key, locale=locale, color_scheme=scheme) as page:
        for path in PATHS:
            page.set_viewport_size(DESK if scheme == "light" else PHONE)
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
            if violations := axe.run(page, options=RULES).response["violations"]:
                found[path] = [(v["id"], [node["html"] for node in v["nodes"][:3]]) for v in violations]
            page.set_viewport_size({"width": 320, "height": 700})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.context.clear_cookies()
        page.goto("/sign-in")
        assert not axe.run(page, options=RULES).response["violations"]
    assert found == {}


def test_axe_does_find_what_is_wrong(browser: Browser, company: httpx.Client, key: str) -> None:
    """The control."""
    with _signed_in(browser, company, key) as page:
        page.evaluate("document.querySelector('html').removeAttribute('lang')")
        page.evaluate("document.querySelector('.lead').insertAdjacentHTML('afterend', '<button></button>')")
        assert {v["id"] for v in Axe().run(page, options=RULES).response["violations"]} >= {"button-name"}


@pytest.mark.parametrize("path", ["/", "/pairs/sales/marketing", "/interventions"])
def test_the_keyboard_alone_reaches_everything(
    browser: Browser, company: httpx.Client, key: str, operations: Database, path: str
) -> None:
    """Tab goes through every link, button and field once, in their order, each with a ring around it."""
    interventions.add(operations, DONE)
    with _signed_in(browser, company, key) as page:
        page.goto(path)
        wanted = page.evaluate("""() => [...document.querySelectorAll(
            'a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]')]
            .filter((e) => e.checkVisibility()).map((e, i) => { e.dataset.place = i; return i })""")
        reached: list[int] = []
        for _ in range(2 * len(wanted) + 20):
            page.keyboard.press("Tab")
            place = page.evaluate("document.activeElement.dataset.place")
            if place is None:
                break
            if not reached or reached[-1] != int(place):  # a date has three parts
                reached.append(int(place))
                ring = page.evaluate("""() => { const e = document.activeElement, s = getComputedStyle(e);
                    const frame = e.querySelector('.frame'), stroke = frame && getComputedStyle(frame).strokeWidth;
                    return parseFloat(s.outlineWidth) >= 2 && s.outlineStyle !== 'none' || stroke === '4px' }""")
                assert ring, page.evaluate("document.activeElement.outerHTML")
        assert reached == wanted
        page.goto(path)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_it_reads_without_javascript(browser: Browser, company: httpx.Client, key: str) -> None:
    with _signed_in(browser, company, key, java_script_enabled=False) as page:
        assert page.locator("#pairs tbody tr").count() == 5
        assert page.locator(".filter").count() == 0
        page.locator(".matrix a").first.click()
        expect(page.locator(".series:visible")).to_have_count(1)


def test_filter_and_hover_with_javascript(browser: Browser, company: httpx.Client, key: str) -> None:
    with _signed_in(browser, company, key) as page:
        page.get_by_label("Show only").fill("fallíng")
        assert page.locator("#pairs tbody tr:visible").count() == 1
        assert page.locator(".matrix a.dim").count() == 4
        page.get_by_label("Show only").fill("nobody")
        assert page.get_by_role("status").inner_text() == "Nothing matches."
        page.goto("/pairs/sales/marketing")
        page.locator(".series:visible .window").nth(3).hover()
        assert page.locator("figure .readout").first.inner_text().startswith("2026-W04: ")


def test_every_chart_has_its_numbers_in_a_table(browser: Browser, company: httpx.Client, key: str) -> None:
    with _signed_in(browser, company, key) as page:
        for path in ("/", "/pairs/sales/marketing", "/weeks/2026-W16"):
            page.goto(path)
            charts = page.locator(".chart:visible")
            assert charts.count() >= 1
            table = page.locator("table").inner_text()
            for text in page.locator(".chart:visible .number").all_text_contents():
                assert text in table


def test_forced_colours_and_print_keep_what_is_said(browser: Browser, company: httpx.Client, key: str) -> None:
    """The band's edge, the line and the ground stay apart; in print the frame goes and the numbers stay."""
    with _signed_in(browser, company, key) as page:
        page.emulate_media(forced_colors="active")
        page.goto("/pairs/sales/marketing")
        paints = page.evaluate("""() => ['.band', '.value', 'body'].map((name) => {
            const s = getComputedStyle(document.querySelector('.wide ' + name) || document.querySelector(name));
            return name === 'body' ? s.backgroundColor : s.stroke })""")
        assert len(set(paints)) == 3
        _keep(page, "forced-colours")
        page.emulate_media(forced_colors="none", media="print")
        assert not page.locator("nav").first.is_visible()
        assert page.locator("table").is_visible()
        _keep(page, "print")
