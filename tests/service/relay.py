"""A real SMTP server in a thread, with TLS and AUTH, that can be told to fail at any step of the conversation."""

import asyncio
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "friction", "a good password"
SLOW = 1.5
"""Seconds that a slow server takes: longer than the timeout in tests."""


@dataclass
class Server:
    """What a server was told to do, and what it did.

    Attributes:
        failures: what to do instead, by step (``MAIL``, ``RCPT``, ``DATA``) or step and address, the next first:
            a reply such as ``450 later``; ``drop``; ``slow``; and of ``DATA``, ``take and drop`` and ``take and slow``.
        on_event: told of every step before it is answered, and of every mail taken.
        taken: recipient and mail, in the order in which they were taken.
    """

    port: int = 0
    failures: dict[str, list[str]] = field(default_factory=dict)
    on_event: Callable[[str, str], None] = lambda step, address: None
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    signed_in: set[str] = field(default_factory=set)

    def count(self) -> Counter[str]:
        """How many mails each recipient got."""
        return Counter(recipient for recipient, _ in self.taken)

    async def _answer(self, step: str, address: str, server: SMTP, good: str) -> str:
        self.steps.append(step)
        self.on_event(step, address)
        waiting = self.failures.get(f"{step} {address}") or self.failures.get(step) or []
        action = waiting.pop(0) if waiting else good
        if action.startswith("take"):
            self._take(address, server.envelope)
            action = action.removeprefix("take and ")
        if action == "slow":
            await asyncio.sleep(SLOW)
            action = good if step != "DATA" else "drop"
        if action == "drop":
            server.transport.abort()
            return good
        if step == "DATA" and action == good:
            self._take(address, server.envelope)
        return action

    def _take(self, address: str, envelope: Envelope) -> None:
        assert isinstance(envelope.content, bytes)
        self.taken.append((address, message_from_bytes(envelope.content, policy=policy.default)))  # type: ignore[arg-type]
        self.on_event("taken", address)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.signed_in.add(str(session.auth_data.login.decode()) if session.auth_data else "")
        reply = await self._answer("MAIL", address, server, "250 OK")
        if reply.startswith("2"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._answer("RCPT", address, server, "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (address,) = envelope.rcpt_tos
        return await self._answer("DATA", address, server, "250 taken")


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False, auth_data=data)


@contextmanager
def serving(security: str, certificate: trustme.LeafCert) -> Iterator[Server]:
    """A server on a port of its own.

    Args:
        security: ``starttls``, ``tls`` or ``none``; the first two ask for AUTH.
        certificate: that it shows.
    """
    handler = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    loop = asyncio.new_event_loop()

    conversations: list[SMTP] = []

    def make() -> SMTP:
        conversations.append(_conversation())
        return conversations[-1]

    def _conversation() -> SMTP:
        if security == "none":
            return SMTP(handler, hostname="relay.test", loop=loop)
        return SMTP(
            handler, hostname="relay.test", loop=loop, authenticator=_authenticate, auth_required=True,
            tls_context=context if security == "starttls" else None, require_starttls=security == "starttls",
            auth_require_tls=security == "starttls",
        )  # fmt: skip

    listener = socket.create_server(("127.0.0.1", 0))
    handler.port = listener.getsockname()[1]
    ready = threading.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(
            loop.create_server(make, sock=listener, ssl=context if security == "tls" else None)
        )
        ready.set()
        loop.run_forever()
        server.close()
        for conversation in conversations:
            if conversation.transport is not None:
                conversation.transport.abort()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    yield handler
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
