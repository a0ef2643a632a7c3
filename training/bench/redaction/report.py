"""The datasheet of redaction, docs/redaction.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from friction.records import LANGS, Lang
from training.bench.redaction.labelled import read
from training.bench.redaction.measure import Tally, interval

_OURS: Final = "friction"
_PAGE: Final = (Path(__file__).parent / "page.md").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured: tallies by contestant and language, by kind; comments a second, round by round."""

    tallies: Mapping[tuple[str, Lang], Mapping[str, Tally]]
    rates: Mapping[str, Sequence[float]]
    half: str


def share(hits: int, of: int) -> str:
    """A share with its interval: ``0.981 (0.95-1.00), 104 of 106``."""
    if not of:
        return "–"
    low, high = interval(hits, of)
    return f"{hits / of:.3f} ({low:.2f}–{high:.2f}), {hits} of {of}"


def page(figures: Figures) -> str:
    """The datasheet."""
    ours = {lang: figures.tallies[_OURS, lang] for lang in LANGS}
    kinds = [k for k in ours["en"] if k not in ("patterns", "all")]
    summary = [
        f"| {row} | " + " | ".join(share(*_counts(ours[lang][key], what)) for lang in LANGS) + " |"
        for row, key, what in (
            ("recall, names", "name", "recall"),
            ("precision, names", "name", "precision"),
            ("recall, patterns", "patterns", "recall"),
            ("precision, patterns", "patterns", "precision"),
        )
    ]
    table = [
        f"| {kind} | "
        + " | ".join(share(*_counts(ours[lang][kind], what)) for lang in LANGS for what in ("recall", "precision"))
        + " |"
        for kind in kinds
    ]
    return _PAGE.format(
        sentences=" and ".join(
            f"{sum(1 for _ in read(lang))} {'English' if lang == 'en' else 'French'} sentences" for lang in LANGS
        ),
        half="held out: their sentences were not looked at while tuning"
        if figures.half == "held"
        else "TUNING HALF, NOT FOR PUBLICATION",
        head=" | ".join(LANGS),
        rule=" | ".join("---" for _ in LANGS),
        summary="\n".join(summary),
        kind_head=" | ".join(f"{what}, {lang}" for lang in LANGS for what in ("recall", "precision")),
        kind_rule=" | ".join("---" for _ in LANGS for _ in range(2)),
        kinds="\n".join(table),
        peers="\n".join(_peer(figures, name) for name in figures.rates),
    )


def _counts(tally: Tally, what: str) -> tuple[int, int]:
    return (tally.found, tally.labelled) if what == "recall" else (tally.right, tally.masked)


def _peer(figures: Figures, name: str) -> str:
    cells = [
        f"{getattr(figures.tallies[name, lang]['all'], what):.3f}" for lang in LANGS for what in ("recall", "precision")
    ]
    ratios = [ours / theirs for ours, theirs in zip(figures.rates[_OURS], figures.rates[name], strict=True)]
    faster = "–" if name == _OURS else f"{median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})"
    return f"| {name} | {' | '.join(cells)} | {median(figures.rates[name]):,.0f} | {faster} |"
