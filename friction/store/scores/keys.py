"""Hashes that stand in the private store for what must not: who wrote, from which file, and the comment itself.

Under a window's salt, gone with it: respondents and the tags of batches. Under the store's secret, which stays: files
and comments, to recognise them when they come again; files until the next release, since their people are in them.
"""

import hmac
import secrets
from typing import Final

from sqlalchemy import Connection, insert, select

from friction.store.engine import Database
from friction.store.scores.tables import SECRETS
from friction.store.scores.votes import Vote

_POOL: Final = 8
_TAG: Final = 8


def respondent_key(salt: bytes, vote: Vote, reading: bytes) -> bytes:
    """Who wrote, under a window's salt: ``WHO`` bytes that say who, and those of the pool behind them.

    ``reading``: drawn each time that a file is read, so that a pool that is a file tells nothing of what is in it, and
    rows that are known by other signs when it is read again, by other settings, are not surely other people.
    """
    pool = reading + str(vote.week).encode() if vote.pool is None else vote.pool.encode()
    return _keyed(salt, vote.respondent.encode()) + _keyed(salt, b"pool:" + pool)[:_POOL]


def batch_tag(salt: bytes, id: bytes) -> bytes:
    """A batch as a window knows it."""
    return _keyed(salt, b"batch:" + id)[:_TAG]


def file_key(secret: bytes, content: bytes) -> bytes:
    """A file, by the digest of its content."""
    return _keyed(secret, b"file:" + content)


def comment_key(secret: bytes, comment: str) -> bytes:
    """A comment, by what makes it the same one."""
    return _keyed(secret, b"comment:" + comment.encode())


def find_secret(db: Connection) -> bytes | None:
    """What keys the hashes that recognise files and comments."""
    return db.scalar(select(SECRETS.c.value).where(SECRETS.c.name == "content"))


def make_secret(database: Database) -> bytes:
    """The store's secret, drawn by whoever comes first."""
    with database.read() as db:
        found = find_secret(db)
    if found is not None:
        return found
    with database.write() as db:
        found = find_secret(db)
        if found is None:
            found = secrets.token_bytes(32)
            db.execute(insert(SECRETS).values(name="content", value=found))
    return found


def _keyed(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")
