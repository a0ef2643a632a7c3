"""Which conversations of a chat export are read. Called by ``friction.sources.chat``.

Refused, unless ``[sources.NAME.channels]`` names them with ``private = true``: private channels, direct
conversations, and those of fewer people than the threshold. One of which the export does not say whether it is open
to all is refused until it is named at all.

Promises: a section opens at most one conversation, and only the one that it was written for. A name that several have
opens none of them, and a display name, which whoever made the channel may choose and others may have too, opens
nothing: it says of a channel that is open to all what it stands for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from friction.settings import ChannelSection

Kind = Literal["public", "private", "direct", "untold"]
_THERE: Final = "in [sources.NAME.channels], and not by a display name,"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A channel or a direct conversation.

    Attributes:
        number: its place in the export, from 1: messages name it so, because its name may be people's.
        names: what tells it from others, the surest first: an id, a name of which there can be but one.
        people: its members where the export says so, else who wrote; no bots, nobody who has left.
        labels: names that anybody may give it.
    """

    number: int
    kind: Kind
    names: tuple[str, ...] = field(repr=False)
    people: int = 0
    labels: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of a conversation: what it stands for, and why it is not read, if so."""

    section: ChannelSection
    refusal: str | None = None


class Channels:
    """What ``[sources.NAME.channels]`` says of the conversations of an export."""

    def __init__(
        self, conversations: Iterable[Conversation], sections: Mapping[str, ChannelSection], min_people: int
    ) -> None:
        self._sections = sections
        self._min_people = min_people
        self._bearers: dict[str, set[int]] = {}
        found = list(conversations)
        for conversation in found:
            self._bear(conversation, conversation.names)
        names = frozenset(self._bearers)
        for conversation in found:
            if conversation.kind == "public":
                self._bear(conversation, (label for label in conversation.labels if label not in names))

    def _bear(self, conversation: Conversation, names: Iterable[str]) -> None:
        for name in names:
            self._bearers.setdefault(name, set()).add(conversation.number)

    def judge(self, conversation: Conversation) -> Verdict:
        """Whether it is read, and under which section."""
        given = [name for name in (*conversation.names, *conversation.labels) if name in self._sections]
        borne = [name for name in given if conversation.number in self._bearers.get(name, ())]
        own = next((name for name in borne if len(self._bearers[name]) == 1), None)
        section = ChannelSection() if own is None else self._sections[own]
        if borne and own is None:
            why = "one of several with a name that stands in [sources.NAME.channels]"
            return Verdict(section, _refused(conversation, why, "there by its id, in Mattermost as team/channel"))
        return Verdict(section, self._refusal(conversation, section, is_named=own in conversation.names))

    def _refusal(self, conversation: Conversation, section: ChannelSection, *, is_named: bool) -> str | None:
        if is_named and section.private:
            return None
        mend = f"{_THERE} with private = true, and tell staff"
        if conversation.kind == "private":
            return _refused(conversation, "a private channel", mend)
        if conversation.kind == "direct":
            return _refused(conversation, "a direct conversation", mend)
        if conversation.kind == "untold" and not is_named:
            what = "a channel of which the export does not say that it is open to all"
            return _refused(conversation, what, f"{_THERE} with what it stands for")
        if conversation.people < self._min_people:
            return _refused(conversation, f"a channel of fewer than {self._min_people} people", mend)
        return None


def _refused(conversation: Conversation, what: str, mend: str) -> str:
    return f"conversation {conversation.number} of the export is {what}; none of it is read. To read it, name it {mend}"
