"""A conversation with the mail relay, step by step, so that who sends can act between the steps.

Promises: no password and no mail over a connection that is not encrypted to a server whose certificate holds, unless
the server is this machine; no server's words are passed on, which like to repeat the recipient's address: its code is.
Called by ``service.sending``.
"""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

from friction.errors import SendingError
from friction.settings.sections import SmtpSection

TIMEOUT: Final = 60.0
"""Seconds that the server has for each answer."""
LAST_TIMEOUT: Final = 600.0
"""Seconds that it has to say that it took a mail: giving up early makes mails come twice (RFC 1047, RFC 5321)."""
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
Step = Literal["MAIL FROM", "RCPT TO", "DATA"]


class Unreachable(SendingError):
    """No conversation came about.

    Attributes:
        is_final: trying again is of no use before somebody has mended something.
    """

    def __init__(self, message: str, *, is_final: bool) -> None:
        super().__init__(message)
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered. ``code`` is 0 where it did not."""

    step: Step
    code: int

    @property
    def is_accepted(self) -> bool:
        """The server took it."""
        return 200 <= self.code < 300

    @property
    def is_final(self) -> bool:
        """The server will not take it another time either."""
        return 500 <= self.code < 600

    def __str__(self) -> str:
        return f"{self.code} at {self.step}" if self.code else f"the connection was lost at {self.step}"


class Relay:
    """The relay; it is connected to when there is something to say, and again after a connection is lost."""

    def __init__(
        self, smtp: SmtpSection, password: str | None, *, timeout: float = TIMEOUT, last_timeout: float = LAST_TIMEOUT
    ) -> None:
        self._settings = smtp
        self._password = password
        self._timeout = timeout
        self._last_timeout = last_timeout
        self._open: smtplib.SMTP | None = None
        self._port = smtp.port or _PORTS[smtp.security]
        self._where = f"the relay at {smtp.host}:{self._port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._open.quit()
            self._drop()

    def offer(self, sender: str, recipient: str) -> Reply:
        """Ask whether the server takes a mail for a recipient.

        Raises:
            Unreachable: there is no server to ask, or it takes nothing from this sender.
        """
        server = self._open or self._connect()
        reply = self._ask(server, "MAIL FROM", sender)
        if reply.is_final:
            raise self._unreachable(f"{self._where} takes nothing from this sender ({reply.code})", is_final=True)
        return self._ask(server, "RCPT TO", recipient) if reply.is_accepted else reply

    def give(self, mail: bytes) -> Reply:
        """Give the mail that was offered. Without an answer (code 0) it may have arrived or not."""
        server = self._open
        if server is None:
            return Reply("DATA", 0)
        try:
            if server.sock is not None:
                server.sock.settimeout(self._last_timeout)
            code, _ = server.data(mail)
            if server.sock is not None:
                server.sock.settimeout(self._timeout)
        except smtplib.SMTPDataError as refused:  # before the text was sent
            code = refused.smtp_code
        except (OSError, smtplib.SMTPException):
            self._drop()
            return Reply("DATA", 0)
        return self._after(Reply("DATA", code))

    def take_back(self) -> None:
        """Let an offer fall."""
        if self._open is not None:
            try:
                self._open.rset()
            except (OSError, smtplib.SMTPException):
                self._drop()

    def _ask(self, server: smtplib.SMTP, step: Step, address: str) -> Reply:
        try:
            code, _ = server.mail(address) if step == "MAIL FROM" else server.rcpt(address)
        except (OSError, smtplib.SMTPException):
            self._drop()
            return Reply(step, 0)
        reply = self._after(Reply(step, code))
        if not reply.is_accepted:
            self.take_back()
        return reply

    def _after(self, reply: Reply) -> Reply:
        if reply.code == 421:  # it is closing the connection (RFC 5321 3.8)
            self._drop()
        return reply

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None

    def _connect(self) -> smtplib.SMTP:
        smtp = self._settings
        where = self._where
        context = ssl.create_default_context()
        try:
            if smtp.security == "tls":
                self._open = smtplib.SMTP_SSL(smtp.host, self._port, timeout=self._timeout, context=context)
            else:
                self._open = smtplib.SMTP(smtp.host, self._port, timeout=self._timeout)
            if smtp.security == "starttls":
                self._open.starttls(context=context)
            if smtp.user is not None and self._password is not None:
                self._open.login(smtp.user, self._password)
            self._open.ehlo_or_helo_if_needed()
        except ssl.SSLCertVerificationError:
            raise self._unreachable(f"The certificate of {where} does not hold for that name", is_final=True) from None
        except smtplib.SMTPNotSupportedError:
            raise self._unreachable(f"{where} offers no STARTTLS, or no way to sign in", is_final=True) from None
        except smtplib.SMTPResponseException as refused:
            final = 500 <= refused.smtp_code < 600
            raise self._unreachable(f"{where} does not let us in ({refused.smtp_code})", is_final=final) from None
        except (OSError, smtplib.SMTPException):
            raise self._unreachable(f"{where} does not answer", is_final=False) from None
        return self._open

    def _unreachable(self, why: str, *, is_final: bool) -> Unreachable:
        self._drop()
        return Unreachable(f"{why[0].upper()}{why[1:]}. Check [digest.smtp] and try again.", is_final=is_final)
