"""Files that go on after their first document: all of it is read, or the file fails and is kept. Nothing is lost."""

import io
import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from friction.errors import SourceError
from friction.inbox import Inbox
from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.records import Directory
from friction.settings import Settings, SourceSection
from friction.sources import Opened, read
from friction.sources.limits import MAX_MESSAGE
from friction.store.scores import ScoreStore
from friction.targets import TargetFinder
from friction.worker import empty_inbox
from tests.sources.exports import MATTERMOST, SLACK, TAKEOUT, TAKEOUT_ROOT, archive, jsonl, teams_message

CHANNEL = "19:abc@thread.tacv2"
CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#teams('t1')/channels('c1')/messages"


def page(*messages: dict[str, Any]) -> dict[str, Any]:
    """A page of an answer of Graph, which says where the next one is."""
    return {"@odata.context": CONTEXT, "@odata.nextLink": "https://graph.microsoft.com/next", "value": list(messages)}


FIRST = [teams_message(n, f"u{n}", f"<p>The order {n} is stuck again</p>") for n in range(1, 7)]
SECOND = [teams_message(n, f"u{n}", f"<p>And nobody answers order {n}</p>") for n in range(7, 13)]
WHOLE = {
    "pages, appended": json.dumps(page(*FIRST)) + "\n" + json.dumps(page(*SECOND)),
    "pages, appended, indented, an empty one last": "".join(
        json.dumps(found, indent=2) for found in (page(*FIRST), page(*SECOND), page())
    ),
    "an array of pages": json.dumps([page(*FIRST), page(*SECOND)]),
    "one message a line": "".join(json.dumps(message) + "\n" for message in FIRST + SECOND),
    "arrays, appended": json.dumps(FIRST) + json.dumps(SECOND),
    "a channel with its messages, and the next": json.dumps({"displayName": "A", "messages": FIRST})
    + json.dumps({"messages": SECOND, "displayName": "B"}),
}
BATCH = {"responses": [{"id": "1", "status": 200, "body": page(*FIRST)}]}


@pytest.fixture
def opened(directory: Directory):  # type: ignore[no-untyped-def]
    finder = TargetFinder(directory)

    def run(content: bytes | str, **mapping: Any) -> Opened:
        raw = io.BytesIO(content.encode() if isinstance(content, str) else content)
        return read(raw, "chat.json", SourceSection.model_validate(mapping), finder.resolve)

    return run


@pytest.mark.parametrize("name", WHOLE)
def test_every_page_of_teams_is_read(opened, name: str) -> None:  # type: ignore[no-untyped-def]
    found = list(opened(WHOLE[name], channels={CHANNEL: {}}).rows)
    assert [row.number for row in found] == list(range(1, 13))
    assert sorted(int(row.comment.id.rpartition("/")[2]) for row in found) == list(range(1, 13))


def test_a_day_of_slack_that_goes_on_is_read(opened) -> None:  # type: ignore[no-untyped-def]
    day = SLACK["help-sales/2026-03-02.json"]
    later = [{"type": "message", "user": "U3", "text": "the second list", "ts": "1772442999.000100"}]
    export = SLACK | {"help-sales/2026-03-02.json": json.dumps(day) + json.dumps(later)}
    assert "the second list" in [row.comment.text for row in opened(archive(export)).rows if row.comment]


UNREAD = {
    "the answer to a batch": (json.dumps(BATCH), "neither a message of Teams nor a page"),
    "a page, then an error's answer": (
        json.dumps(page(*FIRST)) + json.dumps({"error": {"code": "TooManyRequests"}}),
        "neither a message of Teams nor a page",
    ),
    "an array of something else": (json.dumps([FIRST, SECOND]), "neither a message of Teams nor a page"),
    "pages, appended with commas": (json.dumps(page(*FIRST)) + "," + json.dumps(page(*SECOND)), "goes on after its"),
    "a page, and what a shell printed": (json.dumps(page(*FIRST)) + "\nDone.\n", "goes on after its end"),
    "a page cut off": (json.dumps(page(*FIRST)) + json.dumps(page(*SECOND))[:-300], "damaged, cut off"),
    "a page with more beside it than a message may be": (
        json.dumps(page(*FIRST) | {f"k{n}": "x" * (MAX_MESSAGE // 4) for n in range(5)}),
        "over a limit",
    ),
    "slack, a day as the API answers it": (
        archive(SLACK | {"help-sales/2026-03-02.json": {"ok": True, "messages": []}}),
        "a JSON object in the place of a list",
    ),
    "slack, a list of channels as the API answers it": (
        archive(SLACK | {"channels.json": {"ok": True, "channels": []}}),
        "a JSON object in the place of a list",
    ),
    "slack, two exports in one zip": (
        archive({f"{root}/{path}": found for root in ("north", "south") for path, found in SLACK.items()}),
        "2 exports of Slack",
    ),
    "google chat, messages under another key": (
        archive(TAKEOUT | {f"{TAKEOUT_ROOT}/Space AAAA1/messages.json": {"items": []}}),
        'without "messages"',
    ),
    "mattermost, the first line and nothing else of it": (
        jsonl({"type": "version", "version": 1}, {"type": "thread", "thread": {"message": "new words"}}),
        "no channel, person or message",
    ),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_recognised_is_an_error_without_a_word_of_it(opened, name: str) -> None:  # type: ignore[no-untyped-def]
    content, reason = UNREAD[name]
    with pytest.raises(SourceError, match=reason) as found:
        list(opened(content).rows)
    assert not any(word in str(found.value) for word in ("stuck", "answers order", "words"))


QUIET = {
    "teams": json.dumps(page()),
    "teams, a channel": json.dumps({"@odata.context": CONTEXT, "displayName": "Ask IT", "messages": []}),
    "slack": archive({path: found for path, found in SLACK.items() if "/" not in path}),
    "slack, an empty day": archive(
        {path: found for path, found in SLACK.items() if "/" not in path} | {"help-sales/2026-03-02.json": []}
    ),
    "mattermost": b"".join(
        line
        for line in MATTERMOST.splitlines(keepends=True)
        if not line.startswith((b'{"type": "post"', b'{"type": "dir'))
    ),
    "google chat": archive({f"{TAKEOUT_ROOT}/Space AAAA1/messages.json": {"messages": []}}),
}


@pytest.mark.parametrize("name", QUIET)
def test_a_quiet_week_is_no_failure(opened, name: str) -> None:  # type: ignore[no-untyped-def]
    assert list(opened(QUIET[name]).rows) == []


def test_the_inbox_keeps_what_was_not_recognised_and_deletes_what_was_read(
    settings: Settings, pipeline: Pipeline, scores: ScoreStore, tmp_path: Path
) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir(mode=0o700)
    settings.sources["this"] = SourceSection.model_validate(
        {"channels": {CHANNEL: {"from_team": "support", "about_team": "sales"}}}
    )
    files = {"pages.json": WHOLE["pages, appended"], "quiet.json": QUIET["teams"], "batch.json": json.dumps(BATCH)}
    for name, content in files.items():
        (folder / name).write_text(str(content), encoding="utf-8")
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    reports = {}

    def read_one(path: str, _source: object, _week: object):  # type: ignore[no-untyped-def]
        run = partial(ingest, settings=settings, pipeline=pipeline, store=scores, source="this")
        reports[Path(path).name] = report = run(path)
        return report

    failures = empty_inbox(Inbox(folder), read_one, named=True)
    assert [name for name, report in reports.items() if report.comments == 12] == ["pages.json"]
    assert (len(failures), "neither a message of Teams nor a page" in failures[0]) == (1, True)
    assert [path.name for path in folder.rglob("*.json")] == ["batch.json"]
    assert next(folder.rglob("batch.json")).relative_to(folder).parts[0] == "failed"
