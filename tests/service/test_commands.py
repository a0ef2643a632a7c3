"""``friction serve`` as people run it: a real process and a real port."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import trustme

from tests.service.conftest import bearing

FRICTION = Path(sys.executable).parent / "friction"


def test_a_port_in_use_says_what_to_do(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [FRICTION, "serve", "--port", str(port), "--config", config]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"friction: port {port} on 127.0.0.1 is in use; choose another with --port\n"


def test_a_folder_that_takes_no_uploads_is_said_at_the_start(config: Path) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('[service]\nuploads = "/proc/nope"\n')
    command = [FRICTION, "serve", "--port", "0", "--config", config]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("friction: Uploads cannot be kept in /proc/nope: No such file or directory.")


def _no_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return True
    return False


@contextmanager
def _serving(config: Path, *arguments: str, ends: signal.Signals = signal.SIGINT) -> Iterator[list[str]]:
    """A real ``friction serve``: what it said before it was ready. It stops cleanly, and its log is a log."""
    command = [FRICTION, "serve", "--port", "0", "--config", config, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        said: list[str] = []
        try:
            assert server.stdout is not None
            assert server.stderr is not None
            server.stderr.readline()  # the log begins once everything was said
            os.set_blocking(server.stdout.fileno(), False)
            said += server.stdout.read().splitlines()
            yield said
        finally:
            server.send_signal(ends)
            _, log = server.communicate(timeout=60)
    assert server.returncode == (0 if ends == signal.SIGINT else -ends), log
    assert {json.loads(line)["level"] for line in log.splitlines()} <= {"info"}


def _url(said: list[str]) -> str:
    url = re.match(r"friction on (https?://\S+:\d+)[ ,]", said[0])
    assert url is not None, said
    return url[1]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.2", "localhost", pytest.param("::1", marks=pytest.mark.skipif(_no_ipv6(), reason="no IPv6 here"))],
)
def test_what_is_printed_answers(config: Path, host: str) -> None:
    with _serving(config, "--host", host) as said:
        assert httpx.get(f"{_url(said)}/healthz", timeout=60).json() == {"status": "ok"}


def test_who_serves_first_gets_a_key_for_everything_once(config: Path) -> None:
    """And a sign-in that was answered is kept, whatever happens then."""
    with _serving(config, ends=signal.SIGKILL) as said:
        url, key = _url(said), said[2]
        assert f"{url}/sign-in" in said[3]
        answer = httpx.post(f"{url}/sign-in", data={"key": key}, timeout=60)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    with _serving(config) as said:
        assert len(said) == 1
        assert httpx.get(f"{_url(said)}/v1/pairs", headers=bearing(key), timeout=60).status_code == 200
        assert httpx.get(f"{_url(said)}/", cookies=answer.cookies, timeout=60).status_code == 200
    told = subprocess.run(
        [FRICTION, "keys", "audit", "--config", config], capture_output=True, text=True, timeout=60, check=True
    )
    rows = [line.split()[1:] for line in told.stdout.splitlines()[1:]]
    id = key.split("_")[1]
    assert [id, "POST", "/sign-in", "-", "303", "1"] in rows
    assert [id, "GET", "/v1/pairs", "-", "200", "1"] in rows


def test_under_tls_behind_a_proxy(config: Path, tmp_path: Path) -> None:
    """The session's cookie never goes out in the clear; who asked is what the named proxy says, and nobody else."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    with config.open("a", encoding="utf-8") as file:
        file.write(
            '[service]\npublic_url = "https://friction.example"\nproxies = ["127.0.0.1"]\nfailures_per_minute = 2'
        )
    tls = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    refused = subprocess.run([FRICTION, "serve", *tls, "--config", config], capture_output=True, text=True, timeout=60)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "friction keys create" in refused.stderr
    made = subprocess.run(
        [FRICTION, "keys", "create", "--scope", "read", "--config", config], capture_output=True, text=True, timeout=60
    )
    with _serving(config, "--host", "localhost", *tls) as said, httpx.Client(verify=trusted, timeout=60) as client:
        url = _url(said)
        assert len(said) == 1
        assert said[0].startswith(f"friction on {url}, for https://friction.example ")
        answer = client.post(f"{url}/sign-in", data={"key": made.stdout.strip()}, headers={"host": "friction.example"})
        assert re.match(r"__Host-friction=\S+; HttpOnly; Path=/; SameSite=lax; Secure$", answer.headers["set-cookie"])
        asked = [
            client.get(f"{url}/v1/pairs", headers=bearing("no key") | {"x-forwarded-for": peer}).status_code
            for peer in ["192.0.2.1"] * 6 + ["192.0.2.2"]
        ]
        assert asked[:2] == [401, 401]
        assert asked[5:] == [429, 401]
