"""Slack: the zip of a workspace export; lists of conversations and people, and a folder of days for each conversation.

channels.json are the public channels, groups.json the private ones, dms.json and mpims.json the direct conversations;
a channel says so itself as well (``is_private``); a folder is named after its channel, or after a direct conversation's
id; a renamed channel keeps its id. A message has
``ts``, ``user``, ``text``, and a ``subtype`` where it is more or less than that. An edited message stands with its last
text; a forwarded one stands under ``attachments``, which are not read. A list of user groups (usergroups.json, as the
API gives it) is read if it is there. In a channel of Slack Connect people of other companies write, too: users.json has
their ``team_id``, a message its author's ``user_team`` and ``source_team``.

https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports
https://docs.slack.dev/reference/events/message (subtypes)
https://docs.slack.dev/reference/objects/conversation-object (is_private)
https://docs.slack.dev/reference/objects/user-object (team_id, enterprise_user, deleted)
https://docs.slack.dev/apis/slack-connect (users and messages of other companies)
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any, Final

from friction.errors import SourceError
from friction.sources import archive, markup
from friction.sources.chat import Export, Message, text
from friction.sources.conversations import Conversation, Kind
from friction.sources.jsonstream import items
from friction.sources.slack_people import People

NAME: Final = "Slack"
_LISTS: Final[tuple[tuple[str, Kind], ...]] = (
    ("channels.json", "public"),
    ("groups.json", "private"),
    ("mpims.json", "direct"),
    ("dms.json", "direct"),
)
_SAID: Final = frozenset({"", "me_message", "thread_broadcast", "file_share"})
"""Subtypes of what a person said; every other is a join, a bot, a topic, a deletion."""

_TS: Final = re.compile(r'"ts"\s*:\s*"\d{9,11}\.\d{6}"')


def fits(names: Iterable[str]) -> bool:
    """Whether an archive with these entries is one."""
    return any(name.rpartition("/")[2] in dict(_LISTS) for name in names)


def is_part(start: str) -> bool:
    """Whether a JSON file that starts so is one day of a channel, by itself."""
    return start.startswith("[") and _TS.search(start) is not None


def export(packed: zipfile.ZipFile, name: str) -> Export:
    """A workspace export.

    Raises:
        SourceError: it is damaged, several exports in one, or something in it is over a limit.
    """
    return _Workspace(packed, name).export()


class _Workspace:
    def __init__(self, packed: zipfile.ZipFile, name: str) -> None:
        self._packed = packed
        self._name = name
        self._entries = {entry.filename: entry for entry in packed.infolist() if not archive.is_clutter(entry.filename)}
        lists = [path for path in self._entries if path.rpartition("/")[2] in dict(_LISTS)]
        roots = {path.rpartition("/")[0] for path in lists}
        self._root = min(roots, key=len, default="")
        exports = [root for root in roots if f"{root}/users.json".removeprefix("/") in self._entries]
        if len(exports) > 1:
            raise SourceError(f"{name} holds {len(exports)} exports of Slack; give each by itself")
        self._people = People(self._items("users.json"))
        self._ids: dict[str, str] = {}
        self._handles: dict[str, str] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        self._read_groups()

    def export(self) -> Export:
        days = self._days()
        found: dict[str, Conversation] = {}
        for file, kind in _LISTS:
            for listed in self._items(file):
                names = tuple(filter(None, (text(listed, "name"), text(listed, "id"))))
                place = next((name for name in names if name in days), "")
                if place and place not in found:
                    if id := text(listed, "id"):
                        self._ids[place] = id
                    people = self._people.counted(self._members(listed, days[place]))
                    found[place] = Conversation(len(found) + 1, _kind(listed, kind), names, people)
        return Export(NAME, found, self._groups, partial(self._messages, days), self._people.home)

    def _members(self, listed: Any, days: list[str]) -> Iterator[str]:
        """Who is in a channel; where the export does not say so, who wrote."""
        members = listed.get("members") if isinstance(listed, dict) else None
        if isinstance(members, list):
            yield from (member for member in members if isinstance(member, str))
            return
        for message in (message for path in days for message in self._items(path)):
            author = self._author(message)
            if author is not None and not self._people.is_outside(message):
                yield author

    def _messages(self, days: dict[str, list[str]]) -> Iterator[Message]:
        numbers = count(1)
        for place, paths in days.items():
            for path in paths:
                for found in self._items(path):
                    yield Message(
                        number=next(numbers),
                        place=place,
                        id=f"{self._ids.get(place, place)}/{text(found, 'ts')}",
                        author=self._author(found),
                        sent=_moment(text(found, "ts")),
                        write=partial(markup.slack, text(found, "text"), self._handles),
                        is_lasting=place in self._ids and bool(text(found, "ts")),
                        is_outside=self._people.is_outside(found),
                    )

    def _author(self, found: Any) -> str | None:
        user = text(found, "user")
        said = text(found, "subtype") in _SAID and not text(found, "bot_id")
        return user if user and said and not self._people.is_bot(user) else None

    def _days(self) -> dict[str, list[str]]:
        """Files of days by conversation, in their order."""
        found: dict[str, list[str]] = {}
        start = f"{self._root}/" if self._root else ""
        for path in sorted(self._entries):
            place, _, day = path.removeprefix(start).partition("/")
            if path.startswith(start) and day.endswith(".json") and "/" not in day:
                found.setdefault(place, []).append(path.removeprefix(start))
        return found

    def _read_groups(self) -> None:
        for group in self._items("usergroups.json", "usergroups"):
            names = tuple(filter(None, (text(group, "handle"), text(group, "id"))))
            self._handles[text(group, "id")] = text(group, "handle") or text(group, "name")
            for user in (
                group.get("users", []) if isinstance(group, dict) and isinstance(group.get("users"), list) else []
            ):
                if isinstance(user, str):
                    self._groups[user] = self._groups.get(user, ()) + names

    def _items(self, path: str, *under: str) -> Iterator[Any]:
        entry = self._entries.get(f"{self._root}/{path}" if self._root else path)
        if entry is not None:
            with io.TextIOWrapper(archive.open_entry(self._packed, entry, self._name), encoding="utf-8-sig") as lines:
                yield from items(lines, self._name, *under)


def _kind(listed: Any, kind: Kind) -> Kind:
    """A channel that says that it is private is, whichever list it stands in."""
    is_private = isinstance(listed, dict) and listed.get("is_private") is True
    return "private" if kind == "public" and is_private else kind


def _moment(ts: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None
