"""Every theme's colours, measured: contrast as WCAG 2.2 has it, and how they look to the colour-blind."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

STATIC = Path(__file__).parents[2] / "service" / "static"
PALETTE = (STATIC / "palette.css").read_text()
_BLOCKS = re.split(r"@media \((?:prefers-color-scheme: )?|@media ", PALETTE)
THEMES = {
    name: dict(re.findall(r"--([\w-]+): (#\w{6});", block))
    for name, block in zip(("light", "dark", "print", "forced"), _BLOCKS, strict=True)
}
TEXT = [("ink", "paper"), ("ink", "sheet"), ("soft", "paper"), ("soft", "sheet"), ("soft", "wash"), ("ink", "wash"),
        ("accent", "paper"), ("accent", "sheet"), ("accent", "wash"), ("on-accent", "accent"), ("paper", "ink"),
        *((f"on-step-{i}", f"step-{i}") for i in range(5))]  # fmt: skip
LINES = [("edge", "paper"), ("edge", "sheet"), ("accent", "band"), ("ink", "band"), ("accent", "paper")]

# Machado, Oliveira & Fernandes 2009, severity 1: what the eye without one kind of cone sees, in linear RGB.
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "none": np.eye(3).tolist(),
}


def _linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _luminance(linear: np.ndarray) -> float:
    return float(np.clip(linear, 0, 1) @ [0.2126, 0.7152, 0.0722])


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(_linear(c)) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _lightness(linear: np.ndarray) -> float:
    y = _luminance(linear)
    return 116 * float(np.cbrt(y)) - 16 if y > 0.008856 else 903.3 * y


def test_every_theme_has_every_colour() -> None:
    assert set(THEMES["light"]) == set(THEMES["dark"]) == set(THEMES["print"])
    forced = set(re.findall(r"--([\w-]+): [A-Z]\w+;", _BLOCKS[3]))
    assert forced == set(THEMES["light"])
    used = set(re.findall(r"var\(--([\w-]+)\)", "".join(p.read_text() for p in STATIC.glob("*.css"))))
    assert used <= set(THEMES["light"])


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_words_stand_out(theme: str) -> None:
    low = {pair: c for pair in TEXT if (c := _contrast(*(THEMES[theme][name] for name in pair))) < 4.5}
    assert not low


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_lines_that_mean_something_stand_out(theme: str) -> None:
    low = {pair: c for pair in LINES if (c := _contrast(*(THEMES[theme][name] for name in pair))) < 3}
    assert not low


@pytest.mark.parametrize("kind", sorted(BLIND))
@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_steps_are_told_apart_by_their_lightness_alone(theme: str, kind: str) -> None:
    """In order, each step at least 4 of CIE L* from the next: whatever cones an eye has, and in grey print."""
    steps = [_lightness(np.array(BLIND[kind]) @ _linear(THEMES[theme][f"step-{i}"])) for i in range(5)]
    gaps = [abs(b - a) for a, b in pairwise(steps)]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
    assert min(gaps) >= 4, [round(s, 1) for s in steps]


def test_pictures_are_drawn_in_the_light_colours() -> None:
    """No custom property is left over for resvg, which knows none."""
    from service.charts.chart import _light

    assert "var(" not in _light()
    assert THEMES["light"]["accent"] in _light()
