"""An export that comes again with new rows and another layout: what it brought before counts again for nobody."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.records import Week
from friction.release import release
from friction.settings import Settings, SourceSection
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore
from tests.conftest import ENGINES, query
from tests.sources.exports import MATTERMOST, TAKEOUT_ROOT, archive, comma_separated, workbook

pytestmark = ENGINES
MARCH = Week.parse("2026-W10")
SAID = [f"Sales never answers our request number {number}." for number in range(6)]
TERSE = ["Slow tools", "Meetings", "Too late", "Printers", "Noise", "Deadlines"]
ASKED = "What slows you down?"
Grown = tuple[str, bytes, bytes, int]
"""A file's name, its content, what it is a week later, and how many votes of that are new."""


def _microsoft(header: list[str], rows: list[list[Any]]) -> bytes:
    times = [datetime(2026, 3, 2 + 7 * (number > 5), 9, number) for number in range(len(rows))]
    filled = [[n + 1, at, at, "anonymous", "", "Marketing", *rows[n]] for n, at in enumerate(times)]
    return workbook(["ID", "Start time", "Completion time", "Email", "Name", "Department", *header], *filled)


def terse_answers_become_prose() -> Grown:
    header = [ASKED, "Anything about others?"]
    old = [list(both) for both in zip(TERSE, SAID, strict=True)]
    new = [[f"The build takes forever every morning {n}", "none"] for n in range(5)]
    return "ms.xlsx", _microsoft(header, old), _microsoft(header, old + new), 0


def a_question_is_reworded() -> Grown:
    old: list[list[Any]] = [[said] for said in SAID]
    return "ms.xlsx", _microsoft([ASKED], old), _microsoft(["What slows us down?"], [*old, ["Sales is late."]]), 1


def _qualtrics(questions: dict[str, str], rows: list[list[str]]) -> bytes:
    keys = ["StartDate", "EndDate", "Finished", "RecordedDate", "ResponseId", *questions]
    titles = ["Start Date", "End Date", "Finished", "Recorded Date", "Response ID", *questions.values()]
    imports = [f'{{"ImportId":"{key}"}}' for key in keys]
    days = [f"2026-03-{2 + 7 * (number > 5):02} 09:04:01" for number in range(len(rows))]
    filled = [[day, day, "True", day, f"R_{number}", *rows[number]] for number, day in enumerate(days)]
    return comma_separated([keys, titles, imports, *filled]).encode()


def a_question_stands_before() -> Grown:
    old = [["Marketing", said] for said in SAID]
    new = [["Marketing", "", said] for said in SAID] + [["Support", "The offsite was a good day", "We wait for Sales"]]
    more = {"Q1": "Your team", "Q3": "What went well?", "Q2": ASKED}
    return "q.csv", _qualtrics({"Q1": "Your team", "Q2": ASKED}, old), _qualtrics(more, new), 1


def _google(more: list[str], rows: list[list[str]]) -> bytes:
    return comma_separated([["Timestamp", "Your team", ASKED, *more], *rows]).encode()


def _at(number: int, *cells: str) -> list[str]:
    return [f"2026/03/{2 + 7 * (number > 5):02} 9:1{number}:05 AM GMT+1", "Marketing", *cells]


def a_column_is_appended() -> Grown:
    old = [_at(number, said) for number, said in enumerate(SAID)]
    new = [[*row, ""] for row in old] + [_at(6, "Sales is late again.", "3")]
    return "google.csv", _google([], old), _google(["How many hours did you lose?"], new), 1


def a_column_is_filled_in_later() -> Grown:
    old = [_at(number, said) for number, said in enumerate(SAID)]
    return "google.csv", _google([], old), _google(["Theme"], [[*row, "process"] for row in old]), 0


def a_row_stands_twice() -> Grown:
    old = [_at(number, said) for number, said in enumerate(SAID)]
    return "google.csv", _google([], old), _google([], old + old), 0


def _slack(channel: str, *more: str) -> bytes:
    messages = [
        {"type": "message", "user": f"U{n}", "ts": f"{1_772_442_845 + 400_000 * (n > 5)}.00010{n}", "text": text}
        for n, text in enumerate([*SAID, *more])
    ]
    people = [f"U{n}" for n in range(7)]
    return archive(
        {
            "channels.json": [{"id": "C1", "name": channel, "members": people}],
            "users.json": [{"id": user} for user in people],
            "usergroups.json": [{"id": "S1", "handle": "mkt", "users": people}],
            f"{channel}/2026-03-02.json": messages,
        }
    )


def a_slack_channel_is_renamed() -> Grown:
    return "slack.zip", _slack("help-sales"), _slack("ask-sales", "Sales is late again."), 1


def a_mattermost_channel_is_renamed() -> Grown:
    content = MATTERMOST.replace(b"The **VPN** drops", b"Sales never answers, it drops")
    return "mattermost.jsonl", content, content.replace(b"ask-it", b"help-it"), 0


def _takeout(*texts: str) -> bytes:
    """As takeouts were, without ids of messages: the newest first."""
    said = [
        {
            "creator": {"name": f"P {n}", "email": f"p{n}@example.test", "user_type": "Human"},
            "created_date": f"Monday, March {9 if n > 5 else 2}, 2026 at 9:1{n}:05 AM UTC",
            "text": text,
        }
        for n, text in enumerate(texts)
    ]
    return archive({f"{TAKEOUT_ROOT}/Space AAAA1/messages.json": {"messages": said[::-1]}})


def a_takeout_without_ids_has_a_message_more() -> Grown:
    return "takeout.zip", _takeout(*SAID), _takeout(*SAID, "Sales is late again."), 1


def _ids(team: str, about: str, more: int = 0) -> bytes:
    rows = [
        [f"r{n}", team, about, f"p{n}", "2026-W10", text]
        for n, text in enumerate([*SAID, "Sales is late."][: 6 + more])
    ]
    return comma_separated([["id", "from_team", "about_team", "respondent", "week", "text"], *rows]).encode()


def a_team_is_renamed_where_rows_have_ids() -> Grown:
    return "table.csv", _ids("Marketing", "Sales"), _ids("Helpdesk", "DSI", 1), 2


def a_team_is_renamed_where_texts_are_long() -> Grown:
    long = [f"Sales never answers us, however often we ask ({number})." for number in range(6)]
    old, new = (
        [[team, f"p{n}", "2026-W10", text] for n, text in enumerate(long)] for team in ("Marketing", "Helpdesk")
    )
    header = ["from_team", "respondent", "week", "text"]
    return "table.csv", comma_separated([header, *old]).encode(), comma_separated([header, *new]).encode(), 0


CASES: list[Callable[[], Grown]] = [
    a_team_is_renamed_where_rows_have_ids,
    a_team_is_renamed_where_texts_are_long,
    terse_answers_become_prose,
    a_question_is_reworded,
    a_question_stands_before,
    a_column_is_appended,
    a_column_is_filled_in_later,
    a_row_stands_twice,
    a_slack_channel_is_renamed,
    a_mattermost_channel_is_renamed,
    a_takeout_without_ids_has_a_message_more,
]


@pytest.fixture
def run(settings: Settings, pipeline: Pipeline, scores: ScoreStore, tmp_path: Path) -> Callable[[str, bytes], int]:
    groups = {"mkt": "marketing", "acme": "marketing"}
    channels = {"Space AAAA1": {"from_team": "marketing"}}
    settings.sources["this"] = SourceSection.model_validate({"groups": groups, "channels": channels})

    def votes_added(name: str, content: bytes) -> int:
        path = tmp_path / name
        path.write_bytes(content)
        return ingest(str(path), settings=settings, pipeline=pipeline, store=scores, source="this").added

    return votes_added


@pytest.mark.parametrize("case", CASES)
def test_what_is_released_counts_once_whatever_the_layout(  # type: ignore[no-untyped-def]
    run, scores: ScoreStore, releases: ReleaseStore, settings: Settings, case: Callable[[], Grown]
) -> None:
    name, before, after, new = case()
    assert run(name, before) >= 1
    release(scores, releases, directory=settings.directory, policy=settings.policy, through=MARCH)
    assert run(name, after) == new


@pytest.mark.parametrize("case", [case for case in CASES if case is not a_column_is_filled_in_later])
def test_who_waits_for_a_release_is_one_person_whatever_the_layout(  # type: ignore[no-untyped-def]
    run, settings: Settings, case: Callable[[], Grown]
) -> None:
    name, before, after, new = case()
    people = run(name, before)
    assert run(name, after) == new
    found = query(settings.scores_address, "select count(distinct respondent) from scores")
    assert found == [(people + new,)]


def test_two_people_who_say_the_same_at_once_are_two(run, settings: Settings) -> None:  # type: ignore[no-untyped-def]
    same = [_at(0, "Sales is late again.", rating) for rating in ("3", "4")]
    assert run("google.csv", _google(["How many hours did you lose?"], same)) == 2
    assert query(settings.scores_address, "select count(distinct respondent) from scores") == [(2,)]


def test_one_answer_to_two_questions_is_two_comments(run) -> None:  # type: ignore[no-untyped-def]
    header = ["What could Sales do better?", "What could Support do better?"]
    assert run("ms.xlsx", _microsoft(header, [["Answer in time, please", "Answer in time, please"]])) == 2
