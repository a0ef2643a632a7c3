"""Mattermost: the lines of a bulk export, as one file or in the zip that the server makes.

Each line is one object with a ``type``: version, then teams, channels ("O" open, "P" private), users with their teams
and channels, bots, posts with their replies inside, and direct posts. Times are milliseconds in UTC. Posts of
integrations say so in ``props``; joins and the like have a ``type`` that starts with "system_". An edited post stands
with its last text; a post that was shared into another stands in ``props``, which are not read.

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
from friction.sources.chat import Conversation, Export, Message, part, parts, text
from friction.sources.encoding import bounded_lines

NAME: Final = "Mattermost"
_START: Final = re.compile(r'\{\s*"type"\s*:\s*"version"\s*,')
_INTEGRATION: Final = ("from_bot", "from_webhook", "from_plugin")
_DIRECT: Final = "direct conversations"


def fits(start: str) -> bool:
    """Whether a JSON file that starts so is one."""
    return _START.match(start) is not None


def export(lines: IO[str], name: str) -> Export:
    """A bulk export, seekable.

    Raises:
        SourceError: a line of it is not JSON.
    """
    members: dict[str, set[str]] = {}
    kinds: dict[str, tuple[bool, tuple[str, ...]]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    bots: set[str] = set()
    for kind, found in _objects(lines, name):
        if kind == "channel":
            names = (text(found, "name"), text(found, "display_name"))
            kinds[_place(found, "name")] = text(found, "type") == "O", tuple(filter(None, names))
        elif kind == "user":
            teams = parts(found, "teams")
            channels = [(text(team, "name"), text(c, "name")) for team in teams for c in parts(team, "channels")]
            for team, channel in channels:
                members.setdefault(f"{team}/{channel}", set()).add(text(found, "username"))
            groups[text(found, "username")] = tuple(text(t, "name") for t in teams) + tuple(c for _, c in channels)
        elif kind == "bot":
            bots.add(text(found, "username"))
        elif kind == "post":
            members.setdefault(_place(found, "channel"), set()).add(text(found, "user"))
    listed = {
        place: Conversation(number, "public" if is_open else "private", names, len(members.get(place, set()) - bots))
        for number, (place, (is_open, names)) in enumerate(kinds.items(), 1)
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
            is_person = author not in bots and not text(said, "type").startswith("system_")
            is_person = is_person and not any(str(props.get(key, "")).lower() == "true" for key in _INTEGRATION)
            yield Message(
                number=next(numbers),
                place=place,
                id=f"{_time(said)}/{text(said, 'id')}".rstrip("/"),  # a channel has but a name, which may change
                author=author if author and is_person else None,
                sent=_moment(_time(said)),
                write=partial(markup.markdown, text(said, "message")),
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
    time = said.get("create_at")
    return time if isinstance(time, int) else -1


def _moment(milliseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds >= 0 else None
    except (ValueError, OverflowError, OSError):
        return None
