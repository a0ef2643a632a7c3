"""Google Chat: the zip of a takeout; a folder for each conversation, with messages.json and group_info.json.

A folder is called "DM ..." for a direct conversation or a group of people, "Space ..." for a space; one that is called
otherwise is taken for direct. The folders above it go by the language of the account. The takeout does not say whether
a space is open to all; its name is whatever somebody called it, and any number of spaces may have the same, so that a
space goes by its folder. A message has ``creator`` (name, email, user_type), ``created_date`` in words, ``text`` and
``topic_id``; a quoted message stands beside the text, a deleted one has none.

https://support.google.com/accounts/answer/3024190 (download your data)
https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages (the same parts in the API)
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any, Final

from friction.errors import RowError
from friction.sources import archive, markup
from friction.sources.chat import Export, Message, part, text
from friction.sources.conversations import Conversation, Kind
from friction.sources.dates import Clock
from friction.sources.jsonstream import documents, items

NAME: Final = "Google Chat"
_MESSAGES: Final = "messages.json"
_INFO: Final = "group_info.json"
_PART: Final = re.compile(r'\{\s*"messages"\s*:\s*\[\s*\{\s*"creator"')


def fits(names: Iterable[str]) -> bool:
    """Whether an archive with these entries is one; folders go by a language, so the pair of files tells."""
    found = {*names}
    folders = (name.removesuffix(_MESSAGES) for name in found if name.endswith(f"/{_MESSAGES}"))
    return any("/Groups/" in f"/{folder}" or f"{folder}{_INFO}" in found for folder in folders)


def is_part(start: str) -> bool:
    """Whether a JSON file that starts so is one conversation of a takeout, by itself."""
    return _PART.match(start) is not None


def export(packed: zipfile.ZipFile, name: str) -> Export:
    """A takeout.

    Raises:
        SourceError: it is damaged, or something in it is over a limit.
    """
    entries = {entry.filename: entry for entry in packed.infolist() if not archive.is_clutter(entry.filename)}
    folders = sorted(path.removesuffix(f"/{_MESSAGES}") for path in entries if path.endswith(f"/{_MESSAGES}"))

    @contextmanager
    def opened(path: str) -> Iterator[io.TextIOWrapper]:
        with io.TextIOWrapper(archive.open_entry(packed, entries[path], name), encoding="utf-8-sig") as lines:
            yield lines

    def said(folder: str) -> Iterator[Any]:
        with opened(f"{folder}/{_MESSAGES}") as lines:
            yield from items(lines, name, "messages")

    def conversation(number: int, folder: str) -> Conversation:
        people: set[str | None] = set()
        if f"{folder}/{_INFO}" in entries:
            with opened(f"{folder}/{_INFO}") as lines:
                for info in documents(lines, name, "members"):
                    people.update(map(_person, info.items))
        if not people - {None}:
            people = {_person(part(message, "creator")) for message in said(folder)}
        called = folder.rpartition("/")[2]
        kind: Kind = "untold" if called.startswith("Space") else "direct"
        return Conversation(number, kind, (called,), len(people - {None}))

    def messages() -> Iterator[Message]:
        numbers = count(1)
        for folder in folders:
            for found in said(folder):
                number = next(numbers)
                sent = _moment(text(found, "created_date"))
                gone = text(found, "message_state") == "DELETED" or bool(part(found, "deletion_metadata"))
                yield Message(
                    number=number,
                    place=folder,
                    id=text(found, "message_id") or f"{folder.rpartition('/')[2]}/{sent or number}",
                    author=None if gone else _person(part(found, "creator")),
                    sent=sent,
                    write=partial(markup.markdown, text(found, "text")),
                    is_lasting=bool(text(found, "message_id")),
                )

    return Export(NAME, {f: conversation(n, f) for n, f in enumerate(folders, 1)}, {}, messages)


def _person(found: Any) -> str | None:
    """What tells a person apart; None for an app."""
    if text(found, "user_type").lower() not in ("", "human"):
        return None
    return text(found, "email") or text(found, "name") or None


def _moment(words: str) -> datetime | None:
    try:
        return Clock().moment(words)
    except RowError:
        return None
