"""``[oidc]``: mistakes are named, the secret stays in the environment, and what is missing is said at start."""

import subprocess
import sys
from pathlib import Path

import pytest

from friction.errors import UsageError
from friction.settings import load
from tests.service.served import FRICTION

OIDC = """[teams.sales]
name = "Sales"
headcount = 30
[oidc]
issuer = "https://login.example.org"
client_id = "friction"
claim = "groups"
[oidc.people.leads]
scopes = ["read"]
team = "sales"
"""
WITHOUT = """
import sys
sys.modules["authlib"] = None
sys.argv = ["friction", "serve", "--port", "0"]
from friction.cli import main
main()
"""


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("https://login", "http://login", "oidc.issuer must begin with https://"),
        ("https://login.example.org", "http://127.0.0.1.example.org", "oidc.issuer must begin with https://"),
        ('team = "sales"', 'team = "sale"', "oidc.people.leads.team must be the id of a team; did you mean sales?"),
        ('["read"]', '["upload"]', "oidc.people.leads.scopes"),
        ('["read"]', "[]", "oidc.people.leads.scopes"),
        ('claim = "groups"', 'claim = "groups"\nscope = "groups"', "oidc.scope must have openid in it"),
        ('claim = "groups"', 'claim = "groups"\nclient_secret = "x"', "unknown key oidc.client_secret"),
        ('[oidc.people.leads]\nscopes = ["read"]\nteam = "sales"', "", "oidc.people"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert right in OIDC
    path = tmp_path / "friction.toml"
    path.write_text(OIDC.replace(right, wrong))
    with pytest.raises(UsageError) as error:
        load(path)
    assert message in str(error.value)


def test_a_missing_secret_is_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "friction.toml").write_text(OIDC)
    done = subprocess.run([FRICTION, "serve", "--port", "0"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "set FRICTION_OIDC_SECRET in the environment" in done.stderr


def test_the_missing_extra_is_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "friction.toml").write_text(OIDC)
    done = subprocess.run([sys.executable, "-c", WITHOUT], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "pip install 'friction[oidc]'" in done.stderr
