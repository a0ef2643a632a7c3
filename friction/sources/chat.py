"""A chat export to comments: what is kept of a message. Which conversations are read: ``conversations``.

Bots, joins, deleted messages and those without a word of the person's own are counted as blank; a message of somebody
of another company is refused.

Promises: of an author nothing leaves but a key, which ingestion hashes, and a team; conversations are named in
messages by their place in the export, because their names may be people's.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from friction.errors import RowError
from friction.records import Comment, TeamId
from friction.settings import ChannelSection, SourceSection
from friction.sources.blank import is_blank
from friction.sources.conversations import Channels, Conversation, Verdict
from friction.sources.dates import Clock
from friction.sources.rows import Row, shown

_BLANK: Final = "no words of a person's own"
_OUTSIDE: Final = "written by somebody of another company, who speaks for no team here"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``author`` is None where no person wrote it; ``write`` gives the person's own words.

    Attributes:
        number: its place in the export, from 1.
        place: the key of its conversation.
        write: may raise RowError.
        is_lasting: its id is the tool's own, and stays when the message is edited.
        is_outside: its author is of another company.
    """

    number: int
    place: str
    id: str
    author: str | None = field(repr=False)
    sent: datetime | None
    write: Callable[[], str] = field(repr=False)
    is_lasting: bool = False
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """An export, looked through once.

    Attributes:
        form: the tool that wrote it.
        conversations: by the key that messages carry.
        groups: the user groups of each author.
        messages: every message, a thread's in the order in which they were written; read anew at each call.
        realm: the company or server whose keys of people these are, if the export says so.
    """

    form: str
    conversations: Mapping[str, Conversation] = field(repr=False)
    groups: Mapping[str, tuple[str, ...]] = field(repr=False)
    messages: Callable[[], Iterator[Message]] = field(repr=False)
    realm: str = field(default="", repr=False)


def rows(export: Export, mapping: SourceSection, *, clock: Clock, min_people: int) -> Iterator[Row]:
    """The comments of an export, and one refusal for each conversation that is not read."""
    channels = Channels(export.conversations.values(), mapping.channels, min_people)
    verdicts: dict[str, Verdict] = {}
    for message in export.messages():
        conversation = export.conversations.get(message.place)
        if conversation is None:
            yield Row(message.number, reason="a message of a conversation that the export does not list")
            continue
        if message.place not in verdicts:
            verdicts[message.place] = channels.judge(conversation)
            if (refusal := verdicts[message.place].refusal) is not None:
                yield Row(message.number, reason=refusal)
        verdict = verdicts[message.place]
        if verdict.refusal is None:
            yield _row(message, verdict.section, _team(message, export, mapping), clock, export.realm)


def _row(message: Message, section: ChannelSection, team: TeamId | None, clock: Clock, realm: str) -> Row:
    name = shown(message.id)
    try:
        text = message.write() if message.author is not None else ""
        if is_blank(text):
            return Row(message.number, name, reason=_BLANK, blank=True)
        if message.is_outside:
            raise RowError(_OUTSIDE)
        if message.sent is None:
            raise RowError("the message has no time that can be read")
        f"{text}{message.author}{message.id}{realm}".encode()
        comment = Comment(
            text=text,
            id=name,
            row=message.number,
            from_team=team or _id(section.from_team),
            about_team=_id(section.about_team),
            respondent=message.author,
            week=clock.week_of(message.sent),
            stated=str(message.sent),
            message=message.id if message.is_lasting else None,
            realm=realm,
        )
    except UnicodeEncodeError:
        return Row(message.number, name, reason="holds a character that is not valid Unicode")
    except RowError as error:
        return Row(message.number, name, reason=str(error))
    return Row(message.number, name, comment=comment)


def _id(team: str | None) -> TeamId | None:
    return None if team is None else TeamId(team)


def _team(message: Message, export: Export, mapping: SourceSection) -> TeamId | None:
    """An author's team: their own entry, else that of their one user group that has one."""
    if message.author is None:
        return None
    if message.author in mapping.authors:
        return TeamId(mapping.authors[message.author])
    teams = {mapping.groups[group] for group in export.groups.get(message.author, ()) if group in mapping.groups}
    return TeamId(teams.pop()) if len(teams) == 1 else None


def text(found: Any, key: str) -> str:
    """A value of a JSON object that is text; empty where it is not."""
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def part(found: Any, key: str) -> dict[str, Any]:
    """A value of a JSON object that is an object; empty where it is not."""
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}


def parts(found: Any, key: str) -> list[dict[str, Any]]:
    """The objects of a JSON object's list."""
    value = found.get(key) if isinstance(found, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
