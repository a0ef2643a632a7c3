"""Dask: the same results to the last bit, whatever becomes of the workers, and no text but where it is scored."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="what holds on Dask is not shown; get it with: pip install 'friction[dask]'")

from distributed import Client, Security

from friction import pipeline as module
from friction.cluster import Cluster, local, remote
from friction.commands import on_engine
from friction.errors import FrictionError, UsageError
from friction.pipeline import Pipeline
from friction.records import Comment, Scored
from friction.redaction import Redacted, Redactor
from friction.redaction.roster import Roster
from friction.settings import load
from friction.settings.sections import ClusterSection
from tests.conftest import CONFIG, until

FRICTION = str(Path(sys.executable).parent / "friction")
MARK = "zebraquarz"
TEXTS = (
    "Marketing never answers, and Sales promised what nobody can build.",
    "Le support nous laisse sans réponse depuis trois semaines.",
    "Thanks to IT, the rollout was a breeze.",
    "Our own mistake: we sent Marketing the wrong list, sorry.",
    "",
    "Bei uns antwortet leider niemand mehr auf Tickets.",
)


def _comments(count: int) -> list[Comment]:
    return [Comment(f"{TEXTS[n % len(TEXTS)]} {n}" * bool(TEXTS[n % len(TEXTS)]), id=str(n)) for n in range(count)]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 16)


@pytest.fixture
def two_workers(pipeline: Pipeline, small_blocks: None) -> Iterator[Cluster]:
    with local(pipeline, 2) as cluster:
        yield cluster


def _pids(cluster: Cluster) -> list[int]:
    return list(cluster._client.run(os.getpid).values())


def test_results_are_those_of_one_process_and_in_order(two_workers: Cluster, pipeline: Pipeline) -> None:
    comments = _comments(150)
    alone = list(pipeline.stream(comments))
    assert list(two_workers.stream(comments)) == alone
    assert list(two_workers.stream([])) == []
    assert {pid != os.getpid() for pid in _pids(two_workers)} == {True}
    limits = two_workers._client.run(lambda: resource.getrlimit(resource.RLIMIT_CORE))
    assert max(max(limit) for limit in limits.values()) <= 1, "a worker that crashes would leave a core"
    without = list(two_workers.stream(comments[:20], evidence=False))
    assert [s.targets[0].evidence for _, s in without if s.targets] == [()] * sum(bool(s.targets) for _, s in without)


def test_only_a_few_blocks_are_taken_ahead(two_workers: Cluster) -> None:
    taken = 0

    def comments() -> Iterator[Comment]:
        nonlocal taken
        for comment in _comments(400):
            taken += 1
            yield comment

    stream = two_workers.stream(comments())
    next(stream)
    assert taken <= 6 * 16
    stream.close()  # type: ignore[attr-defined]


def test_a_killed_worker_changes_nothing(two_workers: Cluster, pipeline: Pipeline) -> None:
    comments = _comments(300)
    found: list[tuple[Comment, Scored]] = []
    for pair in two_workers.stream(comments):
        if len(found) in (40, 160):
            os.kill(_pids(two_workers)[0], signal.SIGKILL)
        found.append(pair)
    assert found == list(pipeline.stream(comments))


class _Broken(Redactor):
    """Fails on one comment, with its text in the error."""

    def redact(self, text: str) -> Redacted:
        if MARK in text:
            raise ValueError(text)
        return super().redact(text)


def test_no_text_where_a_block_fails_or_a_worker_dies(
    pipeline: Pipeline,
    small_blocks: None,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    broken = Pipeline(pipeline.directory, pipeline.classifier, _Broken(pipeline.directory))
    bad = Comment(f"Sales lost our {MARK} order.", respondent=MARK)
    seen = b""
    with local(broken, 2) as cluster:
        with pytest.raises(FrictionError, match="could not score a block of comments: ValueError") as failed:
            list(cluster.stream([*_comments(40), bad]))
        logs = f"{cluster._client.get_worker_logs()} {cluster._client.get_scheduler_logs()}"
        stories = cluster._client.run(lambda dask_worker: repr(list(dask_worker.state.stimulus_log)))
        for file in (f for f in folder.rglob("*") if f.is_file()):
            seen += file.read_bytes()
        assert [f.stat().st_mode & 0o077 for f in folder.iterdir()] == [0]
    said = capfd.readouterr()
    for where in (str(failed.value), repr(failed.value.__context__), logs, str(stories), said.out, said.err):
        assert MARK not in where
    assert MARK.encode() not in seen
    assert list(folder.iterdir()) == []


def test_a_worker_of_another_version_is_refused(
    pipeline: Pipeline, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("friction.cluster.__version__", "0.0.1")  # ours; the workers have their own
    with pytest.raises(UsageError, match=r"where friction 0\.0\.1 asks"), local(pipeline, 1):
        pass


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    for name in ("ours", "theirs"):
        made = Security.temporary()  # type: ignore[no-untyped-call]
        (folder / f"{name}-cert.pem").write_text(made.tls_client_cert)
        (folder / f"{name}-key.pem").write_text(made.tls_client_key)
    return folder


def _options(folder: Path, name: str = "ours") -> list[str]:
    return [f"--tls-ca-file={folder}/{name}-cert.pem", f"--tls-cert={folder}/{name}-cert.pem",
            f"--tls-key={folder}/{name}-key.pem"]  # fmt: skip


@pytest.fixture
def start(certificates: Path, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Starts a process as an organisation runs it, over TLS; all that they say is in ``said.log``.

    ``friction``: a folder with another friction than ours.
    """
    with ExitStack() as stack:
        said = stack.enter_context((tmp_path / "said.log").open("ab"))

        def start(*command: str, friction: Path | None = None) -> None:
            process = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli." + command[0], *command[1:], *_options(certificates)],
                cwd=tmp_path, stdout=said, stderr=said,
                env=os.environ | ({"PYTHONPATH": str(friction)} if friction else {}),  # noqa: TID251
            )  # fmt: skip
            stack.enter_context(process)
            stack.callback(process.terminate)

        yield start


@pytest.fixture
def empty_scheduler(start: Callable[..., None], tmp_path: Path) -> str:
    file = tmp_path / "scheduler.json"
    start("dask_scheduler", "--host=127.0.0.1", "--port=0", "--protocol=tls", "--no-dashboard",
          f"--scheduler-file={file}")  # fmt: skip
    while not file.exists():
        time.sleep(0.1)
    return str(json.loads(file.read_text())["address"])


@pytest.fixture
def scheduler(empty_scheduler: str, start: Callable[..., None]) -> str:
    _start_worker(start, empty_scheduler)
    return empty_scheduler


def _start_worker(start: Callable[..., None], scheduler: str, friction: Path | None = None) -> None:
    start("dask_worker", scheduler, "--protocol=tls", "--host=127.0.0.1", "--nthreads=1", "--no-dashboard",
          "--no-nanny", friction=friction)  # fmt: skip


def _other_friction(folder: Path, **modules: str) -> Path:
    package = folder / "other" / "friction"
    package.mkdir(parents=True)
    for name, content in modules.items():
        (package / f"{name}.py").write_text(content)
    return package.parent


def _section(scheduler: str, folder: Path, name: str = "ours") -> ClusterSection:
    return ClusterSection(
        scheduler=scheduler,
        ca=str(folder / "ours-cert.pem"),
        certificate=str(folder / f"{name}-cert.pem"),
        key=str(folder / f"{name}-key.pem"),
    )


def test_an_existing_cluster_is_reached_over_tls_by_whoever_shows_a_certificate(
    scheduler: str, certificates: Path, pipeline: Pipeline
) -> None:
    comments = _comments(30)
    with remote(pipeline, _section(scheduler, certificates)) as cluster:
        assert list(cluster.stream(comments)) == list(pipeline.stream(comments))
    with pytest.raises(UsageError, match="Cannot reach the Dask scheduler"):
        remote(pipeline, _section(scheduler, certificates, "theirs")).__enter__()


def test_a_worker_without_friction_ends_the_command_and_logs_no_name_that_is_listed(
    start: Callable[..., None], scheduler: str, certificates: Path, pipeline: Pipeline, tmp_path: Path
) -> None:
    section = _section(scheduler, certificates)
    listed = Redactor(pipeline.directory, roster=Roster(frozenset({MARK})))
    _start_worker(start, scheduler, _other_friction(tmp_path, __init__="raise ImportError('no friction here')"))
    with _client(section) as client:
        client.wait_for_workers(2, timeout=60)
        with (
            pytest.raises(UsageError, match="could not begin; its log says why"),
            remote(Pipeline(pipeline.directory, pipeline.classifier, listed), section),
        ):
            pass
        left = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.worker_plugins))
    assert not [name for name in left if name.startswith("friction")], "workers that come later would still get it"
    said = (tmp_path / "said.log").read_text()
    assert "Failed to deserialize" in said
    assert MARK not in said


def test_a_worker_that_cannot_read_a_block_logs_no_word_of_it(
    start: Callable[..., None], empty_scheduler: str, certificates: Path, pipeline: Pipeline, tmp_path: Path
) -> None:
    older = "from distributed import WorkerPlugin\nclass _Pipelines(WorkerPlugin): pass\n"  # it compares nothing
    _start_worker(start, empty_scheduler, _other_friction(tmp_path, __init__="", cluster=older))
    log = tmp_path / "said.log"
    with ThreadPoolExecutor(1) as pool:
        with remote(pipeline, _section(empty_scheduler, certificates)) as cluster:
            asked = pool.submit(list, cluster.stream([Comment(f"Sales lost our {MARK} order.")]))
            until(lambda: "Can't get attribute '_score'" in log.read_text())
        with pytest.raises(FrictionError):
            asked.result(timeout=60)
    assert "Failed to deserialize" in log.read_text()
    assert MARK not in log.read_text()


def test_a_command_ends_where_the_last_worker_is_gone_and_none_comes(
    scheduler: str, certificates: Path, pipeline: Pipeline, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("friction.cluster._LOOKS", 0.2)
    monkeypatch.setattr("friction.cluster.ALONE", 1.0)
    with remote(pipeline, _section(scheduler, certificates)) as cluster:
        found = cluster.stream(_comments(200))
        next(found)
        os.kill(_pids(cluster)[0], signal.SIGKILL)
        with pytest.raises(FrictionError, match="has had no worker for 0 minutes"):
            list(found)


def _client(section: ClusterSection) -> Client:
    ours = Security(
        tls_ca_file=section.ca, tls_client_cert=section.certificate, tls_client_key=section.key, require_encryption=True
    )  # type: ignore[no-untyped-call]
    return Client(section.scheduler, security=ours, set_as_default=False)  # type: ignore[no-untyped-call]


def test_the_configuration_names_a_cluster(tmp_path: Path) -> None:
    path = tmp_path / "friction.toml"
    section = '[cluster]\nscheduler = "{}://10.0.0.1:8786"\nca = "ca.pem"\ncertificate = "c.pem"\nkey = "/k.pem"\n'
    path.write_text(CONFIG + section.format("tls"))
    found = load(path).cluster
    assert found is not None
    assert (found.ca, found.key) == (str(tmp_path / "ca.pem"), "/k.pem")
    path.write_text(CONFIG + section.format("tcp"))
    with pytest.raises(UsageError, match="in the clear"):
        load(path)


def test_without_dask_the_command_says_how_to_get_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "friction.cluster")
    monkeypatch.delattr("friction.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"friction\[dask\]"), on_engine(load(config), "dask"):
        pass


def test_the_command_prints_the_same_lines(config: Path, tmp_path: Path) -> None:
    rows = "\n".join(f'{n},"{TEXTS[n % len(TEXTS)]}"' for n in range(40))
    files = [tmp_path / name for name in ("one.csv", "two.csv")]
    for file in files:
        file.write_text("id,text\n" + rows, encoding="utf-8")
    command = [FRICTION, "score", *map(str, files), "--config", str(config)]
    alone, dask = (
        subprocess.run([*command, *more], capture_output=True, text=True, timeout=120, check=True).stdout
        for more in ([], ["--engine", "dask", "--workers", "2"])
    )
    assert len(alone.splitlines()) == 80
    assert alone == dask


def test_files_are_ingested_the_same(config: Path, tmp_path: Path) -> None:
    rows = "".join(f'"{TEXTS[n % 4]}",sales,p{n},2026-W10\n' for n in range(40))
    (tmp_path / "one.csv").write_text("text,from_team,respondent,week\n" + rows, encoding="utf-8")
    said = []
    for engine in ("local", "dask"):
        (tmp_path / engine).mkdir()
        shutil.copy(config, tmp_path / engine)
        command = [FRICTION, "ingest", "one.csv", "--format", "json", "--engine", engine,
                   "--config", f"{engine}/friction.toml"]  # fmt: skip
        said.append(
            subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True).stdout
        )
    found = json.loads(said[0])
    assert found["comments"] == 40
    assert {k: v for k, v in json.loads(said[1]).items() if k != "batch"} == {
        k: v for k, v in found.items() if k != "batch"
    }
