"""What docs/operations.md tells to do, done; and what is deployed, held to the wall."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import postgres
from tests.conftest import CONFIG
from tests.postgres import Server

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
DEPLOY = ROOT / "deploy"
STORES = ("scores", "releases", "operations")
ROWS = "text,from_team,about_team,respondent,week\n" + "".join(
    f"Marketing never answers us,sales,marketing,p{i},2026-W{week}\n" for i in range(9) for week in (10, 11, 12)
)


def _commands(section: str) -> list[str]:
    """The blocks of commands in a section of the page."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    text = page.partition(f"\n### {section}\n")[2].partition("\n##")[0]
    return re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)


def _shell(script: str, home: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["/bin/sh", "-euc", script], cwd=home, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _fill(home: Path, environment: dict[str, str]) -> None:
    """Two weeks are released, one window is open, one key is made."""
    (home / "rows.csv").write_text(ROWS, encoding="utf-8")
    _shell("friction ingest rows.csv && friction release --through 2026-W11", home, environment)
    _shell("friction keys create --scope read --name reader", home, environment)


def _said(home: Path, environment: dict[str, str]) -> list[str]:
    """What the stores say: every released cell by its hash, and who has a key."""
    asked = ["friction release --verify", "friction keys list"]
    return [_shell(command, home, environment) for command in asked]


def _there_and_back(section: str, home: Path, environment: dict[str, str], lose: Callable[[], None]) -> None:
    back_up, restore = _commands(section)
    _fill(home, environment)
    before = _said(home, environment)
    _shell(back_up, home, environment)
    for file in (home / "backup").iterdir():
        assert file.stat().st_mode & 0o077 == 0, "nobody else may read a backup"
    lose()
    verified = _shell(restore, home, environment)
    assert [verified, _shell("friction keys list", home, environment)] == before
    assert "1 cell" in _shell("friction release --through 2026-W12", home, environment), "the open window is there"


def _environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join((str(BIN), *os.get_exec_path()))
    return {"PATH": path, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": "/nowhere"} | more


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="apt-get install sqlite3")
def test_back_up_and_restore_sqlite(tmp_path: Path) -> None:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")

    def lose() -> None:
        for file in (tmp_path / "friction-data").glob("*.sqlite*"):
            file.write_bytes(b"the disk is gone")

    _there_and_back("SQLite", tmp_path, _environment(), lose)
    for file in (tmp_path / "friction-data").glob("*.sqlite"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, "the owner's alone"


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="apt-get install sqlite3")
def test_back_up_and_restore_sqlite_where_two_users_write(tmp_path: Path) -> None:
    """As the units have it: what both halves write is in a folder of their group."""
    home, shared = tmp_path / "home", tmp_path / "both halves"
    for folder in (home, shared):
        folder.mkdir()
    shared.chmod(0o2770)
    (home / "friction.toml").write_text(CONFIG, encoding="utf-8")
    environment = _environment(**{
        f"FRICTION_STORE_{store.upper()}": f"sqlite:///{shared}/{store}.sqlite" for store in ("releases", "operations")
    })  # fmt: skip

    def lose() -> None:
        for file in (*shared.iterdir(), *(home / "friction-data").glob("*.sqlite*")):
            file.unlink()

    _there_and_back("SQLite", home, environment, lose)
    for store in ("releases", "operations"):
        found = (shared / f"{store}.sqlite").stat()
        assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o660, shared.stat().st_gid)


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="apt-get install sqlite3")
def test_no_backup_is_made_of_what_is_not_there(tmp_path: Path) -> None:
    back_up, restore = _commands("SQLite")
    for folder in ("friction-data", "backup"):
        (tmp_path / folder).mkdir()
    (tmp_path / "backup" / "scores.sqlite").write_bytes(b"an earlier one")
    for script, said in ((back_up, "unable to open"), (restore, "There is no backup in backup/releases.sqlite")):
        done = subprocess.run(
            ["/bin/sh", "-c", script], cwd=tmp_path, env=_environment(),
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode != 0
        assert said in done.stderr
        assert (tmp_path / "backup" / "scores.sqlite").read_bytes() == b"an earlier one"


def _with_roles(server: Server) -> dict[str, str]:
    """The environment of the server's administrator; the script that the database's container runs has been run."""
    programs = postgres.programs()
    environment = _environment(
        PGHOST=str(server.folder), PGUSER=postgres.OWNER, FRICTION_PASSWORD="in5ide", FRICTION_WEB_PASSWORD="w3b"
    )
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    _shell(str(DEPLOY / "postgres" / "roles.sh"), server.folder, environment)
    for store in STORES:
        environment[f"FRICTION_STORE_{store.upper()}"] = server.address(f"friction_{store}", role="friction")
    return environment


def test_back_up_and_restore_postgresql(tmp_path: Path) -> None:
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    with postgres.serving() as server:
        environment = _with_roles(server)

        def lose() -> None:
            for store in STORES:
                server.run("drop schema public cascade", "create schema public", database=f"friction_{store}")
                server.run("alter schema public owner to friction", database=f"friction_{store}")

        _there_and_back("PostgreSQL", tmp_path, environment, lose)
        web = {"PATH": environment["PATH"], "PGHOST": environment["PGHOST"], "PGUSER": "friction_web"}
        for store, may_read in (("releases", True), ("operations", True), ("scores", False)):
            asked = ["psql", f"--dbname=friction_{store}", "--command=select 1"]
            assert (subprocess.run(asked, env=web, capture_output=True).returncode == 0) is may_read


def test_the_containers_roles_are_those_of_the_page() -> None:
    def statements(text: str) -> set[str]:
        found = re.findall(r"^(?:CREATE|REVOKE|GRANT|ALTER)[^;]*", text, flags=re.MULTILINE)
        return {re.sub(r" PASSWORD :'\w+'", "", statement) for statement in found}

    page = "".join(re.findall(r"```sql\n(.*?)```", (ROOT / "docs/stores.md").read_text(encoding="utf-8"), re.DOTALL))
    assert statements((DEPLOY / "postgres" / "roles.sh").read_text(encoding="utf-8")) == statements(page)


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def services(composed: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = composed["services"]
    return found


def test_no_container_has_more_rights_than_it_needs(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only") or name == "database", name
        assert "privileged" not in service
        assert name == "database" or service["ulimits"] == {"core": 1}, name
    assert {name for name, service in services.items() if "ports" in service} == {"proxy"}


def test_the_web_container_knows_nothing_of_the_private_store(services: dict[str, Any]) -> None:
    web, worker = services["web"], services["worker"]
    assert set(web["environment"]) == {"FRICTION_STORE_RELEASES", "FRICTION_STORE_OPERATIONS"}
    assert "FRICTION_PASSWORD" not in json.dumps(web)
    assert {v.partition(":")[0] for v in web["volumes"]} == {"./friction.toml", "uploads"}
    assert web["user"].split(":")[0] != worker["user"].split(":")[0]


def test_nobody_but_the_proxy_is_where_the_web_container_listens(composed: dict[str, Any]) -> None:
    """On a network of their own, by names that hold when either is started again."""
    services, proxy = composed["services"], composed["services"]["proxy"]
    assert {name for name, service in services.items() if "front" in service.get("networks", ())} == {"web", "proxy"}
    assert not [name for name, service in services.items() if "network_mode" in service]
    assert composed["networks"]["front"]["internal"]
    (alias,) = services["web"]["networks"]["front"]["aliases"]
    assert services["web"]["command"] == ["serve", "--host", alias]
    assert proxy["command"][-1] == f"{alias}:8642"
    assert f"http://{alias}:8642/healthz" in services["web"]["healthcheck"]["test"][-1]
    address = ip_address(proxy["networks"]["front"]["ipv4_address"])
    (subnet,) = composed["networks"]["front"]["ipam"]["config"]
    assert address in ip_network(subnet["subnet"])
    assert f'proxies = ["{address}"]' in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_commands_of_containers_and_units_are_commands() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    ours = [service for service in services.values() if service["image"] == "friction"]
    assert all(service["memswap_limit"] == service["mem_limit"] for service in ours), "comments would be on a disk"
    asked = [service["command"] for service in ours]
    for unit in (DEPLOY / "systemd").glob("*.service"):
        assert "\nLimitCORE=1\n" in unit.read_text(encoding="utf-8")
        assert "\nMemorySwapMax=0\n" in unit.read_text(encoding="utf-8")
        (line,) = re.findall(r"^ExecStart=/opt/friction/bin/friction (.*)$", unit.read_text(encoding="utf-8"), re.M)
        asked.append(line.split())
    assert len(asked) == 7
    for name in {command[0] for command in asked}:
        subprocess.run([BIN / "friction", name, "--help"], check=True, capture_output=True)
    options = {option for command in asked for option in command if option.startswith("--")}
    assert options == {"--config", "--host"}


def test_the_folders_that_the_page_makes_are_those_that_are_read(tmp_path: Path) -> None:
    """Its steps, but for the owners and the root of the machine."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    made = [re.sub(r" -[og] \S+", "", line) for line in re.findall(r"^install -d .*(?=#)", page, re.M)]
    _shell("\n".join(re.sub(r" /(?=var|srv)", f" {tmp_path}/", line) for line in made), tmp_path, _environment())
    home = tmp_path / "var" / "lib" / "friction"
    (home / "friction.toml").write_text(CONFIG, encoding="utf-8")
    (home / "inbox" / "rows.csv").write_text(ROWS, encoding="utf-8")
    _shell(f"friction ingest --inbox --config {home}/friction.toml", tmp_path, _environment())
    assert list((home / "inbox").glob("*.csv")) == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="apt-get install systemd")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text(encoding="utf-8").replace("/opt/friction/bin/friction", str(BIN / "friction"))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    units = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60)
    ours = [line for line in done.stderr.splitlines() if "friction" in line]
    assert (done.returncode, ours) == (0, [])
