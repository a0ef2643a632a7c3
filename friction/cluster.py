"""The pipeline on several processes or machines, through Dask (extra ``dask``); the same results, to the last bit.

One model a worker. Comments go to the workers block by block, only as many blocks as keep them busy; a block whose
worker is lost goes to another; results come back in order.

Promises: text crosses the network encrypted, between parties that have shown a certificate; it is in the arguments of
tasks only, never in results, keys, logs or spilled data. Dask logs bytes that it cannot unpickle, so comments, and the
organisation's list of names, are sealed under a key of the run, which a worker fetches from the scheduler once it is
known to score as this process does (same version, same model), and without which it sees none. Called by the commands
``score`` and ``ingest``.
"""

import hashlib
import json
import secrets
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final, TypeVar

import dask
from cryptography.fernet import Fernet
from distributed import Client, LocalCluster, Security, WorkerPlugin, get_worker
from distributed.client import FutureCancelledError
from distributed.protocol.serialize import deserialize_bytes, serialize_bytes
from distributed.scheduler import KilledWorker

from friction import __version__
from friction.channel import answer, answered, asked, question
from friction.classifier import Classifier
from friction.crashes import leave_no_core
from friction.errors import ENDINGS, FrictionError, UsageError
from friction.model_folder import RELEASED
from friction.pipeline import Pipeline
from friction.records import Comment, Scored
from friction.settings.sections import ClusterSection

BLOCKS_AHEAD: Final = 2
"""Blocks under way for each worker: one that it scores and one that waits for it."""
ATTEMPTS: Final = 2
"""How often a block is tried again that failed on a worker; lost workers are not counted here."""
ALONE: Final = 300.0
"""Seconds that a block waits where no worker is left: time for one to be started."""
_LOOKS: Final = 5.0
"""Seconds between two looks at whether there is a worker, while a block is waited for."""
_CONFIGURATION: Final = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,  # what is in memory stays there
    "distributed.admin.log-length": 0,
    "distributed.admin.low-level-log-length": 0,
    "distributed.worker.profile.enabled": False,
    "distributed.deploy.lost-worker-timeout": "5 minutes",  # to begin again on a busy machine; it is not started twice
    "distributed.scheduler.http.routes": [],  # nothing to look at from outside
    "distributed.worker.http.routes": [],
}
_KEPT: Final = "friction_pipelines"
"""Under which name a worker keeps its pipelines, one for each process that it works for."""

Item = TypeVar("Item")


def fingerprint() -> str:
    """What tells the model from any other: a hash of the checksums that its files are held to."""
    return hashlib.sha256((RELEASED / "SHA256SUMS").read_bytes()).hexdigest()


class _Pipelines(WorkerPlugin):
    """Gives every worker, those that come later too, what it builds its pipeline from; sealed, as comments are."""

    def __init__(self, name: str, sealed: bytes) -> None:
        self.name = name
        self._sealed = sealed
        self._needs = (__version__, fingerprint())

    async def setup(self, worker: Any) -> None:
        """A worker begins.

        Raises:
            UsageError: it has not the version, or not the model, that asks. Then it is not given the key.
        """
        leave_no_core()
        if self._needs != (__version__, fingerprint()):
            raise UsageError(
                f"A worker has friction {__version__}, or another model, where friction {self._needs[0]} asks. "
                "Install the same version everywhere."
            )
        self._key = Fernet(await worker.scheduler.get_metadata(keys=(self.name,)))
        vars(worker).setdefault(_KEPT, {})[self.name] = self

    def teardown(self, worker: Any) -> None:
        """The process that it worked for is done."""
        vars(worker).get(_KEPT, {}).pop(self.name, None)

    def score(self, sealed: bytes) -> list[Any]:
        """The answer about comments, by the worker's pipeline, which is loaded when it is first asked."""
        pipeline: Pipeline | None = vars(self).get("_pipeline")
        if pipeline is None:
            directory, redactor = deserialize_bytes(self._key.decrypt(self._sealed))
            pipeline = self._pipeline = Pipeline(directory, Classifier.load(RELEASED, threads=1), redactor)
        comments, evidence = asked(json.loads(self._key.decrypt(sealed)))
        return answer(pipeline.score(comments, evidence=evidence))


class Cluster(Pipeline):
    """A pipeline whose blocks are scored by workers. Made by ``local`` and ``remote``."""

    def __init__(self, pipeline: Pipeline, client: Client) -> None:
        super().__init__(pipeline.directory, pipeline.classifier, pipeline.redactor)
        self._client = client
        self._name = f"friction-{secrets.token_hex(8)}"
        self._secret = Fernet.generate_key()
        self._key = Fernet(self._secret)

    def join(self) -> None:
        """Give the workers what they need.

        Raises:
            UsageError: one of them cannot score, or not as this process does.
        """
        built_from = self.directory, self.redactor
        sealed = self._key.encrypt(serialize_bytes(built_from))
        try:
            self._client.set_metadata(self._name, self._secret)
            self._client.register_plugin(_Pipelines(self._name, sealed))
        except UsageError:
            raise
        except Exception:
            raise UsageError(
                "A worker of the Dask cluster could not begin; its log says why. Install friction "
                f"{__version__} on every worker (pip install 'friction[dask]'), or take those without it out."
            ) from None

    def leave(self) -> None:
        """Take from the scheduler and the workers what they were given, those that could not take it aside."""
        for take in (
            lambda: self._client.unregister_worker_plugin(self._name),
            lambda: self._client.set_metadata(self._name, None),
        ):
            with suppress(Exception):
                take()

    def ahead(
        self, items: Iterable[Item], comments: Callable[[Item], list[Comment]], *, evidence: bool = True
    ) -> Iterator[tuple[Item, list[Scored]]]:
        """Each item, in order, with the scores of its comments.

        Raises:
            FrictionError: a block could not be scored on any worker, or the cluster is gone, or every worker.
        """
        under_way: deque[tuple[Item, list[Comment], Any]] = deque()
        waiting = iter(items)
        try:
            while True:
                while len(under_way) < BLOCKS_AHEAD * max(self._workers(), 1) and (item := next(waiting, None)):
                    said = comments(item)
                    sealed = self._key.encrypt(json.dumps(question(said, evidence=evidence)).encode())
                    task = self._client.submit(_score, self._name, sealed, pure=False, retries=ATTEMPTS)
                    under_way.append((item, said, task))
                if not under_way:
                    return
                first, said, future = under_way.popleft()
                yield first, answered(said, self._awaited(future))
        finally:
            for _, _, future in under_way:
                future.cancel()

    def _awaited(self, future: Any) -> list[Any]:
        """A block's answer, waited for as long as there is a worker, or one may still come."""
        alone = 0.0
        while (found := _result(future)) is None:
            alone = 0.0 if self._workers() else alone + _LOOKS
            if alone >= ALONE:
                raise FrictionError(
                    f"The Dask cluster has had no worker for {ALONE / 60:.0f} minutes. Start one, and run the command "
                    "again."
                )
        return found

    def _workers(self) -> int:
        try:
            return len(self._client.scheduler_info(n_workers=-1)["workers"])
        except OSError as gone:
            raise _gone(gone) from None


def _result(future: Any) -> list[Any] | None:
    """A block's answer, or an error that says no more than that there is none; None where there is neither as yet."""
    try:
        found: list[Any] | UsageError = future.result(timeout=_LOOKS)
    except TimeoutError:
        return None
    except KilledWorker:
        raise FrictionError(
            "A block of comments was lost with every worker that had it. Look for what ends the workers; memory is "
            "the usual cause."
        ) from None
    except (OSError, FutureCancelledError) as gone:
        raise _gone(gone) from None
    except Exception as failed:
        raise FrictionError(f"A worker could not score a block of comments: {failed}") from None
    if isinstance(found, UsageError):
        raise found
    return found


def _gone(error: Exception) -> FrictionError:
    return FrictionError(f"The Dask cluster is gone ({type(error).__name__}). Run the command again.")


def _score(name: str, sealed: bytes) -> list[Any] | UsageError:
    """Runs on a worker: the answer about a block, or what keeps this worker from one.

    Raises:
        RuntimeError: with the kind of what went wrong, and no word of the error itself, which could hold a text's.
    """
    plugin: _Pipelines | None = vars(get_worker()).get(_KEPT, {}).get(name)
    if plugin is None:
        return UsageError(
            f"A worker that came later has friction {__version__}, or another model, and was refused. Install the "
            "same version everywhere."
        )
    try:
        return plugin.score(sealed)
    except UsageError as error:
        return error
    except ENDINGS:
        raise
    except BaseException as error:
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
        found = Cluster(pipeline, client)
        found.join()
        yield found


@contextmanager
def remote(pipeline: Pipeline, cluster: ClusterSection) -> Iterator[Cluster]:
    """An existing cluster, by its scheduler's address.

    Args:
        pipeline: what its workers do.
        cluster: where it is, and what shows it who we are.

    Raises:
        UsageError: a file of the certificates cannot be read, nobody answers, there is no worker, or one that
            cannot score as this process does.
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
        found.join()
        yield found
