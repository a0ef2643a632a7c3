"""Against a server that speaks S3, over TLS, on loopback: listing, reading, and everything that a store may refuse."""

import resource
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import obstore
import pytest
import trustme
from obstore.store import S3Store
from typer.testing import CliRunner

from friction.cli import app
from friction.errors import UsageError
from friction.sources import listed, object_stores, open_bytes
from tests.conftest import CONFIG

Put = Callable[[str, bytes], None]
ROWS = b"text,from_team,about_team,respondent,week\nthey never answer,sales,support,p%d,2026-W10\n"


class Server:
    """moto's S3 in a process of its own, under a certificate of its own."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.trusted = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.trusted)
        issued = authority.issue_cert("127.0.0.1")
        issued.private_key_pem.write_to_path(folder / "key.pem")
        issued.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
        files = ("-s", "-c", str(folder / "certificate.pem"), "-k", str(folder / "key.pem"))
        self.process = subprocess.Popen(
            (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0", *files),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.address = next(line.split()[-1] for line in self.process.stderr if "Running on" in line)

    def post(self, path: str, body: bytes = b"") -> None:
        context = ssl.create_default_context(cafile=self.trusted)
        request = urllib.request.Request(self.address + path, body, {"Content-Type": "text/plain"}, method="POST")
        with urllib.request.urlopen(request, context=context, timeout=30):
            pass

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.process.wait(30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("s3"))
    yield running
    running.stop()


@pytest.fixture
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_NAME", "GOOGLE_SERVICE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": server.address,
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "something",
        "AWS_REGION": "us-east-1",
        "SSL_CERT_FILE": str(server.trusted),
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def put(server: Server, environment: pytest.MonkeyPatch) -> Put:
    """Writes a file into a bucket that is new for each test."""
    server.post("/moto-api/reset")
    context = ssl.create_default_context(cafile=server.trusted)
    request = urllib.request.Request(f"{server.address}/people", method="PUT")
    urllib.request.urlopen(request, context=context, timeout=30).close()
    store = S3Store("people")
    return lambda key, content: obstore.put(store, key, content) and None


def refused(path: str) -> str:
    with pytest.raises(UsageError) as found:
        [open_bytes(file).close() for file in listed(path)]
    assert path in str(found.value)
    return str(found.value)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1000])
def test_a_file_is_read_whole_in_parts(put: Put, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(object_stores, "_PART", 100)
    content = bytes(n % 251 for n in range(size))
    put("weeks/été #1 & 2?%20.csv", content)
    with open_bytes("s3://people/weeks/été #1 & 2?%20.csv") as raw:
        assert raw.read() == content
        raw.seek(size // 2)
        assert raw.read(3) == content[size // 2 :][:3]


def test_a_prefix_is_every_file_under_it_by_name(put: Put) -> None:
    for key in ("in/b.csv", "in/a.csv", "in/deep/c.csv", "in/.hidden", "in/deep/.DS_Store", "inn/d.csv", "e.csv"):
        put(key, b"text\nx\n")
    put("in/empty.csv", b"")
    assert listed("s3://people/in/") == [f"s3://people/in/{name}" for name in ("a.csv", "b.csv", "deep/c.csv")]
    assert listed("s3://people/in/b.csv") == ["s3://people/in/b.csv"]
    assert listed("s3://people/") == listed("s3://people")
    assert listed("s3://people/")[0] == "s3://people/e.csv"
    assert "no files there" in refused("s3://people/none/")


def test_a_path_of_this_machine_stands_for_itself(tmp_path: Path) -> None:
    assert [listed(path) for path in ("a/b.csv", "-", str(tmp_path))] == [["a/b.csv"], ["-"], [str(tmp_path)]]


def test_what_is_read_has_no_name_and_is_gone_when_closed(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    put("a.csv", b"text\nsecret\n")
    with open_bytes("s3://people/a.csv") as raw:
        assert list(tmp_path.iterdir()) == []
        held = Path(f"/proc/self/fd/{raw.fileno()}")
        assert held.readlink().parts[: len(tmp_path.parts)] == tmp_path.parts
        assert held.stat().st_mode & 0o077 == 0
    assert not held.exists()


def test_nothing_is_left_open_when_the_store_fails_half_way(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_stores, "_PART", 4)
    put("a.csv", b"text\nx\n")
    get = obstore.get
    changed = []

    def change(store: S3Store, key: str, **options: object) -> object:
        if not changed:
            changed.append(key)
        else:
            put("a.csv", b"text\ny\n")
        return get(store, key, **options)  # type: ignore[arg-type]

    before = set(Path("/proc/self/fd").iterdir())
    monkeypatch.setattr(obstore, "get", change)
    assert "changed while it was read; run again" in refused("s3://people/a.csv")
    opened = [path for path in set(Path("/proc/self/fd").iterdir()) - before if path.exists()]
    assert not any("(deleted)" in str(path.readlink()) for path in opened)


def test_what_is_not_there_is_said(put: Put) -> None:
    assert "no such file" in refused("s3://people/none.csv")
    assert "no such bucket" in refused("s3://nobody/none.csv")
    assert "no such bucket" in refused("s3://nobody/")
    for path in ("s3://", "s3:///a.csv", "s3://b b/a.csv", "az://-/a.csv", "gs://x/a.csv"):
        assert "write s3://bucket" in refused(path)
    for path in ("s3://people/a/../b.csv", "s3://people/a//b.csv"):
        assert "rename it" in refused(path)


def test_a_store_that_refuses_says_which_keys_to_check(put: Put, server: Server) -> None:
    put("a.csv", b"text\nx\n")
    server.post("/moto-api/reset-auth", b"0")
    try:
        for path in ("s3://people/a.csv", "s3://people/"):
            said = refused(path)
            assert "the store refuses" in said
            assert "AWS_ACCESS_KEY_ID" in said
            assert "something" not in said
    finally:
        server.post("/moto-api/reset-auth", b"inf")


def test_no_credentials_no_server_and_no_https(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "do not travel in the clear" in refused("s3://people/a.csv")
    environment.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:9")
    assert "cannot be reached" in refused("s3://people/a.csv")
    assert "AZURE_STORAGE_ACCOUNT_NAME" in refused("az://people/a.csv")
    environment.setenv("GOOGLE_SERVICE_ACCOUNT", "/none.json")
    assert "GOOGLE_APPLICATION_CREDENTIALS" in refused("gs://people/a.csv")


def test_too_large_for_a_limit_or_the_disk(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a.csv", b"text\nx\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))
    try:
        assert "name another folder in TMPDIR" in refused("s3://people/a.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(9, 9, 0))
    assert "name another in TMPDIR" in refused("s3://people/a.csv")
    monkeypatch.setattr(object_stores, "MAX_TEXT_BYTES", 3)
    assert "split it by rows" in refused("s3://people/a.csv")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "obstore"]:
        monkeypatch.setitem(sys.modules, name, None)
    for path in ("s3://people/a.csv", "s3://people/"):
        assert "pip install 'friction[object-stores]'" in refused(path)


def test_score_and_ingest_read_a_prefix(put: Put, tmp_path: Path) -> None:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    for number in (1, 2):
        put(f"weeks/{number}.csv", ROWS % number)
    config = ["--config", str(tmp_path / "friction.toml")]
    scored = CliRunner().invoke(app, ["score", "s3://people/weeks/", *config])
    assert scored.stdout.count('"team": "support"') == 2
    done = CliRunner().invoke(app, ["ingest", "s3://people/weeks/", *config])
    assert (done.exit_code, done.stdout.count("1 comment")) == (0, 2), done.output
    again = CliRunner().invoke(app, ["ingest", "s3://people/weeks/2.csv", *config])
    assert "in already" in again.stdout
