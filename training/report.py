"""The report of ``friction evaluate``: figures, and plots that a person can look at. One HTML file, or Markdown.

Holds no text of any comment.
"""

import base64
import html
import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from friction.taxonomy import HEADS, PATTERNS, STANCES
from friction.wording import counted

from .metrics import Judged

BINS: Final = 10
_BLAME: Final = HEADS.index("blame")
_FIRST_PATTERN: Final = HEADS.index(PATTERNS[0])


def precision_recall(axes: Axes, model: Judged) -> None:
    """Precision against recall of both stances."""
    for stance in STANCES:
        truth, probability = model.of(stance)
        if truth.any():
            precision, recall, _ = precision_recall_curve(truth, probability)
            axes.plot(recall, precision, label=stance)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title="Precision and recall")
    axes.legend(loc="lower left")


def reliability(axes: Axes, model: Judged) -> None:
    """Share that is so, against the probability that was said, in tenths."""
    axes.plot((0, 1), (0, 1), color="0.7", linewidth=1)
    for stance in STANCES:
        truth, probability = model.of(stance)
        place = np.minimum((probability * BINS).astype(int), BINS - 1)
        seen = [b for b in range(BINS) if (place == b).any()]
        said = [float(probability[place == b].mean()) for b in seen]
        axes.plot(said, [float(truth[place == b].mean()) for b in seen], marker="o", label=stance)
    axes.set(xlabel="probability said", ylabel="share that is so", xlim=(0, 1), ylim=(0, 1), title="Reliability")
    axes.legend(loc="upper left")


def confusion(axes: Axes, model: Judged) -> None:
    """For targets rightly found blamed: how often a pattern (row) was there and another (column) was found."""
    both = model.truth[:, _BLAME] & model.found[:, _BLAME]
    truth, found = (part[both, _FIRST_PATTERN:].astype(float) for part in (model.truth, model.found))
    shares = truth.T @ found / np.maximum(truth.sum(0)[:, None], 1)
    axes.imshow(shares, cmap="cividis", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        colour = "black" if share > 0.6 else "white"
        axes.text(column, row, f"{share:.2f}"[1:] if share < 1 else "1", ha="center", va="center", color=colour, size=7)
    names = [p.replace("_", " ") for p in PATTERNS]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="found", ylabel="is there", title="Patterns")


PLOTS: Final[dict[str, Callable[[Axes, Judged], None]]] = {
    "Precision and recall of blame and appreciation": precision_recall,
    "Reliability: what a probability is worth": reliability,
    "Confusion between patterns": confusion,
}


def _svg(plot: Callable[[Axes, Judged], None], model: Judged) -> bytes:
    figure = Figure(figsize=(6, 5), layout="constrained")
    plot(figure.subplots(), model)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()


def _rows(model: Judged) -> list[list[str]]:
    rows = [["language", *model.figures()]]
    for lang in ("en", "fr", None):
        if lang is None or (model.lang == lang).any():
            rows.append([lang or "both", *map(str, model.figures(lang).values())])
    return rows


def _pattern_rows(model: Judged) -> list[list[str]]:
    counts = model.truth[:, _FIRST_PATTERN:].sum(0)
    rows = [[p, str(n), f"{model.pattern(p):.2f}"] for p, n in zip(PATTERNS, counts, strict=True)]
    return [["pattern", "targets", "F1"], *rows]


def write(path: Path, title: str, model: Judged, comments: int) -> None:
    """Write a report; ``path`` ends in .html (one file) or .md (plots beside it)."""
    judged = f"{counted(comments, 'comment')}, {counted(len(model.truth), 'target')}"
    lead = f"{judged}. 95 % bootstrap intervals over comments."
    tables = (_rows(model), _pattern_rows(model))
    plots = {name: _svg(plot, model) for name, plot in PLOTS.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".md":
        parts = [f"# {title}", lead, *map(_markdown, tables)]
        for name, (caption, drawn) in zip(("precision-recall", "reliability", "patterns"), plots.items(), strict=True):
            file = path.with_name(f"{path.stem}-{name}.svg")
            file.write_bytes(drawn)
            parts.append(f"![{caption}]({file.name})")
        path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
        return
    body = [f"<h1>{html.escape(title)}</h1><p>{lead}</p>", *map(_html, tables)]
    for caption, drawn in plots.items():
        data = base64.b64encode(drawn).decode()
        body.append(
            f'<figure><img alt="{caption}" src="data:image/svg+xml;base64,{data}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    path.write_text(PAGE.format(title=html.escape(title), body="\n".join(body)), encoding="utf-8")


PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;margin:1rem 0}}td,th{{padding:.3rem .8rem;border-bottom:1px solid #ccc;text-align:left}}
figure{{display:inline-block;margin:1rem 1rem 1rem 0}}img{{max-width:100%}}</style></head>
<body>
{body}
</body></html>
"""


def _markdown(rows: list[list[str]]) -> str:
    header, *rest = rows
    lines = [header, ["---"] * len(header), *rest]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _html(rows: list[list[str]]) -> str:
    header, *rest = rows
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rest)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
