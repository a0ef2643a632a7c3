import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha384

import httpx
import pytest

from friction.model_folder import ErrorRate
from friction.records import Cell, Team, TeamId
from friction.trends import trends
from service.dashboard import templates


def test_the_matrix_shows_every_pair_and_hides_all_alike(client: httpx.Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    page = response.text
    assert page.count('scope="row"') == 6
    assert 'href="/pairs/sales/marketing"' in page
    assert "rising" in page
    hidden = re.findall(r'<td class="silent"[^>]*>.*?</td>', page)
    assert len(hidden) == 6 * 5 - 2
    assert len(set(hidden)) == 1
    assert "of those who wrote" in page


def test_a_pair_has_a_table(client: httpx.Client) -> None:
    page = client.get("/pairs/sales/marketing").text
    assert page.count('<th scope="row">2026-W') == 16
    assert "20-49" in page
    assert "Too few voices" in client.get("/pairs/sales/legal").text
    assert client.get("/pairs/sales/sales").status_code == 404


@pytest.mark.parametrize("models", ["aa", "ab"])
def test_a_new_model_is_told_on_the_page(make_cells: Callable[..., list[Cell]], models: str) -> None:
    errors = {stance: {"en": ErrorRate(95, 100, 190, 200)} for stance in ("blame", "appreciation")}
    cells = make_cells([0.3] * 4, model=models[0]) + make_cells([0.3] * 8, model=models[1])[4:]
    (trend,) = trends(cells, errors)
    speaks, spoken_of = (Team(TeamId(name), name.title()) for name in ("sales", "marketing"))
    page = templates.get_template("pair.html").render(speaks=speaks, spoken_of=spoken_of, trend=trend, request=None)
    assert ("Another model or mechanism counts since 2026-W05 (b, rounding-3)" in page) == (models == "ab")


def test_nothing_released_explains_itself(empty_client: httpx.Client) -> None:
    assert "Nothing is released yet" in empty_client.get("/").text


def test_headers_allow_nothing_from_elsewhere(client: httpx.Client) -> None:
    for path in ("/", "/static/friction.css", "/v1/pairs", "/nowhere"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    for status, answer in ((411, client.post("/", content=iter([b""]))), (400, client.get("/?a=b"))):
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "style=" not in client.get("/").text
    assert "<script" not in client.get("/").text


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
