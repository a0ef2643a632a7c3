"""A letter as the two parts of a mail: HTML for common mail clients, by MJML, and text that reads well by itself.

Promises: HTML escapes every word; it loads nothing from anywhere, its pictures are parts of the same mail; it reads in
dark mode and without pictures; lines of text are at most ``COLUMNS`` wide, but for an address. Called by
``service.digest``.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from textwrap import TextWrapper
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from mjml import mjml2html

from .letter import Letter

COLUMNS: Final = 78


@dataclass(frozen=True, slots=True)
class Digest:
    """The week's mail.

    Attributes:
        html: its HTML part; pictures are there as ``cid:NAME``.
        text: its text part.
        images: PNG by NAME.
    """

    subject: str
    html: str
    text: str
    images: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def page(self) -> str:
        """The HTML part with its pictures in it, for a browser."""
        page = self.html
        for name, image in self.images.items():
            page = page.replace(f'"cid:{name}"', f'"data:image/png;base64,{b64encode(image).decode()}"')
        return page


def lay_out(letter: Letter, unsubscribe: str | None = None) -> Digest:
    """Lay a letter out.

    Args:
        letter: in words.
        unsubscribe: the recipient's address for no more of these.
    """
    names = {item.pair: f"pair-{place}" for place, item in enumerate(letter.items, start=1)}
    values = {"letter": letter, "names": names, "unsubscribe": unsubscribe}
    html, text = (_environment().get_template(f"digest.{kind}").render(values) for kind in ("mjml", "txt"))
    images = {names[item.pair]: item.picture for item in letter.items if item.picture is not None}
    return Digest(letter.subject, mjml2html(html, disable_comments=True, fonts={}), _spaced(text), images)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
        autoescape=select_autoescape(("mjml",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"wrapped": _wrapped, "attribute": _attribute}
    return found


def _attribute(text: str) -> Markup:
    r"""An attribute's value in ASCII: MJML would write ``\u{a0}`` for a no-break space, and a backslash twice."""
    ascii_ = escape(text).encode("ascii", "xmlcharrefreplace").decode()
    return Markup(ascii_.replace("\\", "&#92;"))  # noqa: S704 - escaped just above


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    """A paragraph in lines; an address is never cut."""
    lines = TextWrapper(
        COLUMNS, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return lines.fill(text)


def _spaced(text: str) -> str:
    """No line ends in a blank, and no two empty lines follow each other."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"
