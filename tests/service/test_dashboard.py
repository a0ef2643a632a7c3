import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha384
from html import unescape
from itertools import permutations
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from friction.disclosure import band
from friction.pipeline import Pipeline
from friction.records import Cell, Intervention, TeamId, Week
from friction.settings import Settings
from friction.store import interventions, uploads
from friction.store.engine import Database
from friction.store.releases import ReleaseStore, serialise
from service.state import State
from tests.conftest import disrespected
from tests.service.conftest import bearing, make_key, serve

MakeCells = Callable[..., list[Cell]]
PAGES = ("/", "/pairs/sales/marketing", "/pairs/sales/legal", "/teams", "/teams/sales", "/teams/legal",
         "/weeks", "/weeks/2026-W16", "/weeks/2019-W01", "/interventions", "/batches", "/about", "/notice", "/export",
         "/problems")  # fmt: skip
FRENCH = {"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.5"}


@pytest.mark.parametrize("path", PAGES)
def test_pages_open_in_both_languages(client: httpx.Client, path: str) -> None:
    for headers, language in (({}, "en"), (FRENCH, "fr")):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        assert f'<html lang="{language}">' in answer.text
        assert answer.text.count("<h1") == 1
        assert answer.headers["content-language"] == language


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_from_here_alone_and_have_nothing_in_place(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "font-src", "form-action")} == {"'self'"}
    urls = re.findall(r"""(?:src|href|action)\s*=\s*["']?([^"'\s>]+)""", answer.text)
    for url in urls:
        assert re.match(r"[/#](?!/)", url), url
        if "/static/" in url:
            assert client.get(url).status_code == 200
    assert not re.search(r"<script[^>]*>[^<]|<style|\sstyle=|\son\w+=", answer.text)


def _plain(page: str) -> str:
    """A page without its tags."""
    return unescape(re.sub(r"<[^>]*>", "", page))


@pytest.mark.parametrize("path", PAGES)
def test_no_line_ends_within_a_week(client: httpx.Client, path: str) -> None:
    page = re.sub(r"<title>.*?</title>|<svg .*?</svg>|<code>.*?</code>", "", client.get(path).text, flags=re.S)
    assert not re.search(r"\d{4}-W\d\d", _plain(re.sub(r'<span class="week">[\dW-]{8}</span>', "", page)))


def test_the_matrix_shows_every_pair_and_hides_all_alike(client: httpx.Client) -> None:
    """Hidden pairs differ in their place alone: too few voices, a small team, nobody wrote."""
    page = client.get("/").text
    groups = re.findall(r'<g transform="translate\([\d. ]+\)">\n(.*?)</g>', page, re.S)
    shown = [g for g in groups if "<a " in g]
    hidden = [g for g in groups if 'class="hidden"' in g]
    assert (len(groups), len(shown), len(hidden)) == (36, 2, 6 * 5 - 2)
    assert len(set(hidden)) == 1
    assert '<a href="/pairs/sales/marketing"' in page
    assert "28 more pairs have too few voices" in page
    assert "of those who wrote" in page


def test_hidden_pairs_have_the_same_page(client: httpx.Client) -> None:
    """A small team, one with too few voices and one nobody wrote about: the same bytes but for the names."""
    names = {"sales": "Sales", "it": "IT", "legal": "Legal", "marketing": "Marketing", "events": "Events"}
    pages = set()
    for speaks, about in (("sales", "legal"), ("it", "sales"), ("marketing", "events")):
        page = client.get(f"/pairs/{speaks}/{about}").text
        for id, end in ((speaks, "A"), (about, "B")):
            page = page.replace(f"/{id}", f"/{end}").replace(names[id], end)
        pages.add(page)
    assert len(pages) == 1
    assert "Too few voices" in pages.pop()
    assert client.get("/pairs/sales/sales").status_code == 404
    assert client.get("/pairs/sales/nobody").status_code == 404


def test_hidden_teams_have_the_same_page(client: httpx.Client) -> None:
    """A team too small to be spoken of, and a large one that nobody wrote about, in every row but their own."""
    rows = {}
    for team in ("legal", "events"):
        page = client.get(f"/teams/{team}").text
        rows[team] = re.sub(r'"/teams/\w+">\w+</a>', "", page).replace(team.title(), "").replace(team, "")
    assert rows["legal"] == rows["events"]


def test_a_pair_says_its_numbers_with_their_intervals(client: httpx.Client) -> None:
    page = client.get("/pairs/sales/marketing").text
    assert page.count('<th scope="row"><span class="week">2026-W') == 16
    assert "20–49" in page
    assert "rising" in page
    assert page.count('class="chart series"') == page.count('class="chart patterns"') == 2
    shares = re.findall(r'<span class="rate"><b>\d+%</b> <span class="interval">(\d+% to \d+%)</span></span>', page)
    assert len(shares) == 32
    assert len(re.findall(r"<b>\d+%</b>", page)) == len(shares)


def test_a_team_page_sums_what_is_published(client: httpx.Client, make_cells: MakeCells) -> None:
    cells = make_cells([0.1] * 8 + [0.8] * 8)[3:]
    page = client.get("/teams/marketing").text
    voices = band(sum(c.respondents for c in cells)).replace("-", "–")
    assert f"of {voices} voices in 13 windows" in page
    assert re.search(r"What others say of Marketing</h2>\n<p class=\"large\">\d+%</p>", page)
    assert 'class="untold"' not in page
    both = client.get("/teams/sales").text
    assert both.count("<tr>") == 6
    assert '<a href="/pairs/sales/marketing"' in both


def test_a_week_shows_what_closed_in_it(client: httpx.Client) -> None:
    listed = client.get("/weeks").text
    assert listed.count('<a href="/weeks/2026-W') == 16
    assert "2 pairs" in listed
    page = client.get("/weeks/2026-W03").text
    assert page.count("<tr data-pair") == 2
    assert "No window closed" in client.get("/weeks/2030-W01").text
    assert client.get("/weeks/2026-W60").status_code == 404


@pytest.mark.parametrize("models", ["aa", "ab"])
def test_a_new_model_is_told_on_the_page(
    releases: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline, make_cells: MakeCells,
    models: str,
) -> None:  # fmt: skip
    cells = make_cells([0.3] * 4, model=models[0]) + make_cells([0.3] * 8, model=models[1])[4:]
    for cell in cells:
        releases.append(cell.last_week, serialise([cell]))
    with asking(State(settings, pipeline, releases, operations)) as client:
        page = client.get("/pairs/sales/marketing").text
    assert ("Another model or mechanism counts since 2026-W05 (b, rounding-3)" in _plain(page)) == (models == "ab")


def test_nothing_released_explains_itself(empty_client: httpx.Client) -> None:
    page = empty_client.get("/").text
    assert "Nothing is released yet" in page
    for command in ("friction plan", "friction ingest", "friction release"):
        assert command in page
    for path in PAGES:
        assert empty_client.get(path).status_code == 200


def test_no_pair_released_explains_itself(
    releases: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline
) -> None:
    releases.append(Week.parse("2026-W10"), "[]")
    with asking(State(settings, pipeline, releases, operations)) as client:
        page = client.get("/").text
        assert "Released through 2026-W10, and no pair of teams has enough voices yet" in _plain(page)
        assert "friction plan" in page
        assert "friction plan" in client.get("/weeks").text


def test_the_first_week_explains_itself(
    releases: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline, make_cells: MakeCells
) -> None:
    (cell,) = make_cells([0.3])
    releases.append(cell.last_week, serialise([cell]))
    with asking(State(settings, pipeline, releases, operations)) as client:
        assert "These are the first numbers" in client.get("/").text
        assert "Nothing to compare" in client.get("/pairs/sales/marketing").text


def test_after_weeks_of_silence_numbers_are_not_the_first(
    releases: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline, make_cells: MakeCells
) -> None:
    """Nor is a pair counted of which a team has left the directory."""
    cells = [*make_cells([0.3]), *make_cells([0.3], from_team="left")]
    releases.append(cells[0].last_week, serialise(cells))
    for week in range(2, 9):
        releases.append(Week.parse(f"2026-W{week:02d}"), "[]")
    with asking(State(settings, pipeline, releases, operations)) as client:
        page = client.get("/").text
        assert "These are the first numbers" not in page
        assert "None of these pairs has changed in a way that the numbers can vouch for" in page
        assert f"{6 * 5 - 1} more pairs have too few voices" in page


def test_an_intervention_shows_its_effect(
    releases: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline, make_cells: MakeCells
) -> None:
    """Ten weeks of quarrel end with a meeting, while four other pairs go on as they did."""
    series = [make_cells([0.8] * 10 + [0.1] * 10)]
    ends = (("sales", "it"), ("support", "it"), ("support", "sales"), ("it", "sales"))
    series += [make_cells([0.3] * 20, from_team=a, about_team=b) for a, b in ends]
    for cells in zip(*series, strict=True):
        releases.append(cells[0].last_week, serialise(list(cells)))
    done = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse("2026-W11"), "weekly <meeting>")
    interventions.add(operations, done)
    with asking(State(settings, pipeline, releases, operations)) as client:
        for page in (client.get("/pairs/sales/marketing").text, client.get("/interventions").text):
            assert "weekly &lt;meeting&gt;" in page
            assert re.search(r"fell:\s+−\d+ points \(−\d+ to −\d+\), against the pairs that nobody touched", page)


@pytest.mark.parametrize(
    ("language", "sentence", "short", "explained"),
    [
        ({}, "more people voice disrespect than before: +30 points (+", "disrespect rising", "(Jehn 1995)"),
        (FRENCH, "davantage expriment un manque de respect qu'avant\u00a0: +30 points (+",
         "manque de respect en hausse", "(Jehn 1995)"),
    ],
)  # fmt: skip
def test_relationship_conflict_that_rises_is_told_wherever_the_pair_is(
    language: dict[str, str], sentence: str, short: str, explained: str, releases: ReleaseStore,
    operations: Database, settings: Settings, pipeline: Pipeline, make_cells: MakeCells,
) -> None:  # fmt: skip
    """Blame has not changed, and of another pair nothing is told."""
    rising = disrespected(make_cells([0.3, 0.6] * 8), [0.0] * 10 + [0.3] * 6)
    for cells in zip(rising, make_cells([0.3] * 16, from_team="support"), strict=True):
        releases.append(cells[0].last_week, serialise(list(cells)))
    with asking(State(settings, pipeline, releases, operations)) as client:
        overview, pair, team, other, about = (
            unescape(client.get(path, headers=language).text)
            for path in ("/", "/pairs/sales/marketing", "/teams/marketing", "/pairs/support/marketing", "/about")
        )
        assert overview.count(sentence) == pair.count(sentence) == 1
        assert overview.count(f"<b>{short}</b>") == team.count(f"<b>{short}</b>") == 1
        assert sentence not in other
        assert explained in about
        told = client.get("/v1/pairs/sales/marketing").json()["relationship_conflict"]
        assert (told["change"], told["low"] > 0) == (0.3, True)
        assert client.get("/v1/pairs/support/marketing").json()["relationship_conflict"] is None
        digest = client.get("/v1/digests/2026-W16").json()
        assert digest["relationship_conflict"] == [{"from_team": "sales", "about_team": "marketing"}]
        assert digest["changes"] == []
        mailed = client.get("/v1/digests/2026-W16", headers={"Accept": "text/plain"}).text
        assert "1. Sales → Marketing: disrespect rising, as a week ago" in mailed


def test_where_no_change_could_be_seen_no_number_says_otherwise(
    releases: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline, make_cells: MakeCells
) -> None:
    cells = make_cells([0.5] * 15, people=6)
    kept = [cells[0], cells[-1]]
    releases.append(kept[-1].last_week, serialise(kept))
    with asking(State(settings, pipeline, releases, operations)) as client:
        page = client.get("/pairs/sales/marketing").text
        assert "points would most likely have been seen" not in page
        assert "even the largest change could have gone unseen" in page
        pair = client.get("/v1/pairs/sales/marketing").json()
        assert (pair["change"], pair["smallest_visible_change"]) == (0.0, None)
        digest = client.get(f"/v1/digests/{kept[-1].last_week}", headers={"Accept": "text/plain"}).text
        assert "100 points" not in digest


def test_a_bound_key_sees_its_team_s_pairs_alone(client: httpx.Client, operations: Database) -> None:
    """Its pages say so, and count its pairs alone."""
    mine = bearing(make_key(operations, "read", team="it"))
    page = client.get("/", headers=mine).text
    assert "Support about IT" in page
    assert "Marketing: " not in page
    assert "/pairs/sales/marketing" not in page
    assert "9 more pairs" in page
    assert client.get("/pairs/sales/marketing", headers=mine).status_code == 404
    assert "/pairs/sales/marketing" not in client.get("/teams/sales", headers=mine).text
    assert "sales,marketing" not in client.get("/v1/cells.csv", headers=mine).text
    assert "Your key is for reading" in client.get("/interventions", headers=mine).text


@pytest.mark.parametrize(
    ("language", "only", "all_told", "not_all", "headings"),
    [
        ({}, "You see pairs of IT only", "Pairs of IT with enough voices: 10 of 10", ("too few", "of 30"),
         ("What IT say of Sales", "What Sales say of IT", "What others say of IT", "What others say of Sales")),
        (FRENCH, "uniquement les paires de IT", "Paires de IT qui ont assez de voix : 10 sur 10",
         ("trop peu", "sur 30"),
         ("Ce que IT dit de Sales", "Ce que Sales dit de IT", "Ce que les autres disent de IT",
          "Ce que les autres disent de Sales")),
    ],
)  # fmt: skip
def test_a_bound_key_reads_nothing_false_of_pairs_that_it_does_not_see(
    language: dict[str, str], only: str, all_told: str, not_all: tuple[str, str], headings: tuple[str, ...],
    releases: ReleaseStore, operations: Database, settings: Settings, pipeline: Pipeline, make_cells: MakeCells,
) -> None:  # fmt: skip
    """Every pair is released: no page may say that one has too few voices, nor that one team is all others."""
    pairs = permutations(settings.directory.teams, 2)
    cells = [make_cells([0.3] * 2, from_team=a, about_team=b) for a, b in pairs]
    for of_week in zip(*cells, strict=True):
        releases.append(of_week[0].last_week, serialise(list(of_week)))
    mine = bearing(make_key(operations, "read", team="it"))
    with asking(State(settings, pipeline, releases, operations)) as client:
        paths = ("/", "/weeks", "/weeks/2026-W02", "/weeks/2026-W30", "/teams/sales", "/teams/it")
        pages = {path: client.get(path, headers=mine | language).text for path in paths}
    assert [path for path, page in pages.items() if only not in page] == []
    assert not [path for path, page in pages.items() for wrong in (*not_all, 'class="hidden"') if wrong in page]
    assert all_told in pages["/"]
    assert all_told in pages["/weeks/2026-W02"]
    theirs, ours = pages["/teams/sales"], pages["/teams/it"]
    assert [heading in theirs for heading in headings] == [True, True, False, False]
    assert [heading in ours for heading in headings] == [False, False, True, False]
    rows = {path: set(re.findall(r'<th scope="row"><a href="/teams/(\w+)"', pages[path])) for path in pages}
    assert rows["/teams/sales"] == {"it"}
    assert rows["/teams/it"] == set(settings.directory.teams) - {"it"}


def test_files_sent_are_told_to_whoever_sent_them(
    client: httpx.Client, operations: Database, released: ReleaseStore
) -> None:
    """With their counts, and which rows were rejected; what was sent with another key stays out."""
    secret = make_key(operations, "read", "upload")
    mine = secret.split("_")[1]
    rejects = [{"reason": "no text", "count": 3, "rows": [4, 5, 6]}]
    report = {"rows": 12, "comments": 9, "rejected": 3, "rejects": rejects, "columns_not_used": ["D", "AB"]}
    for key, id in ((mine, "a"), ("another", "b")):
        uploads.add(operations, uploads.Upload(id, key, None, None, 1_790_000_000, 100))
        uploads.finish(operations, id, report, batch="")
    page = client.get("/batches", headers=bearing(secret)).text
    assert page.count("no text: 3 (4, 5, 6)") == 1
    assert page.count('data-label="Columns not used">D, AB</td>') == 1
    assert "21 Sept 2026, 14:13 UTC" in page
    assert "Nothing was sent" in client.get("/batches").text
    reading = bearing(make_key(operations, "read"))
    assert client.get("/batches", headers=reading).status_code == 403
    assert "/batches" not in client.get("/", headers=reading).text


def test_the_language_is_the_reader_s(client: httpx.Client) -> None:
    """Chosen, or else preferred by the browser, or else configured."""

    def language(**headers: str) -> str:
        found = re.search(r'<html lang="(\w+)"', client.get("/", headers=headers).text)
        assert found is not None
        return found[1]

    wanted = {"fr": "fr", "fr-CA, en;q=0.8": "fr", "en;q=0.3, fr;q=0.7": "fr", "de, fr;q=0.1": "fr", "de": "en",
              "fr;q=0, en": "en", "fr;q=x": "en", "": "en", "EN-US": "en", "FR": "fr"}  # fmt: skip
    for header, expected in wanted.items():
        assert language(**{"Accept-Language": header}) == expected, header
    assert language(**{"Accept-Language": "en", "Cookie": "friction-language=fr"}) == "fr"
    assert language(**{"Cookie": "friction-language=xx"}) == "en"


def test_a_language_is_kept_and_leads_back_to_our_own_pages(client: httpx.Client) -> None:
    def choose(back: str, language: str = "fr") -> httpx.Response:
        return client.post("/language", data={"language": language, "page": back})

    answer = choose("/pairs/sales/marketing")
    assert (answer.status_code, answer.headers["location"]) == (303, "/pairs/sales/marketing")
    assert "friction-language=fr" in answer.headers["set-cookie"]
    for elsewhere in ("//evil.example/", "https://evil.example/", "/\\evil.example", "/a\r\nSet-Cookie: b=c", "", "x"):
        assert choose(elsewhere).headers["location"] == "/"
    assert choose("/", "de").status_code == 422


def test_no_page_asks_much_of_the_stores(client: httpx.Client) -> None:
    """Fifteen statements at most, also when everything has to be read anew."""
    asked: list[str] = []
    note = lambda *given: asked.append(given[2])  # noqa: E731
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for path in PAGES:
            asked.clear()
            assert client.get(path).status_code == 200
            assert len(asked) <= 15, (path, asked)
        assert asked or path
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_export_is_every_released_cell(client: httpx.Client) -> None:
    page = client.get("/export").text
    link = re.search(r'href="([^"]+)" download="friction-2026-W16.csv"', page)
    assert link is not None
    lines = client.get(link[1]).text.splitlines()
    assert len(lines) == 1 + 32


def test_files_of_the_pages_are_asked_about_again_not_sent_again(client: httpx.Client) -> None:
    for path in ("/static/friction.css", "/static/fonts/IBMPlexSans-Regular.woff2"):
        first = client.get(path)
        assert first.headers["cache-control"] == "no-cache"
        assert client.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert client.get("/").headers["cache-control"] == "no-store"


@contextmanager
def asking(state: State) -> Iterator[Any]:
    serving = serve(state, make_key(state.operations, "admin"))
    yield next(serving)
    next(serving, None)


def test_headers_allow_nothing_from_elsewhere(client: httpx.Client) -> None:
    for path in ("/", "/static/friction.css", "/v1/pairs", "/nowhere"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    for status, answer in ((411, client.post("/", content=iter([b""]))), (400, client.get("/?a=b"))):
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_documentation_loads_from_here_alone(client: httpx.Client) -> None:
    response = client.get("/docs")
    assert response.status_code == 200
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"

    page = response.text
    urls = re.findall(r"""(?:src|href|action)\s*=\s*["']?([^"'\s>]+)""", page)
    assert {"/static/swagger/swagger-ui-bundle.js", "/static/swagger/swagger-ui.css", "/static/docs.js"} <= set(urls)
    for url in urls:
        assert re.match(r"/(?!/)", url)
        assert client.get(url).status_code == 200
    assert "://" not in page
    assert not re.search(r"<script[^>]*>[^<]|<style|style=|\son\w+=", page)
    assert "://" not in client.get("/static/docs.js").text


def test_the_documentation_loads_the_bytes_that_it_states(client: httpx.Client) -> None:
    """The browser refuses any other bytes, so another release of the package fails here first."""
    stated = re.findall(r'(?:src|href)="([^"]+)" integrity="sha384-([^"]+)"', client.get("/docs").text)
    assert len(stated) == 2
    for url, digest in stated:
        assert b64encode(sha384(client.get(url).content).digest()).decode() == digest
