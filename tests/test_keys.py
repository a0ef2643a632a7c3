"""``friction keys`` as people run it, and what its source must not do."""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

from friction.commands.keys import Scope
from friction.store import keys

FRICTION = Path(sys.executable).parent / "friction"


def _run(config: Path, *arguments: str, code: int = 0) -> tuple[str, str]:
    command = [FRICTION, "keys", *arguments, "--config", config]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_a_key_is_printed_alone_and_once(config: Path) -> None:
    out, err = _run(config, "create", "--scope", "score", "--scope", "read", "--team", "sales team", "--name", "board")
    assert keys.FORM.fullmatch(out.removesuffix("\n"))
    secret = out.strip().split("_")[2]
    assert secret not in err
    table, _ = _run(config, "list")
    assert table.splitlines()[1].split()[:4] == [out.split("_")[1], "board", "score,read", "sales"]
    (listed,) = json.loads(_run(config, "list", "--format", "json")[0])["keys"]
    assert (listed["scopes"], listed["team"], listed["expires"]) == (["score", "read"], "sales", None)
    assert secret not in table + json.dumps(listed)


def test_a_key_is_revoked_by_its_id(config: Path) -> None:
    id = _run(config, "create", "--scope", "admin", "--expires", "2")[0].split("_")[1]
    assert "revoked" in _run(config, "revoke", id)[0]
    (listed,) = json.loads(_run(config, "list", "--format", "json")[0])["keys"]
    assert listed["revoked"] >= listed["created"]
    assert listed["expires"] > listed["created"]


def test_mistakes_say_what_to_do(config: Path) -> None:
    assert "Known: sales" in _run(config, "create", "--scope", "read", "--team", "nobody", code=2)[1]
    assert "friction keys list" in _run(config, "revoke", "nobody", code=2)[1]
    assert "score" in _run(config, "create", "--scope", "all", code=2)[1]
    assert "friction keys list" in _run(config, "audit", "--key", "nobody", code=2)[1]
    assert _run(config, "list")[0] == "No keys.\n"


def test_nothing_else_compares_a_digest() -> None:
    """No ``==`` or ``in`` on what is secret: in the source, every digest meets another in ``compare_digest`` alone."""
    for comparison in ast.walk(ast.parse(inspect.getsource(keys))):
        if isinstance(comparison, ast.Compare):
            assert not re.search(r"digest|secret|parts\[2\]", ast.unparse(comparison))


def test_the_command_knows_every_scope() -> None:
    assert tuple(Scope) == keys.SCOPES
