"""One drawn chart: its SVG for a page, and a picture of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE: Final = Path(__file__).parent
_STATIC: Final = _HERE.parent / "static"
_FONTS: Final = [str(_HERE / f"IBMPlexSans-{weight}.ttf") for weight in ("Regular", "SemiBold")]
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(_HERE.parent / "templates" / "charts"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["px"] = lambda value: f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that is ready to be drawn.

    Attributes:
        kind: name of its template.
        title, description: what it shows, in words; a reader who sees no picture hears them.
        width, height: in CSS pixels.
        scene: what the template draws.
    """

    kind: str
    title: str
    description: str
    width: float
    height: float
    scene: Mapping[str, object] = field(repr=False)

    def svg(self, id: str = "") -> Markup:
        """SVG for a page that has the style sheets ``palette.css`` and ``charts.css``.

        Args:
            id: tells it from other charts of the page; by default its kind.
        """
        return Markup(self._draw(id or self.kind))  # noqa: S704 - the template escapes

    def png(self, scale: float = 2) -> bytes:
        """A picture in the light colours, ``scale`` times its size; needs no font of the system."""
        import resvg_py

        drawn = self._draw(self.kind, style=_light())
        return bytes(resvg_py.svg_to_bytes(svg_string=drawn, zoom=scale, skip_system_fonts=True, font_files=_FONTS))

    def _draw(self, id: str, *, style: str = "") -> str:
        return _TEMPLATES.get_template(f"{self.kind}.svg").render(
            self.scene,
            chart=self,
            id=id,
            style=Markup(style),  # noqa: S704 - our own style sheets
        )


@cache
def _light() -> str:
    """The rules for charts with the light colours filled in; resvg knows no custom properties."""
    palette, rules = ((_STATIC / name).read_text(encoding="utf-8") for name in ("palette.css", "charts.css"))
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", palette.partition("}")[0]))
    return re.sub(r"var\(--([\w-]+)\)", lambda found: colours[found[1]], rules)
