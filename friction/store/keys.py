"""Access keys: who may ask the service for what. Used by ``service.access`` and by ``friction keys``.

A key reads ``friction_<id>_<secret>``, so that a scanner for leaked secrets knows one when it sees it. The id names
the key in lists and in the audit trail and is no secret. The secret is 256 bits from the system's generator, is shown
once and kept as its SHA-256 alone.

Security properties:

- No slow hash is needed: bcrypt and its like make up for a password that can be guessed. 256 random bits cannot, not
  from their hash either, and a fast hash keeps a request fast.
- The comparison takes the same time wherever two hashes differ (``hmac.compare_digest``), and a key that is unknown,
  revoked, expired or wrong is turned away by the same steps with the same answer.
- A revoked key is refused from the next request on: every request asks the store.
"""

import hmac
import re
import secrets
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal, get_args

from sqlalchemy import Row, insert, or_, select, update

from friction.errors import UsageError
from friction.records import TeamId
from friction.store.engine import Database
from friction.store.operations import KEYS

Scope = Literal["score", "upload", "read", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
FORM: Final = re.compile(r"friction_([0-9a-f]{8})_([0-9a-f]{64})")
"""What a key looks like; for scanners of secrets, too."""
_DAY: Final = 86_400
_NOBODY: Final = sha256(b"").hexdigest()
"""Compared with where no key has the id. Nothing that has the form of a key hashes to it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as everybody may see it, without its secret. Moments are seconds since 1970.

    Attributes:
        team: the key sees only pairs that this team is part of; None where it sees every pair.
        last_used: to the minute.
    """

    id: str
    scopes: frozenset[Scope]
    team: TeamId | None
    name: str
    created: int
    expires: int | None
    revoked: int | None
    last_used: int | None

    def holds(self, now: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)


def create(
    operations: Database,
    scopes: Collection[Scope],
    *,
    team: TeamId | None = None,
    name: str = "",
    days: int | None = None,
) -> tuple[Key, str]:
    """Make a key; returns it and, for the only time, what its holder must present.

    Args:
        operations: the store.
        scopes: what it is for; ``admin`` is for everything.
        team: binds it to pairs of this team.
        name: what it is called in lists.
        days: until it expires; None for never.
    """
    now = int(time.time())
    id, secret = secrets.token_hex(4), secrets.token_hex(32)
    key = Key(id, frozenset(scopes), team, name, now, None if days is None else now + days * _DAY, None, None)
    row = {
        "id": id,
        "digest": sha256(secret.encode()).hexdigest(),
        "scopes": " ".join(s for s in SCOPES if s in key.scopes),
        "team": team,
        "name": name,
        "created": now,
        "expires": key.expires,
    }
    with operations.write() as db:
        db.execute(insert(KEYS).values(row))
    return key, f"friction_{id}_{secret}"


def check(operations: Database, presented: str) -> Key | None:
    """The key that somebody presents, or None, whatever is wrong with it."""
    parts = FORM.fullmatch(presented)
    if parts is None:
        return None
    with operations.read() as db:
        row = db.execute(select(KEYS).where(KEYS.c.id == parts[1])).one_or_none()
    matches = hmac.compare_digest(sha256(parts[2].encode()).hexdigest(), _NOBODY if row is None else row.digest)
    key = None if row is None else of_row(row)
    holds = key is not None and key.holds(time.time())
    return key if matches and holds else None


def every(operations: Database) -> list[Key]:
    """Every key that was ever made, oldest first."""
    with operations.read() as db:
        return [of_row(row) for row in db.execute(select(KEYS).order_by(KEYS.c.created, KEYS.c.id))]


def some_hold(operations: Database) -> bool:
    """Whether anybody can come in at all."""
    now = time.time()
    return any(key.holds(now) for key in every(operations))


def revoke(operations: Database, id: str) -> None:
    """End a key, at once and for ever. Ending it again changes nothing.

    Raises:
        UsageError: there is no such key.
    """
    with operations.write() as db:
        if db.execute(select(KEYS.c.id).where(KEYS.c.id == id)).one_or_none() is None:
            raise UsageError("No key has this id. See them with: friction keys list")
        db.execute(update(KEYS).where(KEYS.c.id == id, KEYS.c.revoked.is_(None)).values(revoked=int(time.time())))


def note_use(operations: Database, moments: Mapping[str, int]) -> None:
    """Note when keys, by their ids, were last used."""
    with operations.write() as db:
        for id, at in moments.items():
            earlier = or_(KEYS.c.last_used.is_(None), KEYS.c.last_used < at)
            db.execute(update(KEYS).where(KEYS.c.id == id, earlier).values(last_used=at))


def of_row(row: Row[Any]) -> Key:
    """A row of the table as a key."""
    return Key(
        id=row.id,
        scopes=frozenset(row.scopes.split()),
        team=None if row.team is None else TeamId(row.team),
        name=row.name,
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
        last_used=row.last_used,
    )
