"""Scoring in a process of its own: the same scores, none lost when it ends, and nothing beside them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from friction import settings as configuration
from friction.errors import FrictionError, IntegrityError, UsageError
from friction.pipeline import Pipeline
from friction.records import Comment, Scored, TeamId
from friction.scorer import Away, NotScored, Scorer
from friction.scoring_process import _scored
from friction.settings import SCORES_VARIABLE, Settings
from tests.conftest import CONFIG, until

TEXTS = [
    "Marketing never answers us, not once, write to them at ada@example.org or call 020 7946 0958.",
    "L'équipe support ne répond jamais, on attend depuis trois semaines.",
    "Das Marketing antwortet uns leider nie auf Fragen",
    "Support helped a lot, and marketing did not. 🙂",
    "ok",
]
COMMENTS = [Comment(text=text, id=f"m-{n}", from_team=TeamId("sales")) for n, text in enumerate(TEXTS)]
COMMENTS += [Comment(text="They never answer us.", about_team=TeamId("it"))]


@pytest.fixture
def scorer(settings: Settings) -> Iterator[Scorer]:
    with Scorer(settings, threads=2) as found:
        found.wait()
        yield found


def _pid(scorer: Scorer) -> int:
    assert scorer._latest is not None
    return scorer._latest._process.pid


def _kill_each(scorer: Scorer, patched: pytest.MonkeyPatch) -> None:
    """From now on a process is killed just before it is asked."""
    ready = scorer._await

    def killed() -> object:
        process = ready()
        process.kill()
        process.wait()
        return process

    patched.setattr(scorer, "_await", killed)


@pytest.mark.parametrize("evidence", [True, False])
def test_the_same_scores_to_the_last_bit(scorer: Scorer, pipeline: Pipeline, evidence: bool) -> None:
    there, here = scorer.score(COMMENTS, evidence=evidence), pipeline.score(COMMENTS, evidence=evidence)
    assert there == here
    assert any(target.evidence for one in there for target in one.targets) is evidence
    assert {kind for one in there for kind in one.masked} == {"email", "phone"}
    assert any(one.error for one in there)
    assert scorer.model == pipeline.model
    assert scorer.score([]) == []


def test_a_process_that_ends_is_started_again_and_loses_nothing(
    scorer: Scorer, caplog: pytest.LogCaptureFixture
) -> None:
    before = scorer.score(COMMENTS)
    first = _pid(scorer)
    os.kill(first, signal.SIGKILL)
    assert scorer.score(COMMENTS) == before
    assert _pid(scorer) != first
    assert [r.__dict__["fields"] for r in caplog.records] == [{"code": -signal.SIGKILL}]


def test_a_process_that_ends_while_nobody_asks_is_started_again_too(scorer: Scorer) -> None:
    first = _pid(scorer)
    os.kill(first, signal.SIGKILL)
    until(lambda: _pid(scorer) != first and scorer.is_up)


def test_two_batches_at_once(scorer: Scorer) -> None:
    """And when the process ends under both, both go to the next."""
    alone = scorer.score(COMMENTS)
    with ThreadPoolExecutor(4) as pool:
        for kill in (False, True, False):
            asked = [pool.submit(scorer.score, COMMENTS) for _ in range(8)]
            if kill:
                asked[0].result()
                os.kill(_pid(scorer), signal.SIGKILL)
            assert all(found.result() == alone for found in asked)


def test_a_batch_that_ends_two_processes_is_given_up(scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later ones are scored again."""
    scorer.score(COMMENTS)
    with monkeypatch.context() as patched:
        _kill_each(scorer, patched)
        with pytest.raises(NotScored, match="the process ended twice"):
            scorer.score(COMMENTS)
    assert len(scorer.score(COMMENTS)) == len(COMMENTS)


def test_where_one_after_the_other_ends_in_vain_whoever_asks_is_told_at_once(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        _kill_each(scorer, patched)
        with pytest.raises(NotScored):
            scorer.score(COMMENTS)
        with pytest.raises(Away) as away:
            scorer.score(COMMENTS)
    assert away.value.after in (1, 2)
    assert not scorer.is_up
    until(lambda: scorer.is_up)
    assert len(scorer.score(COMMENTS)) == len(COMMENTS)


def test_what_fails_is_told_by_its_place_alone(
    scorer: Scorer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the error, and nowhere else."""
    bad = Comment(text="Marketing never answers, said kumquat-zeppelin.", lang="kumquat")  # type: ignore[arg-type]
    with pytest.raises(NotScored) as found:
        scorer.score([bad])
    assert re.fullmatch(r"unexpected KeyError in friction/classifier\.py line \d+", str(found.value))
    assert caplog.text + "".join(capfd.readouterr()) == ""
    assert len(scorer.score(COMMENTS)) == len(COMMENTS), "the process goes on"


class _Panic(BaseException):
    """As a library in Rust raises it."""


class _Panics:
    def score(self, comments: Sequence[Comment], *, evidence: bool) -> list[Scored]:
        raise _Panic(comments[0].text)


def test_a_panic_is_told_by_its_place_alone() -> None:
    told = _scored(_Panics(), [Comment(text="kumquat-zeppelin")], evidence=True)  # type: ignore[arg-type]
    assert re.fullmatch(r"unexpected _Panic in friction/scoring_process\.py line \d+", str(told))


def test_what_keeps_it_from_starting_is_said(config: Path) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('[redaction]\nnames = "no-such-list.txt"\n')
    with Scorer(configuration.load(config), threads=1) as scorer, pytest.raises(UsageError, match="no-such-list"):
        scorer.wait()


@pytest.mark.parametrize(
    ("program", "kind", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", FrictionError, r"it ended \(-9\). Is there memory for it\?"),
        (
            "import sys; sys.modules['onnxruntime'] = None; from friction.scoring_process import main; main()",
            FrictionError,
            r"unexpected ModuleNotFoundError in friction/inference.py line \d+. Is the installation whole\?",
        ),
        (
            "import friction.model_folder as m; m.VERSION = -1; from friction.scoring_process import main; main()",
            IntegrityError,
            "taxonomy",
        ),
    ],
)
def test_so_is_what_nobody_foresaw(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, program: str, kind: type[FrictionError], said: str
) -> None:
    """The operator sees one line, as where it had gone wrong in the process that was started."""
    _start_instead(monkeypatch, program)
    with Scorer(settings, threads=1) as scorer, pytest.raises(kind, match=said) as found:
        scorer.wait()
    assert type(found.value) is kind


def _start_instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """From now on a process that is started to score is this one."""
    run = subprocess.Popen

    def other(command: list[str], **more: object) -> object:
        return run([*command[:2], "-c", program, *command[4:]], **more)  # type: ignore[call-overload]

    monkeypatch.setattr("friction.scorer.subprocess.Popen", other)


@pytest.mark.parametrize(
    "other",
    ["import friction; friction.__version__ = '0.0.0'", "from friction.pipeline import Pipeline; Pipeline.model = 'm'"],
)
def test_another_version_than_began_is_never_asked(scorer: Scorer, monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    """As where friction is upgraded under a process that goes on."""
    _start_instead(monkeypatch, f"{other}; from friction.scoring_process import main; main()")
    os.kill(_pid(scorer), signal.SIGKILL)
    until(lambda: scorer._failure is not None)
    with pytest.raises(IntegrityError, match="Start it again"):
        scorer.wait()
    assert not scorer.is_up


def test_it_knows_of_no_store_and_leaves_no_core(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCORES_VARIABLE, settings.scores_address)
    with Scorer(settings, threads=1) as scorer:
        scorer.wait()
        process = Path(f"/proc/{_pid(scorer)}")
        given = (process / "environ").read_bytes() + (process / "cmdline").read_bytes() + scorer._told[0].encode()
        assert b"FRICTION_" not in given
        assert b"sqlite" not in given
        (line,) = re.findall("Max core file size .*", (process / "limits").read_text(encoding="utf-8"))
        assert set(line.split()[4:6]) in ({"1"}, {"0"})


@pytest.mark.parametrize("module", ["sqlite3", "sqlalchemy", "psycopg", "friction.store.engine", "friction.ingest"])
def test_it_can_open_none(module: str) -> None:
    """Whatever its own code tries."""
    program = f"""
from friction.scoring_process import main
try:
    main()  # no channel: it has done what comes before the first word
except IndexError:
    import {module}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == f"PermissionError: this process does not read {_refused(module)}"


def _refused(module: str) -> str:
    return "friction.store" if module.startswith("friction.store") else module


ASKS = """
import os, sys, time
from pathlib import Path
from friction.scorer import Scorer
from friction.settings import load
scorer = Scorer(load(Path(sys.argv[1])), threads=2)
if sys.argv[2] == "ready":
    scorer.wait()
while scorer._latest is None:
    time.sleep(0.001)
print(scorer._latest._process.pid, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("when", ["loading", "ready"])
def test_it_ends_once_who_asks_is_killed(tmp_path: Path, when: str) -> None:
    config = tmp_path / "friction.toml"
    config.write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, "-c", ASKS, str(config), when]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    until(lambda: not Path(f"/proc/{int(done.stdout)}").exists())


def test_it_is_gone_where_it_is_closed_before_it_began(settings: Settings) -> None:
    for _ in range(5):
        with Scorer(settings, threads=2) as scorer:
            pass
        assert scorer._latest is not None
        assert scorer._latest.wait() in (0, -signal.SIGKILL)


def test_it_ends_when_it_is_closed_and_whoever_comes_late_is_told(settings: Settings) -> None:
    with Scorer(settings, threads=2) as scorer:
        scorer.wait()
        pid = _pid(scorer)
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(Away):
        scorer.score(COMMENTS)
