"""A chat's message that was edited between two exports that overlap: one comment, as it was read first."""

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from friction.batch_report import Report
from friction.ingest import ingest, rehearse
from friction.pipeline import Pipeline
from friction.records import Week
from friction.release import release
from friction.settings import Settings, SourceSection
from friction.store.releases import ReleaseStore
from friction.store.scores import Preview, ScoreStore
from tests.conftest import ENGINES, Ask
from tests.sources.exports import MATTERMOST, SLACK_USERS, TAKEOUT_ROOT, archive, teams_message

pytestmark = ENGINES
FIRST = "Sales is late again, we wait for the third day."
EDITED = "Sales and the helpdesk are both late again, we wait."
OTHERS = [f"Sales never answers our request number {number}." for number in range(5)]
Export = Callable[[str], tuple[str, bytes]]


def slack(said: str) -> tuple[str, bytes]:
    messages: list[dict[str, Any]] = [
        {"type": "message", "user": f"U{n}", "ts": f"1772442845.00010{n}", "text": text}
        for n, text in enumerate([said, *OTHERS], 1)
    ]
    if said != FIRST:
        messages[0]["edited"] = {"user": "U1", "ts": "1772442900.000000"}
    channels = [{"id": "C1", "name": "lobby", "members": [f"U{n}" for n in range(1, 7)]}]
    files = {"channels.json": channels, "users.json": SLACK_USERS, "lobby/2026-03-02.json": messages}
    return "slack.zip", archive(files)


def teams(said: str) -> tuple[str, bytes]:
    edited = None if said == FIRST else "2026-03-02T09:05:00Z"
    first = teams_message(1, "u1", f"<p>{said}</p>", lastEditedDateTime=edited)
    others = [teams_message(n, f"u{n}", f"<p>{text}</p>") for n, text in enumerate(OTHERS, 2)]
    page = {"displayName": "lobby", "membershipType": "standard", "value": [first, *others]}
    return "teams.json", json.dumps(page).encode()


def google_chat(said: str) -> tuple[str, bytes]:
    """Whoever has left by the second takeout is without an address there."""
    messages = [
        {
            "creator": {
                "name": f"P {n}",
                "user_type": "Human",
                "email": f"p{n}@example.test" if text != EDITED else "",
            },
            "created_date": f"Monday, March 2, 2026 at 9:1{n}:05 AM UTC",
            "text": text,
            "message_id": f"AAAA1/t/{n}",
        }
        for n, text in enumerate([said, *OTHERS], 1)
    ]
    return "takeout.zip", archive({f"{TAKEOUT_ROOT}/Space AAAA1/messages.json": {"messages": messages}})


EXPORTS = pytest.mark.parametrize("export", [slack, teams, google_chat])


class Bring:
    """Reads exports in, each after a dry run that must say the same."""

    def __init__(self, settings: Settings, pipeline: Pipeline, scores: ScoreStore) -> None:
        self._settings, self._pipeline, self._scores = settings, pipeline, scores

    def __call__(self, name: str, content: bytes, place: str = "a") -> Report:
        path = self._settings.home / place / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        with closing(Preview(self._settings.scores_address, enough=5)) as preview:
            rehearsed = rehearse(
                str(path), settings=self._settings, pipeline=self._pipeline, preview=preview, source="chat"
            )
        report = ingest(str(path), settings=self._settings, pipeline=self._pipeline, store=self._scores, source="chat")
        assert (rehearsed.votes, rehearsed.added, rehearsed.waiting) == (report.votes, report.added, report.waiting)
        return report


@pytest.fixture
def bring(settings: Settings, pipeline: Pipeline, scores: ScoreStore) -> Bring:
    channels = {name: {"from_team": "marketing"} for name in ("lobby", "Space AAAA1", "ask-it")}
    settings.sources["chat"] = SourceSection.model_validate({"channels": channels})
    return Bring(settings, pipeline, scores)


VOTES = "select from_team, about_team, week, respondent, blamed, appreciated, patterns from scores order by 1, 2, 3, 4"


@EXPORTS
def test_an_edited_message_adds_no_vote_and_nobody_and_its_first_vote_stays(
    bring: Bring, ask: Ask, export: Export
) -> None:
    assert bring(*export(FIRST)).added == 6
    before = ask(VOTES)
    assert bring(*export(EDITED), "b").added == 0
    assert ask(VOTES) == before


@EXPORTS
def test_a_message_that_named_nobody_counts_once_it_does(bring: Bring, export: Export) -> None:
    assert bring(*export("It is a fine week for everybody here.")).added == 5
    assert bring(*export(FIRST), "b").added == 1
    assert bring(*export(EDITED), "c").added == 0


@EXPORTS
def test_once_the_first_export_is_withdrawn_the_other_one_counts(
    bring: Bring, scores: ScoreStore, ask: Ask, export: Export
) -> None:
    batch = bring(*export(FIRST)).batch
    assert bring(*export(EDITED), "b").added == 0
    scores.withdraw(batch)
    assert ask("select count(*) from seen") == [(0,)]
    assert bring(*export(EDITED), "b").added == 7
    assert ask("select count(distinct respondent) from scores where about_team = 'sales'") == [(6,)]


@EXPORTS
def test_a_message_that_is_edited_once_it_is_released_is_not_counted_again(
    bring: Bring, scores: ScoreStore, releases: ReleaseStore, settings: Settings, ask: Ask, export: Export
) -> None:
    bring(*export(FIRST))
    march = Week.parse("2026-W10")
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=march)
    assert ask("select count(*) from scores") == [(0,)]
    assert bring(*export(EDITED), "b").added == 0


def test_the_pages_of_one_file_may_hold_a_message_before_and_after_its_edit(bring: Bring) -> None:
    pages = b"\n".join(content for _, content in map(teams, (FIRST, EDITED)))
    assert bring("teams.json", pages).added == 6


@pytest.mark.parametrize(("company", "voices"), [("T1", 5), ("T2", 4)])
def test_who_writes_in_two_workspaces_is_no_second_voice(
    bring: Bring, scores: ScoreStore, releases: ReleaseStore, settings: Settings, company: str, voices: int
) -> None:
    """Each has its own ids for people: the fifth id is surely somebody else only in the workspace of the four."""

    def workspace(team: str, channel: str, authors: list[int]) -> bytes:
        users = [{"id": f"U{n}", "team_id": team, "is_owner": n == 1} for n in range(1, 10)]
        said = [{"user": f"U{n}", "ts": f"1772442845.00010{n}", "text": OTHERS[n % 5]} for n in authors]
        channels = [{"id": channel, "name": "lobby", "members": [user["id"] for user in users]}]
        return archive({"channels.json": channels, "users.json": users, "lobby/2026-03-02.json": said})

    assert bring("slack.zip", workspace("T1", "C1", [1, 2, 3, 4])).added == 4
    assert bring("slack.zip", workspace(company, "C2", [9]), "b").added == 1
    march = Week.parse("2026-W10")
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=march)
    assert len(releases.cells()) == (voices == 5)


def test_messages_of_the_same_moment_in_two_channels_are_two(bring: Bring, settings: Settings) -> None:
    pages = []
    for channel in ("19:a@thread.tacv2", "19:b@thread.tacv2"):
        place = {"teamId": "t1", "channelId": channel}
        said = [teams_message(n, f"u{n}", f"<p>{FIRST}</p>", channelIdentity=place) for n in range(1, 6)]
        pages.append({"displayName": f"{channel[3]} lobby", "membershipType": "standard", "value": said})
    settings.sources["chat"].authors.update({f"u{n}": "marketing" for n in range(1, 6)})
    assert bring("teams.json", json.dumps(pages).encode()).added == 10


def test_without_an_id_of_the_tool_s_own_the_words_tell(bring: Bring) -> None:
    """A bulk export of Mattermost has none: an edited message is one person's two comments."""
    content = MATTERMOST.replace(b"The **VPN** drops", b"Sales never answers, it drops")
    assert bring("mattermost.jsonl", content).added == 1
    assert bring("mattermost.jsonl", content.replace(b"never answers", b"hardly ever answers"), "b").added == 1
