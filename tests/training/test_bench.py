"""The bench's own arithmetic; nothing here is timed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from friction.classifier import Classifier
from training.bench import ours, peers, report, texts, waiting
from training.bench.limits import multiply_adds, sizes
from training.bench.report import Run, machine, page
from training.bench.rounds import Contestant, Spread, ratio, take_turns
from training.bench.waiting import Latency, Start


def test_contestants_take_turns_forwards_and_backwards() -> None:
    turns: list[str] = []
    contestants = [Contestant(name, lambda name=name: turns.append(name), 5) for name in "abc"]  # type: ignore[misc]
    take_turns(contestants, 2, turns.append)
    assert turns == [*"abc", "round 1 of 2", *"abc", "round 2 of 2", *"cba"]
    assert [len(c.seconds) for c in contestants] == [2, 2, 2]


def test_a_ratio_is_taken_round_by_round_and_by_text() -> None:
    ours_, peer = Contestant("a", list, 10, [1.0, 4.0, 1.0]), Contestant("b", list, 5, [2.0, 2.0, 1.0])
    assert ratio(ours_, peer) == Spread(2.0, 1.0, 4.0)


def test_every_comment_is_a_text_of_its_own(classifier: Classifier, tmp_path: Path) -> None:
    work = texts.load(tmp_path, classifier, each=6)
    assert len(work) == len(list((texts.CORPUS / "dev").glob("*.jsonl")))
    for one in work:
        assert len(one.texts) == len(set(one.texts)) == 6
        assert [json.loads(line)["text"] for line in one.file.read_text(encoding="utf-8").splitlines()] == one.texts
        assert all(comment.from_team in {None, *one.directory.teams} for comment in one.comments)


@pytest.mark.filterwarnings("ignore:.*unclosed file:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_our_contestants_read_every_comment(classifier: Classifier, tmp_path: Path) -> None:
    work = texts.load(tmp_path, classifier, each=1)[:2]
    by_name = {c.name: c for c in ours.contestants(work)}
    assert {c.texts for c in by_name.values()} == {2}
    by_name[ours.WHOLE].run()
    assert all(len(w.file.with_suffix(".out").read_text(encoding="utf-8").splitlines()) == 1 for w in work)
    assert len(by_name[ours.NETWORK].run()) == len(ours.lengths(work))  # type: ignore[arg-type]
    assert waiting.latency(work, 2, evidence=False).p50 > 0


def test_multiply_adds_are_counted_from_the_shapes(tmp_path: Path) -> None:
    """Embedding of 6, a product with 6 x 64 weights for each token, and one of each token with each."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["x"]),
        helper.make_node("MatMul", ["x", "weights"], ["h"]),
        helper.make_node("Transpose", ["h"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["h", "t"], ["pairs"]),
        helper.make_node("ReduceSum", ["pairs"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["mask", "sum"], ["logits"]),
    ]
    ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "t"]) for n in ("input_ids", "attention_mask")]
    weights = [
        numpy_helper.from_array(np.ones(shape, np.float32), name)
        for name, shape in (("table", (9, 6)), ("weights", (6, 64)))
    ]
    out = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", "t"])]
    model = helper.make_model(
        helper.make_graph(nodes, "g", ids, out, weights), opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    onnx.save(model, tmp_path / "model.onnx")
    counted = multiply_adds(tmp_path / "model.onnx")
    for tokens in (5, 20, 100):
        assert counted(tokens) == pytest.approx(tokens * 6 * 64 + tokens * tokens * 64)
    assert sizes(tmp_path / "model.onnx") == []


def test_the_page_says_what_was_met_and_what_was_missed() -> None:
    contestants = [
        Contestant(ours.WHOLE, list, 100, [1.0, 1.0]),
        Contestant(f"{peers.ENCODE} (batches of 8)", list, 100, [5.0, 5.0]),
        Contestant(f"{peers.PIPELINE} (batches of 8)", list, 100, [12.0, 12.0]),
        Contestant(ours.NO_EVIDENCE, list, 100, [0.5, 0.5]),
        Contestant(ours.NETWORK, list, 100, [0.5, 0.5]),
    ]
    text = page(
        Run(
            quick=False,
            rounds=2,
            texts=["one", "two"],
            contestants=contestants,
            peaks={"float32": 100.0, "int8": 2.0},
            bandwidth=20.0,
            lengths=[10, 10, 20],
            multiply_adds=lambda tokens: tokens * 1e7,
            latencies={"one comment": Latency(2.0, 9.0)},
            starts={"`friction --help`": Start(0.1, 30), "`friction score`, one comment": Start(0.7, 150)},
        )
    )
    verdicts = [line.rsplit("|", 2)[1].strip() for line in text.split("## Targets")[1].splitlines() if "|" in line][2:]
    assert verdicts == [
        "missed",
        "met",
        "met",
        "met",
        "missed",
        "met",
    ]  # 5 times; 12 times; 0.4 of 2; 2 ms; 0.7 s; 0.1 s
    assert "| 20 (20 to 20) | 5.0 (5.0 to 5.0) | 10.0 (10.0 to 10.0) |" in text
    assert "| 100 (100 to 100) |  |  |" in text
    assert "**40% of the int8 peak**" in text
    assert "10.0 million multiply-adds a token" in text


def test_a_start_knows_its_own_memory_and_its_failure() -> None:
    ballast = np.ones(20_000_000)  # 160 MB that are ours, not the command's
    found = waiting.alone((sys.executable, "-c", ""))
    assert ballast.nbytes / 1e6 > found.megabytes > 1
    with pytest.raises(subprocess.CalledProcessError):
        waiting.alone((sys.executable, "-c", "raise SystemExit(3)"))


def test_a_machine_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 avx512_vnni sse2\n", encoding="utf-8")
    assert machine(path) == "Some CPU, 2 cores used, avx2, avx512_vnni"
    assert report.machine(tmp_path / "none").endswith("2 cores used, no matrix instructions known")
