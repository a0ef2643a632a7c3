"""The pipeline on several processes or machines, through Dask (extra ``dask``); the same results, to the last bit.

One model a worker. Comments go to the workers block by block, only as many blocks as keep them busy; a block whose
worker is lost goes to another; results come back in order.

Promises: text crosses the network encrypted, between parties that have shown a certificate; it is in the arguments of
tasks only, never in results, keys, logs or spilled data, and nothing shows it in its ``repr``; a worker that would
score otherwise than this process (another version, another model) is refused before it sees any. Called by the
commands ``score`` and ``ingest``.
"""

import hashlib
import secrets
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import dask
from distributed import Client, LocalCluster, Security, WorkerPlugin, get_worker
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from friction import __version__
from friction.classifier import Classifier
from friction.crashes import leave_no_core
from friction.errors import FrictionError, UsageError
from friction.model_folder import RELEASED
from friction.pipeline import Pipeline
from friction.records import Comment, Directory, Scored
from friction.redaction import Redactor
from friction.settings.sections import ClusterSection

BLOCKS_AHEAD: Final = 2
"""Blocks under way for each worker: one that it scores and one that waits for it."""
ATTEMPTS: Final = 2
"""How often a block is tried again that failed on a worker; lost workers are not counted here."""
_CONFIGURATION: Final = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,  # what is in memory stays there
    "distributed.admin.log-length": 0,
    "distributed.admin.low-level-log-length": 0,
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.http.routes": [],  # nothing to look at from outside
    "distributed.worker.http.routes": [],
}
_KEPT: Final = "friction_pipelines"
"""Under which name a worker keeps its pipelines, one for each process that it works for."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Sealed:
    """Comments on their way. Dask writes the ``repr`` of a task's arguments into its log when the task fails."""

    comments: tuple[Comment, ...] = field(repr=False)


def fingerprint() -> str:
    """What tells the model from any other: a hash of the checksums that its files are held to."""
    return hashlib.sha256((RELEASED / "SHA256SUMS").read_bytes()).hexdigest()


class _Pipelines(WorkerPlugin):
    """Gives every worker, those that come later too, what it builds its pipeline from."""

    def __init__(self, name: str, directory: Directory, redactor: Redactor) -> None:
        self.name = name
        self._directory = directory
        self._redactor = redactor
        self._needs = (__version__, fingerprint())

    def setup(self, worker: Any) -> None:
        """A worker begins."""
        leave_no_core()
        vars(worker).setdefault(_KEPT, {})[self.name] = self

    def teardown(self, worker: Any) -> None:
        """The process that it worked for is done."""
        vars(worker).get(_KEPT, {}).pop(self.name, None)

    def pipeline(self) -> Pipeline:
        """The worker's pipeline, loaded when it is first asked for.

        Raises:
            UsageError: this is not the version, or not the model, that asks.
        """
        found: Pipeline | None = vars(self).get("_pipeline")
        if found is None:
            if self._needs != (__version__, fingerprint()):
                raise UsageError(
                    f"A worker has friction {__version__}, or another model, where friction {self._needs[0]} asks. "
                    "Install the same version everywhere."
                )
            found = self._pipeline = Pipeline(self._directory, Classifier.load(RELEASED, threads=1), self._redactor)
        return found


class Cluster(Pipeline):
    """A pipeline whose blocks are scored by workers. Made by ``local`` and ``remote``."""

    def __init__(self, pipeline: Pipeline, client: Client) -> None:
        super().__init__(pipeline.directory, pipeline.classifier, pipeline.redactor)
        self._client = client
        self._name = f"friction-{secrets.token_hex(8)}"
        client.register_plugin(_Pipelines(self._name, pipeline.directory, pipeline.redactor))

    def leave(self) -> None:
        """Take from the workers what they were given."""
        self._client.unregister_worker_plugin(self._name)

    def ahead(
        self, items: Iterable[Item], comments: Callable[[Item], list[Comment]], *, evidence: bool = True
    ) -> Iterator[tuple[Item, list[Scored]]]:
        """Each item, in order, with the scores of its comments.

        Raises:
            FrictionError: a block could not be scored on any worker, or the cluster is gone.
        """
        under_way: deque[tuple[Item, Any]] = deque()
        waiting = iter(items)
        try:
            while True:
                while len(under_way) < BLOCKS_AHEAD * max(self._workers(), 1) and (item := next(waiting, None)):
                    sealed = _Sealed(tuple(comments(item)))
                    task = self._client.submit(
                        _score, self._name, sealed, evidence=evidence, pure=False, retries=ATTEMPTS
                    )
                    under_way.append((item, task))
                if not under_way:
                    return
                first, future = under_way.popleft()
                yield first, _result(future)
        finally:
            for _, future in under_way:
                future.cancel()

    def _workers(self) -> int:
        return len(self._client.scheduler_info(n_workers=-1)["workers"])


def _result(future: Any) -> list[Scored]:
    """A block's scores, or an error that says no more than that there are none."""
    try:
        found: list[Scored] | UsageError = future.result()
    except KilledWorker:
        raise FrictionError(
            "A block of comments was lost with every worker that had it. Look for what ends the workers; memory is "
            "the usual cause."
        ) from None
    except (OSError, FutureCancelledError) as gone:
        raise FrictionError(f"The Dask cluster is gone ({type(gone).__name__}). Run the command again.") from None
    except Exception as failed:
        raise FrictionError(f"A worker could not score a block of comments: {failed}") from None
    if isinstance(found, UsageError):
        raise found
    return found


def _score(name: str, sealed: _Sealed, *, evidence: bool) -> list[Scored] | UsageError:
    """Runs on a worker: the scores of a block, or what keeps this worker from them.

    Raises:
        RuntimeError: with the kind of what went wrong, and no word of the error itself, which could hold a text's.
    """
    try:
        plugin: _Pipelines = vars(get_worker())[_KEPT][name]
        return plugin.pipeline().score(sealed.comments, evidence=evidence)
    except UsageError as error:
        return error
    except Exception as error:
        kind = type(error).__name__
    raise RuntimeError(kind)


@contextmanager
def local(pipeline: Pipeline, workers: int) -> Iterator[Cluster]:
    """A cluster of processes on this machine, gone at the end.

    Args:
        pipeline: what they do.
        workers: how many processes; one core each.
    """
    with (
        tempfile.TemporaryDirectory(prefix="friction-dask-") as folder,
        dask.config.set(_CONFIGURATION | {"temporary-directory": folder}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            protocol="tls",
            security=Security.temporary(),  # anybody on this machine could else connect, and ask for the text
            dashboard_address="127.0.0.1:0",  # it answers nothing: there are no routes
            local_directory=folder,
            memory_limit=0,
            silence_logs="ERROR",
        ) as processes,
        Client(processes, set_as_default=False) as client,
    ):
        yield Cluster(pipeline, client)


@contextmanager
def remote(pipeline: Pipeline, cluster: ClusterSection) -> Iterator[Cluster]:
    """An existing cluster, by its scheduler's address.

    Args:
        pipeline: what its workers do.
        cluster: where it is, and what shows it who we are.

    Raises:
        UsageError: a file of the certificates cannot be read, nobody answers, or there is no worker.
    """
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_CONFIGURATION))
        try:
            ours = Security(
                tls_ca_file=cluster.ca,
                tls_client_cert=cluster.certificate,
                tls_client_key=cluster.key,
                require_encryption=True,
            )
            client = Client(cluster.scheduler, security=ours, set_as_default=False, timeout="20s")
        except (OSError, ValueError) as error:
            raise UsageError(
                f"Cannot reach the Dask scheduler at {cluster.scheduler} ({type(error).__name__}). Check the address "
                "and the certificates of [cluster], and that it runs."
            ) from None
        stack.enter_context(client)
        try:
            client.wait_for_workers(1, timeout=20)
        except TimeoutError:
            raise UsageError(f"The Dask cluster at {cluster.scheduler} has no worker. Start one.") from None
        found = Cluster(pipeline, client)
        stack.callback(found.leave)
        yield found
