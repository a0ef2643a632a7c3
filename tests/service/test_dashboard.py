import re

import httpx


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


def test_nothing_released_explains_itself(empty_client: httpx.Client) -> None:
    assert "Nothing is released yet" in empty_client.get("/").text


def test_headers_allow_nothing_from_elsewhere(client: httpx.Client) -> None:
    for path in ("/", "/static/friction.css", "/v1/pairs", "/nowhere"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert "style=" not in client.get("/").text
    assert "<script" not in client.get("/").text
