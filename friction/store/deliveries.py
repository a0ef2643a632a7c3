"""Which week's digest reached whom: what makes "exactly once" of sending. Called by ``service.sending``.

A delivery is **claimed** when the server has taken the recipient and the mail's text is about to be sent, and
**settled** when the server has answered. A claim that is still open when nobody is sending any more
(``friction.store.engine.Database.alone``) is of a run that died in between: whether its mail arrived is not known, and
it is sent again, under the same Message-ID. That is the one window in which somebody may get two; nobody gets none.
"""

from typing import Literal

from sqlalchemy import delete, insert, select, update

from friction.records import Week
from friction.store.engine import Database
from friction.store.operations import DELIVERIES
from friction.store.recipients import RecipientKey

State = Literal["open", "sent", "refused"]
"""``open``: claimed and not settled; ``refused``: the server will not take it, however often."""


def states(operations: Database, week: Week) -> dict[RecipientKey, State]:
    """How a week's deliveries stand; recipients who are not in it were not sent anything."""
    with operations.read() as db:
        rows = db.execute(select(DELIVERIES.c.recipient, DELIVERIES.c.state).where(DELIVERIES.c.week == week.index))
        return {RecipientKey(recipient): state for recipient, state in rows}


def claim(operations: Database, week: Week, recipient: RecipientKey) -> int | None:
    """Claim a delivery that is not sent yet, whoever claimed it before.

    Returns:
        The claim, to settle it by; None where it is sent already.
    """
    mine = (DELIVERIES.c.week == week.index) & (DELIVERIES.c.recipient == recipient)
    with operations.write() as db:
        found = db.execute(select(DELIVERIES.c.state, DELIVERIES.c.attempts).where(mine)).one_or_none()
        if found is None:
            db.execute(insert(DELIVERIES).values(week=week.index, recipient=recipient, state="open", attempts=1))
            return 1
        if found.state == "sent":
            return None
        db.execute(update(DELIVERIES).where(mine).values(state="open", attempts=found.attempts + 1))
        return int(found.attempts) + 1


def settle(operations: Database, week: Week, recipient: RecipientKey, claim: int, state: State) -> bool:
    """Note what came of a claim.

    Returns:
        False where somebody else has claimed the delivery since: then nothing was changed.
    """
    mine = (DELIVERIES.c.week == week.index) & (DELIVERIES.c.recipient == recipient)
    with operations.write() as db:
        found = update(DELIVERIES).where(mine, DELIVERIES.c.attempts == claim, DELIVERIES.c.state == "open")
        return db.execute(found.values(state=state)).rowcount == 1


def refuse(operations: Database, week: Week, recipient: RecipientKey) -> None:
    """Note that the server refuses a recipient for good, before anything was sent."""
    if (number := claim(operations, week, recipient)) is not None:
        settle(operations, week, recipient, number, "refused")


def withdraw(operations: Database, week: Week, recipient: RecipientKey, claim: int) -> None:
    """Take a claim back: the server has said that it did not take the mail."""
    mine = (DELIVERIES.c.week == week.index) & (DELIVERIES.c.recipient == recipient)
    with operations.write() as db:
        db.execute(delete(DELIVERIES).where(mine, DELIVERIES.c.attempts == claim, DELIVERIES.c.state == "open"))
