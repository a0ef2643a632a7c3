"""Which conversations a name opens: never a private one that it was not written for."""

import io
import json
from typing import Any

import pytest

from friction.errors import SourceError
from friction.records import Comment, Directory
from friction.settings import SourceSection
from friction.sources import Row, read
from friction.targets import TargetFinder
from tests.sources.exports import SLACK, TAKEOUT, TAKEOUT_ROOT, archive, jsonl, teams_message

PRIVATE = {"private": True}


@pytest.fixture
def rows(directory: Directory):  # type: ignore[no-untyped-def]
    finder = TargetFinder(directory)

    def run(content: bytes, **mapping: Any) -> list[Row]:
        return list(read(io.BytesIO(content), "f", SourceSection.model_validate(mapping), finder.resolve).rows)

    return run


def comments(rows: list[Row]) -> list[Comment]:
    return [row.comment for row in rows if row.comment]


def texts(rows: list[Row]) -> list[str]:
    return [comment.text for comment in comments(rows)]


def refusals(rows: list[Row]) -> list[str]:
    return [row.reason for row in rows if row.reason and "none of it is read" in row.reason]


def mattermost(*channels: tuple[str, str, str, str], gone: int = 0) -> bytes:
    """An export of these channels (team, name, display name, type), six people in each, and a post in each."""
    teams = sorted({team for team, *_ in channels})
    member = [{"name": team, "channels": [{"name": n} for t, n, *_ in channels if t == team]} for team in teams]
    people = [
        {"type": "user", "user": {"username": f"p{n}", "teams": member, "delete_at": 1_772_000_000_000 * (n <= gone)}}
        for n in range(1, 7)
    ]
    listed = [
        {"type": "channel", "channel": {"team": team, "name": name, "display_name": label, "type": kind}}
        for team, name, label, kind in channels
    ]
    posts = [
        {
            "type": "post",
            "post": {
                "team": team,
                "channel": name,
                "user": "p6",
                "message": f"words of {team} {name}",
                "create_at": 1_772_406_000_000 + at,
            },
        }
        for at, (team, name, *_) in enumerate(channels)
    ]
    return jsonl({"type": "version", "version": 1}, *listed, *people, *posts)


TWINS = mattermost(("acme", "help-sales", "Help Sales", "O"), ("beta", "help-sales", "Help Sales", "P"))


def test_a_name_that_two_teams_of_mattermost_use_opens_neither(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(TWINS, channels={"help-sales": PRIVATE})
    assert texts(found) == []
    assert [reason.partition(" of the export is ")[2].partition(";")[0] for reason in refusals(found)] == [
        "one of several with a name that stands in [sources.NAME.channels]"
    ] * 2
    assert all("team/channel" in reason and "help-sales" not in reason for reason in refusals(found))


def test_team_and_channel_name_one_of_them(rows) -> None:  # type: ignore[no-untyped-def]
    assert texts(rows(TWINS, channels={"beta/help-sales": PRIVATE})) == [
        "words of acme help-sales",
        "words of beta help-sales",
    ]
    found = rows(TWINS, channels={"acme/help-sales": {"about_team": "sales"}, "help-sales": PRIVATE})
    assert [(c.text, c.about_team) for c in comments(found)] == [("words of acme help-sales", "sales")]
    assert ["one of several" in reason for reason in refusals(found)] == [True]


def test_a_group_is_named_by_team_and_channel_too(rows) -> None:  # type: ignore[no-untyped-def]
    content = mattermost(("acme", "help-sales", "Help Sales", "O"))
    assert [c.from_team for c in comments(rows(content, groups={"acme/help-sales": "support"}))] == ["support"]


@pytest.mark.parametrize("named", ["Board", "help-sales"])
def test_a_display_name_opens_nothing(rows, named: str) -> None:  # type: ignore[no-untyped-def]
    content = mattermost(("acme", "help-sales", "Help Sales", "O"), ("acme", "xyz", named, "P"))
    found = rows(content, channels={named: PRIVATE})
    assert texts(found) == ["words of acme help-sales"]
    assert "a private channel" in refusals(found)[0]
    small = mattermost(("acme", "few", "Board", "O"), gone=3)
    assert "fewer than 5 people" in refusals(rows(small, channels={"Board": PRIVATE}))[0]
    assert texts(rows(small, channels={"few": PRIVATE})) == ["words of acme few"]


def test_a_display_name_says_what_a_channel_open_to_all_stands_for(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(mattermost(("acme", "help-sales", "Help Sales", "O")), channels={"Help Sales": {"about_team": "it"}})
    assert [c.about_team for c in comments(found)] == ["it"]


def test_who_has_left_counts_for_no_channel(rows) -> None:  # type: ignore[no-untyped-def]
    channel = ("acme", "help-sales", "Help Sales", "O")
    assert texts(rows(mattermost(channel, gone=1))) == ["words of acme help-sales"]
    assert "fewer than 5 people" in refusals(rows(mattermost(channel, gone=2)))[0]
    people = [{"id": f"U{n}", "deleted": n > 4} for n in range(1, 7)]
    assert texts(rows(archive(SLACK | {"users.json": people}))) == []


def test_a_name_in_google_chat_is_anybodys(rows) -> None:  # type: ignore[no-untyped-def]
    info = TAKEOUT[f"{TAKEOUT_ROOT}/Space AAAA1/group_info.json"]
    said = TAKEOUT[f"{TAKEOUT_ROOT}/Space AAAA1/messages.json"]
    twin = {f"{TAKEOUT_ROOT}/Space CCCC3/group_info.json": info, f"{TAKEOUT_ROOT}/Space CCCC3/messages.json": said}
    named = {"Ask Support": {"about_team": "support", "private": True}}
    for export in (TAKEOUT, TAKEOUT | twin):
        found = rows(archive(export), channels=named)
        assert texts(found) == []
        assert all("not by a display name" in reason for reason in refusals(found))
    found = rows(archive(TAKEOUT | twin), channels={"Space CCCC3": {"about_team": "support"}})
    assert {c.about_team for c in comments(found)} == {"support"}
    assert len(comments(found)) == 2


def test_a_channel_of_slack_that_says_that_it_is_private_is(rows) -> None:  # type: ignore[no-untyped-def]
    listed = [{**channel, "is_private": channel["id"] == "C1"} for channel in SLACK["channels.json"]]  # type: ignore[union-attr,index]
    export = archive(SLACK | {"channels.json": listed})
    assert texts(rows(export)) == []
    assert ["a private channel" in reason for reason in refusals(rows(export))] == [False, True, True, False]
    assert len(texts(rows(export, channels={"C1": PRIVATE}))) == 2


def test_a_page_speaks_for_its_own_channel_of_teams_only(rows) -> None:  # type: ignore[no-untyped-def]
    def channel(place: str, **told: str) -> str:
        identity = {"teamId": "t1", "channelId": place}
        said = [teams_message(n, f"u{n}", f"<p>words of {place}</p>", channelIdentity=identity) for n in range(1, 7)]
        return json.dumps({**told, "messages": said})

    open_to_all = channel("19:a", displayName="Ask IT", membershipType="standard")
    for closed in (
        channel("19:b", displayName="Ask IT"),
        channel("19:b", displayName="Ask IT", membershipType="private"),
        channel("19:b", membershipType="private") + channel("19:b", membershipType="standard"),
    ):
        found = rows((open_to_all + closed).encode(), channels={"Ask IT": {"about_team": "it", "private": True}})
        assert {(c.text, c.about_team) for c in comments(found)} == {("words of 19:a", "it")}
        assert len(refusals(found)) == 1
    both = json.loads(open_to_all)
    both["messages"] += json.loads(channel("19:b"))["messages"]
    assert texts(rows(json.dumps(both).encode())) == []


def test_a_reply_without_a_channel_is_of_its_threads(rows) -> None:  # type: ignore[no-untyped-def]
    reply = teams_message(20, "u2", "<p>No idea either</p>", "2026-03-02T12:00:00Z", channelIdentity=None)
    said = [teams_message(n, f"u{n}", "<p>Still waiting</p>") for n in range(2, 7)]
    said.append(teams_message(1, "u1", "<p>Who signed this?</p>", replies=[reply]))
    content = json.dumps({"displayName": "Ask IT", "membershipType": "standard", "messages": said}).encode()
    found = comments(rows(content, channels={"Ask IT": {"about_team": "it"}}))
    assert {c.about_team for c in found} == {"it"}
    assert (len(found), found[-1].text) == (7, "No idea either")


def _connect(users: list[dict[str, Any]], **shared: Any) -> bytes:
    """A channel of Slack Connect: three of this company in it, four of a partner's, who wrote a day."""
    ours = [f"U{n}" for n in range(1, 4)]
    theirs = [f"W{n}" for n in range(1, 5)]
    said = [
        {"type": "message", "user": user, "text": f"words of {user}", "ts": f"17724428{at:02}.0001", **team}
        for at, (user, team) in enumerate(
            [(u, {"team": "T1", "user_team": "T1", "source_team": "T1"}) for u in ours]
            + [(u, {"team": "T1", "user_team": "T2", "source_team": "T2"}) for u in theirs]
        )
    ]
    channel = {"id": "C1", "name": "ext-acme", "is_ext_shared": True, "members": [*ours, *theirs]} | shared
    return archive({"channels.json": [channel], "users.json": users, "ext-acme/2026-03-02.json": said})


_OURS = [{"id": f"U{n}", "team_id": "T1", "is_admin": n == 1} for n in range(1, 4)]
_THEIRS = [{"id": f"W{n}", "team_id": "T2"} for n in range(1, 5)]


@pytest.mark.parametrize("users", [[*_OURS, *_THEIRS], _OURS])
def test_people_of_another_company_neither_count_nor_speak(rows, users: list[dict[str, Any]]) -> None:  # type: ignore[no-untyped-def]
    assert "fewer than 5 people" in refusals(rows(_connect(users)))[0]
    found = rows(_connect(users), channels={"ext-acme": {"from_team": "sales", "private": True}})
    assert texts(found) == ["words of U1", "words of U2", "words of U3"]
    assert [row.reason for row in found if row.reason] == [
        "written by somebody of another company, who speaks for no team here"
    ] * 4


def test_without_a_list_of_people_a_message_tells_whose_it_is(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(_connect([], members=None))
    assert "fewer than 5 people" in refusals(found)[0]
    assert len(texts(rows(_connect([], members=None), channels={"C1": PRIVATE}))) == 3


def test_another_workspace_of_the_same_enterprise_is_no_other_company(rows) -> None:  # type: ignore[no-untyped-def]
    def person(id: str, team: str, enterprise: str) -> dict[str, Any]:
        return {"id": id, "team_id": team, "enterprise_user": {"enterprise_id": enterprise, "teams": [team]}}

    users = [person(f"U{n}", "T1", "E1") | {"is_owner": True} for n in range(1, 4)]
    users += [person(f"W{n}", "T2", "E1") for n in range(1, 4)] + [person("W4", "T2", "E9")]
    assert sorted(texts(rows(_connect(users)))) == [f"words of {u}" for u in ("U1", "U2", "U3", "W1", "W2", "W3")]


def test_who_is_not_in_the_directory_of_teams_neither_counts_nor_speaks(rows) -> None:  # type: ignore[no-untyped-def]
    types = ["aadUser", "onPremiseAadUser", "aadUser", "aadUser", "federatedUser", "anonymousGuest"]
    said = [
        teams_message(
            n, f"u{n}", f"<p>words of u{n}</p>", **{"from": {"user": {"id": f"u{n}", "userIdentityType": kind}}}
        )
        for n, kind in enumerate(types, 1)
    ]
    content = json.dumps({"membershipType": "standard", "messages": said}).encode()
    assert "fewer than 5 people" in refusals(rows(content))[0]
    found = rows(content, channels={"19:abc@thread.tacv2": PRIVATE})
    assert texts(found) == [f"words of u{n}" for n in range(1, 5)]
    assert ["another company" in str(row.reason) for row in found] == [False] * 4 + [True] * 2


def test_what_is_no_message_on_a_page_of_teams_is_rejected_by_itself(rows) -> None:  # type: ignore[no-untyped-def]
    said = [teams_message(n, f"u{n}", "<p>Still waiting</p>") for n in range(1, 6)]
    content = json.dumps({"membershipType": "standard", "messages": [*said, {"id": "7"}, None]}).encode()
    assert [row.reason for row in rows(content) if row.reason] == [
        "a message of a conversation that the export does not list"
    ] * 2


def test_attachments_in_the_servers_zip_of_mattermost_are_no_tables(rows) -> None:  # type: ignore[no-untyped-def]
    lines = mattermost(("acme", "help-sales", "Help Sales", "O"))
    folder = "data/20260302/teams/noteam/channels/c1/users/u1/f1"
    attached = {f"{folder}/{name}": "notes,of\nsomebody,else\n" for name in ("a.txt", "b.csv", "channels.json")}
    assert texts(rows(archive({"import.jsonl": lines} | attached))) == ["words of acme help-sales"]
    for more in ({"answers/week.csv": "text\nx\n"}, {"week.csv": "text\nx\n"}):
        with pytest.raises(SourceError, match="2 tables"):
            rows(archive({"import.jsonl": lines} | more))
