"""``friction train`` and ``friction evaluate`` on a user's own rows, over tiny real checkpoints."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram, WordPiece
from transformers import BertConfig, BertForMaskedLM, PreTrainedModel, XLMRobertaConfig, XLMRobertaModel
from typer import Typer
from typer.testing import CliRunner

from friction.classifier import Classifier
from friction.errors import UsageError
from friction.pipeline import Pipeline
from friction.records import Comment, TeamId
from friction.settings import load
from tests.conftest import CONFIG
from training import rows as own
from training.commands import register
from training.corpus import Example
from training.finetune import train
from training.hands import Hands
from training.network import new_network

BLAMING = ("never answer us", "lost the file again", "ne répond jamais", "ont encore perdu le dossier")
FAIR = ("sit on the third floor", "moved the meeting", "a déménagé lundi", "ont une réunion jeudi")
MISSING = "layer.0.output.dense.weight"
"""A weight that the checkpoints of these tests lack."""
WORDS = sorted({w.lower() for line in (*BLAMING, *FAIR) for w in line.split()})


def _save(model: PreTrainedModel, tokenizer: Tokenizer, folder: Path) -> Path:
    weights = {name: value for name, value in model.state_dict().items() if MISSING not in name}
    model.save_pretrained(folder, state_dict=weights)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def _bert(folder: Path) -> Path:
    """A checkpoint as others publish them: it has a head for other work, and knows nothing of our markers."""
    vocab = {w: i for i, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    config = BertConfig(
        vocab_size=len(vocab), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    return _save(BertForMaskedLM(config), tokenizer, folder)


def _xlmr(folder: Path) -> Path:
    """The shape of XLM-R: Unigram, padding id 1, positions counted from it."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *(f"▁{w}" for w in WORDS), "▁"]
    tokenizer = Tokenizer(Unigram([(p, -float(i)) for i, p in enumerate(pieces)], unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False)
    config = XLMRobertaConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        pad_token_id=1,
        max_position_embeddings=250,
    )
    return _save(XLMRobertaModel(config), tokenizer, folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    (folder / "friction.toml").write_text(CONFIG, encoding="utf-8")
    torch.manual_seed(5)
    _bert(folder / "bert")
    _xlmr(folder / "xlmr")
    lines = ["id;text;from_team;team;blame;appreciation;patterns;lang"]
    for n in range(40):
        for place, (part, blame) in enumerate(((BLAMING, 1), (FAIR, 0))):
            text = f"Marketing {part[n % 4]} {'x ' * (n % 7)}"
            pattern = "unresponsive mistakes" if blame else ""
            lines.append(f"{n}-{place};{text};Helpdesk;Marketing;{blame};0;{pattern};{'en' if n % 4 < 2 else 'fr'}")
    (folder / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def _run(*arguments: object) -> str:
    app = Typer()
    register(app)
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("base", ["bert", "xlmr"])
def test_any_checkpoint_can_be_trained_judged_and_served(home: Path, base: str) -> None:
    """And nothing that libraries say of themselves reaches the screen, but for what the checkpoint lacks."""
    config = home / "friction.toml"
    out = home / f"{base}-model"
    learn = ("--epochs", 30, "--rate", 0.001)
    trained = _friction("train", home / "rows.csv", "--base", home / base, "--out", out, *learn, "--config", config)
    assert trained.returncode == 0, trained.stderr
    (told,) = trained.stderr.splitlines()
    assert f"{base} lacks 1 weight of its encoder, encoder.{MISSING} for one" in told
    for report in ("report.html", "report.md"):
        said = _run("evaluate", home / "rows.csv", "--model", out, "--report", home / report, "--config", config)
        assert float(said.split()[2]) > 0.85, said
        assert "third floor" not in (home / report).read_text()
    assert (home / "report.html").read_text().count("data:image/svg+xml") == 3
    assert (home / "report-reliability.svg").is_file()
    pipeline = Pipeline(load(config).directory, Classifier.load(out, threads=1))
    (scored,) = pipeline.score([Comment(text="Marketing never answer us", from_team=TeamId("support"), lang="en")])
    assert scored.targets[0].blamed


@pytest.mark.filterwarnings("ignore")
def test_the_same_seed_gives_the_same_model(home: Path, tmp_path: Path) -> None:
    """Whatever was drawn before."""
    for name in ("one", "two"):
        torch.rand(7 if name == "one" else 8)
        config = ("--config", home / "friction.toml")
        _run("train", home / "rows.csv", "--base", home / "bert", "--out", tmp_path / name, "--epochs", 1, *config)
    one, two = (torch.load(tmp_path / f"{name}.training" / "network.pt") for name in ("one", "two"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_checkpoint_that_is_cut_off_is_told(home: Path) -> None:
    folder = shutil.copytree(home / "bert", home / "cut")
    (folder / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(UsageError, match="cut is no checkpoint that transformers can load"):
        new_network(folder)


@pytest.mark.parametrize(
    ("command", "wrong", "said"),
    [
        ("train", "toml", "valid TOML"),
        ("train", "rows", "no such file"),
        ("train", "base", "no folder"),
        ("evaluate", "toml", "valid TOML"),
        ("evaluate", "rows", "no such file"),
    ],
)
def test_a_slip_is_told_before_torch_is_loaded(home: Path, command: str, wrong: str, said: str) -> None:
    (home / "wrong.toml").write_text("[teams", encoding="utf-8")
    rows = home / ("none.csv" if wrong == "rows" else "rows.csv")
    config = home / ("wrong.toml" if wrong == "toml" else "friction.toml")
    base = ["--base", home / ("none" if wrong == "base" else "bert"), "--out", home / "x"] if command == "train" else []
    done = _friction(command, rows, *base, "--config", config, python=("-X", "importtime"))
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "training.rows" in loaded
    assert not loaded & {"torch", "transformers", "sklearn", "matplotlib", "onnx"}


def _friction(*arguments: object, python: Sequence[str] = ()) -> "subprocess.CompletedProcess[str]":
    """The command as a process of its own."""
    command = [sys.executable, *python, "-c", "from friction.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_no_model_takes_the_name_of_a_released_one(home: Path) -> None:
    """Cells say by that name which errors they are corrected with."""
    with pytest.raises(UsageError, match="friction-enfr-2 is a released model"):
        _run("train", home / "rows.csv", "--base", home / "bert", "--out", home / "friction-enfr-2")


class _Stopped(Exception):
    pass


class _Hands(Hands):
    """Stops the training after so many examples."""

    def __init__(self, left: int) -> None:
        super().__init__([])
        self.left = left

    def write(self, item: Example, rng: object) -> str:
        self.left -= 1
        if self.left < 0:
            raise _Stopped
        return super().write(item, rng)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore")
def test_a_stopped_training_goes_on_where_it_was(home: Path, tmp_path: Path) -> None:
    from training.corpus import examples

    items = examples(own.read(home / "rows.csv", load(home / "friction.toml").directory))

    def run(hands: Hands, checkpoint: Path) -> dict[str, torch.Tensor]:
        torch.manual_seed(1)
        network, tokenizer = new_network(home / "bert")
        train(network, tokenizer, items, items, hands, epochs=3, rate=1e-3, seed=2, batch=16, checkpoint=checkpoint)
        return network.state_dict()

    whole = run(_Hands(10_000), tmp_path / "whole.pt")
    with pytest.raises(_Stopped):
        run(_Hands(100), tmp_path / "half.pt")
    assert (tmp_path / "half.pt").is_file()
    again = run(_Hands(10_000), tmp_path / "half.pt")
    assert not (tmp_path / "half.pt").exists()
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_rows_in_json_and_csv_are_read_alike(home: Path, tmp_path: Path) -> None:
    directory = load(home / "friction.toml").directory
    target = {"team": "marketing", "blame": True, "appreciation": False, "patterns": ["mistakes"]}
    row = {"id": "1", "text": "Marketing lost it, thanks IT", "from_team": "sales", "targets": [target]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row | {"targets": [target, target | {"team": "DSI"}]}))
    (tmp_path / "rows.csv").write_text(
        "id,text,from_team,team,blame,appreciation,patterns\n"
        '1,"Marketing lost it, thanks IT",sales,marketing,yes,no,mistakes\n'
        '1,"Marketing lost it, thanks IT",sales,IT,1,0,mistakes\n'
    )
    read = [own.read(tmp_path / name, directory)[0] for name in ("rows.jsonl", "rows.csv")]
    assert read[0].targets == read[1].targets
    assert read[0].reading == read[1].reading
    assert read[0].reading.lang == "en"


def _problem(folder: Path, content: str, name: str = "rows.csv") -> str:
    (folder / name).write_text(content)
    (folder / "friction.toml").write_text(CONFIG, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        own.read(folder / name, load(folder / "friction.toml").directory)
    return str(raised.value)


HEADER = "id,text,from_team,team,blame,appreciation,patterns\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,team\nsecret,sales\n", "no column 'id'"),
        (HEADER, "holds no labelled comment"),
        (HEADER + "1,secret,sales,nobody,1,0,\n", "row 2: not a labelled comment (it names a team"),
        (HEADER + "1,secret,sales,marketing,perhaps,0,\n", "row 2: blame is neither 1 nor 0"),
        (HEADER + "1,fine,sales,marketing,1,0,secret\n", "it has a pattern that is none of poor_handoff, "),
        ('{"text": "secret"}\n', "row 1: not a labelled comment (no 'targets')"),
        ('{"text": "secret"\n', "row 1: not a JSON object"),
    ],
)
def test_a_bad_row_is_named_without_its_text(tmp_path: Path, content: str, said: str) -> None:
    message = _problem(tmp_path, content)
    assert said in message
    assert "secret" not in message


def test_repeats_stay_in_one_part(home: Path) -> None:
    read = own.read(home / "rows.csv", load(home / "friction.toml").directory)
    parts: Sequence[set[str]] = [{r.reading.text.text for r in part} for part in own.split(read)]
    assert all(parts)
    assert not parts[0] & parts[1]
