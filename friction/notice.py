"""The transparency notice for staff and their representatives, in Markdown, from the running configuration.

Every figure comes from the configuration, the model's card or the constant that the code acts by; none stands in the
templates. Every promise names the file that carries it and the test that holds it, as SECURITY.md does.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

from friction.disclosure import BASE, SEEN_WEEKS, YEAR, Policy
from friction.model_folder import Card, ErrorRate
from friction.settings import Settings
from friction.taxonomy import PATTERNS
from friction.wording import PATTERN_WORDS, Language

_CONFIDENCE: Final = 95
"""Of every interval that friction gives, in 100."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What holds a promise: the file that carries it, and a test that fails without it."""

    file: str
    test: str


CLAIMS: Final[Mapping[str, Claim]] = {
    "no_text": Claim("friction/pipeline.py", "tests/properties/test_canary.py::test_no_path_lets_text_out"),
    "files": Claim(
        "friction/inbox.py", "tests/test_inbox.py::test_a_file_that_is_read_is_deleted_or_kept_for_its_owner_alone"
    ),
    "no_person": Claim("friction/store/scores/keys.py", "tests/test_ingest.py::test_no_name_and_no_text_in_the_store"),
    "masked": Claim("friction/redaction/", "tests/test_redaction.py::test_masks"),
    "languages": Claim("friction/pipeline.py", "tests/test_language.py::test_another_language_is_rejected_by_name"),
    "people": Claim("friction/store/scores/keys.py", "tests/test_release.py::test_people_are_counted_not_comments"),
    "one_vote": Claim("friction/disclosure.py", "tests/test_release.py::test_one_vote_a_person"),
    "voices": Claim(
        "friction/disclosure.py", "tests/test_release.py::test_four_people_are_too_few_and_five_are_enough"
    ),
    "floor": Claim("friction/disclosure.py", "tests/test_settings.py::test_mistakes_are_named"),
    "size": Claim("friction/records.py", "tests/test_release.py::test_a_target_below_the_size_is_never_reported"),
    "parent": Claim(
        "friction/release.py", "tests/test_ingest.py::test_a_small_team_counts_for_its_parent_or_for_nobody"
    ),
    "repeats": Claim(
        "friction/identity.py",
        "tests/test_ingest.py::test_nothing_that_outlives_the_window_tells_the_author_of_a_known_text",
    ),
    "opaque": Claim("friction/report.py", "tests/service/test_api.py::test_absence_is_opaque"),
    "rounding": Claim("friction/disclosure.py", "tests/attacks/test_insider.py::test_unanimity_cannot_be_read_off"),
    "insider": Claim(
        "tests/attacks/",
        "tests/attacks/test_insider.py::test_knowing_all_but_one_is_certain_one_time_in_six_and_right_two_in_three",
    ),
    "insider_again": Claim(
        "tests/attacks/", "tests/attacks/test_insider.py::test_every_further_count_of_the_same_stance_tells_more"
    ),
    "keys": Claim(
        "tests/attacks/", "tests/attacks/test_catalogue.py::test_who_has_several_keys_in_a_cell_has_as_many_votes"
    ),
    "noise": Claim("friction/mechanisms.py", "tests/test_mechanisms.py::test_opendp_reckons_no_more_than_the_epsilon"),
    "budget": Claim(
        "friction/store/scores/closing.py", "tests/test_budget.py::test_the_year_s_budget_is_of_all_that_a_team_says"
    ),
    "windows": Claim("friction/release.py", "tests/test_release.py::test_windows_roll_forward_without_gap_or_overlap"),
    "expiry": Claim("friction/release.py", "tests/test_release.py::test_rows_expire_after_the_longest_window"),
    "deleted": Claim(
        "friction/store/scores/closing.py", "tests/store/test_scrub.py::test_a_released_window_is_gone_from_the_files"
    ),
    "once": Claim("friction/store/releases.py", "tests/store/test_releases.py::test_a_release_is_written_once"),
    "apart": Claim("friction/guard.py", "tests/store/test_roles.py::test_the_web_process_cannot_open_the_private_file"),
    "filters": Claim("service/edge.py", "tests/service/test_api.py::test_no_query_parameter_is_taken"),
}


def notice(settings: Settings, card: Card, language: Language) -> str:
    """The notice in Markdown.

    Args:
        settings: the running configuration.
        card: of the model that scores.
        language: of the reader.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    used: dict[str, int] = {}

    def held(*names: str) -> str:
        """The numbers, in the table at the end, of what holds a claim."""
        return "".join(f"[{used.setdefault(name, len(used) + 1)}]" for name in names if CLAIMS[name])

    environment = Environment(  # Markdown, and nothing in it but the operator's own words
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    decimal = "," if language == "fr" else "."
    environment.filters["decimal"] = lambda value, places=1: f"{value:.{places}f}".replace(".", decimal)
    facts = _facts(settings, card, language)
    return environment.get_template(f"notice.{language}.md").render(facts, held=held, used=used, claims=CLAIMS)


def _facts(settings: Settings, card: Card, language: Language) -> dict[str, Any]:
    from friction.verdicts import EARLIER_WEEKS, FALSE_DISCOVERIES, RECENT_WEEKS, STEADY_WITHIN

    teams = settings.directory.teams.values()
    least = settings.policy.min_team_size
    names = settings.directory.names
    small = [team for team in teams if not settings.policy.large_enough(team.headcount)]
    parents = {team.id: settings.directory.reportable(team.id, least) for team in small}
    return {
        "contact": " ".join((settings.notice.contact or "").split()),
        "sources": list(settings.sources),
        "keeps_files": settings.keeps_files,
        "private_channels": settings.reads_private_channels,
        "promised": [name for name, source in settings.sources.items() if source.one_row_per_person],
        "teams": [team for team in teams if team not in small],
        "through_parent": [(team.name, names[p]) for team in small if (p := parents[team.id]) is not None],
        "silent": [team.name for team in small if parents[team.id] is None],
        "policy": settings.policy,
        "guess": partial(_guess, settings.policy),
        "guess_of_keys": partial(_guess_of_keys, settings.policy),
        "base": BASE,
        "year": YEAR,
        "seen_weeks": SEEN_WEEKS,
        "patterns": [PATTERN_WORDS[language][p] for p in PATTERNS],
        "model": card.name,
        "languages": sorted(card.errors["blame"]),
        "errors": {lang: _measured(rate) for lang, rate in sorted(card.errors["blame"].items())},
        "confidence": _CONFIDENCE,
        "steady_confidence": 2 * _CONFIDENCE - 100,
        "recent_weeks": RECENT_WEEKS,
        "earlier_weeks": EARLIER_WEEKS,
        "false_discoveries": 100 * FALSE_DISCOVERIES,
        "steady_within": 100 * STEADY_WITHIN,
    }


def _guess(policy: Policy, times: Decimal | int) -> float:
    """How often, in 100, the best guess at one person's stance is right, for who knows all others and gives even odds.

    Args:
        policy: says how counts are blurred.
        times: how many numbers the stance is in: counts that are rounded, or whole cells under noise.

    Random rounding to a base b leaves, at the worst, (b - 1) / b of the doubt with every count, and half of that doubt
    is guessed wrong. Noise of an epsilon bounds the guess by e^epsilon / (1 + e^epsilon); the epsilons of cells add up.
    """
    if policy.epsilon is None:
        return 100 * (1 - math.pow((BASE - 1) / BASE, times) / 2)
    return 100 / (1 + math.exp(-float(policy.epsilon * times)))


def _guess_of_keys(policy: Policy, keys: int) -> float:
    """The same from one cell in which that person stands under several keys, each of which is a person to it.

    A count rounded to a base b then differs by as many; where that is b, both stances never show the same.
    """
    if policy.epsilon is None:
        return 100 * (1 + min(keys / BASE, 1)) / 2
    return _guess(policy, keys)


def _measured(rate: ErrorRate) -> dict[str, float | int]:
    """How often blame is missed or invented, in 100, and between what and what in most organisations."""
    from scipy.stats import beta

    found: dict[str, float | int] = {
        "positives": rate.positives,
        "negatives": rate.negatives,
        "missed": 100 * (1 - rate.hits / rate.positives),
        "invented": 100 * (1 - rate.rejections / rate.negatives),
    }
    for name, (right, wrong) in zip(("missed", "invented"), rate.posteriors, strict=True):
        low, high = beta.interval(_CONFIDENCE / 100, wrong, right)
        found |= {f"{name}_low": 100 * low, f"{name}_high": 100 * high}
    return found
