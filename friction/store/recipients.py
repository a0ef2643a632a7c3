"""Who is sent digests, as far as the house must know: a keyed hash, and whether they want no more.

No address stands in the store, so that a dump of it, a backup or a glance names nobody. The hash's key stands beside
it: whoever holds the whole store can test a guessed address. Addresses stand in ``friction.toml`` alone.

A recipient's **token** is a keyed hash of their address that only mails to them carry; the store has the hash of the
token. Who shows the token may say that its owner wants no more digests, and nothing else.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from typing import NewType

from sqlalchemy import insert, select, update

from friction.store.engine import Database
from friction.store.operations import DELIVERY_KEY, RECIPIENTS

RecipientKey = NewType("RecipientKey", str)


def delivery_key(operations: Database) -> bytes:
    """What addresses are hashed with; whoever comes first makes it."""
    with operations.read() as db:
        found = db.scalar(select(DELIVERY_KEY.c.value))
    if found is None:
        with operations.write() as db:
            found = db.scalar(select(DELIVERY_KEY.c.value))
            if found is None:
                found = secrets.token_hex(32)
                db.execute(insert(DELIVERY_KEY).values(value=found))
    return bytes.fromhex(found)


def token_of(key: bytes, address: str) -> str:
    """A recipient's token: 43 characters that stand in an address as they are."""
    digest = hmac.digest(key, b"digest to " + address.lower().encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")


def key_of(token: str) -> RecipientKey:
    """What the store knows of a token's owner."""
    return RecipientKey(hashlib.sha256(token.encode()).hexdigest())


def remember(operations: Database, recipient: RecipientKey) -> None:
    """Note somebody who is sent a digest, before it is, so that their token is known when they have it."""
    with operations.write() as db:
        if db.scalar(select(RECIPIENTS.c.key).where(RECIPIENTS.c.key == recipient)) is None:
            db.execute(insert(RECIPIENTS).values(key=recipient, left=False))


def mark_left(operations: Database, recipient: RecipientKey, *, left: bool = True) -> bool:
    """Note that a recipient wants no more, or wants them again.

    Returns:
        Whether there is such a recipient. Saying it twice changes nothing.
    """
    with operations.write() as db:
        return db.execute(update(RECIPIENTS).where(RECIPIENTS.c.key == recipient).values(left=left)).rowcount == 1


def who_left(operations: Database) -> frozenset[RecipientKey]:
    """Everybody who wants no more."""
    with operations.read() as db:
        return frozenset(db.scalars(select(RECIPIENTS.c.key).where(RECIPIENTS.c.left)))


def is_known(operations: Database, recipient: RecipientKey) -> bool:
    """Whether somebody was ever sent a digest."""
    with operations.read() as db:
        return db.scalar(select(RECIPIENTS.c.key).where(RECIPIENTS.c.key == recipient)) is not None
