"""A digest as a mail: one message with a text part, an HTML part and the pictures in it.

Promises: one week's digest to one recipient has one Message-ID, whenever and however often it is built, so that a mail
system that gets it twice can show it once; no header takes more than a line; nothing in it asks to be fetched.
Called by ``service.sending`` and the command ``digest``.
"""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Final

from friction.records import Week
from friction.store.recipients import RecipientKey

from .digest import Digest, Language
from .digest.names import plain

_LONGEST_SUBJECT: Final = 200


def build(
    digest: Digest,
    *,
    language: Language,
    sender: str,
    now: datetime,
    to: str | None = None,
    message_id: str | None = None,
    unsubscribe: str | None = None,
) -> EmailMessage:
    """A mail.

    Args:
        digest: laid out.
        language: it is in.
        sender: address that it comes from.
        now: when it is sent, with its time zone.
        to: address that it goes to; None for a file to look at.
        message_id: as ``message_id`` gives it; None for another each time.
        unsubscribe: the recipient's own address for no more of these.
    """
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = plain(digest.subject, _LONGEST_SUBJECT)
    mail["From"] = Address("friction", addr_spec=sender)
    mail["To"] = to or "undisclosed-recipients:;"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id or make_msgid(domain=domain)
    mail["List-Id"] = f"<digest.friction.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Precedence"] = "bulk"
    mail["X-Auto-Response-Suppress"] = "All"
    if unsubscribe is not None:
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"
        if unsubscribe.startswith("https://"):  # RFC 8058 knows no other scheme
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(digest.text, cte="quoted-printable")
    mail.add_alternative(digest.html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = language  # last: what makes parts moves such headers into the first of them
    *_, page = mail.iter_parts()
    for name, image in digest.images.items():
        page.add_related(image, "image", "png", cid=f"<{name}>", disposition="inline", filename=f"{name}.png")
    return mail


def message_id(week: Week, recipient: RecipientKey, sender: str) -> str:
    """The Message-ID of a week's digest to a recipient: always the same."""
    return f"<{week}.{recipient[:32]}@{sender.rpartition('@')[2]}>"


def masked(address: str) -> str:
    """An address as output and errors may show it.

    >>> masked("alice@example.org")
    'a…@example.org'
    """
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
