"""Commands that ``training`` brings to ``friction``: ``train`` and ``evaluate``, for a user's own labelled rows."""

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from friction.commands import CONFIG, Config
from friction.errors import UsageError
from friction.wording import counted

Rows = Annotated[
    Path, typer.Argument(help="Labelled comments, JSON lines (docs/taxonomy.md) or CSV (training/rows.py).")
]
NEEDED = ("torch", "transformers", "sklearn", "onnx", "matplotlib", "tqdm")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(evaluate)


def _require_training() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"{', '.join(missing)} not installed. Run: pip install 'friction[train]'")


def train(
    rows: Rows,
    base: Annotated[Path, typer.Option(help="A transformers checkpoint folder on disk, e.g. XLM-R, to start from.")],
    out: Annotated[Path, typer.Option(help="Model folder to write.")],
    dev: Annotated[
        Path | None, typer.Option(help="Labelled rows to choose by; by default one in five of ROWS.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Times through the rows.")] = 6,
    rate: Annotated[float, typer.Option(help="Learning rate of the encoder.")] = 1e-4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same model on the same machine.")] = 17,
    config: Config = CONFIG,
) -> None:
    """Train a model on your own labelled rows. Stopped and run again, it goes on where it was."""
    _require_training()
    from friction import settings as configuration
    from friction.model_folder import released_errors

    from . import rows as own
    from .corpus import examples

    if not base.is_dir():
        raise UsageError(f"{base} is no folder. Give --base the folder of a transformers checkpoint")
    if out.name in released_errors():
        raise UsageError(f"{out.name} is a released model, and what it counted goes by that name: give another --out")
    directory = configuration.load(config).directory
    read = own.read(rows, directory)
    train_rows, dev_rows = (read, own.read(dev, directory)) if dev else own.split(read)
    train_items, dev_items = examples(train_rows), examples(dev_rows)
    _require_both_kinds(train_items, rows)
    _require_both_kinds(dev_items, dev or rows)

    import torch  # it takes seconds: only once all that was given is right

    from .export import write_folder
    from .finetune import train as fit
    from .hands import Hands
    from .network import new_network, save_network
    from .pointing import save_pointer, teach

    work = out.with_name(out.name + ".training")
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)  # the heads' first weights, and what the checkpoint lacks
    network, tokenizer = new_network(base)
    print(f"{counted(len(train_items), 'target')} to train on, {len(dev_items)} to choose by")
    hands = Hands(train_rows)
    checkpoint = work / "checkpoint.pt"
    fit(network, tokenizer, train_items, dev_items, hands, epochs=epochs, rate=rate, seed=seed, checkpoint=checkpoint)
    save_network(network, tokenizer, work)
    save_pointer(teach(network, tokenizer, train_rows), work)
    seen = counted(len(train_rows), "labelled comment")
    write_folder(work, out, dev_items, f"# {out.name}\n\nTrained on {seen} over {base.name}.\n")
    print(f"Model in {out}. Judge it on rows that it has not seen: friction evaluate ROWS --model {out}")


def _require_both_kinds(items: list, path: Path) -> None:  # type: ignore[type-arg]
    from friction.taxonomy import HEADS

    place = HEADS.index("blame")
    kinds = {item.labels[place] for item in items if item.weights[place]}
    if kinds != {0.0, 1.0}:
        raise UsageError(f"{path} needs targets that are blamed and targets that are not, in both parts; add rows")


def evaluate(
    rows: Rows,
    model: Annotated[Path | None, typer.Option(help="Model folder; by default the released one.")] = None,
    report: Annotated[Path, typer.Option(help="Report to write, .html or .md.")] = Path("report.html"),
    config: Config = CONFIG,
) -> None:
    """Judge a model on labelled rows: figures with intervals, and plots."""
    _require_training()
    if report.suffix not in (".html", ".md"):
        raise UsageError(f"{report}: a report ends in .html or .md")
    from friction import settings as configuration
    from friction.model_folder import RELEASED, read_card

    from . import rows as own
    from .corpus import examples

    folder = model or RELEASED
    card = read_card(folder)
    read = own.read(rows, configuration.load(config).directory)
    items = examples(read)

    from tokenizers import Tokenizer

    from friction.inference import open_session

    from . import calibration
    from . import report as reports
    from .export import run
    from .metrics import Judged

    session = open_session(folder / "model.onnx")
    logits = run(session, Tokenizer.from_file(str(folder / "tokenizer.json")), items)
    judged = Judged(read, items, calibration.probabilities(logits, items, card.scaling), card.thresholds)
    reports.write(report, f"{card.name} on {rows.name}", judged, len(read))
    for name, figure in judged.figures().items():
        print(f"{name:18}{figure}")
    print(f"Report in {report}")
