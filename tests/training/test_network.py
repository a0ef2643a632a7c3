"""A tiny real network through the real stages: train, export, quantise, serve."""

import json
import shutil
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto
from sklearn.metrics import f1_score, roc_auc_score
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import BertConfig, BertModel

from friction.classifier import Classifier
from friction.errors import IntegrityError, UsageError
from friction.inference import RUN_TOKENS, open_session
from friction.markers import MARKERS
from friction.model_folder import RELEASED, read_card
from friction.pipeline import Pipeline
from friction.records import AlignedText, Comment, Directory, Reading, TeamId
from friction.taxonomy import HEADS, PATTERNS
from training import adapt, calibration, ensemble
from training import network as networks
from training.benchmarks import LIMITS, by_words, over_folds, promising, together
from training.corpus import Example, Gold, Labelled, examples, load
from training.export import keep_errors, run, to_onnx, write_folder
from training.finetune import hard_and_others, predict, to_go_on_from, tokenise, train
from training.hands import Hands
from training.metrics import Judged
from training.network import Network, load_network, new_network
from training.pointing import Pointer, Pointing, agreement, lessons, load_pointing, save_pointer, teach
from training.quantisation import quantise

WORDS = "the they never answer us thanks great help late again we you".split()


def _encoder(folder: Path) -> Path:
    vocab = {w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *MARKERS, *WORDS])}
    tokenizer = Tokenizer(WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *MARKERS])
    ends = (("[SEP]", vocab["[SEP]"]), ("[CLS]", vocab["[CLS]"]))
    tokenizer.post_processor = processors.BertProcessing(*ends)
    config = BertConfig(
        vocab_size=len(vocab), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    config.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(3)
    network = Network(BertModel(config, add_pooling_layer=False), vocab["[TARGET]"], width=16)
    torch.save(network.state_dict(), folder / "network.pt")
    save_pointer(Pointer(16), folder)
    return folder


def _items() -> list[Example]:
    texts = {"they never answer us": (1, 0), "late again": (1, 0), "thanks great help": (0, 1), "we help you": (0, 0)}
    return [
        Example(
            f"{text}{n}", "o", "en" if n % 2 else "fr", "t", "[TARGET]", text, (1.0, *stance, *[0.0] * 9), (1.0,) * 12
        )  # type: ignore[arg-type]
        for n in range(8)
        for text, stance in texts.items()
    ]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _encoder(tmp_path_factory.mktemp("tiny"))


@pytest.mark.filterwarnings("ignore")
def test_training_learns_and_export_keeps_what_was_learnt(model: Path, tmp_path: Path) -> None:
    network, tokenizer = load_network(model)
    items = _items()
    found = train(network, tokenizer, items, items, Hands([]), epochs=12, rate=5e-3, seed=1, batch=8)
    assert found["blame"] > 0.9
    logits = predict(network, tokenizer, items)
    to_onnx(Pointing(network, Pointer(16)).eval(), tmp_path / "float.onnx")
    quantise(
        tmp_path / "float.onnx", tmp_path / "int8.onnx", tokenise(tokenizer, [(e.question, e.text) for e in items])
    )
    for name, tolerance in (("float", 1e-4), ("int8", 0.5)):
        session = open_session(tmp_path / f"{name}.onnx")
        assert np.abs(run(session, tokenizer, items) - logits).max() < tolerance


@pytest.mark.parametrize(("has_products", "kind"), [(True, torch.bfloat16), (False, torch.float32)])
def test_training_multiplies_in_bfloat16_only_where_the_hardware_does(
    model: Path, monkeypatch: pytest.MonkeyPatch, has_products: bool, kind: torch.dtype
) -> None:
    monkeypatch.setattr(networks, "MULTIPLIES_BFLOAT16", has_products)
    network, _ = load_network(model)
    seen = []
    network.heads.register_forward_hook(lambda _module, _given, logits: seen.append(logits.dtype))
    with networks.mixed_precision():
        network(*networks.pad([[1, 2, 3]]))
    assert seen == [kind]


def test_a_benchmark_judges_by_what_it_was_taught_and_takes_done_folds_as_they_are(model: Path, tmp_path: Path) -> None:
    texts = {"they never answer us": 1, "late again they": 1, "thanks great help": 0, "we help you": 0}
    rows = [{"text": text, "uncivil": label, "fold10": fold} for fold in range(5) for text, label in texts.items()] * 4
    done = np.full((16, 2), 0.5)
    np.save(tmp_path / "uncivil-3.npy", done)
    folds = over_folds(model, rows, "uncivil", tmp_path, epochs=60)
    for fold, (truth, likely) in enumerate(folds):
        assert ((likely[:, 1] > 0.5) == truth).all() or fold == 3
    assert (folds[3][1] == done).all()


def test_words_judge_what_a_network_has_no_word_for_and_both_together_rank_best() -> None:
    """One judge knows the odd rows, the other the even ones; the words of a fold are learnt on the others alone."""
    rows = [
        {"text": f"{'borked again' if label else 'merged today'} {n % 7}", "uncivil": label, "fold10": fold}
        for fold in range(4)
        for n, label in enumerate([0, 1] * 6)
    ]
    rows += [{"text": "borked again", "uncivil": 0, "fold10": 3}] * 40
    judged = by_words(rows, "uncivil")
    assert [len(p) for p in judged] == [12, 12, 12, 52]
    assert ((judged[3][:12, 1] > 0.5) == [0, 1] * 6).all(), "what fold 3 says of its own rows was learnt"
    assert judged[0][1::2, 1].max() < judged[3][1:12:2, 1].min(), "what fold 3 says was not learnt for the others"
    truth = np.array([0, 1] * 50)
    rng = np.random.default_rng(2)
    one, other = (
        np.where(np.arange(100) // 2 % 2 == side, truth * 0.8 + 0.1, rng.uniform(0.3, 0.7, 100)) for side in (0, 1)
    )
    both = together(*(np.column_stack((1 - p, p)) for p in (one, other)))
    assert np.allclose(both.sum(1), 1)
    assert roc_auc_score(truth, both[:, 1]) > max(roc_auc_score(truth, one), roc_auc_score(truth, other)) + 0.02


def test_a_limit_promises_the_most_where_rare_labels_are_not_missed() -> None:
    rng = np.random.default_rng(4)
    likely = rng.beta(0.6, 1.8, 4000)
    truth = rng.random(4000) < likely
    found = {limit: f1_score(truth, likely >= limit) for limit in LIMITS}
    assert found[promising(likely)] > max(found.values()) - 0.01
    assert found[promising(likely)] > found[0.5] + 0.02


@pytest.fixture(scope="module")
def folder(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("released") / "tiny-1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_folder(model, out, _items(), "a card\n")
    return out


@pytest.mark.filterwarnings("ignore")
def test_a_written_folder_serves(folder: Path, directory: Directory) -> None:
    assert read_card(folder).name == "tiny-1"
    (scored,) = Pipeline(directory, Classifier.load(folder, threads=1)).score(
        [Comment(text="they never answer us", about_team=next(iter(directory.teams)))]
    )
    assert len(scored.targets) == 1
    assert len(scored.targets[0].patterns) == len(HEADS) - 3


def test_what_is_evaluated_is_what_serves(classifier: Classifier) -> None:
    """Every label that the evaluation counts, of teams, stances and patterns, is the one that a user is given."""
    rows = [row for row in load("dev") if row.org.startswith("v3")][::8]
    items, card = examples(rows), read_card(RELEASED)
    tokenizer = Tokenizer.from_file(str(RELEASED / "tokenizer.json"))
    logits = run(open_session(RELEASED / "model.onnx"), tokenizer, items)
    judged = Judged(rows, items, calibration.probabilities(logits, items, card.scaling), card.thresholds)
    served = {
        (row.org, row.id, score.team): (True, score.blamed, score.appreciated, *(p in score.labels for p in PATTERNS))
        for row, scores in zip(rows, classifier.score([row.reading for row in rows], evidence=False), strict=True)
        for score in scores
    }
    counted = {(e.org, e.id, e.team): tuple(map(bool, found)) for e, found in zip(items, judged.found, strict=False)}
    assert sum(any(found[3:]) for found in counted.values()) > 20
    for key, found in counted.items():
        assert found == served.get(key, (False,) * len(HEADS)), key


def test_error_counts_are_kept_beside_those_of_the_models_before(folder: Path, tmp_path: Path) -> None:
    for name in ("tiny-1", "tiny-2"):
        shutil.copytree(folder, tmp_path / name)
        card = json.loads((folder / "card.json").read_text()) | {"name": name}
        (tmp_path / name / "card.json").write_text(json.dumps(card))
        keep_errors(tmp_path / name)
        shutil.rmtree(tmp_path / name)
    kept = json.loads((tmp_path / "errors.json").read_text())
    assert kept == {"tiny-1": card["errors"], "tiny-2": card["errors"]}


@pytest.mark.filterwarnings("ignore")
def test_unsigned_weights_say_the_same(folder: Path, tmp_path: Path) -> None:
    """What ONNX Runtime makes of the model where signed products could overflow: every product states a zero for it."""
    model = onnx.load(folder / "model.onnx")
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    products = [node for node in model.graph.node if node.op_type == "MatMulIntegerToFloat"]
    assert products
    for node in products:
        for name in (node.input[1], node.input[5]):
            moved = onnx.numpy_helper.to_array(constants[name]).astype(np.int16) + 128
            constants[name].CopyFrom(onnx.numpy_helper.from_array(moved.astype(np.uint8), name))
    onnx.save(model, tmp_path / "unsigned.onnx")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    paths = folder / "model.onnx", tmp_path / "unsigned.onnx"
    signed, unsigned = (run(open_session(path), tokenizer, _items()) for path in paths)
    assert np.array_equal(signed, unsigned)


@pytest.mark.filterwarnings("ignore")
def test_every_product_with_weights_is_of_integers(folder: Path) -> None:
    graph = onnx.load(folder / "model.onnx").graph
    weights = {tensor.name for tensor in graph.initializer if len(tensor.dims) == 2}
    found = Counter(n.op_type for n in graph.node if len(n.input) > 1 and n.input[1] in weights)
    assert found == {"MatMulIntegerToFloat": 10}  # six of the layer, read-out, heads, two of the pointer
    assert max(tensor.data_type == TensorProto.FLOAT and len(tensor.dims) > 1 for tensor in graph.initializer) == 0


@pytest.mark.filterwarnings("ignore")
def test_a_written_folder_scores_alike_in_any_company(folder: Path) -> None:
    """To the last bit: sequences of one length share a run."""
    network = Classifier.load(folder, threads=1).network
    assert network.run_tokens == RUN_TOKENS
    random = np.random.default_rng(11)
    sequences = [random.integers(5, 18, length).tolist() for length in (3, 4, 7, 16, 17, 40) for _ in range(7)]
    together, weights = network.of_tokens(sequences)
    alone = [network.of_tokens([sequence]) for sequence in sequences]
    assert np.array_equal(together, np.concatenate([logits for logits, _ in alone]))
    assert all(np.array_equal(w, other) for w, (_, (other,)) in zip(weights, alone, strict=True))
    assert [len(w) for w in weights] == [len(sequence) for sequence in sequences]
    assert len(np.unique(together, axis=0)) > len(sequences) // 2


def test_a_folder_that_was_touched_is_refused(folder: Path) -> None:
    card = folder / "card.json"
    original = card.read_text()
    card.write_text(json.dumps(json.loads(original) | {"max_tokens": 9}))
    with pytest.raises(IntegrityError, match="SHA256SUMS"):
        read_card(folder)
    card.unlink()
    with pytest.raises(UsageError, match=r"card\.json missing"):
        read_card(folder)
    card.write_text(original)
    assert read_card(folder).max_tokens == 192


def test_a_network_learns_to_point_at_the_clause_that_carries_the_blame(model: Path) -> None:
    """Blame is in the words "never answer"; which clause has them is for the pointer to see."""
    network, tokenizer = load_network(model)
    items = _items()
    train(network, tokenizer, items, items, Hands([]), epochs=12, rate=5e-3, seed=1, batch=8)
    one, other = "they never answer us", "we help you again"
    rows = [_row(f"{n}", f"{one}, {other}." if n % 2 else f"{other}, {one}.") for n in range(60)]
    taught = lessons(network, tokenizer, rows)
    assert len(taught) == 60
    assert {int(np.argmax(of.falls)) for of in taught} == {0, 1}
    pointer = teach(network, tokenizer, rows)
    assert agreement(Pointing(network, pointer), taught).mean() > 0.95


def test_a_further_epoch_reads_what_the_network_gets_wrong_and_as_many_others_as_asked(model: Path) -> None:
    """A network that was taught the opposite of some comments' labels gets exactly those wrong."""
    network, tokenizer = load_network(model)
    rows = [_row(f"{n}", "thanks great help" if n < 10 else "they never answer us") for n in range(20)]
    items = [replace(e, labels=(1.0, float(int(e.id) >= 10), *[0.0] * 10)) for e in examples(rows)]
    train(network, tokenizer, items * 40, items, Hands([]), epochs=1, rate=5e-3, seed=1, batch=4)
    chosen = [int(row.id) for row in hard_and_others(network, tokenizer, rows, 5, seed=1)]
    assert chosen[:10] == list(range(10))
    assert len(set(chosen[10:])) == 5
    assert min(chosen[10:]) >= 10


def test_a_network_that_goes_on_keeps_its_words_and_drops_nothing_out(model: Path) -> None:
    network, tokenizer = to_go_on_from(model)
    before = {name: weights.clone() for name, weights in network.state_dict().items()}
    items = _items()
    train(network, tokenizer, items, items, Hands([]), epochs=2, rate=5e-3, seed=1, batch=8)
    learnt = {name for name, weights in network.state_dict().items() if not torch.equal(weights, before[name])}
    assert "encoder.embeddings.word_embeddings.weight" not in learnt
    assert {"encoder.encoder.layer.0.attention.self.query.weight", "heads.weight"} <= learnt
    assert not [part for part in network.encoder.modules() if isinstance(part, torch.nn.Dropout) and part.p]


def test_a_trained_network_lends_its_encoder_and_read_out_to_fresh_heads(model: Path) -> None:
    trained, _ = load_network(model)
    network, _ = new_network(model)
    before, after = trained.state_dict(), network.state_dict()
    assert {name for name, weights in after.items() if not torch.equal(weights, before[name])} == {
        "heads.weight",
        "heads.bias",
    }


def test_words_are_hidden_and_markers_never(model: Path) -> None:
    _, tokenizer = load_network(model)
    ids = torch.tensor([e.ids for e in tokenizer.encode_batch([("[TARGET][ASKED]", "they never answer us")] * 500)])
    mask = torch.ones_like(ids)
    mask[:, -2:] = 0
    torch.manual_seed(4)
    seen, goal = adapt.hide(ids, mask, tokenizer, adapt.special(tokenizer))
    hidden = goal != adapt.NOT_HIDDEN
    words = (ids >= tokenizer.token_to_id(WORDS[0])) & (mask > 0)
    assert not (hidden & ~words).any()
    assert hidden[words].float().mean() == pytest.approx(adapt.HIDDEN, abs=0.03)
    assert torch.equal(goal[hidden], ids[hidden])
    assert torch.equal(seen[~hidden], ids[~hidden])
    assert (seen[hidden] == tokenizer.token_to_id("[MASK]")).float().mean() == pytest.approx(0.8, abs=0.06)


def test_what_is_hidden_is_learnt_and_a_half_done_stage_goes_on(model: Path, tmp_path: Path) -> None:
    """Where a sentence has one ending, the ending is soon guessed; heads and read-out are left as they are."""
    network, tokenizer = load_network(model)
    before = {name: weights.clone() for name, weights in network.state_dict().items()}
    read = [("[TARGET]", text) for text in ("they never answer us", "thanks great help")] * 400
    checkpoint = tmp_path / "checkpoint.pt"
    told = {"rate": 1e-2, "seed": 2, "batch": 8, "checkpoint": checkpoint}
    losses = adapt.learn(network, tokenizer, adapt.Guess(network), read, epochs=6, **told)  # type: ignore[arg-type]
    assert len(losses) == 600
    assert np.mean(losses[-50:]) < 0.5 * np.mean(losses[:20])
    changed = {name for name, weights in network.state_dict().items() if not torch.equal(weights, before[name])}
    assert changed
    assert all(name.startswith("encoder.") for name in changed)
    again, _ = load_network(model)
    assert adapt.learn(again, tokenizer, adapt.Guess(again), read, epochs=6, **told)[:500] == losses[:500]  # type: ignore[arg-type]


def test_words_are_drawn_from_what_is_likely_there_and_markers_stay(model: Path) -> None:
    network, tokenizer = load_network(model)
    guess = adapt.Guess(network)
    with torch.no_grad():
        guess.bias[tokenizer.token_to_id("great")] = 1e3
    items = [replace(e, question="[TARGET][ASKED]", text=f"[US] {e.text}") for e in _items() * 20]
    drawn = ensemble.drawn_anew(network, tokenizer, guess, items, seed=3)
    pairs = list(zip(items, drawn, strict=True))
    words = [two for x, y in pairs for two in zip(x.text.split(), y.text.split(), strict=True)]
    changed = [(old, new) for old, new in words if old != new]
    assert len(changed) / len(words) == pytest.approx(ensemble.DRAWN, abs=0.08)
    assert {new for _, new in changed} == {"great"}
    assert not [old for old, _ in changed if old == "[US]"]
    assert [replace(y, text=x.text) for x, y in pairs] == items


def test_a_lesson_holds_what_is_believed_as_far_as_it_can_be_and_the_label_for_its_share() -> None:
    item = _items()[0]  # a team, blamed, without a pattern
    likely = np.array([[0.9, 0.5, 0.2, *[0.4] * 9]])
    (alone,) = ensemble.taught([item], likely, labelled=0)
    assert alone.labels == pytest.approx(likely[0])
    assert alone.weights == pytest.approx([1, 0.9, 0.9, *[0.45] * 9])
    (half,) = ensemble.taught([item], likely, labelled=0.5)
    assert half.labels[1] == pytest.approx((0.45 * 0.5 + 0.5 * 1) / 0.95)
    assert half.labels[2] == pytest.approx(0.45 * 0.2 / 0.95)
    assert half.weights == pytest.approx([1, 0.95, 0.95, *[0.725] * 9])
    assert ensemble.taught([item], likely, labelled=1)[0] == item


def test_a_student_learns_what_its_teachers_believe_of_what_nobody_labelled(model: Path) -> None:
    teacher, student = load_network(model), load_network(model)
    items = _items()
    train(*teacher, items, items, Hands([]), epochs=12, rate=5e-3, seed=1, batch=8)
    nothing = [replace(e, labels=(0.0,) * 12, weights=(0.0,) * 12) for e in items]
    lessons = ensemble.taught(nothing, ensemble.believed([teacher], nothing), labelled=0)
    train(*student, lessons, items, Hands([]), epochs=12, rate=5e-3, seed=2, batch=8)
    assert np.abs(ensemble.believed([student], items)[:, 1] - ensemble.believed([teacher], items)[:, 1]).max() < 0.2


def test_a_network_that_cannot_point_says_how_it_learns_to(model: Path, tmp_path: Path) -> None:
    for file in ("config.json", "tokenizer.json", "network.pt"):
        shutil.copy(model / file, tmp_path)
    with pytest.raises(UsageError, match="training\\.pointing"):
        load_pointing(tmp_path)


def _row(id: str, text: str) -> Labelled:
    team = TeamId("t")
    reading = Reading(AlignedText.of(text), "en", (), about_team=team)
    return Labelled(id, "o", reading, {team: Gold(True, False, frozenset())})


def test_without_blaming_comments_a_pointer_is_made_all_the_same(model: Path) -> None:
    network, tokenizer = load_network(model)
    assert sum(p.numel() for p in teach(network, tokenizer, []).parameters()) > 0
