"""Browsers that are signed in to the dashboard. Used by ``service.access`` and ``service.signing``.

A session is opened with a key and lives no longer than it: whoever finds one asks for its key, so that a revoked or
expired key ends its sessions with the next request. It also ends when nothing was asked for a while, after
``LONGEST``, and when somebody signs out.

Security properties: the browser alone has the token, 256 random bits made when it signs in and never before (a token
that somebody else planted opens nothing); the store has its SHA-256. A session is looked up by that hash, so that
how long the look takes says nothing about a token.
"""

import secrets
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, insert, or_, select, update

from friction.store.engine import Database
from friction.store.keys import Key, of_row
from friction.store.operations import KEYS, SESSIONS

LONGEST: Final = 7 * 86_400
"""Seconds after which a browser signs in again, however busy it was."""


def digest(token: str) -> str:
    """What the store keeps of a token."""
    return sha256(token.encode(errors="replace")).hexdigest()


def open_with(operations: Database, key: Key) -> str:
    """Open a session; returns its token."""
    token, now = secrets.token_urlsafe(32), int(time.time())
    with operations.write() as db:
        db.execute(insert(SESSIONS).values(digest=digest(token), key=key.id, created=now, seen=now))
    return token


def find(operations: Database, token: str, idle: int) -> Key | None:
    """The key of an open session, or None.

    Args:
        operations: the store.
        token: what the browser sent.
        idle: seconds without a request after which a session is over.
    """
    now = time.time()
    lives = (SESSIONS.c.digest == digest(token), SESSIONS.c.seen > now - idle, SESSIONS.c.created > now - LONGEST)
    with operations.read() as db:
        row = db.execute(select(KEYS).join(SESSIONS, SESSIONS.c.key == KEYS.c.id).where(*lives)).one_or_none()
    key = None if row is None else of_row(row)
    return key if key is not None and key.holds(now) else None


def end(operations: Database, token: str) -> None:
    """End a session, if it is one."""
    with operations.write() as db:
        db.execute(delete(SESSIONS).where(SESSIONS.c.digest == digest(token)))


def note_seen(operations: Database, moments: Mapping[str, int]) -> None:
    """Note when sessions, by the digest of their token, were last seen."""
    with operations.write() as db:
        for found, at in moments.items():
            db.execute(update(SESSIONS).where(SESSIONS.c.digest == found, SESSIONS.c.seen < at).values(seen=at))


def forget(operations: Database, idle: int) -> None:
    """Delete the sessions that are over."""
    now = time.time()
    with operations.write() as db:
        over = or_(SESSIONS.c.seen <= now - idle, SESSIONS.c.created <= now - LONGEST)
        db.execute(delete(SESSIONS).where(over))
