"""What a person wrote themselves, out of what a chat tool stores: no quotes of others, no code, no names of people.

A quoted message is somebody else's words, a block of code nobody's opinion. A mention of a person becomes "@someone";
one of a group or a channel keeps its name, because it often is a team's. Every pattern here is linear in the text.
"""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

from friction.errors import RowError

PERSON: Final = "@someone"
LONGEST: Final = 200_000
"""Characters of a message that are looked at; a comment of a tenth of it is refused later on."""
_BLOCK: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_TICKED: Final = re.compile(r"`([^`\n]*)`")
_QUOTED: Final = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)
_QUOTED_ON: Final = re.compile(r"^[ \t]{0,3}>>>.*", re.MULTILINE | re.DOTALL)
"""Slack's quote of all that follows, to the end of the message."""
_ANGLES: Final = re.compile(r"<([^<>]{1,2000})>")
_MARKS: Final = re.compile(r"(?<!\w)([*_~]{1,3})(?=\S)(.{1,500}?)(?<=\S)\1(?!\w)")
_AT: Final = re.compile(r"(?<![\w@/.])@(?:here|channel|all)\b")
_GAPS: Final = re.compile(r"[ \t]{2,}")
_HIDDEN: Final = frozenset(
    {"blockquote", "pre", "codeblock", "attachment", "script", "style", "img", "systemeventmessage"}
)
_QUOTING: Final = re.compile(r"https?://schema\.skype\.com/(?:reply|forward)", re.IGNORECASE)
"""What the ``itemtype`` of a quote begins with, whatever its tag."""
_BREAKS: Final = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3"})
_VOID: Final = frozenset({"img", "br", "hr", "attachment", "systemeventmessage"})


def markdown(text: str) -> str:
    r"""Own words of a message in Markdown: Mattermost, Google Chat.

    >>> markdown("> who did that?\n**Sales** did, see `crm`")
    'Sales did, see crm'
    """
    text = _QUOTED.sub("", _BLOCK.sub(" ", _short(text)))
    return _GAPS.sub(" ", _AT.sub("", _MARKS.sub(r"\2", _TICKED.sub(r"\1", text)))).strip()


def slack(text: str, groups: dict[str, str]) -> str:
    r"""Own words of a Slack message; ``groups`` are names of user groups by their id.

    https://docs.slack.dev/messaging/formatting-message-text (mentions, links, quotes, escapes)
    https://slack.com/help/articles/202288908-Format-your-messages (">>>" quotes every paragraph that follows)

    >>> slack("&gt; quoted\n<@U012AB> asked <!subteam^S1|@sales>, see <https://x.example|the plan> &amp; wait", {})
    '@someone asked sales, see the plan & wait'
    """
    text = unescape(_ANGLES.sub(lambda found: _slack_angle(found[1], groups), _BLOCK.sub(" ", _short(text))))
    return markdown(_QUOTED_ON.sub("", text))


def _slack_angle(inside: str, groups: dict[str, str]) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return PERSON
    if target.startswith("!subteam^"):
        return (label or groups.get(target.removeprefix("!subteam^"), "")).removeprefix("@")
    if target.startswith("!"):
        return label if target.startswith("!date") else ""
    return label or target.removeprefix("#") if target.startswith("#") else label or target


def html(text: str, people: frozenset[str] = frozenset()) -> str:
    """Own words of a Teams message; ``people`` are the ids of its mentions that are persons.

    >>> html('<blockquote>old</blockquote><p>Ask <at id="0">Ann</at> &amp; <at id="1">Sales</at></p>', frozenset({"0"}))
    'Ask @someone & Sales'

    Raises:
        RowError: markup that cannot be read.
    """
    reader = _Html(people)
    try:
        reader.feed(_short(text))
        reader.close()
    except (AssertionError, ValueError):
        raise RowError("the message's HTML cannot be read") from None
    return re.sub(r"[ \t]*\n\s*", "\n", "".join(reader.said)).replace("\u00a0", " ").strip()


class _Html(HTMLParser):
    """``_hidden`` is the outermost tag that is left out, ``_depth`` how many of that tag are open."""

    def __init__(self, people: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._people = people
        self._hidden = ""
        self._depth = 0
        self._person = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._hidden:
            self._depth += tag == self._hidden
        elif tag not in _VOID and (tag in _HIDDEN or _QUOTING.match(given.get("itemtype") or "")):
            self._hidden, self._depth = tag, 1
        elif tag in _BREAKS:
            self.said.append("\n")
        elif tag == "emoji":
            self.said.append(given.get("alt") or "")
        elif tag == "at" and given.get("id") in self._people:
            self._person = True
            self.said.append(PERSON)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._depth -= tag == self._hidden
            self._hidden = self._hidden if self._depth else ""
        elif tag == "at":
            self._person = False
        elif tag in _BREAKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden and not self._person:
            self.said.append(data)


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise RowError(f"the message is longer than {LONGEST} characters")
    return text
