"""``friction serve`` as people run it: a real process and a real port."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

FRICTION = Path(sys.executable).parent / "friction"


def test_a_port_in_use_says_what_to_do(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [FRICTION, "serve", "--port", str(port), "--config", config]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"friction: port {port} on 127.0.0.1 is in use; choose another with --port\n"


def _no_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return True
    return False


@pytest.mark.parametrize(
    "host",
    ["127.0.0.2", "localhost", pytest.param("::1", marks=pytest.mark.skipif(_no_ipv6(), reason="no IPv6 here"))],
)
def test_what_is_printed_answers(config: Path, host: str) -> None:
    command = [FRICTION, "serve", "--host", host, "--port", "0", "--config", config]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            said = server.stdout.readline()
            url = re.match(r"friction on (http://\S+:\d+) ", said)
            assert url is not None, said
            assert httpx.get(f"{url[1]}/healthz", timeout=60).json() == {"status": "ok"}
        finally:
            server.send_signal(signal.SIGINT)
            _, error = server.communicate(timeout=60)
    assert (server.returncode, error) == (0, "")
