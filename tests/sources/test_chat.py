"""What of a chat is read, and what is left of a message."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from friction.records import Comment, Directory
from friction.settings import SourceSection, load
from friction.sources import Row, markup, opener, read
from friction.sources.chat import text
from friction.targets import TargetFinder
from tests.sources.exports import SAMPLES, SLACK, TAKEOUT, archive, jsonl, teams_message


@pytest.fixture
def rows(directory: Directory):  # type: ignore[no-untyped-def]
    finder = TargetFinder(directory)

    def run(content: bytes, *, min_people: int = 5, **mapping: Any) -> list[Row]:
        section = SourceSection.model_validate(mapping)
        return list(read(io.BytesIO(content), "f", section, finder.resolve, min_people=min_people).rows)

    return run


def comments(rows: list[Row]) -> list[Comment]:
    return [row.comment for row in rows if row.comment]


def refusals(rows: list[Row]) -> list[str]:
    return [row.reason for row in rows if row.reason and "none of it is read" in row.reason]


def test_private_direct_and_small_conversations_are_refused_once_each(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(archive(SLACK))
    assert [c.text for c in comments(found)] == [
        "Nobody told us & @someone is out",
        "It was in the plan, CRM was down :sweat:",
    ]
    direct, private, small = refusals(found)
    assert "a direct conversation" in direct
    assert "a private channel" in private
    assert "fewer than 5 people" in small
    for reason in (direct, private, small):
        assert not any(name in reason for name in ("tiny", "leads", "D1", "U1"))


@pytest.mark.parametrize(
    ("name", "words"), [("D1", "between you and me"), ("G1", "keep this quiet"), ("tiny", "just us two here")]
)
def test_only_its_own_name_and_private_open_a_conversation(rows, name: str, words: str) -> None:  # type: ignore[no-untyped-def]
    assert words not in [c.text for c in comments(rows(archive(SLACK), channels={name: {}}))]
    assert words in [c.text for c in comments(rows(archive(SLACK), channels={name: {"private": True}}))]


def test_the_threshold_is_the_configured_one(rows) -> None:  # type: ignore[no-untyped-def]
    assert "fewer than 7 people" in refusals(rows(archive(SLACK), min_people=7))[1]
    assert "just us two here" in [c.text for c in comments(rows(archive(SLACK), min_people=2))]


def test_members_are_counted_without_bots_and_writers_where_no_members_are_listed(rows) -> None:  # type: ignore[no-untyped-def]
    export = dict(SLACK) | {
        "channels.json": [{"id": "C1", "name": "help-sales", "members": ["U1", "U2", "U3", "U4", "UB"]}]
    }
    assert "fewer than 5 people" in refusals(rows(archive(export)))[1]
    export["channels.json"] = [{"id": "C1", "name": "help-sales"}]
    assert "fewer than 5 people" in refusals(rows(archive(export)))[1]
    assert len(comments(rows(archive(export), min_people=2))) == 2


def test_a_channel_that_is_not_said_to_be_open_is_read_once_named(rows) -> None:  # type: ignore[no-untyped-def]
    content = SAMPLES["teams, a page of Graph, newest first"].content
    (reason,) = refusals(rows(content))
    assert "does not say that it is open to all" in reason
    named = rows(content, channels={"19:abc@thread.tacv2": {}})
    assert [c.text for c in comments(named)][:3] == [
        "The order is stuck again",
        "And nobody answers",
        "Still waiting.",
    ]
    assert "fewer than 6 people" in refusals(rows(content, min_people=6, channels={"19:abc@thread.tacv2": {}}))[0]


def test_threads_keep_their_order(rows) -> None:  # type: ignore[no-untyped-def]
    found = comments(rows(SAMPLES["mattermost"].content))
    assert [c.text for c in found] == ["The VPN drops every hour", "since the update", "mine too, third week"]
    teams = SAMPLES["teams, a channel with replies"]
    assert [c.text for c in comments(rows(teams.content))] == [
        "Hi @someone, who at Sales Tag signed this? 🙄",
        "We learn of it from clients",
        "Fine by me today",
        "No idea either",
    ]


def test_an_authors_own_entry_comes_before_their_group_and_that_before_the_channel(rows) -> None:  # type: ignore[no-untyped-def]
    content = SAMPLES["slack, packed again on a Mac, with user groups"].content
    channels = {"help-sales": {"from_team": "it"}}
    teams = [c.from_team for c in comments(rows(content, channels=channels))]
    assert teams == ["it", "it"]
    teams = [c.from_team for c in comments(rows(content, channels=channels, groups={"S1": "support"}))]
    assert teams == ["it", "support"]
    given = {"groups": {"S1": "support"}, "authors": {"U2": "marketing"}}
    assert [c.from_team for c in comments(rows(content, channels=channels, **given))] == ["it", "marketing"]


def test_nothing_of_an_author_is_kept_but_a_key(rows) -> None:  # type: ignore[no-untyped-def]
    found = comments(rows(SAMPLES["google chat"].content, channels={"Space AAAA1": {}}))
    assert {c.respondent for c in found} == {"p1@example.test", "p2@example.test"}
    assert not any("Person" in part for c in found for part in (c.text, c.id or "", repr(c)))
    assert "@example" not in repr(found)


def test_a_message_without_a_time_or_a_listed_conversation_is_rejected(rows) -> None:  # type: ignore[no-untyped-def]
    export = dict(SLACK) | {
        "help-sales/2026-03-03.json": [{"type": "message", "user": "U1", "text": "when was that", "ts": "soon"}],
        "orphan/2026-03-03.json": [{"type": "message", "user": "U1", "text": "where is that", "ts": "1772442845.0"}],
    }
    reasons = [row.reason for row in rows(archive(export)) if row.reason and not row.blank]
    assert "the message has no time that can be read" in reasons
    assert "a message of a conversation that the export does not list" in reasons


def test_mattermost_lines_that_are_something_else_are_passed_over(rows) -> None:  # type: ignore[no-untyped-def]
    odd: list[Any] = [{"type": "version", "version": 1}, {"type": "post"}, {"type": 3}, {"emoji": {}}]
    assert comments(rows(jsonl(*odd))) == []
    assert text(["not", "an", "object"], "type") == ""


def test_what_no_person_of_mattermost_wrote_or_left_standing_is_no_comment(rows) -> None:  # type: ignore[no-untyped-def]
    def post(**more: Any) -> dict[str, Any]:
        said = {"team": "a", "channel": "c", "user": "p1", "message": "words", "create_at": 1_772_406_000_000}
        return {"type": "post", "post": said | more}

    channel = {"type": "channel", "channel": {"team": "a", "name": "c", "display_name": "C", "type": "O"}}
    odd = [post(type="custom_calls"), post(delete_at=1_772_406_000_001), post(type="me")]
    found = rows(jsonl({"type": "version", "version": 1}, channel, *odd), min_people=1)
    assert [row.blank for row in found] == [True, True, False]


def test_a_post_s_subject_is_its_author_s_words(rows) -> None:  # type: ignore[no-untyped-def]
    posts = [
        teams_message(1, "u1", "<p>For the third day.</p>", subject="Sales is late"),
        teams_message(2, "u1", '<attachment id="1"></attachment>', subject="**Support** is late"),
        teams_message(3, "u1", "<p>So it is.</p>", subject=None),
    ]
    content = json.dumps({"displayName": "lobby", "membershipType": "standard", "value": posts}).encode()
    found = [c.text for c in comments(rows(content, min_people=1))]
    assert found == ["Sales is late\nFor the third day.", "Support is late", "So it is."]


@pytest.mark.parametrize("called", ["Espace AAAA1", "MP BBBB2"])
def test_a_folder_of_google_chat_that_is_not_known_to_be_a_space_is_direct(rows, called: str) -> None:  # type: ignore[no-untyped-def]
    content = archive({name.replace("Space AAAA1", called): said for name, said in TAKEOUT.items()})
    assert all("a direct conversation" in reason for reason in refusals(rows(content, channels={called: {}})))
    assert len(comments(rows(content, channels={called: {"private": True}}))) == 2


@pytest.mark.parametrize(
    ("written", "own"),
    [
        ("*bold* and _soft_ and ~gone~", "bold and soft and gone"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("```\ncode\n``` after", "after"),
        ("```never closed", ""),
        ("&gt; theirs\nmine", "mine"),
        ("&gt;&gt;&gt; theirs\nand theirs\n\nall of it", ""),
        ("mine first\n&gt;&gt;&gt;theirs\nand theirs", "mine first"),
        ("a &gt;&gt;&gt; b\nstays", "a >>> b\nstays"),
        ("<!here> <!channel> wake up", "wake up"),
        ("<#C1|help-sales> is slow", "help-sales is slow"),
        ("<mailto:a@b.test|a@b.test> wrote", "a@b.test wrote"),
        ("5 &lt; 6 <", "5 < 6 <"),
        ("<!subteam^S9> sleeps", "sleeps"),
        ("<!subteam^S1|@sales> never answers", "sales never answers"),
    ],
)
def test_slack_markup(written: str, own: str) -> None:
    assert markup.slack(written, {}).strip() == own


@pytest.mark.parametrize(
    ("written", "own"),
    [
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<pre><code>x</code></pre>after", "after"),
        ("<blockquote><p>deep <b>er</b></p></blockquote>mine", "mine"),
        ('<at id="0">Ann</at> wrote', "@someone wrote"),
        ("<codeblock class=''>x</codeblock>y", "y"),
        ("<blockquote>a<blockquote>b</blockquote>theirs</blockquote>mine", "mine"),
        ("<blockquote>never closed<pre>x</blockquote>mine", "mine"),
        ('<div itemtype="http://schema.skype.com/Reply"><div>a</div>theirs</div><div>mine</div>', "mine"),
        ("<div itemtype='HTTPS://schema.skype.com/ForwardedMessage'>theirs</div>mine", "mine"),
        ('<div itemtype="http://schema.skype.com/InputExtension">mine</div>', "mine"),
        ("</p></blockquote>still here", "still here"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_teams_markup(written: str, own: str) -> None:
    assert markup.html(written, frozenset({"0"})) == own


def test_the_fewest_people_of_the_configuration_hold_for_whoever_reads(config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8") + "[privacy]\nmin_respondents = 7\n", encoding="utf-8")
    settings = load(config)
    read_it = opener(settings, settings.source(None), TargetFinder(settings.directory))
    assert "fewer than 7 people" in refusals(list(read_it(io.BytesIO(archive(SLACK)), "f").rows))[1]
