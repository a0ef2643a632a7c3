"""Slack: the zip of a workspace export; lists of conversations and people, and a folder of days for each conversation.

channels.json are the public channels, groups.json the private ones, dms.json and mpims.json the direct conversations;
a folder is named after its channel, or after a direct conversation's id; a renamed channel keeps its id. A message has
``ts``, ``user``, ``text``, and a ``subtype`` where it is more or less than that. An edited message stands with its last
text; a forwarded one stands under ``attachments``, which are not read. A list of user groups (usergroups.json, as the
API gives it) is read if it is there.

https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports
https://docs.slack.dev/reference/events/message (subtypes)
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any, Final

from friction.sources import archive, markup
from friction.sources.chat import Conversation, Export, Kind, Message, text
from friction.sources.jsonstream import items

NAME: Final = "Slack"
_LISTS: Final[tuple[tuple[str, Kind], ...]] = (
    ("channels.json", "public"),
    ("groups.json", "private"),
    ("mpims.json", "direct"),
    ("dms.json", "direct"),
)
_SAID: Final = frozenset({"", "me_message", "thread_broadcast", "file_share"})
"""Subtypes of what a person said; every other is a join, a bot, a topic, a deletion."""
_SLACKBOT: Final = "USLACKBOT"


def fits(names: Iterable[str]) -> bool:
    """Whether an archive with these entries is one."""
    return any(name.rpartition("/")[2] in dict(_LISTS) for name in names)


def export(packed: zipfile.ZipFile, name: str) -> Export:
    """A workspace export.

    Raises:
        SourceError: it is damaged, or something in it is over a limit.
    """
    return _Workspace(packed, name).export()


class _Workspace:
    def __init__(self, packed: zipfile.ZipFile, name: str) -> None:
        self._packed = packed
        self._name = name
        self._entries = {entry.filename: entry for entry in packed.infolist() if not archive.is_clutter(entry.filename)}
        lists = [path for path in self._entries if path.rpartition("/")[2] in dict(_LISTS)]
        self._root = min(lists, key=len, default="").rpartition("/")[0]
        self._bots = {_SLACKBOT} | {text(user, "id") for user in self._items("users.json") if user_is_bot(user)}
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
                    self._ids[place] = names[-1]
                    members = listed.get("members") if isinstance(listed, dict) else None
                    people = {m for m in members if isinstance(m, str)} if isinstance(members, list) else None
                    if people is None:
                        people = {
                            author for path in days[place] for m in self._items(path) if (author := self._author(m))
                        }
                    found[place] = Conversation(len(found) + 1, kind, names, len(people - self._bots))
        return Export(NAME, found, self._groups, partial(self._messages, days))

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
                    )

    def _author(self, found: Any) -> str | None:
        user = text(found, "user")
        said = text(found, "subtype") in _SAID and not text(found, "bot_id")
        return user if user and said and user not in self._bots else None

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


def user_is_bot(user: Any) -> bool:
    """Whether a listed user is no person."""
    return isinstance(user, dict) and bool(user.get("is_bot"))


def _moment(ts: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None
