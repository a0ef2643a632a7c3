"""A long input on every core: the same results as in one process, whatever becomes of the others."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from friction.batch_report import stored
from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.processes import FEW, Processes
from friction.records import Comment, Scored, TeamId
from friction.settings import Settings, load
from friction.store.scores import ScoreStore
from tests.conftest import CONFIG, query

FRICTION = Path(sys.executable).parent / "friction"
SAID = (
    "Marketing never answers us, not once in {} weeks; write to ada@example.org.",
    "L'équipe support ne répond jamais, on attend depuis {} semaines.",
    "Das Marketing antwortet uns leider nie auf {} Fragen",
    "Support helped a lot {} times, and marketing did not. 🙂",
    "ok {}",
)
LONG = 4 * FEW


def _items(count: int) -> list[list[Comment]]:
    """Blocks of different sizes, some empty."""
    return [
        [Comment(text=SAID[(n + i) % 5].format(n), id=f"{n}-{i}", from_team=TeamId("sales")) for i in range(n % 4)]
        for n in range(count)
    ]


def _others() -> set[int]:
    """Processes that this one has started to score."""
    children = " ".join(
        (thread / "children").read_text(encoding="ascii") for thread in Path("/proc/self/task").iterdir()
    )
    found = set()
    for child in map(int, children.split()):
        with suppress(OSError):  # it has just ended
            if b"friction.scoring_process" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.add(child)
    return found


@pytest.fixture
def processes(pipeline: Pipeline, settings: Settings) -> Processes:
    return Processes(pipeline, settings, 3)


@pytest.mark.parametrize("evidence", [True, False])
def test_the_same_results_to_the_last_bit_and_in_order(
    processes: Processes, pipeline: Pipeline, evidence: bool
) -> None:
    items, started = _items(LONG), set[int]()
    found: list[tuple[list[Comment], list[Scored]]] = []
    for pair in processes.ahead(items, list, evidence=evidence):
        started |= _others()
        found.append(pair)
    assert found == list(pipeline.ahead(items, list, evidence=evidence))
    assert len(started) == 2
    assert not _others()
    assert any(target.evidence for _, block in found for one in block for target in one.targets) is evidence
    assert any(one.masked for _, block in found for one in block)
    assert any(one.error for _, block in found for one in block)


@pytest.mark.parametrize(("count", "workers"), [(0, 3), (1, 3), (FEW, 3), (LONG, 1)])
def test_a_short_input_starts_none_nor_does_one_worker(
    pipeline: Pipeline, settings: Settings, count: int, workers: int
) -> None:
    items = _items(count)
    found = []
    for pair in Processes(pipeline, settings, workers).ahead(items, list):
        assert not _others()
        found.append(pair)
    assert found == list(pipeline.ahead(items, list))


def test_only_a_few_blocks_are_held(processes: Processes) -> None:
    read = 0

    def reading() -> Iterator[list[Comment]]:
        nonlocal read
        for item in _items(300):
            read += 1
            yield item

    for number, _ in enumerate(processes.ahead(reading(), list)):
        assert read - number <= 2 * FEW


def test_processes_that_are_killed_change_nothing(processes: Processes, pipeline: Pipeline) -> None:
    """Each of them, again and again."""
    items, killed = _items(3 * LONG), 0
    found = []
    for number, pair in enumerate(processes.ahead(items, list)):
        if number % 8 == 0:
            for other in _others():
                with suppress(ProcessLookupError):
                    os.kill(other, signal.SIGKILL)
                    killed += 1
        found.append(pair)
    assert killed > 2
    assert found == list(pipeline.ahead(items, list))
    assert not _others()


def test_nor_do_processes_that_cannot_begin(config: Path, pipeline: Pipeline) -> None:
    names = config.parent / "names.txt"
    with config.open("a", encoding="utf-8") as file:
        file.write('[redaction]\nnames = "names.txt"\n')
    names.write_text("Zebedee Quux\n", encoding="utf-8")
    settings = load(config)
    here = Pipeline(settings.directory, pipeline.classifier, settings.redactor())
    names.unlink()
    items = _items(LONG)
    assert list(Processes(here, settings, 2).ahead(items, list)) == list(here.ahead(items, list))


def test_what_fails_there_fails_as_it_would_here(processes: Processes) -> None:
    items = _items(LONG)
    items[FEW + 3] = [Comment(text="Marketing never answers.", lang="kumquat")]  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="kumquat"):
        list(processes.ahead(items, list))
    assert not _others()


def test_none_is_left_where_reading_fails_or_nobody_wants_more(processes: Processes) -> None:
    def failing() -> Iterator[list[Comment]]:
        yield from _items(LONG)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(processes.ahead(failing(), list))
    assert not _others()
    scoring = processes.ahead(_items(LONG), list)
    next(iter(scoring))
    while not _others():  # they are about to begin
        time.sleep(0.01)
    scoring.close()  # type: ignore[attr-defined]
    assert not _others()


def test_a_file_is_ingested_as_in_one_process(
    pipeline: Pipeline, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is counted and masked, what was rejected, and what is in the store; not the keys, which are salted."""
    monkeypatch.setattr("friction.pipeline.BLOCK", 4)
    path = tmp_path / "long.csv"
    rows = [f'"{SAID[n % 5].format(n)}",sales,p{n % 9},2026-W10' for n in range(10 * FEW)]
    path.write_text("\n".join(["text,from_team,respondent,week", *rows]), encoding="utf-8")
    reports, votes = [], []
    for name, one in (("a", pipeline), ("b", Processes(pipeline, settings, 2))):
        store = ScoreStore(f"sqlite:///{tmp_path / name}")
        report = stored(ingest(str(path), settings=settings, pipeline=one, store=store))
        store.close()
        columns = "from_team, about_team, week, lang, blamed, appreciated, patterns, model"
        votes.append(query(f"sqlite:///{tmp_path / name}", f"select {columns} from scores order by {columns}"))
        reports.append(report)
    assert reports[0] == reports[1]
    assert reports[0]["masked"] == {"email": 16}
    assert votes[0] == votes[1] != []


def test_the_command_writes_the_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    lines = ["text,from_team"] + [f'"{SAID[-1 if n % 16 else n // 16 % 5].format(n)}",sales' for n in range(2500)]
    (tmp_path / "long.csv").write_text("\n".join(lines), encoding="utf-8")
    said = []
    for workers in ("1", "3"):
        command = [FRICTION, "score", "long.csv", "--workers", workers]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
        said.append((done.stdout, done.stderr))
    assert said[0] == said[1]
    assert said[0][0].count("\n") == 2500
