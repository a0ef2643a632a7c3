"""Keys of people who signed in through an OpenID provider. Used by ``service.oidc``.

Everybody who signs in has one key of their own. It is bound and counted, stands in the audit trail and in the list of
keys and can be revoked like every other, but nobody can present it: only sessions live on it. It ends with the last
of them, and holds again when its person signs in again, unless it was revoked.

Security properties: no name, address or other claim is kept. Who it is stands in the key's ``digest`` as a hash under
the store's own key, in a form that no hash of a secret has.
"""

import hmac
import secrets
import time
from collections.abc import Collection

from sqlalchemy import insert, select, update

from friction.records import TeamId
from friction.store.engine import Database
from friction.store.keys import SCOPES, Key, Scope, of_row
from friction.store.operations import KEYS
from friction.store.recipients import delivery_key


def key_of(
    operations: Database,
    subject: str,
    scopes: Collection[Scope],
    *,
    team: TeamId | None,
    name: str,
    seconds: int,
) -> Key | None:
    """The key of somebody who has just signed in, with what they may now; None where it was revoked.

    Args:
        operations: the store.
        subject: who it is, for the provider and as long as it knows them.
        scopes: what the key is for.
        team: binds it to pairs of this team.
        name: what it is called in lists; of what lets them in, never of the person.
        seconds: from now, until it ends.
    """
    now = int(time.time())
    digest = "subject " + hmac.digest(delivery_key(operations), b"subject " + subject.encode(), "sha256").hex()
    may = {"scopes": " ".join(s for s in SCOPES if s in scopes), "team": team, "name": name, "expires": now + seconds}
    found = select(KEYS).where(KEYS.c.digest == digest)
    with operations.write() as db:
        if db.execute(update(KEYS).where(KEYS.c.digest == digest).values(may)).rowcount == 0:
            db.execute(insert(KEYS).values(id=secrets.token_hex(4), digest=digest, created=now, **may))
        key = of_row(db.execute(found).one())
    return key if key.holds(now) else None
