"""The mail: both parts, all pictures, headers that nothing can break, and HTML that mail clients read."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friction.model_folder import ErrorRate
from friction.records import Cell, Directory, TeamId, Week
from friction.store.recipients import RecipientKey
from friction.trends import trends
from service.digest import Digest, Language, render
from service.mail import build, masked, message_id

WEEK = Week.parse("2026-W16")
NOW = datetime(2026, 4, 20, 7, tzinfo=UTC)
ERRORS = {s: {"en": ErrorRate(95, 100, 190, 200)} for s in ("blame", "appreciation")}
MOST = 300_000
SENDER = "friction@example.org"
CANIEMAIL = json.loads((Path(__file__).parent / "caniemail.json").read_text(encoding="utf-8"))["features"]
DECORATION = {
    "css-at-media": "dark colours and narrow screens; the styles in place read well without it",
    "css-at-media-prefers-color-scheme": "the light colours stay",
    "css-border-radius": "corners stay square",
    "css-max-width": "tables for Outlook state the width beside it",
    "css-max-height": "hides the preview line; its size and display do too",
    "css-opacity": "hides the preview line; its size and display do too",
    "css-overflow": "hides the preview line; its size and display do too",
    "css-display": "block and none of images and the preview line",
    "css-display-none": "the preview line is of one pixel, in the colour of the ground",
    "css-height": "is auto anyway",
    "html-body": "the ground is that of the first table",
    "css-outline": "resets what no client sets",
    "css-border-spacing": "resets what cellspacing says too",
    "css-word-break": "long words overhang",
    "css-word-spacing": "is normal anyway",
    "css-margin": "headings have none, in Outlook a little",
    "html-aria-label": "names the whole for who cannot see it",
    "html-role": "tells screen readers that tables are layout",
    "html-dir": "is left to right anyway",
    "html-semantics": "headings read as bold text",
    "html-style": "the styles in place read well without it",
    "html-meta-color-scheme": "the light colours stay",
    "css-color-scheme": "the light colours stay",
}
"""What some clients lack and this mail uses nonetheless, and what it looks like there."""


@pytest.fixture(params=["en", "fr"])
def language(request: pytest.FixtureRequest) -> Language:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def digest(make_cells: Callable[..., list[Cell]], directory: Directory, language: Language) -> Digest:
    """As long as one gets: three changes with their pictures."""
    cells = [c for speaks in ("sales", "support", "it") for c in make_cells([0.1] * 8 + [0.9] * 8, from_team=speaks)]
    return render(trends(cells, ERRORS), directory, WEEK, language, link="https://friction.example.org/")


def _parsed(digest: Digest, language: Language, **more: str) -> EmailMessage:
    sent = build(digest, language=language, sender=SENDER, now=NOW, **({"to": "alice@example.org"} | more))
    assert len(sent.as_bytes()) < MOST
    assert max(len(line) for line in sent.as_bytes().split(b"\r\n")) < 999
    sent.as_bytes().decode("ascii")
    return message_from_bytes(sent.as_bytes(), policy=policy.default)  # type: ignore[return-value,arg-type]


def test_both_parts_and_every_picture(digest: Digest, language: Language) -> None:
    mail = _parsed(digest, language)
    assert not mail.defects
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == digest.text
    assert html.get_content().replace("\r\n", "\n").strip() == digest.html.strip()
    shown = re.findall(r'src="cid:([^"]+)"', html.get_content())
    held = {part["Content-ID"].strip("<>"): part for part in mail.walk() if part["Content-ID"]}
    assert len(shown) == 3
    assert set(shown) == set(held)
    for part in held.values():
        assert part.get_content_type() == "image/png"
        assert part.get_content_disposition() == "inline"
        assert part.get_content().startswith(b"\x89PNG")
    assert mail["Subject"].replace("\u00a0", " ").startswith("friction 2026-W16")
    assert mail["Content-Language"] == language


def test_headers_that_keep_machines_quiet(digest: Digest, language: Language) -> None:
    link = "https://friction.example.org/unsubscribe/" + "x" * 43
    mail = _parsed(digest, language, unsubscribe=link, message_id=message_id(WEEK, RecipientKey("ab" * 32), SENDER))
    assert mail["Message-ID"] == f"<2026-W16.{'ab' * 16}@example.org>"
    assert mail["Date"] == "Mon, 20 Apr 2026 07:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Precedence"] == "bulk"
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain = _parsed(digest, language, unsubscribe=link.replace("https", "http"))
    assert plain["List-Unsubscribe"] is not None
    assert plain["List-Unsubscribe-Post"] is None  # one click needs https (RFC 8058)
    assert _parsed(digest, language)["List-Unsubscribe"] is None


@settings(max_examples=100, deadline=None)
@given(
    name=st.text(max_size=50) | st.sampled_from(["A\r\nBcc: x@example.org", "A\nX: y", "A\u2028B", "\u202eA", "=?x?="])
)
def test_no_name_breaks_a_header(name: str) -> None:
    digest = Digest(f"friction {name}", "<p>x</p>", "x\n")
    mail = build(digest, language="en", sender=SENDER, now=NOW, to="alice@example.org").as_bytes()
    head = message_from_bytes(mail, policy=policy.default)
    assert head["Bcc"] is None
    assert head["X"] is None
    assert head["To"] == "alice@example.org"
    assert head["Subject"].startswith("friction")
    assert "\u202e" not in head["Subject"]


def test_addresses_are_masked() -> None:
    assert masked("alice@example.org") == "a…@example.org"
    assert masked("x") == "…@x"


class _Page(HTMLParser):
    """Every tag with its attributes, and the style sheets; conditional comments for Outlook are read as well."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.sheets: list[str] = []
        self.feed(re.sub(r"<!--\[if[^\]]*\]><!-->|<!--<!\[endif\]-->", "", html))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "style":
            self.sheets.append(data)

    def styles(self) -> Iterator[tuple[str, str]]:
        """Every property and its value, in place or in a sheet."""
        for place in [attributes.get("style", "") for _, attributes in self.tags] + self.sheets:
            yield from re.findall(r"(?:^|[\s{;])([a-z-]+)\s*:\s*([^;{}]+)(?=[;}]|$)", place)


def test_the_rules_of_html_in_mail(digest: Digest, language: Language) -> None:
    page = _Page(digest.html)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "form", "input", "video", "svg", "base", "object", "button"}
    assert "@import" not in digest.html
    assert "url(" not in digest.html
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "html":
            assert attributes["lang"] == language
        if tag == "img":
            assert attributes["src"].startswith("cid:")
            assert len(attributes["alt"]) > 40
            assert int(attributes["width"]) <= 640
        if tag == "table":
            assert attributes["role"] == "presentation"
        assert int(attributes.get("width", "0").rstrip("%")) <= 640
    for name, value in page.styles():
        assert name not in ("position", "float", "flex", "grid"), name
        assert value.strip() not in ("flex", "grid", "inline-grid", "inline-flex")
    assert digest.html.count('bgcolor="') > 2  # Outlook takes the attribute
    hrefs = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert all(href.startswith("https://friction.example.org/") for href in hrefs)


def test_every_common_client_reads_what_is_used(digest: Digest) -> None:
    """Against the data of caniemail.com: what a client lacks is decoration, and the mail says what happens there."""
    page = _Page(digest.html)
    used = {f"css-{name}" for name, _ in page.styles()}
    used |= {f"css-display-{value.strip()}" for name, value in page.styles() if name == "display"}
    used |= {f"html-{tag}" for tag, _ in page.tags} | {f"html-{name}" for _, of in page.tags for name in of}
    used |= {"css-at-media", "css-at-media-prefers-color-scheme", "html-h1-h6", "html-meta-color-scheme"}
    known = used & set(CANIEMAIL)
    assert len(known) > 25
    lacking = {feature: CANIEMAIL[feature] for feature in known if CANIEMAIL[feature]}
    assert set(lacking) <= set(DECORATION), {f: lacking[f] for f in set(lacking) - set(DECORATION)}


def test_it_reads_in_dark_mode_and_without_pictures(digest: Digest) -> None:
    assert '<meta name="color-scheme" content="light dark"' in digest.html
    assert "prefers-color-scheme: dark" in digest.html
    alternatives = [attributes["alt"] for tag, attributes in _Page(digest.html).tags if tag == "img"]
    assert len(alternatives) == 3
    for alternative in alternatives:
        assert re.search(r"\b(Sales|Support|IT) .*Marketing.* \d+\s?% .*\d+\s?% .* 2026-W16 \(\d+\s?%", alternative)
        assert "\\u{" not in alternative
    assert digest.page.count("data:image/png;base64,") == 3
    assert "cid:" not in digest.page


def test_a_name_cannot_make_markup(make_cells: Callable[..., list[Cell]], directory: Directory) -> None:
    evil = '\\"><script>alert(1)</script><mj-raw>&{{ 7 * 7 }}'
    teams = dict(directory.teams)
    teams[TeamId("sales")] = replace(teams[TeamId("sales")], name=evil)
    digest = render(trends(make_cells([0.1] * 8 + [0.9] * 8), ERRORS), Directory(teams), WEEK, "en")
    assert {tag for tag, _ in _Page(digest.html).tags}.isdisjoint({"script", "mj-raw"})
    assert "49" not in re.sub(r"[\d,.]+ ?(points|%)|\d{3,}", "", digest.subject)
    assert "<script>" in digest.text
