"""A team's name cannot matter: renaming every team leaves every score as it was."""

import tomllib
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from friction.classifier import Classifier
from friction.pipeline import Pipeline
from friction.records import Comment, Directory, Scored, Team, TeamId
from tests.conftest import CONFIG

TEAMS = tuple(tomllib.loads(CONFIG)["teams"])
TEXTS = (
    "{0} never call us back, {1} on the other hand saved us twice.",
    "We in {2} asked {0} for the plan. Nothing.",
    "Merci à {1} pour le coup de main, {0} regardait ailleurs.",
    "{0} sits on the third floor.",
    "Encore une échéance ratée par {0}, et nous, chez {2}, on s'excuse.",
    "Everybody blames {0}. It was {2}, it was us.",
)
NAMES = st.lists(
    st.text("bcdfghjklmnpqrtvwz", min_size=5, max_size=9).map(lambda s: "Qu" + s), min_size=3, max_size=3, unique=True
)


def _scores(classifier: Classifier, names: Sequence[str]) -> list[Scored]:
    teams = {TeamId(f"t{i}"): Team(TeamId(f"t{i}"), name, 9) for i, name in enumerate(names)}
    comments = [
        Comment(text=text.format(*names), from_team=TeamId("t2"), lang="fr" if "é" in text or "Merci" in text else "en")
        for text in TEXTS
    ]
    return Pipeline(Directory(teams), classifier).score(comments, evidence=False)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES)
def test_renaming_teams_changes_nothing(names: list[str], classifier: Classifier) -> None:
    assert _scores(classifier, names) == _scores(classifier, ["Sales", "Marketing", "Support"])


def test_order_and_company_of_comments_do_not_matter(pipeline: Pipeline) -> None:
    comments = [Comment(text=text.format("Sales", "Marketing", "IT"), lang="en") for text in TEXTS]
    together = pipeline.score(comments)
    for comment, scored in zip(comments, together, strict=True):
        (alone,) = pipeline.score([comment])
        assert alone == scored
    assert pipeline.score(comments[::-1])[::-1] == together


def test_a_marker_typed_by_an_author_is_only_text(pipeline: Pipeline) -> None:
    plain, typed = (
        pipeline.score([Comment(text=f"Sales are fine {word} with us", lang="en")])[0] for word in ("(US)", "[US]")
    )
    assert abs(plain.targets[0].blame - typed.targets[0].blame) < 0.2 if plain.targets else not typed.targets
