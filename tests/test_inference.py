"""How sequences share runs, and what evidence costs."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friction.classifier import Classifier
from friction.inference import Network, runs
from friction.pipeline import Pipeline
from friction.records import Comment, Directory, Team, TeamId


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 256), st.integers(1, 4))
def test_a_run_holds_sequences_of_one_length_and_each_is_run_once(
    lengths: list[int], run_tokens: int, threads: int
) -> None:
    found = runs(lengths, run_tokens=run_tokens, threads=threads)
    assert sorted(place for run in found for place in run) == list(range(len(lengths)))
    for run in found:
        assert len({lengths[place] for place in run}) == 1
        assert len(run) == 1 or sum(lengths[place] for place in run) <= run_tokens


class Counting(Network):
    """Counts the sequences that the network is given."""

    seen = 0

    def logits(self, pairs: Any) -> Any:
        self.seen += len(set(pairs))
        return super().logits(pairs)


@pytest.fixture
def counting(classifier: Classifier) -> Counting:
    network = classifier.network
    return Counting(network.tokenizer, network.session, 1)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("Marketing never answers us", 1),  # one clause: it carries all the blame
        ("Marketing never answers our emails, we have chased them five times.", 3),
        ("The meeting with marketing is moved to Thursday, the room stays the same.", 1),
    ],
)
def test_evidence_asks_only_where_there_is_something_to_ask(
    pipeline: Pipeline, classifier: Classifier, counting: Counting, text: str, passes: int
) -> None:
    pipeline.classifier = Classifier(classifier.card, counting)
    (scored,) = pipeline.score([Comment(text=text, from_team=TeamId("it"), lang="en")])
    assert counting.seen == passes
    assert bool(scored.targets[0].evidence) == scored.targets[0].blamed


class Exhaustive(Counting):
    """Asks about every clause, also about those that it cannot read."""

    def reach(self, first: str, second: str) -> int:
        return len(second)


@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_clauses_that_are_cut_off_are_not_asked_about_and_change_nothing(
    classifier: Classifier, data: st.DataObject
) -> None:
    words = ["Marketing", "never", "answers", "us.", "Late", "again,", "l\u2019équipe", "e\u0301té;", "x" * 120]
    text = " ".join(
        ["Marketing", "never", "answers", "us.", *data.draw(st.lists(st.sampled_from(words), min_size=300))]
    )
    network = classifier.network
    directory = Directory({TeamId("marketing"): Team(TeamId("marketing"), "Marketing", 9, (), None)})
    found = []
    for kind in (Counting, Exhaustive):
        counting = kind(network.tokenizer, network.session, 1)
        whole = Pipeline(directory, Classifier(classifier.card, counting))
        found.append((whole.score([Comment(text=text, from_team=TeamId("it"), lang="en")]), counting.seen))
    (short, few), (long, many) = found
    assert short == long
    assert few <= many
    assert few < 100, "a long comment holds the model up no longer than what it reads of it"


def test_equal_comments_go_through_once_and_score_alike(pipeline: Pipeline, counting: Counting) -> None:
    pipeline.classifier = Classifier(pipeline.classifier.card, counting)
    scored = pipeline.score([Comment(text="Marketing never answers us", lang="en")] * 5)
    assert counting.seen == 1
    assert all(s.targets == scored[0].targets for s in scored)


def test_no_comments_no_scores(classifier: Classifier) -> None:
    assert classifier.score([]) == []
    assert classifier.network.logits([]).shape[0] == 0
