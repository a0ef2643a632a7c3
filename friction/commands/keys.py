"""``friction keys``: make, list and revoke the keys of the service, and tell who used them for what."""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from friction.commands import CONFIG, Config
from friction.errors import UsageError
from friction.wording import aligned

if TYPE_CHECKING:
    from friction.records import TeamId
    from friction.settings import Settings
    from friction.store.engine import Database


class Scope(StrEnum):
    """``friction.store.keys.SCOPES`` as the command line takes them; that import would slow down every ``--help``."""

    SCORE = "score"
    UPLOAD = "upload"
    READ = "read"
    ADMIN = "admin"


app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys of the service, and tell who used them.")


@app.command()
def create(
    scope: Annotated[
        list[Scope], typer.Option(help="What the key is for; give it more than once for more. admin is for everything.")
    ],
    team: Annotated[str | None, typer.Option(help="The key sees only pairs that this team is part of.")] = None,
    name: Annotated[str, typer.Option(help="What it is called in lists: who has it, or what for.")] = "",
    expires: Annotated[int | None, typer.Option(min=1, metavar="DAYS", help="Days until it ends; else never.")] = None,
    config: Config = CONFIG,
) -> None:
    """Make a key and print it, alone and for the only time."""
    from friction.store import keys

    scopes = [s for s in keys.SCOPES if s in scope]
    with _opened(config) as (settings, operations):
        key, secret = keys.create(operations, scopes, team=_team(settings, team), name=name, days=expires)
    until = "never ends" if key.expires is None else f"ends on {_moment(key.expires)}"
    print(f"Key {key.id} {until}. It is shown this once; keep it like a password:", file=sys.stderr)
    print(secret)


@app.command(name="list")
def list_keys(
    format: Annotated[Literal["table", "json"], typer.Option(help="How to print.")] = "table", config: Config = CONFIG
) -> None:
    """List every key: what it is for, and whether it still opens anything."""
    from friction.store import keys

    with _opened(config) as (_, operations):
        found = keys.every(operations)
    rows: list[dict[str, str | list[str] | None]] = [
        {
            "id": key.id,
            "name": key.name,
            "scopes": [s for s in keys.SCOPES if s in key.scopes],
            "team": key.team,
            "created": _moment(key.created),
            "expires": _moment(key.expires),
            "last_used": _moment(key.last_used),
            "revoked": _moment(key.revoked),
        }
        for key in found
    ]
    _say(rows, format, "keys")


@app.command()
def revoke(id: Annotated[str, typer.Argument(help="The key's id.")], config: Config = CONFIG) -> None:
    """End a key at once, in a running server too, with every session that was opened with it."""
    from friction.store import keys

    with _opened(config) as (_, operations):
        keys.revoke(operations, id)
    print(f"Key {id} is revoked.")


@app.command()
def audit(
    key: Annotated[str | None, typer.Option(help="Of this key only, by its id.")] = None,
    days: Annotated[int, typer.Option(min=1, help="Of so many days back.")] = 7,
    format: Annotated[Literal["table", "json"], typer.Option(help="How to print.")] = "table",
    config: Config = CONFIG,
) -> None:
    """Tell who asked the service for what: by key, to the minute."""
    from friction.store import keys
    from friction.store.audit import told

    with _opened(config) as (_, operations):
        found = told(operations, key=key, since=int(time.time()) - days * 86_400)
        if key is not None and not found and key not in {known.id for known in keys.every(operations)}:
            raise UsageError("No key has this id. See them with: friction keys list")
    rows: list[dict[str, str | list[str] | None]] = [
        {
            "minute": _moment(one.minute),
            "key": one.key,
            "route": one.route,
            "subject": one.subject or None,
            "status": str(one.status),
            "times": str(times),
        }
        for one, times in found
    ]
    _say(rows, format, "requests")


@contextmanager
def _opened(config: Path) -> Iterator[tuple["Settings", "Database"]]:
    from friction import settings as configuration
    from friction.store.operations import open_operations

    settings = configuration.load(config, private=False)
    with closing(open_operations(settings.operations_address)) as operations:
        yield settings, operations


def _team(settings: "Settings", name: str | None) -> "TeamId | None":
    from friction.targets import TargetFinder

    return None if name is None else TargetFinder(settings.directory).named(name)


def _moment(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%MZ")


def _say(rows: Sequence[Mapping[str, str | list[str] | None]], format: str, name: str) -> None:
    """Rows of the same columns, for people or for programs."""
    if format == "json":
        print(json.dumps({name: rows}, ensure_ascii=False, indent=1))
    elif rows:
        lines = [[",".join(v) if isinstance(v, list) else v or "-" for v in row.values()] for row in rows]
        print(*aligned([list(rows[0]), *lines]), sep="\n")
    else:
        print(f"No {name}.")
