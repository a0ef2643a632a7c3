"""The simulator plays the real rules, and what it measures comes out as it should in small."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from friction.disclosure import Policy
from friction.model_folder import RELEASED, ErrorRate, read_card
from friction.records import LANGS, Directory, Team, TeamId
from friction.release import release as real_release
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from training.collected import COLLECTED
from training.simulator.company import FIRST, Comments, Habits, pairs, release, write
from training.simulator.conflict import relationship
from training.simulator.confusions import Mistakes, Scores, scored
from training.simulator.measure import (
    after_a_step,
    coverage,
    false_verdicts,
    figure,
    found_changes,
    intervened,
    noise,
    worlds,
)
from training.simulator.page import _is, page, summary
from training.simulator.quantifiers import METHODS, PREVALENCES, adjusted, compare

TRUE = Mistakes.everywhere({"en": ErrorRate(188, 201, 215, 238), "fr": ErrorRate(175, 201, 213, 244)})
PERFECT = {"en": ErrorRate(9, 9, 9, 9), "fr": ErrorRate(9, 9, 9, 9)}


def test_the_same_comments_through_the_real_release_close_the_same_windows(
    tmp_path: Path, make_vote: Callable[..., Vote]
) -> None:
    """Windows and people exactly; counts up to the rounding, which is drawn apart, of the exact ones."""
    habits = Habits(teams=2, weeks=16, headcount=(12, 20), voices=(1.5, 6.0), again=0.3)
    rng = np.random.default_rng(12)
    truth = np.full((2, habits.weeks), 0.4)
    comments = write(habits, truth, rng)
    comments.stance[:] = comments.stance[..., :1]  # of the whole window, so that both sides count the same
    played = release(comments, truth, PERFECT, rng, pairs(2), max_window_weeks=6)
    votes = [
        make_vote(
            f"p{person}",
            str(FIRST + int(week)),
            from_team=pairs(2)[row][0],
            about_team=pairs(2)[row][1],
            lang=LANGS[lang],
            blamed=bool(comments.stance[row, person, week]),
            comment=f"{lang}-{row}-{person}-{week}-{i}",
        )
        for lang, row, person, week in np.argwhere(comments.written)
        for i in range(comments.written[lang, row, person, week])
    ]
    directory = Directory({TeamId(t): Team(TeamId(t), t, 30) for t in ("team0", "team1")})
    scores, releases = ScoreStore(f"sqlite:///{tmp_path}/s"), ReleaseStore(f"sqlite:///{tmp_path}/r", create=True)
    scores.add_batch(b"all", votes)
    last = FIRST + (habits.weeks - 1)
    real_release(scores, releases, directory=directory, policy=Policy(max_window_weeks=6), through=last)
    assert len(votes) > 60
    for pair, cells in zip(pairs(2), played.cells, strict=True):
        real = releases.cells(*pair)
        assert len(cells) > 2
        assert [(c.first_week, c.last_week, c.respondents) for c in cells] == [
            (c.first_week, c.last_week, c.respondents) for c in real
        ]
        assert all(abs(a.blame - b.blame) <= 3 for a, b in zip(cells, real, strict=True))
        assert all(abs(a.languages[k] - b.languages[k]) <= 3 for a, b in zip(cells, real, strict=True) for k in LANGS)
    scores.close()
    releases.close()


def test_a_tie_blames_and_a_majority_outvotes_a_mistake() -> None:
    """Nobody blames: two comments a person invent more blame than one, three invent less."""
    shares = {}
    for comments in (1, 2, 3):
        rng = np.random.default_rng(comments)
        written = np.zeros((2, 400, 9, 1), dtype=np.int64)
        written[0] = comments
        nobody = Comments(written, np.zeros((400, 9, 1), dtype=bool))
        rates = {"en": ErrorRate(90, 100, 80, 100), "fr": ErrorRate(90, 100, 80, 100)}
        played = release(nobody, np.zeros((400, 1)), rates, rng, pairs(8))
        shares[comments] = np.mean([c.blame / c.respondents for cells in played.cells for c in cells])
    assert shares[1] == pytest.approx(0.2, abs=0.02)
    assert shares[2] == pytest.approx(0.36, abs=0.02)
    assert shares[3] == pytest.approx(0.104, abs=0.02)


def test_the_scored_dev_comments_are_the_card_s() -> None:
    """The card counts collected comments of dev too, whose labels are here, but not their texts."""
    card = read_card(RELEASED).errors["blame"]
    lines = [line for path in (COLLECTED / "dev").glob("*.jsonl") for line in path.read_text().splitlines()]
    rows = [json.loads(line) for line in lines]
    for lang, of in scored().items():
        found = of.error_rate()
        collected = sum(target["blame"] for row in rows if row["lang"] == lang for target in row["targets"])
        assert found.positives + collected == card[lang].positives
        assert -2 <= card[lang].hits - found.hits <= collected + 2


def test_a_card_is_measured_again_and_companies_err_alike_where_organisations_do() -> None:
    again = [TRUE.card(np.random.default_rng(seed))["en"] for seed in range(200)]
    assert {(a.positives, a.negatives) for a in again} == {(201, 238)}
    assert np.std([a.hits for a in again]) == pytest.approx(np.sqrt(188 * 13 / 201), rel=0.2)
    assert TRUE.of_a_company(np.random.default_rng(1))["en"].hits == pytest.approx(1e6 * 188 / 201, abs=1)


def unlike() -> Mistakes:
    """Twenty organisations, each with all or half of its blame found: they tell another one next to nothing."""
    measured = np.array([[50 if org % 2 else 25, 50, 40, 50] for org in range(20)])
    return Mistakes.of_counts({"en": measured, "fr": measured})


def test_companies_and_cards_differ_as_organisations_do() -> None:
    true = unlike()
    rng = np.random.default_rng(3)
    companies = [true.of_a_company(rng) for _ in range(300)]
    hits = [company["en"].hits / company["en"].positives for company in companies]
    assert np.mean(hits) == pytest.approx(0.75, abs=0.04)
    assert np.std(hits) == pytest.approx(0.25, abs=0.05)
    assert all(company["en"] == company["fr"] for company in companies)
    assert {company["en"].rejections for company in companies} == {800_000}
    effective = [true.card(rng)["en"].effective_positives for _ in range(30)]
    assert all(count is not None and count < 10 for count in effective)
    all_or_none = Mistakes({"en": np.array([[6, 8, 9, 9]])}, (0.0, np.inf))
    drawn = [all_or_none.of_a_company(rng)["en"].hits for _ in range(200)]
    assert set(drawn) == {0, 10**6}
    assert np.mean(drawn) == pytest.approx(0.75e6, abs=1e5)


def test_each_company_errs_in_its_own_way() -> None:
    spread = {}
    for name, true in (("unlike", unlike()), ("alike", TRUE)):
        played = worlds(30, Habits(teams=3, voices=(10.0, 20.0)), np.array([0.5]), true, np.random.default_rng(8))
        found = [[cell.blame / cell.respondents for of in world.played.cells for cell in of] for world in played]
        spread[name] = np.std([np.mean(of) for of in found])
    assert spread["alike"] < 0.04
    assert spread["unlike"] > 0.08


def test_intervals_are_wider_and_hold_where_companies_err_differently() -> None:
    differently, alike = (coverage(6, true, languages={"en": 0.0})["en"] for true in (unlike(), TRUE))
    assert 0.8 < differently["all"]["covered"][0] < 0.995
    assert differently["0.2"]["width"][0] > 1.3 * alike["0.2"]["width"][0]


def test_figures_have_the_spread_of_companies() -> None:
    value, half, companies = figure([1.0, 2.0, 3.0, 2.0])
    assert (value, companies) == (2.0, 4)
    assert half == pytest.approx(1.96 * np.sqrt(2) / 4)
    assert figure([1, 3], [2, 2])[0] == 1.0


def judged() -> Scores:
    """Targets of which 60 have disrespect and 400 have other blame: some marks are missed, some are false."""
    marks = {"disrespect": (45, 60), "blame": (8, 400), "else": (6, 600)}
    kinds = [(kind, place < marked) for kind, (marked, of) in marks.items() for place in range(of)]
    blamed = np.array([kind != "else" for kind, _ in kinds])
    return Scores(
        org=np.zeros(len(kinds), dtype=np.int64),
        blamed=blamed,
        found=blamed,
        posterior=blamed.astype(float),
        disrespected=np.array([kind == "disrespect" for kind, _ in kinds]),
        marked=np.array([is_marked for _, is_marked in kinds]),
    ).only(np.arange(len(kinds)))


def test_everything_measured_makes_a_page() -> None:
    """All parts, in small; the wide gates are those that a broken estimator fails even here."""
    found = {
        "coverage": coverage(3, TRUE),
        "steps": after_a_step(1, TRUE),
        "false verdicts": false_verdicts(2, TRUE),
        "found changes": found_changes(1, TRUE),
        "relationship conflict": relationship(1, {lang: judged() for lang in LANGS}),
        "interventions": intervened(3, TRUE),
        "noise": noise(1, TRUE, ["2.3"]),
        "organisations": {
            "by language": {"en": [[46, 50, 40, 50], [50, 50, 45, 50]]},
            "alike": (40.0, np.inf),
            "card's": [30.0, np.inf],
        },
    }
    for by_level in found["coverage"].values():
        assert by_level["all"]["covered"][0] > 0.85
        assert by_level["all"]["ratio"][0] < 0.6
    assert all(of["before"][0] > 0.8 and of["7"][0] >= of["0"][0] for of in found["steps"].values())
    conflict = found["relationship conflict"]
    assert conflict["marks"]["en"] == [45, 60, 8, 400, 6, 600]
    assert all(of["companies with any"][0] == 0 for of in conflict["nothing"].values())
    assert conflict["rose"]["one team"]["found"][0] > 0.9
    text = page({name: {"model": "m", "companies": 3, "found": of} for name, of in found.items()})
    assert "95 % intervals" in text
    assert "nan" not in text
    assert "| en | sensitivity | 2 | 0.96 | 0.92 | 0.96 | 1.00 |" in text
    assert "as much as 40 counts" in text
    assert "The model: `m`.\n" in text
    text = page({name: {"model": name[0], "found": found[name]} for name in ("coverage", "noise", "steps")})
    assert "The model: `c` in coverage; `n` in noise; `s` in steps.\n" in text


def test_estimators_are_compared_on_bags_of_every_prevalence() -> None:
    pytest.importorskip("quapy")
    bags = compare(scored(), [25], 1, np.random.default_rng(2))
    assert {b.prevalence for b in bags} == set(PREVALENCES)
    rows = summary(bags)["25"]
    assert list(rows) == list(METHODS)
    assert rows["adjusted count"][0] < rows["raw share"][0]
    assert adjusted(0.4, ErrorRate(80, 100, 90, 100)) == pytest.approx(0.3 / 0.7)


def test_a_promise_is_kept_missed_or_undecided() -> None:
    assert _is([[0.04, 0.02, 9]], 0, 0.05) == "yes"
    assert _is([[0.06, 0.02, 9]], 0, 0.05) == "within its error"
    assert _is([[0.08, 0.02, 9]], 0, 0.05) == "**no**"
    assert _is([[0.95, 0.01, 9], [0.90, 0.01, 9]], 0.93, 0.97) == "**no**"
