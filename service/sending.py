"""Sending a week's digest: each recipient exactly once, whatever breaks in between. See docs/digest.md.

The order of one delivery: the server takes the recipient; the delivery is claimed; the text is sent; the claim is
settled by the answer. One run at a time sends (``Database.alone``), so an open claim is of a run that died, or of a
connection that did, between the text and the answer. Such a delivery is sent again.

Promises: what fails for one recipient stops no other; no address is shown in full. Called by the commands ``digest``
and ``weekly``.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from friction.records import TeamId, Week
from friction.settings import Settings
from friction.store import deliveries, recipients
from friction.store.engine import Database
from friction.store.recipients import RecipientKey
from friction.wording import Language

from .mail import masked
from .smtp import Relay, Reply, Unreachable

WAITS: Final = (5.0, 20.0, 60.0)
"""Seconds before each further try of what failed for now."""
TASK: Final = "sending"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is to have the digest. ``token`` is theirs alone and stands in their mails."""

    address: str = field(repr=False)
    language: Language
    team: TeamId | None
    token: str = field(repr=False)
    key: RecipientKey

    @property
    def masked(self) -> str:
        """As output may show them."""
        return masked(self.address)


@dataclass(slots=True)
class Report:
    """What became of a run.

    Attributes:
        sent: how many got theirs in this run; ``before``: how many had it already; ``left``: how many want none.
        failed: masked address and reason of everybody else.
    """

    sent: int = 0
    before: int = 0
    left: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def configured(settings: Settings, operations: Database) -> list[Recipient]:
    """The recipients that the configuration names."""
    key = recipients.delivery_key(operations)
    found = []
    for section in settings.digest.recipients:
        token = recipients.token_of(key, section.email)
        found.append(
            Recipient(
                address=section.email,
                language=section.language or settings.digest.language,
                team=None if section.team is None else TeamId(section.team),
                token=token,
                key=recipients.key_of(token),
            )
        )
    return found


def send(
    week: Week,
    to: Sequence[Recipient],
    write: Callable[[Recipient], bytes],
    *,
    sender: str,
    relay: Relay,
    operations: Database,
    refused_too: bool = False,
    waits: Sequence[float] = WAITS,
) -> Report:
    """Send a week's digest to everybody who does not have it yet.

    Args:
        week: of the digest.
        to: the recipients.
        write: the whole mail to one of them.
        sender: address that it comes from.
        relay: that takes it.
        operations: where deliveries are noted.
        refused_too: try those again whom the server has refused for good.
        waits: seconds before each further try.
    """
    with operations.alone(TASK):
        return _Run(week, write, sender, relay, operations).all(to, refused_too, waits)


@dataclass(slots=True)
class _Run:
    week: Week
    write: Callable[[Recipient], bytes]
    sender: str
    relay: Relay
    operations: Database
    report: Report = field(default_factory=Report)

    def all(self, to: Sequence[Recipient], refused_too: bool, waits: Sequence[float]) -> Report:
        left, states = recipients.who_left(self.operations), deliveries.states(self.operations, self.week)
        waiting: dict[RecipientKey, tuple[Recipient, str]] = {}
        for recipient in to:
            if recipient.key in left:
                self.report.left += 1
            elif states.get(recipient.key) == "sent":
                self.report.before += 1
            elif states.get(recipient.key) == "refused" and not refused_too:
                self.report.failed.append((recipient.masked, "refused for good; try with --resend when it is mended"))
            else:
                waiting[recipient.key] = recipient, "not tried"
        for wait in (0.0, *waits):
            if waiting:
                time.sleep(wait)
                self._try(waiting)
        self.report.failed += [(recipient.masked, why) for recipient, why in waiting.values()]
        return self.report

    def _try(self, waiting: dict[RecipientKey, tuple[Recipient, str]]) -> None:
        """One round; who is done for leaves ``waiting``."""
        for recipient, _ in list(waiting.values()):
            try:
                reply = self._deliver(recipient)
            except Unreachable as error:
                waiting.update({key: (r, str(error)) for key, (r, _) in waiting.items()})
                if error.is_final:
                    self.report.failed += [(r.masked, str(error)) for r, _ in waiting.values()]
                    waiting.clear()
                return
            if reply is None:
                self.report.before += 1
                del waiting[recipient.key]
            elif reply.is_accepted:
                self.report.sent += 1
                del waiting[recipient.key]
            elif reply.is_final:
                self.report.failed.append((recipient.masked, f"refused for good: {reply}"))
                del waiting[recipient.key]
            else:
                waiting[recipient.key] = recipient, f"not for now: {reply}"

    def _deliver(self, recipient: Recipient) -> Reply | None:
        """What the server said last; None where the recipient turned out to have it."""
        mail = self.write(recipient)
        recipients.remember(self.operations, recipient.key)
        reply = self.relay.offer(self.sender, recipient.address)
        if not reply.is_accepted:
            if reply.is_final:
                deliveries.refuse(self.operations, self.week, recipient.key)
            return reply
        claim = deliveries.claim(self.operations, self.week, recipient.key)
        if claim is None:  # another run has sent it; only where the lock of one of the two was lost
            self.relay.take_back()
            return None
        reply = self.relay.give(mail)
        if reply.is_accepted or reply.is_final:
            state: deliveries.State = "sent" if reply.is_accepted else "refused"
            deliveries.settle(self.operations, self.week, recipient.key, claim, state)
        elif reply.code:
            deliveries.withdraw(self.operations, self.week, recipient.key, claim)
        return reply
