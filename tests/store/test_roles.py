"""The web process is given the releases and cannot open the scores: real processes try, on both engines."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from friction.disclosure import Policy
from friction.errors import UsageError
from friction.records import Week
from friction.release import release
from friction.settings import OPERATIONS_VARIABLE, RELEASES_VARIABLE, SCORES_VARIABLE, Settings, load
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore
from friction.store.schema import STORES
from friction.store.scores import ScoreStore, Vote
from tests.conftest import CONFIG
from tests.postgres import Server

DOCS = Path(__file__).parent.parent.parent / "docs" / "stores.md"
PASSWORDS = {"friction": "correct-horse", "friction_web": "battery-staple"}
SERVE = """
import json, os, sys, uvicorn
ATTEMPTS = {}
def attempt(name, what):
    try:
        ATTEMPTS[name] = f"done: {what()!r}"
    except Exception as error:
        ATTEMPTS[name] = f"{type(error).__name__}: {error}"
def instead_of_serving(server, sockets):
    PROBE
    print(json.dumps(ATTEMPTS))
uvicorn.Server.run = instead_of_serving
sys.argv = ["friction", "serve", "--port", "0"]
from friction.cli import main
main()
"""
"""``friction serve`` up to the moment when it would answer; then it tries to reach the private store."""


def _try(home: Path, probe: str, environment: dict[str, str] | None = None) -> dict[str, str]:
    code = SERVE.replace("PROBE", probe.replace("\n", "\n    "))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home, capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def _fill(scores_address: str, releases_address: str, settings: Settings, make_vote: Callable[..., Vote]) -> None:
    scores, releases = ScoreStore(scores_address), ReleaseStore(releases_address, create=True)
    scores.add_batch(b"f", [make_vote(f"p{i}", week) for i in range(6) for week in ("2026-W10", "2026-W11")])
    release(scores, releases, directory=settings.directory, policy=Policy(), through=Week.parse("2026-W10"))
    scores.close()
    releases.close()


def test_the_web_process_cannot_open_the_private_file(settings: Settings, make_vote: Callable[..., Vote]) -> None:
    _fill(settings.scores_address, settings.releases_address, settings, make_vote)
    probe = f"""
import gc, sqlite3
from pathlib import Path
from friction.settings import Settings, load
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore
given = [s for s in gc.get_objects() if isinstance(s, Settings)]
(mine,) = [r for r in gc.get_objects() if isinstance(r, ReleaseStore)]
attempt("cells", lambda: len(mine.cells()))
attempt("address", lambda: [s.scores_address for s in given])
attempt("import", lambda: __import__("friction.store.scores"))
attempt("release", lambda: __import__("friction.release"))
attempt("open", lambda: ReleaseStore({settings.scores_address!r}))
attempt("connect", lambda: sqlite3.connect({str(settings.data / "scores.sqlite")!r}))
attempt("uri", lambda: sqlite3.connect("file:friction-data/scores.sqlite?mode=ro", uri=True))
def attach():
    with mine._database.read() as db:
        return db.exec_driver_sql("attach 'friction-data/scores.sqlite' as s").all()
attempt("attach", attach)
"""
    found = _try(settings.home, probe)
    assert found.pop("cells") == "done: 1"
    assert "reads releases only" in found.pop("address")
    assert "too many attached databases" in found.pop("attach")
    assert {name: said.split(":")[0] for name, said in found.items()} == {
        "import": "PermissionError",
        "release": "PermissionError",
        "open": "PermissionError",
        "connect": "PermissionError",
        "uri": "PermissionError",
    }


def test_nobody_else_may_read_the_files(settings: Settings, make_vote: Callable[..., Vote]) -> None:
    scores = ScoreStore(settings.scores_address)
    scores.add_batch(b"f", [make_vote("p")])
    files = list(settings.data.iterdir())
    assert {f.name for f in files} == {"scores.sqlite", "scores.sqlite-wal", "scores.sqlite-shm"}
    assert [f.stat().st_mode & 0o077 for f in (settings.data, *files)] == [0] * 4
    scores.close()


@pytest.fixture
def installed(postgresql: Server) -> Iterator[Server]:
    """The databases and roles of ``docs/stores.md``, made by its own words; the roles log in by password."""
    blocks = re.findall(r"```sql\n-- in (\w+)\n(.*?)```", DOCS.read_text(), re.S)
    assert [database for database, _ in blocks] == ["postgres", "friction_releases", "friction_operations"]
    for database, block in blocks:
        statements = re.sub(r"--.*", "", block).split(";")
        postgresql.run(*(s.strip() for s in statements if s.strip()), database=database)
    postgresql.run(*(f"alter role {role} password '{word}'" for role, word in PASSWORDS.items()))
    postgresql.run(*(f"grant locked to {role}" for role in PASSWORDS))
    yield postgresql
    postgresql.run(
        *(f"drop database friction_{store}" for store in STORES), "drop role friction", "drop role friction_web"
    )


def _address(server: Server, database: str, role: str, **more: Any) -> str:
    return server.address(database, role=role, password=PASSWORDS[role], **more)


def test_the_role_of_the_web_process_cannot_open_the_private_database(
    installed: Server, settings: Settings, make_vote: Callable[..., Vote], monkeypatch: pytest.MonkeyPatch
) -> None:
    as_owner = [_address(installed, f"friction_{store}", "friction") for store in STORES]
    _fill(*as_owner[:2], settings, make_vote)
    open_operations(as_owner[2]).close()
    releases, operations = (_address(installed, f"friction_{store}", "friction_web") for store in STORES[1:])
    probe = f"""
import psycopg
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore, SCHEMA
from friction.store.engine import connect
host = {str(installed.folder)!r}
mine = ReleaseStore({releases!r})
attempt("cells", lambda: len(mine.cells()))
attempt("environment", lambda: [k for k in sorted(os.environ) if k.startswith("FRICTION_STORE")])
attempt("open", lambda: ReleaseStore({_address(installed, "friction_scores", "friction_web")!r}))
there = {{"host": host, "dbname": "friction_scores"}}
attempt("connect", lambda: psycopg.connect(**there, user="friction_web", password="battery-staple"))
attempt("as owner", lambda: psycopg.connect(**there, user="friction"))
def write(statement):
    with connect({releases!r}, "releases", create=False).write() as db:
        return db.exec_driver_sql(statement)
attempt("change", lambda: write("update cells set blame = 0"))
attempt("add", lambda: write("create table mine (x int)"))
from friction.records import Intervention, TeamId, Week
from friction.store.interventions import add, entered
from friction.store.operations import open_operations
theirs = open_operations({operations!r})
attempt("enter", lambda: add(theirs, Intervention(TeamId("sales"), TeamId("it"), Week(2900), "an agenda")))
attempt("entered", lambda: len(entered(theirs)))
"""
    monkeypatch.setenv(RELEASES_VARIABLE, releases)
    monkeypatch.setenv(OPERATIONS_VARIABLE, operations)
    monkeypatch.setenv(SCORES_VARIABLE, as_owner[0])  # given by mistake: it is gone before anything is served
    found = _try(settings.home, probe)
    assert found.pop("cells") == "done: 1"
    assert (found.pop("enter"), found.pop("entered")) == ("done: None", "done: 1")
    assert found.pop("environment") == f"done: {[OPERATIONS_VARIABLE, RELEASES_VARIABLE]!r}"
    assert "permission denied for database" in found.pop("open")
    assert "permission denied for database" in found.pop("connect")
    assert "no password supplied" in found.pop("as owner")
    assert "permission denied for table cells" in found.pop("change")
    assert "permission denied for schema public" in found.pop("add")
    assert found == {}


def test_no_message_shows_a_password(installed: Server, settings: Settings) -> None:
    addresses = [
        _address(installed, "friction_scores", "friction").replace("correct", "wrong"),
        _address(installed, "friction_scores", "friction_web"),
        _address(installed, "no_such_database", "friction"),
        _address(installed, "friction_releases", "friction"),  # no tables yet
        "postgresql://friction:correct-horse@127.0.0.1:1/friction_scores",
        "postgresql+nodriver://friction:correct-horse@/friction_scores",
    ]
    for address in addresses:
        with pytest.raises(UsageError) as refused:
            ReleaseStore(address)
        assert "horse" not in str(refused.value)
        assert "staple" not in str(refused.value)


def test_a_password_in_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "friction.toml"
    for address in ("postgresql://f:battery-staple@/x", "postgresql://f@/x?password=battery-staple"):
        path.write_text(f'{CONFIG}[store]\nscores = "{address}"\n', encoding="utf-8")
        with pytest.raises(UsageError, match=SCORES_VARIABLE) as refused:
            load(path)
        assert "staple" not in str(refused.value)


def test_a_database_error_shows_no_parameter(postgresql: Server) -> None:
    from friction.store.engine import connect

    database = connect(postgresql.address(), "scores", create=True)
    with pytest.raises(Exception, match="no_such_table") as failed, database.write() as db:
        db.exec_driver_sql("insert into no_such_table values (%(word)s)", {"word": "kumquat"})
    assert "kumquat" not in str(failed.value)
    database.close()
