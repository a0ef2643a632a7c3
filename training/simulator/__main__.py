"""Measure what the statistics promise and write it down.

    python -m training.simulator [--companies 500] [--only PART ...] [--out docs/statistics.md]

Each part is kept in ``build/statistics/`` as it is done; the page is written from all that are there, so that parts
can be run one by one.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Any, Final

import numpy as np

from friction.model_folder import RELEASED, ErrorRate, read_card

from .conflict import relationship
from .confusions import Mistakes, Scores, scored
from .measure import after_a_step, coverage, false_verdicts, found_changes, intervened, noise, stress
from .page import page, summary
from .quantifiers import compare

KEPT: Final = Path("build/statistics")
OF_RARE_EVENTS: Final = 8
"""Times as many companies where one in twenty is the figure, and each gives one yes or no."""


def _parts(scores: dict[Any, Scores], companies: int) -> dict[str, Callable[[], Any]]:
    true = Mistakes.of_blame(scores)
    few = max(companies // 5, 2)
    return {
        "coverage": lambda: coverage(companies // 2, true),
        "steps": lambda: after_a_step(few, true),
        "false verdicts": lambda: false_verdicts(companies, true),
        "found changes": lambda: found_changes(companies, true),
        "relationship conflict": lambda: relationship(companies, scores),
        "interventions": lambda: intervened(OF_RARE_EVENTS * companies, true),
        "stress": lambda: stress(few // 2, true),
        "noise": lambda: noise(few // 2, true),
        "estimators": lambda: summary(
            compare(scores, (12, 25, 100), max(companies // 100, 1), np.random.default_rng(6))
        ),
        "organisations": lambda: {
            "by language": {lang: of[of.sum(axis=1) > 0].tolist() for lang, of in true.measured.items()},
            "alike": true.alike,
            "card's": _least_effective(read_card(RELEASED).errors["blame"].values()),
        },
    }  # fmt: skip


def _least_effective(rates: Iterable[ErrorRate]) -> list[float]:
    """Effective positives and negatives of a card, which all languages share where they have as many counts."""
    effective = [(rate.effective_positives, rate.effective_negatives) for rate in rates]
    return [min(np.inf if count is None else count for count in of) for of in zip(*effective, strict=True)]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--companies", type=int, default=500)
    parser.add_argument("--only", nargs="*", help="parts to measure; all without it, none with nothing named")
    parser.add_argument("--out", type=Path, default=Path("docs/statistics.md"))
    args = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    parts = _parts(scored(), args.companies)
    for name in parts if args.only is None else args.only:
        start = monotonic()
        found = {"model": RELEASED.name, "companies": args.companies, "found": parts[name]()}
        (KEPT / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: {monotonic() - start:.0f} s", flush=True)
    kept = {name: json.loads(path.read_text(encoding="utf-8")) for name in parts
            if (path := KEPT / f"{name}.json").exists()}  # fmt: skip
    args.out.write_text(page(kept), encoding="utf-8")
    print(f"Wrote {args.out}")


if __name__ == "__main__":
    main()
