"""Mattermost: the lines of a bulk export, as one file or in the zip that the server makes.

Each line is one object with a ``type``: version, then teams, channels ("O" open, "P" private), users with their teams
and channels, bots, posts with their replies inside, and direct posts. Times are milliseconds in UTC; who has a
``delete_at`` has left. A channel's name is its own within its team only, and its display name is anybody's. Posts of
integrations say so in ``props``; joins and the like have a ``type``. An edited post stands with its last text; a post
that was shared into another stands in ``props``, which are not read.

https://docs.mattermost.com/onboard/bulk-loading-data-format.html
https://docs.mattermost.com/administration-guide/manage/bulk-export-tool
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import IO, Any, Final

from friction.errors import SourceError
from friction.sources import markup
from friction.sources.chat import Export, Message, part, parts, text
from friction.sources.conversations import Conversation
from friction.sources.encoding import bounded_lines

NAME: Final = "Mattermost"
_START: Final = re.compile(r'\{\s*"type"\s*:\s*"version"\s*,')
_INTEGRATION: Final = ("from_bot", "from_webhook", "from_plugin")
_SAID: Final = frozenset({"", "me"})
"""Types of what a person said; every other is a join, a call, a plugin's."""
_KNOWN: Final = frozenset({"channel", "user", "post", "direct_post"})
_DIRECT: Final = "direct conversations"


def fits(start: str) -> bool:
    """Whether a JSON file that starts so is one."""
    return _START.match(start) is not None


def export(lines: IO[str], name: str) -> Export:
    """A bulk export, seekable.

    Raises:
        SourceError: a line of it is not JSON, or none is of a channel, a person or a message.
    """
    members: dict[str, set[str]] = {}
    channels: dict[str, tuple[bool, str, str]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    bots: set[str] = set()
    gone: set[str] = set()
    is_known = False
    for kind, found in _objects(lines, name):
        is_known = is_known or kind in _KNOWN
        if kind == "channel":
            called = text(found, "name"), text(found, "display_name")
            channels[_place(found, "name")] = text(found, "type") == "O", *called
        elif kind == "user":
            user = text(found, "username")
            places = []
            for team in parts(found, "teams"):
                for channel in parts(team, "channels"):
                    place = f"{text(team, 'name')}/{text(channel, 'name')}"
                    members.setdefault(place, set()).add(user)
                    places += [place, text(channel, "name")]
            groups[user] = (*(text(team, "name") for team in parts(found, "teams")), *places)
            if _number(found, "delete_at") > 0:
                gone.add(user)
        elif kind == "bot":
            bots.add(text(found, "username"))
        elif kind == "post":
            members.setdefault(_place(found, "channel"), set()).add(text(found, "user"))
    if not is_known:
        raise SourceError(
            f"{name} holds no channel, person or message of Mattermost; none of it is read. Export it again"
        )
    listed = {
        place: Conversation(
            number,
            "public" if is_open else "private",
            names=(place, called),
            people=len(members.get(place, set()) - bots - gone),
            labels=(label,) if label else (),
        )
        for number, (place, (is_open, called, label)) in enumerate(channels.items(), 1)
    }
    listed[_DIRECT] = Conversation(len(listed) + 1, "direct", (_DIRECT,))
    return Export(NAME, listed, groups, partial(_messages, lines, name, frozenset(bots)))


def _messages(lines: IO[str], name: str, bots: frozenset[str]) -> Iterator[Message]:
    numbers = count(1)
    for kind, found in _objects(lines, name):
        if kind not in ("post", "direct_post"):
            continue
        place = _DIRECT if kind == "direct_post" else _place(found, "channel")
        replies = sorted(parts(found, "replies"), key=_time)
        for said in (found, *replies):
            author = text(said, "user")
            props = part(said, "props")
            is_person = author not in bots and text(said, "type") in _SAID and _number(said, "delete_at") <= 0
            is_person = is_person and not any(str(props.get(key, "")).lower() == "true" for key in _INTEGRATION)
            yield Message(
                number=next(numbers),
                place=place,
                id=f"{_time(said)}/{text(said, 'id')}".rstrip("/"),  # a channel has but a name, which may change
                author=author if author and is_person else None,
                sent=_moment(_time(said)),
                write=partial(markup.markdown, text(said, "message")),
                is_lasting=bool(text(said, "id")),
            )


def _objects(lines: IO[str], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every line's type and its object."""
    lines.seek(0)
    for number, line in enumerate(bounded_lines(lines), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise SourceError(f"{name}: line {number} is damaged, cut off or over a limit; export it again") from None
        kind = text(found, "type")
        yield kind, part(found, kind)


def _place(found: dict[str, Any], key: str) -> str:
    return f"{text(found, 'team')}/{text(found, key)}"


def _time(said: dict[str, Any]) -> int:
    return _number(said, "create_at")


def _number(found: dict[str, Any], key: str) -> int:
    """A moment in milliseconds; -1 where there is none."""
    value = found.get(key)
    return value if isinstance(value, int) else -1


def _moment(milliseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds >= 0 else None
    except (ValueError, OverflowError, OSError):
        return None
