"""A real PostgreSQL for tests: started from what Debian installs, on a Unix socket in a temporary folder.

``initdb`` refuses root, so that under root it runs as ``postgres`` (or ``nobody``); otherwise as whoever runs the
tests. Roles log in without a password, except members of the role ``locked``.
"""

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

OWNER = "postgres"
MISSING = "PostgreSQL is missing, so what holds on it is not shown. Get it with: apt-get install postgresql-15"
_ACCESS = "local all +locked scram-sha-256\nlocal all all trust\n"
_SETTINGS = (
    "-c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off "
    "-c wal_level=minimal -c max_wal_senders=0 -c max_connections=60 -c shared_buffers=16MB"
).split()
"""Nothing here has to outlive a power cut; what is deleted stays in the files unless friction clears it."""

_KEEPER = '"$@" & read -r _; kill -QUIT $!; wait'
"""Ends the server when the tests are done with it, or are gone."""


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs, the newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]), reverse=True)
    on_path = shutil.which("initdb")
    return found[0].parent if found else Path(on_path).parent if on_path else None


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    folder: Path

    def address(
        self, database: str = "postgres", *, schema: str | None = None, role: str = OWNER, password: str | None = None
    ) -> str:
        """SQLAlchemy's address of a database, or of a schema in it."""
        who = role if password is None else f"{role}:{password}"
        options = "" if schema is None else f"&options=-csearch_path%3D{schema}"
        return f"postgresql://{who}@/{database}?host={quote(str(self.folder))}{options}"

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the owner of everything."""
        with psycopg.connect(host=str(self.folder), user=OWNER, dbname=database, autocommit=True) as db:
            for statement in statements:
                db.execute(statement.encode())


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """The server is away for as long as the block lasts, as after a crash. Whoever stopped it once must ``end`` it."""
    end(server)
    yield
    _as(_user(), _pg_ctl(), "-D", server.folder / "data", "-l", "/dev/null", "-w",
        "-o", shlex.join(["-k", str(server.folder), *_SETTINGS]), "start")  # fmt: skip


def demote(server: Server) -> None:
    """Make the server a standby, which can be read, and follows a primary that is not there. ``end`` it."""
    log = [*_SETTINGS, "-c", "wal_level=replica"]
    for _ in range(2):  # once as a primary, for a checkpoint that a standby may begin from
        _as(_user(), _pg_ctl(), "-D", server.folder / "data", "-m", "fast", "-w", "stop")
        _as(_user(), _pg_ctl(), "-D", server.folder / "data", "-l", "/dev/null", "-w",
            "-o", shlex.join(["-k", str(server.folder), *log]), "start")  # fmt: skip
        _as(_user(), "touch", server.folder / "data" / "standby.signal")


def end(server: Server) -> None:
    """Stop the server at once, without a word to whoever is connected."""
    _as(_user(), _pg_ctl(), "-D", server.folder / "data", "-m", "immediate", "-w", "stop")


def _pg_ctl() -> Path:
    bin_ = programs()
    assert bin_ is not None
    return bin_ / "pg_ctl"


@contextmanager
def serving(*settings: str) -> Iterator[Server]:
    """Start a server, with settings like ``name=value`` on top; stop it and remove everything at the end."""
    bin_ = programs()
    if bin_ is None:
        raise FileNotFoundError(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="friction-pg-"))  # pytest's own folders are too long for a socket
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o711)
    server = Server(folder)
    more = [word for setting in settings for word in ("-c", setting)]
    try:
        _as(user, bin_ / "initdb", "-D", folder / "data", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-locale",
            "--no-sync", "--wal-segsize=1")  # fmt: skip
        (folder / "data" / "pg_hba.conf").write_text(_ACCESS)
        keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "keeper", bin_ / "postgres", "-D", folder / "data", "-k", folder, *_SETTINGS,
             *more], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **_who(user),
        )  # fmt: skip
        with keeper:
            _wait(server)
            server.run("create role locked")
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: Server) -> None:
    for _ in range(600):
        try:
            return server.run("select 1")
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise TimeoutError(f"PostgreSQL did not start in {server.folder}")


def _user() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _who(user: pwd.struct_passwd | None) -> dict[str, Any]:
    who = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return {"cwd": "/"} | who


def _as(user: pwd.struct_passwd | None, *command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **_who(user))
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr}")
