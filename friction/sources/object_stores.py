"""Files in an object store: ``s3://bucket/key``, ``gs://bucket/key``, ``az://container/key``; a prefix ends in ``/``.

Through obstore (extra ``object-stores``), which reads credentials, region and endpoint from the environment as the
vendors' own tools do, and from nowhere else. Promises: HTTPS only; memory does not grow with the file; what is read is
one version of it, held in a file without a name, which nobody else can open and which no crash leaves behind; nothing
is written to the store; no message holds more than the address that was asked for. Called by ``friction.sources``.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from friction.errors import SourceError, UsageError
from friction.sources.limits import MAX_TEXT_BYTES

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_ADDRESS: Final = re.compile(r"(?P<scheme>s3|gs|az)://(?P<bucket>[^/]*)/?(?P<key>.*)", re.DOTALL)
_BUCKET: Final = re.compile(r"[A-Za-z0-9][\w.-]{1,62}", re.ASCII)
_PART: Final = 8 << 20
"""Bytes of one request; all that is held in memory."""
_METADATA: Final = "169.254.169.254"
"""Where a cloud's own machines find credentials: asked only when the environment has none."""
_CREDENTIALS: Final = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
_STATUS: Final = re.compile(r"status code: (\d{3} [A-Z][A-Za-z ]+)")


@dataclass(frozen=True, slots=True)
class _Address:
    whole: str
    scheme: str
    bucket: str
    key: str


def is_address(path: str) -> bool:
    """Does a path name something in an object store?"""
    return _ADDRESS.match(path) is not None


def listed(path: str) -> list[str]:
    """Addresses of every file under a prefix, by name; of one file, its own. Hidden and empty ones are passed over.

    Raises:
        UsageError: no such bucket, no permission, no credentials, or nothing there.
    """
    address = _parse(path)
    if address.key and not address.key.endswith("/"):
        return [path]
    with _told(address):
        import obstore

        found = [
            f"{address.scheme}://{address.bucket}/{entry['path']}"
            for entries in obstore.list(_store(address), address.key.rstrip("/") or None)
            for entry in entries
            if entry["size"] and not PurePosixPath(entry["path"]).name.startswith(".")
        ]
    if not found:
        raise UsageError(f"{path}: no files there")
    return sorted(found)


def fetch(path: str) -> BinaryIO:
    """A file of the store as a nameless temporary file, at its start.

    Raises:
        SourceError: missing, too large for a limit or for the disk, changed under way, or the store refuses.
    """
    address = _parse(path)
    with _told(address):
        import obstore

        store = _store(address)
        try:
            known = obstore.head(store, address.key)
        except FileNotFoundError:
            next(iter(obstore.list(store, chunk_size=1)), None)  # a bucket that is missing says so only here
            raise
        _check_size(address, known["size"])
        held = tempfile.TemporaryFile()  # noqa: SIM115 - handed to whoever reads it
        try:
            for start in range(0, known["size"], _PART):
                end = min(start + _PART, known["size"])
                part = obstore.get(store, address.key, options={"if_match": known["e_tag"], "range": (start, end)})
                held.write(part.bytes())
            held.seek(0)
        except BaseException:
            with suppress(OSError):
                held.close()
            raise
    return cast(BinaryIO, held)


def _parse(path: str) -> _Address:
    found = _ADDRESS.fullmatch(path)
    if found is None or not _BUCKET.fullmatch(found["bucket"]):
        raise UsageError(f"{path}: no address of a file; write s3://bucket/folder/file.csv, or s3://bucket/folder/")
    return _Address(path, found["scheme"], found["bucket"], found["key"])


def _store(address: _Address) -> "ObjectStore":
    from obstore.store import AzureStore, GCSStore, S3Store

    stores: Mapping[str, Callable[..., ObjectStore]] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    return stores[address.scheme](
        address.bucket,
        client_options={"connect_timeout": "5s", "timeout": "60s"},
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=60)},
    )


def _check_size(address: _Address, size: int) -> None:
    if size > MAX_TEXT_BYTES:
        raise SourceError(
            f"{address.whole} is larger than {MAX_TEXT_BYTES >> 30} GB; split it by rows, the header on each part"
        )
    folder = tempfile.gettempdir()
    if size > shutil.disk_usage(folder).free:
        raise SourceError(
            f"{address.whole} does not fit into {folder}, where it is held while it is read; name another in TMPDIR"
        )


@contextmanager
def _told(address: _Address) -> Iterator[None]:
    """Turns what a store answers into what the operator can do about it."""
    try:
        from obstore import exceptions
    except ImportError:
        raise UsageError(f"{address.whole}: reading it needs more: pip install 'friction[object-stores]'") from None
    try:
        yield
    except (exceptions.BaseError, OSError, ValueError) as error:
        raise SourceError(f"{address.whole}: {_reason(error, address.scheme)}") from None


def _reason(error: Exception, scheme: str) -> str:
    """What a store's error means. Its own words are looked at and never shown: they quote what it was sent."""
    said = str(error)
    keys = _CREDENTIALS[scheme]
    status = _STATUS.search(said)
    code = status[1][:3] if status else ""
    if _METADATA in said or "Account must be specified" in said or "GCP credential error" in said:
        return f"no credentials; give {keys} in the environment"
    if any(words in said for words in ("NoSuchBucket", "ContainerNotFound", "bucket does not exist")):
        return "no such bucket"
    if code in ("401", "403"):
        return f"the store refuses; check {keys} in the environment, and that they may list and read there"
    if code == "412":
        return "it was changed while it was read; run again"
    if isinstance(error, FileNotFoundError):
        return "no such file; the address of a folder ends in /"
    if isinstance(error, ValueError) or "invalid path" in said:
        return "a name there has an empty, '.' or '..' part between its slashes; rename it"
    if "BadScheme" in said:
        return "the endpoint is no https:// address, and comments do not travel in the clear"
    if status:
        return f"the store answers {status[1].strip()}"
    if isinstance(error, OSError):
        return f"it cannot be held in {tempfile.gettempdir()} while it is read; name another folder in TMPDIR"
    return "the store cannot be reached; check the endpoint and the network, and run again"
