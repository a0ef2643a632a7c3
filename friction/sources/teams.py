"""Microsoft Teams: messages as Microsoft Graph gives them, one JSON document of ``chatMessage`` objects.

They stand under "value", as a page of an answer does, under "messages" beside the channel's own "displayName" and
"membershipType", or as a plain array. ``messageType`` "message" is one that somebody wrote; ``from.application`` a
bot's; ``deletedDateTime`` marks what is gone. The body is HTML: quotes and forwards are attachments or blockquotes. A
message of a chat has a ``chatId``, one of a channel a ``channelIdentity``, and without "membershipType" nothing says
whether the channel is open to all.

https://learn.microsoft.com/en-us/graph/api/resources/chatmessage
https://learn.microsoft.com/en-us/graph/api/resources/channel (membershipType)
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import IO, Any, Final

from friction.errors import RowError, SourceError
from friction.sources import markup
from friction.sources.chat import Conversation, Export, Kind, Message, part, parts, text
from friction.sources.dates import Clock
from friction.sources.jsonstream import items

NAME: Final = "Microsoft Teams"
MAX_MESSAGES: Final = 200_000
"""They are put in order, and so held together; Graph gives the newest first."""
_SIGNS: Final = re.compile(r'"(?:messageType|channelIdentity|chatId|replyToId)"\s*:')
_MEMBERSHIP: Final[dict[str, Kind]] = {"standard": "public", "private": "private", "shared": "private"}


def fits(start: str) -> bool:
    """Whether a JSON document that starts so is one."""
    return _SIGNS.search(start) is not None and '"body"' in start


def export(lines: IO[str], name: str) -> Export:
    """A document of messages.

    Raises:
        SourceError: not JSON, cut off, or too many messages.
    """
    beside: dict[str, str] = {}
    found: list[Message] = []
    people: dict[str, set[str]] = {}
    kinds: dict[str, Kind] = {}
    for item in items(lines, name, "value", "messages", beside=beside):
        for said in (item, *parts(item, "replies")):
            place = text(part(said, "channelIdentity"), "channelId")
            kinds.setdefault(place or text(said, "chatId"), "untold" if place else "direct")
            message = _message(said, place or text(said, "chatId") or (found[-1].place if said is not item else ""))
            people.setdefault(message.place, set()).update(filter(None, [message.author]))
            found.append(message)
            if len(found) > MAX_MESSAGES:
                raise SourceError(f"{name} holds more than {MAX_MESSAGES} messages; export a shorter time")
    found.sort(key=_when)
    told = _MEMBERSHIP.get(beside.get("membershipType", ""))
    listed = {
        place: Conversation(
            number,
            told or kind if kind == "untold" else kind,
            tuple(filter(None, (place, beside.get("displayName") if len(kinds) == 1 else ""))),
            len(people.get(place, ())),
        )
        for number, (place, kind) in enumerate(kinds.items(), 1)
    }
    return Export(NAME, listed, {}, partial(_numbered, found))


def _numbered(found: list[Message]) -> Iterator[Message]:
    for number, message in enumerate(found, 1):
        yield replace(message, number=number)


def _message(said: Any, place: str) -> Message:
    body = part(said, "body")
    content = text(body, "content")
    write: Callable[[], str] = partial(markup.markdown, content)
    if text(body, "contentType").lower() != "text":
        people = frozenset(str(m.get("id")) for m in parts(said, "mentions") if part(part(m, "mentioned"), "user"))
        write = partial(markup.html, content, people)
    author = text(part(part(said, "from"), "user"), "id")
    is_said = text(said, "messageType") in ("", "message") and not text(said, "deletedDateTime")
    return Message(
        number=0,
        place=place,
        id=f"{place}/{text(said, 'id')}",
        author=author if author and is_said else None,
        sent=_moment(text(said, "createdDateTime")),
        write=write,
    )


def _moment(words: str) -> datetime | None:
    try:
        found = Clock().moment(words)
    except RowError:
        return None
    return found if found.tzinfo else None


def _when(message: Message) -> float:
    return message.sent.timestamp() if message.sent else 0.0
