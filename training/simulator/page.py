"""The page that people read: ``docs/statistics.md``, written from what was measured and from nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any, Final

import numpy as np
from scipy.stats import chi2_contingency

from friction.conflict import LEAST
from friction.interventions import FEWEST_CELLS, FEWEST_CONTROLS
from friction.likelihood import MOST_TWICE
from friction.rates import DRIFTS, JUMPS
from friction.verdicts import EARLIER_WEEKS, RECENT_WEEKS

from .quantifiers import METHODS, Bag

PROMISES = """# What the numbers promise, and what they keep

Written by `make bench-stats` (`python -m training.simulator`); nothing here is typed by hand, but the section that
says so. Companies are simulated: 8 teams, 26 weeks, two languages, teams of 10 to 45, 2 to 20 people a week who write
about a target, one in ten of them often, shares that wander. Their comments are judged with a model's mistakes on
the scored dev comments, voted on, rounded and released by the rules of `docs/privacy.md`; a test plays the same
comments through `friction.release`. The model errs more in one company than in the next, as it does in dev's written
organisations, and each company has a card of its own, measured on other such organisations, as many as dev has: what
is not known of the error rates is played as well. Figures have 95 % Monte-Carlo intervals over companies, where
nothing else is said.
"""

ESTIMATOR = f"""## What ships, and why

**Rates.** A posterior on a grid of shares from the exact likelihood of the released count: adjusted count (Rogan &
Gladen), rounding of count and people, and draws of the card's error rates in each language, mixed as the pair's
people write. A pair's past counts less the older it is (drifts of {", ".join(f"{d:g}" for d in DRIFTS)} a week in the
arc sine, weighed by how well each foretold the pair), it may start anew in any week, at any share ({JUMPS:g}), and
the company's other pairs are its prior (hierarchical beta, own cells left out). Under noise, how many people usually
write is read off all numbers of people of the pair together (negative binomial, five or more), and how common that is
off the company's (empirical Bayes); one number alone says too little. Only cells up to a week enter its rates: a
number once shown never changes. The interval is the shortest that holds 95 %. A cell is corrected with the error
rates of the model that counted it, of which `models/errors.json` keeps every released one's; cells of a model that
never was (one of your own) with those of the model in use, so that their numbers change when another takes its place.

**Verdicts.** Windows that closed in the last {RECENT_WEEKS} weeks against {EARLIER_WEEKS} before, on unsteadied sums,
over-dispersion by Pearson's statistic, weighted Benjamini-Hochberg at 5 %: a test weighs more where the others who
speak of the same team moved together, and the level is shared out among as many pairs as the larger p-values say did
not change (Storey). The number of people is taken from the counts by language, which are true on average: with the
nearest multiple of 3, five writers who become seven looked like blame that grows by 40 %.

**Relationship conflict.** More people voice `disrespect` than before: the same weeks, test and correction as a
verdict, over all pairs and apart from blame's. It is said of released counts alone. A count of 0 is a rounded one like
any other and true on average, also where pages show no pattern. The share is not corrected, since cards do not say how
often patterns are mistaken: what goes unseen makes a rise smaller, and does not make one while the model stays the
same. Blame without disrespect is marked with it a little more often than the rest, so that more blame alone makes a
share grow by a point or so; no rise under {100 * LEAST:.0f} points is told, which is as fine as pages show a pattern.
Who writes more comments in a window is heard with more patterns. Only rises are told. Under noise nothing is: of a
person's patterns one counts there, and what noise cut off at 0 adds to a share grows where fewer write.

**Interventions.** The pair's step less that of untouched pairs (random effects), with a prediction interval; at least
{FEWEST_CELLS} cells on either side and {FEWEST_CONTROLS} untouched pairs; a placebo half-way through the weeks
before.
"""

COST = """PACC and EMQ need a posterior for every comment, which the wall does not let out: only rounded counts of
people leave it. The last three rows are what can be had on the far side; the three before, which read unrounded
comments, are what that costs. One bag is one cell of one pair in one week, steadied by nothing: what pooling over
weeks and pairs adds is in the table above. Posteriors were calibrated on dev itself, which flatters PACC and EMQ.
"""

Found = Mapping[str, Any]
BY_HAND: Final = Path(__file__).with_name("by_hand.md")
"""What was measured by hand under differential privacy."""


def summary(bags: Sequence[Bag]) -> dict[str, dict[str, list[float]]]:
    """Mean absolute error by size of the bag and method, with the half width of its 95 % interval over halvings."""
    found: dict[str, dict[str, list[float]]] = {}
    halvings = sorted({b.halving for b in bags})
    for size in sorted({b.size for b in bags}):
        errors = np.array(
            [np.mean([b.errors for b in bags if (b.size, b.halving) == (size, h)], axis=0) for h in halvings]
        )
        half = 1.96 * errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
        found[str(size)] = {
            name: [float(e), float(h), len(errors)]
            for name, e, h in zip(METHODS, errors.mean(axis=0), half, strict=True)
        }
    return found


def page(kept: Mapping[str, Found]) -> str:
    """The page, from every part that was measured."""
    parts = {
        "coverage": _coverage,
        "steps": _steps,
        "false verdicts": _false_verdicts,
        "found changes": _found_changes,
        "relationship conflict": _relationship,
        "interventions": _interventions,
        "stress": _stress,
        "noise": _noise,
        "estimators": _estimators,
        "organisations": _organisations,
    }
    written = [write(kept[name]["found"]) for name, write in parts.items() if name in kept]
    return "\n".join([PROMISES, _models(kept), _shows(kept), ESTIMATOR, *written])


def _models(kept: Mapping[str, Found]) -> str:
    """Whose mistakes were played; in which parts, where parts were measured with several models."""
    parts: dict[str, list[str]] = {}
    for name, of in kept.items():
        parts.setdefault(of["model"], []).append(name)
    if len(parts) == 1:
        return f"The model: `{next(iter(parts))}`.\n"
    named = (f"`{model}` in {', '.join(names)}" for model, names in sorted(parts.items()))
    return fill(f"The model: {'; '.join(named)}.", 115) + "\n"


def _percent(figure: Sequence[float], places: int = 1) -> str:
    return f"{figure[0]:.{places}%} ± {figure[1]:.{places}%}".replace("%", " %")


def _number(figure: Sequence[float]) -> str:
    return f"{figure[0]:.3f} ± {figure[1]:.3f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def _shows(kept: Mapping[str, Found]) -> str:
    """The promises in one table, each with its worst figure."""
    rows = []
    if "coverage" in kept:
        by = kept["coverage"]["found"]
        figures = [v["covered"] for levels in by.values() for k, v in levels.items() if k != "all"]
        low, high = min(figures), max(figures)
        rows.append(["95 % intervals cover the true rate: each language, prevalence 0.05, 0.2, 0.5", "93 to 97 %",
                     f"{_percent(low)} to {_percent(high)}", _is((low, high), 0.93, 0.97)])  # fmt: skip
        ratio = max(levels["all"]["ratio"] for levels in by.values())
        rows.append(["mean absolute error of a released rate, of the raw share's", "at most 0.6", _number(ratio),
                     _is([ratio], 0, 0.6)])  # fmt: skip
    if "false verdicts" in kept:
        worst = max(v["companies with any"] for v in kept["false verdicts"]["found"].values())
        rows.append(["companies where nothing changed that hear of a change in a week", "at most 5 %", _percent(worst),
                     _is([worst], 0, 0.05)])  # fmt: skip
    if "found changes" in kept:
        teams = {k: v for k, v in kept["found changes"]["found"].items() if k.startswith("one team")}
        false, least = max(v["false discovery rate"] for v in teams.values()), min(v["found"] for v in teams.values())
        ratio = min(v["ratio"] for v in teams.values())
        rows.append(["false discovery rate of a week where one team changed", "at most 5 %", _percent(false),
                     _is([false], 0, 0.05)])  # fmt: skip
        rows.append(["a change of 20 points about one team, 25 voices a week, found within 6 weeks", "at least 80 %",
                     _percent(least), _is([least], 0.8, 1)])  # fmt: skip
        rows.append(
            ["the same, of what perfect labels find", "at least 85 %", _percent(ratio), _is([ratio], 0.85, np.inf)]
        )
        if alone := [v["found"] for k, v in kept["found changes"]["found"].items() if k.startswith("one pair")]:
            rows.append(["such a change in one pair of 56 and in no other, found within 6 weeks", "none is promised",
                         _percent(min(alone)), "-"])  # fmt: skip
    if "relationship conflict" in kept:
        by = kept["relationship conflict"]["found"]
        worst = max(v["companies with any"] for v in by["nothing"].values())
        rows.append(["companies where disrespect did not rise that hear of it in a week", "at most 5 %",
                     _percent(worst), _is([worst], 0, 0.05)])  # fmt: skip
        least = by["rose"]["one pair"]["found"]
        rows.append(["disrespect from 5 % to 25 % in one pair of 56, 30 voices a week, found within 6 weeks",
                     "at least half", _percent(least), _is([least], 0.5, 1)])  # fmt: skip
    if "interventions" in kept:
        by = kept["interventions"]["found"]
        figures = [v["covered"] for v in by.values()]
        low, high = min(figures), max(figures)
        rows.append(["intervals of an intervention's effect cover it", "93 to 97 %",
                     f"{_percent(low)} to {_percent(high)}", _is((low, high), 0.93, 0.97)])  # fmt: skip
        false = max(v["effect said"] for k, v in by.items() if k.endswith("+0%"))
        rows.append(["effects said where there is none", "at most 5 %", _percent(false), _is([false], 0, 0.05)])
    return (
        _table(["promise", "aim", "measured", "kept"], rows)
        + "\nThe worst figure of each kind over the usual settings; strained ones are below, and do worse.\n"
    )


def _is(worst: Sequence[Sequence[float]], least: float, most: float) -> str:
    """Whether figures lie within an aim: yes; not by more than their Monte-Carlo error; or no."""
    if all(least <= value <= most for value, _, _ in worst):
        return "yes"
    within = all(value + half >= least and value - half <= most for value, half, _ in worst)
    return "within its error" if within else "**no**"


def _coverage_table(by: Found) -> str:
    rows = [
        [lang, level, _percent(v["covered"]), _number(v["error"]), _number(v["raw"]), _number(v["ratio"]),
         f"{v['bias'][0]:+.3f}", f"{v['width'][0]:.2f}", f"{v['covered'][2]:.0f}"]
        for lang, levels in by.items() for level, v in levels.items() if level != "all"
    ]  # fmt: skip
    header = ["language", "prevalence", "covered", "error", "raw share's", "ratio", "bias", "width", "companies"]
    return _table(header, rows)


def _coverage(by: Found) -> str:
    words = (
        "Steadying draws rates towards the company's others: that is the bias, and why the error is a fraction of\n"
        "the raw share's. Votes are the real rule: of two comments either is enough to blame, which the error rates\n"
        f"of comments do not know; up to {MOST_TWICE:.0%} of people are taken to write just two. At a share of\n"
        "exactly none or all of a pair alone in its company, intervals can hold it in as little as 75 %.\n"
    ).replace("%", " %")
    return f"## Rates\n\n{_coverage_table(by)}\n{words}"


def _steps(by: Found) -> str:
    header = [*(next(iter(by.values()))), "companies"]
    rows = [
        [name, *(_percent(v, 0) for when, v in of.items() if when != "width"), f"{of['width'][0]:.2f}",
         f"{of['before'][2]:.0f}"]
        for name, of in by.items()
    ]  # fmt: skip
    words = (
        "How often intervals hold the truth before a sudden change, and in the first to eighth week of it; *width*:\n"
        "of intervals about pairs that did not change. A share that changes overnight is one that its past and its\n"
        "peers speak against, and one week's few voices speak for: intervals follow within weeks. To hold the truth\n"
        "at once, each would have to be nearly as wide as one week's voices alone make it. Measured by\n"
        "`python -m training.simulator --only steps`.\n"
    )
    return f"## Just after a sudden change\n\n{_table(['a rise of', *header], rows)}\n{words}"


def _false_verdicts(by: Found) -> str:
    rows = [
        [name, _percent(v["companies with any"]), _percent(v["of pairs"], 2), _percent(v["intervals without 0"])]
        for name, v in by.items()
    ]
    header = ["nothing changed", "companies with any rising or falling", "of pairs", "intervals without 0"]
    return f"## Verdicts where nothing changed\n\n{_table(header, rows)}"


def _found_changes(by: Found) -> str:
    rows = [
        [name, *(_percent(v[k]) for k in ("found", "perfect", "ratio", "false discovery rate", "false"))]
        for name, v in by.items()
    ]
    header = ["rise of 20 points", "found", "by perfect labels", "ratio", "false discovery rate", "false, of all given"]
    words = (
        "25 voices a week in each of 56 pairs. A single pair has to pass about 1 in 1,100 among 56 tests, which 150\n"
        "voices can seldom do, perfect labels or not; seven pairs that move together lend each other weight. The\n"
        "false discovery rate is the mean over weeks of the false share of a week's verdicts, 0 where none is given,\n"
        "which is what Benjamini and Hochberg hold at 5 %. Where hardly anything moves, few verdicts are given and\n"
        "more of them are false: the last column, all six weeks together.\n"
    )
    return f"## Verdicts where something changed\n\n{_table(header, rows)}\n{words}"


def _interventions(by: Found) -> str:
    rows = [
        [name, *(_percent(v[k]) for k in ("covered", "effect said", "moved before")), f"{v['width'][0]:.2f}"]
        for name, v in by.items()
    ]
    header = ["company, effect", "covered", "effect said", "said to have moved before", "width"]
    return f"## Interventions\n\n{_table(header, rows)}"


def _relationship(by: Found) -> str:
    marked = [[lang, *(f"{of[i]} of {of[i + 1]}: {100 * of[i] / of[i + 1]:.1f} %" for i in (0, 2, 4))]
              for lang, of in by["marks"].items()]  # fmt: skip
    nothing = [
        [name, _percent(v["companies with any"]), _percent(v["of pairs"], 2)] for name, v in by["nothing"].items()
    ]
    rose = [[name, *(_percent(v[k]) for k in ("found", "perfect", "false discovery rate"))]
            for name, v in by["rose"].items()]  # fmt: skip
    count = int(next(iter(by["nothing"].values()))["companies with any"][2])
    words = "\n".join(
        (
            "What the model marks of dev's comments, which is no part of a card:\n",
            _table(["language", "of disrespect", "of blame without it", "of all else"], marked),
            "More blame alone moves a share by the difference of the last two at most. Where no more people voice",
            "disrespect, in the last row while blame grows from 10 % to 90 % of those who write:\n",
            _table(["nothing changed", "companies that hear of a rise", "of pairs"], nothing),
            f"{count} companies each: that none hears of one still leaves {300 / count:.1f} % possible.\n",
            "From 5 % to 25 % of thirty people a week, in the seven pairs that speak of one team or in one of 56:\n",
            _table(["rose", "found within 6 weeks", "by perfect labels", "false discovery rate"], rose),
            "Votes are those of a stance, the majority's; of a pattern one comment is enough. Measured by",
            '`python -m training.simulator --only "relationship conflict"`.\n',
        )
    )
    return f"## Relationship conflict\n\n{words}"


def _stress(by: Found) -> str:
    return "\n".join(["## Where an assumption is strained\n", *(_coverage_short(n, of) for n, of in by.items())])


def _noise(by: Found) -> str:
    words = "Companies of four teams, both languages; in the place of a language, the epsilon of a cell.\n"
    return f"## Under differential privacy\n\n{_coverage_table(by)}\n{words}\n{BY_HAND.read_text(encoding='utf-8')}"


def _coverage_short(name: str, by: Found) -> str:
    rows = [
        [lang, *(_percent(levels[level]["covered"]) for level in levels), _number(levels["all"]["ratio"])]
        for lang, levels in by.items()
    ]
    levels = [f"covered at {level}" for level in next(iter(by.values()))]
    return f"{name[0].upper()}{name[1:]}:\n\n{_table(['language', *levels, 'error ratio'], rows)}"


def _estimators(by: Found) -> str:
    rows = [[name, *(_number(of[name]) for of in by.values())] for name in METHODS]
    header = ["mean absolute error", *(f"bags of {size}" for size in by)]
    words = "Dev organisations halved at random, bags at 21 prevalences from the other half, both languages."
    return f"## Estimators on scored dev comments\n\n{words}\n\n{_table(header, rows)}\n{COST}"


def _organisations(found: Found) -> str:
    rows = []
    for lang, orgs in found["by language"].items():
        counted = np.array(orgs)
        for name, right, of in zip(("sensitivity", "specificity"), counted[:, ::2].T, counted[:, 1::2].T, strict=True):
            p = chi2_contingency(np.stack([right, of - right])).pvalue
            least, middle, most = np.quantile(right / of, (0, 0.5, 1))
            shares = (f"{share:.2f}" for share in (right.sum() / of.sum(), least, middle, most))
            rows.append([lang, name, str(len(of)), *shares, f"{p:.3f}"])
    header = ["language", "rate", "organisations", "of all comments", "least", "median", "most", "p that they are one"]
    differ = sum(float(row[-1]) < 0.05 for row in rows)
    hit, kept = (f"{count:.0f}" for count in found["alike"])
    all_hit, all_kept = (f"{count:.0f}" for count in found["card's"])
    words = (
        f"{differ} of {len(rows)} differ by more than chance would have it (p under 0.05). How alike organisations are "
        "is told from both languages together: here sensitivity tells one that was not measured as much as "
        f"{hit} counts of its own would, specificity as much as {kept}, and the companies above draw their rates from "
        "beta distributions of these sizes, in both languages at the same place, since dev has no organisation of two "
        "languages to tell how far they go together. The card, which counts collected comments too, has "
        f"{all_hit} and {all_kept}; intervals are as wide as a card's make them. Rates and thresholds were chosen on "
        "dev itself, which flatters them: on organisations never seen the model does somewhat worse (its model card), "
        "and so do intervals."
    )
    return (
        f"## Do the error rates hold from one organisation to the next?\n\n{_table(header, rows)}\n{fill(words, 115)}\n"
    )
