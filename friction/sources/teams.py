"""Microsoft Teams: messages as Microsoft Graph gives them, as JSON documents of ``chatMessage`` objects.

They stand under "value", as a page of an answer does, under "messages" beside the channel's own "displayName" and
"membershipType", or as a plain array. Answers come in pages, so that a file may hold several of these, one after the
other or in an array, or one message a line. Anything else, the answer to a batch of requests say, is refused whole.
``messageType`` "message" is one that somebody wrote; ``from.application`` a bot's; ``deletedDateTime`` marks what is
gone; ``userIdentityType`` tells people of the organisation from others. The body is HTML: quotes and forwards are
attachments, blockquotes or elements whose ``itemtype`` says so. A post may have a ``subject``. A message of a chat has
a ``chatId``, one of a channel a ``channelIdentity``, a reply perhaps neither; and without "membershipType" nothing says
whether the channel is open to all.

https://learn.microsoft.com/en-us/graph/api/resources/chatmessage
https://learn.microsoft.com/en-us/graph/api/resources/channel (membershipType)
https://learn.microsoft.com/en-us/graph/api/resources/teamworkuseridentity (userIdentityType)
https://learn.microsoft.com/en-us/graph/paging ("value", "@odata.nextLink")
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import IO, Any, Final

from friction.errors import RowError, SourceError
from friction.sources import markup
from friction.sources.chat import Export, Message, part, parts, text
from friction.sources.conversations import Conversation, Kind
from friction.sources.dates import Clock
from friction.sources.jsonstream import documents

NAME: Final = "Microsoft Teams"
MAX_MESSAGES: Final = 200_000
"""They are put in order, and so held together; Graph gives the newest first."""
_SIGNS: Final = re.compile(r'"(?:messageType|channelIdentity|chatId|replyToId)"\s*:')
_CONTEXT: Final = re.compile(r'"@odata\.context"\s*:\s*"[^"]*(?:/messages|chatMessage)')
"""Of a page without a message."""
_UNDER: Final = ("value", "messages")
_OURS: Final = frozenset({"", "aadUser", "onPremiseAadUser"})
"""Types of a user in the organisation's directory; every other is another company's, a visitor's or a telephone's."""
_MEMBERSHIP: Final[dict[str, Kind]] = {"standard": "public", "private": "private", "shared": "private"}


def fits(start: str) -> bool:
    """Whether a JSON document that starts so is one."""
    return (_SIGNS.search(start) is not None and '"body"' in start) or _CONTEXT.search(start) is not None


def export(lines: IO[str], name: str) -> Export:
    """Documents of messages.

    Raises:
        SourceError: not JSON, cut off, neither messages nor pages of them, or too many messages.
    """
    found: list[Message] = []
    channels: dict[str, _Channel] = {}
    for page, beside in _pages(lines, name):
        places: dict[str, None] = {}
        for message, kind in _of_page(page):
            if kind is not None:
                places[message.place] = None
                channel = channels.setdefault(message.place, _Channel(kind))
                if message.author is not None and not message.is_outside:
                    channel.people.add(message.author)
            found.append(message)
            if len(found) > MAX_MESSAGES:
                raise SourceError(f"{name} holds more than {MAX_MESSAGES} messages; export a shorter time")
        if len(places) == 1:
            channels[next(iter(places))].learn(beside)
    found.sort(key=_when)
    listed = {
        place: Conversation(
            number, channel.kind, names=(place,), people=len(channel.people), labels=tuple(channel.labels)
        )
        for number, (place, channel) in enumerate(channels.items(), 1)
    }
    return Export(NAME, listed, {}, partial(_numbered, found))


@dataclass(slots=True)
class _Channel:
    """What is known of a channel or a chat so far."""

    kind: Kind
    people: set[str] = field(default_factory=set)
    labels: dict[str, None] = field(default_factory=dict)

    def learn(self, beside: Mapping[str, Any]) -> None:
        """Take what a page says of the one channel that its messages are of; once private, it stays so."""
        if self.kind == "direct":
            return
        if self.kind != "private":
            self.kind = _MEMBERSHIP.get(text(beside, "membershipType"), self.kind)
        if label := text(beside, "displayName"):
            self.labels[label] = None


def _pages(lines: IO[str], name: str) -> Iterator[tuple[Iterable[Any], Mapping[str, Any]]]:
    """The messages of each page, and what stands beside them, which is whole once they are read."""
    for document in documents(lines, name, *_UNDER):
        if document.is_array:
            for item in document.items:
                yield _page(item, name)
            continue
        yield document.items, document.beside
        if not document.has_items:
            yield _page(document.beside, name)


def _page(found: Any, name: str) -> tuple[Iterable[Any], Mapping[str, Any]]:
    """A page within an array, or a message by itself."""
    for key in _UNDER:
        if isinstance(found, dict) and isinstance(found.get(key), list):
            return found[key], found
    if isinstance(found, dict) and ("messageType" in found or "body" in found):
        return [found], {}
    raise SourceError(
        f'{name} holds something that is neither a message of Teams nor a page of them, with "value" or "messages"; '
        "none of it is read. Give the pages as Graph answers them, one after the other"
    )


def _of_page(page: Iterable[Any]) -> Iterator[tuple[Message, Kind | None]]:
    """Each message and its replies, with the kind of their conversation; None where they name none."""
    for item in page:
        place, kind = _place(item)
        yield _message(item, place), kind
        for reply in parts(item, "replies"):
            own, its = _place(reply)
            yield _message(reply, own or place), its or kind


def _place(said: Any) -> tuple[str, Kind | None]:
    if channel := text(part(said, "channelIdentity"), "channelId"):
        return channel, "untold"
    chat = text(said, "chatId")
    return chat, "direct" if chat else None


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
    if subject := text(said, "subject"):
        write = partial(_under, subject, write)
    user = part(part(said, "from"), "user")
    author = text(user, "id")
    is_said = text(said, "messageType") in ("", "message") and not text(said, "deletedDateTime")
    return Message(
        number=0,
        place=place,
        id=f"{place}/{text(said, 'id')}",
        author=author if author and is_said else None,
        sent=_moment(text(said, "createdDateTime")),
        write=write,
        is_lasting=bool(place and text(said, "id")),
        is_outside=text(user, "userIdentityType") not in _OURS,
    )


def _under(subject: str, write: Callable[[], str]) -> str:
    """What stands under a subject, and the subject, which is its author's words too."""
    return "\n".join(filter(None, (markup.markdown(subject), write())))


def _moment(words: str) -> datetime | None:
    try:
        found = Clock().moment(words)
    except RowError:
        return None
    return found if found.tzinfo else None


def _when(message: Message) -> float:
    return message.sent.timestamp() if message.sent else 0.0
