"""One released week's digest from the stores: into files, to its recipients, to one address for a trial.

Called by the commands ``digest`` and ``weekly``. Knows released cells and what people entered, and no more.
"""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from friction.errors import SendingError, UsageError
from friction.model_folder import RELEASED, read_card
from friction.records import Intervention, TeamId, Week
from friction.settings import Settings
from friction.settings.sections import RecipientSection
from friction.store import deliveries, interventions, recipients
from friction.store.engine import Database
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore
from friction.trends import Trend, trends
from friction.wording import Language, counted

from .digest import Letter, about, compose, lay_out
from .mail import build, masked, message_id
from .sending import Recipient, Report, configured, send
from .smtp import Relay

Variant = tuple[Language, TeamId | None]


class Edition:
    """A week's digest, in every language and for every team that it is asked for in.

    Args:
        settings: the running configuration.
        releases: the released cells.
        operations: interventions that people entered, and deliveries.
        week: of the digest; None for the last one released.

    Raises:
        UsageError: nothing is released, or not that week.
    """

    def __init__(
        self, settings: Settings, releases: ReleaseStore, operations: Database, week: Week | None = None
    ) -> None:
        last = releases.last_week()
        if last is None:
            raise UsageError("Nothing is released yet. Run friction release first.")
        if week is not None and week > last:
            raise UsageError(f"{week} is not released yet; the last released week is {last}")
        cells = releases.cells()
        first = min((cell.first_week for cell in cells), default=last)
        if week is not None and week < first:
            raise UsageError(f"Nothing is released of {week}. Choose a week from {first} to {last}")
        self.week = week or last
        self.settings = settings
        self.operations = operations
        self._cells = [c for c in cells if c.last_week <= self.week]
        self._letters: dict[Variant, Letter] = {}

    def letter(self, language: Language, team: TeamId | None) -> Letter:
        """The digest in words; put together once a variant."""
        if (language, team) not in self._letters:
            now, before = self._trends
            self._letters[language, team] = compose(
                now, self.settings.directory, self.week, language, team=team, before=before,
                link=about(self.settings.public_url),
            )  # fmt: skip
        return self._letters[language, team]

    @cached_property
    def _trends(self) -> tuple[list[Trend], list[Trend]]:
        """As they stand, and as they stood a week earlier."""
        errors = read_card(RELEASED).errors
        done = interventions.together(self.settings.interventions, self.operations)

        def up_to(week: Week) -> list[Trend]:
            known: list[Intervention] = [i for i in done if i.week <= week]
            return trends([c for c in self._cells if c.last_week <= week], errors, known, through=week)

        return up_to(self.week), up_to(self.week + -1)

    def mail(self, recipient: Recipient) -> bytes:
        """The whole mail to one recipient."""
        unsubscribe = None
        if self.settings.public_url is not None:
            unsubscribe = f"{self.settings.public_url}/unsubscribe/{recipient.token}"
        mail = build(
            lay_out(self.letter(recipient.language, recipient.team), unsubscribe),
            language=recipient.language,
            sender=self._sender,
            now=datetime.now(UTC),
            to=recipient.address,
            message_id=message_id(self.week, recipient.key, self._sender),
            unsubscribe=unsubscribe,
        )
        return mail.as_bytes()

    def write(self, folder: Path) -> None:
        """Write every variant that somebody is to have as ``.html``, ``.txt`` and ``.eml``, and say where.

        Raises:
            UsageError: the folder cannot be written to.
        """
        digest = self.settings.digest
        variants: dict[Variant, None] = dict.fromkeys(
            (r.language or digest.language, None if r.team is None else TeamId(r.team)) for r in digest.recipients
        )
        for language, team in variants or {(digest.language, None): None}:
            laid_out = lay_out(self.letter(language, team))
            name = ".".join(filter(None, (str(self.week), language, team)))
            mail = build(laid_out, language=language, sender=self._sender, now=datetime.now(UTC))
            try:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{name}.html").write_text(laid_out.page, encoding="utf-8")
                (folder / f"{name}.txt").write_text(laid_out.text, encoding="utf-8")
                (folder / f"{name}.eml").write_bytes(mail.as_bytes())
            except OSError as error:
                raise UsageError(
                    f"Cannot write the digest to {folder}: {error.strerror}. Give another --out."
                ) from None
            print(f"{laid_out.subject}\nDigest written to {folder / name}.html, .txt and .eml")

    def send(self, *, refused_too: bool = False) -> None:
        """Send it to every recipient who does not have it yet, and say what became of it.

        Raises:
            SendingError: somebody did not get theirs.
            UsageError: nobody to send to, or nothing to send through.
        """
        to = configured(self.settings, self.operations)
        if not to:
            raise UsageError("Nobody is to get the digest: name recipients in [digest], or use --to ADDRESS")
        with _relay(self.settings) as relay:
            report = send(
                self.week, to, self.mail, sender=self._sender, relay=relay, operations=self.operations,
                refused_too=refused_too,
            )  # fmt: skip
        _say(report, self.week)

    def try_out(self, address: str) -> None:
        """Send it to one address, as its recipient would get it; nothing is noted.

        Raises:
            SendingError: it was not taken.
        """
        try:
            RecipientSection(email=address)
        except ValidationError:
            raise UsageError("--to takes one e-mail address, without a name") from None
        known = {r.address.lower(): r for r in configured(self.settings, self.operations)}
        found = known.get(address.lower())
        language = found.language if found else self.settings.digest.language
        laid_out = lay_out(self.letter(language, found.team if found else None))
        mail = build(laid_out, language=language, sender=self._sender, now=datetime.now(UTC), to=address)
        with _relay(self.settings) as relay:
            reply = relay.offer(self._sender, address)
            if reply.is_accepted:
                reply = relay.give(mail.as_bytes())
        if not reply.is_accepted:
            raise SendingError(f"{masked(address)}: {reply}")
        print(f"Sent to {masked(address)} as a trial; nothing is noted")

    @property
    def _sender(self) -> str:
        return self.settings.digest.sender or "friction@localhost"


@contextmanager
def open_edition(settings: Settings, week: Week | None = None) -> Iterator[Edition]:
    """An edition over the configured stores."""
    with (
        closing(ReleaseStore(settings.releases_address)) as releases,
        closing(open_operations(settings.operations_address)) as operations,
    ):
        yield Edition(settings, releases, operations, week)


def is_anything_released(settings: Settings) -> bool:
    """Whether there is a week to tell of."""
    with closing(ReleaseStore(settings.releases_address)) as releases:
        return releases.last_week() is not None


def can_send(settings: Settings) -> bool:
    """Whether there is somebody to send to, and something to send through."""
    return bool(settings.digest.recipients) and settings.digest.smtp is not None


def say_status(edition: Edition) -> None:
    """Print how the week's deliveries stand, claims left open among them."""
    left = recipients.who_left(edition.operations)
    states = deliveries.states(edition.operations, edition.week)
    words = {"sent": "has it", "refused": "refused by the server for good", "open": "left open: may have it or not"}
    for recipient in configured(edition.settings, edition.operations):
        state = states.get(recipient.key)
        said = "not sent" if state is None else words[state]
        print(f"{edition.week} {recipient.masked}: {'wants no more' if recipient.key in left else said}")


def take_back(settings: Settings, address: str) -> None:
    """Send digests again to somebody who wanted no more.

    Raises:
        UsageError: they were never sent one.
    """
    with closing(open_operations(settings.operations_address)) as operations:
        key = recipients.key_of(recipients.token_of(recipients.delivery_key(operations), address))
        if not recipients.mark_left(operations, key, left=False):
            raise UsageError(f"{masked(address)} was never sent a digest")
    print(f"{masked(address)} gets the digest again")


def _relay(settings: Settings) -> Relay:
    smtp = settings.digest.smtp
    if smtp is None:
        raise UsageError("There is no relay to send through: set host in [digest.smtp]; see docs/digest.md")
    return Relay(smtp, None if smtp.user is None else settings.smtp_password)


def _say(report: Report, week: Week) -> None:
    counts = [f"{report.sent} sent", f"{report.before} had it already", f"{report.left} unsubscribed"]
    print(f"Digest of {week}: {', '.join(c for c in counts if not c.startswith('0 ')) or 'nothing sent'}")
    for who, why in report.failed:
        print(f"friction: {who}: {why}", file=sys.stderr)
    if report.failed:
        raise SendingError(
            f"{counted(len(report.failed), 'recipient')} did not get the digest of {week}; run friction digest --send "
            "again"
        )
