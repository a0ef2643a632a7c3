"""Whom a Slack export knows: who is no person, who has left, and who is of another company. Called by ``slack``.

A channel of Slack Connect is shared with other companies, whose people speak for no team here: they count neither as
authors nor towards the least number of people of a channel. The company of the export is that of its owners and
administrators, and not the one with the most people: a partner may be larger.

https://docs.slack.dev/reference/objects/user-object (team_id, enterprise_user, is_owner, deleted)
https://docs.slack.dev/apis/slack-connect (external members, messages of other companies)
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from friction.sources.chat import part, text

_SLACKBOT: Final = "USLACKBOT"
_KEEPS_HOUSE: Final = ("is_primary_owner", "is_owner", "is_admin")


class People:
    """The people of users.json; without one, everybody is taken for a person of this company.

    Attributes:
        home: the id of this company, or of its workspace; empty where nothing says it.
    """

    def __init__(self, users: Iterable[Any]) -> None:
        listed = [user for user in users if isinstance(user, dict)]
        self._listed = {text(user, "id") for user in listed}
        self._bots = {_SLACKBOT} | {text(user, "id") for user in listed if user.get("is_bot") is True}
        self._gone = {text(user, "id") for user in listed if user.get("deleted") is True}
        housekeepers = [user for user in listed if any(user.get(flag) is True for flag in _KEEPS_HOUSE)]
        companies = Counter(filter(None, map(_company, housekeepers or listed)))
        self.home = home = companies.most_common(1)[0][0] if companies else ""
        ours = [user for user in listed if _company(user) == home]
        self._teams = {team for user in ours for team in _teams(user)} if home else set()
        self._strangers = {
            text(user, "id")
            for user in listed
            if user.get("is_stranger") is True or (_company(user) and _company(user) != home)
        }

    def is_bot(self, user: str) -> bool:
        """Whether it is no person."""
        return user in self._bots

    def is_outside(self, message: Any) -> bool:
        """Whether a message's author is of another company."""
        if text(message, "user") in self._strangers:
            return True
        team = text(message, "user_team") or text(message, "source_team")
        ours = self._teams or {text(message, "team")} - {""}
        return bool(team and ours) and team not in ours

    def counted(self, users: Iterable[str]) -> int:
        """How many of these are people of this company who have not left."""
        found = set(users) - self._bots - self._gone - self._strangers
        return len(found & self._listed if self._listed else found)


def _company(user: Any) -> str:
    return text(part(user, "enterprise_user"), "enterprise_id") or text(user, "team_id")


def _teams(user: Any) -> set[str]:
    """Every id under which a message may name the company of a person."""
    more = part(user, "enterprise_user").get("teams")
    found = {_company(user), text(user, "team_id")} - {""}
    return found | {team for team in more if isinstance(team, str)} if isinstance(more, list) else found
