"""Which products the network takes, how sequences share runs, and what evidence costs."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from friction.classifier import Classifier
from friction.inference import Network, open_session, runs
from friction.model_folder import RELEASED
from friction.pipeline import Pipeline
from friction.processor import has_vnni
from friction.records import Comment, TeamId


def test_the_largest_int8_do_not_overflow(tmp_path: Path) -> None:
    """Pairs of products added up in 16 bits would stop at 32,767, and take half of each sum away."""
    depth, columns = 64, 32
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "w"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [2, depth])],
        [helper.make_tensor_value_info("c", TensorProto.INT32, [2, columns])],
        [numpy_helper.from_array(np.full((depth, columns), 127, np.int8), "w")],
    )
    path = tmp_path / "largest.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    (sums,) = open_session(path).run(None, {"a": np.full((2, depth), 255, np.uint8)})
    assert np.unique(sums).tolist() == [255 * 127 * depth]


def test_the_slow_products_give_the_same_scores_to_the_last_bit(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequences = [[1, *range(2000, 2000 + 7 * n), 2] for n in range(1, 9)]
    quick = classifier.network
    monkeypatch.setattr("friction.inference.has_vnni", lambda: False)
    slow = Network(quick.tokenizer, open_session(RELEASED / "model.onnx"), 1)
    assert (quick.of_tokens(sequences)[0] == slow.of_tokens(sequences)[0]).all()


def test_vnni_is_known_from_what_the_system_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processor = tmp_path / "cpuinfo"
    monkeypatch.setattr("friction.processor._PROCESSOR", processor)
    assert not has_vnni()
    processor.write_text("flags\t\t: fpu avx2 avx512f sse2\n", encoding="ascii")
    assert not has_vnni()
    processor.write_text("flags\t\t: fpu avx2 avx_vnni sse2\n", encoding="ascii")
    assert has_vnni()


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

    def of_tokens(self, sequences: Any) -> Any:
        self.seen += len(sequences)
        return super().of_tokens(sequences)


@pytest.fixture
def counting(classifier: Classifier) -> Counting:
    network = classifier.network
    return Counting(network.tokenizer, network.session, 1)


@pytest.mark.parametrize(
    "text",
    [
        "Marketing never answers us",
        "Marketing never answers our emails, we have chased them five times.",
        "The meeting with marketing is moved to Thursday, the room stays the same.",
    ],
)
def test_evidence_comes_with_the_pass_that_finds_the_blame(
    pipeline: Pipeline, classifier: Classifier, counting: Counting, text: str
) -> None:
    pipeline.classifier = Classifier(classifier.card, counting)
    (scored,) = pipeline.score([Comment(text=text, from_team=TeamId("it"), lang="en")])
    assert counting.seen == 1
    assert bool(scored.targets[0].evidence) == scored.targets[0].blamed


def test_shares_are_of_what_was_read(classifier: Classifier) -> None:
    """Stretches share out one whole; what was cut off has no part of it."""
    first, second = "[TARGET] never answers us.", " We wait and wait."
    text = first + second + " Late again." * 300
    ends = [len(first), len(first + second), len(text) - 600, len(text)]
    shares = classifier.network.answer([("[TARGET]", text)]).shares(0, ends)
    assert shares.sum() == pytest.approx(1)
    assert (shares[:3] > 0).all()
    assert shares[3] == 0
    assert classifier.network.answer([("[TARGET]", "")]).shares(0, [0]).tolist() == [0]
    assert classifier.network.answer([("[TARGET]", text)]).shares(0, []).tolist() == []


def test_equal_comments_go_through_once_and_score_alike(pipeline: Pipeline, counting: Counting) -> None:
    pipeline.classifier = Classifier(pipeline.classifier.card, counting)
    scored = pipeline.score([Comment(text="Marketing never answers us", lang="en")] * 5)
    assert counting.seen == 1
    assert all(s.targets == scored[0].targets for s in scored)


def test_no_comments_no_scores(classifier: Classifier) -> None:
    assert classifier.score([]) == []
    assert classifier.network.answer([]).logits.shape[0] == 0
