"""Charts: one definition each, for the page and the mail.

A chart is a scene of numbers and words (``matrix``, ``series``) that one template draws as SVG. On the page the style
sheets give it colours, so that it follows dark mode, print and forced colours; ``Chart.png`` rasterises the same SVG
with resvg in the light colours.

Why not Vega-Lite: measured on one machine, altair with vl-convert adds 107 MB to an installation and
139 MB to the process that draws, takes 0.5 s for its first chart and 49 ms for each later one, and its SVG says its
colours in place, out of a style sheet's reach. The templates here and resvg-py add 3 MB and 11 MB, and a small
picture takes 10 ms.

Promise: a chart is drawn from trends alone, so that what they do not hold cannot be in it; pairs without one are drawn
alike. Called by ``service.dashboard`` and the digest.
"""

from .chart import Chart
from .matrix import matrix
from .series import patterns, series

__all__ = ["Chart", "matrix", "patterns", "series"]
