"""Exports as the tools would write them, with invented words: two or more of each, one of them awkward.

``ROWS`` says for each what must come of it: row number, who speaks, about whom, which week; the text where it matters.
Nothing but the directory is configured, except where ``mapping`` says so.
"""

import csv
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook

Expected = tuple[int, str | None, str | None, str | None]


@dataclass(frozen=True)
class Sample:
    form: str
    name: str
    content: bytes = field(repr=False)
    expected: list[Expected]
    blanks: int = 0
    rejects: tuple[int, ...] = ()
    mapping: dict[str, Any] = field(default_factory=dict)


def _file(name: str) -> str:
    return (Path(__file__).parent / "files" / name).read_bytes().decode()


def workbook(*rows: list[Any], merged: tuple[str, ...] = (), first: str | None = None, hidden: bool = False) -> bytes:
    """A real XLSX file."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    if hidden:
        sheet.sheet_state = "hidden"
        sheet.append(["never read this"])
        sheet = book.create_sheet("Responses")
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    if first is not None:
        sheet.title = first
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sheets(*tables: list[list[Any]], hidden: int | None = None) -> bytes:
    """An XLSX file of several sheets, of which one may be hidden."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for number, table in enumerate(tables, 1):
        sheet = book.create_sheet(f"Nadia {number}")
        for row in table:
            sheet.append(row)
        if number == hidden:
            sheet.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def archive(files: dict[str, Any]) -> bytes:
    """A real zip; what is not bytes or text is written as JSON."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            whole = content if isinstance(content, bytes | str) else json.dumps(content, ensure_ascii=False)
            packed.writestr(name, whole)
    return out.getvalue()


GOOGLE = _file("google-forms.csv")
GOOGLE_FR = _file("google-forms-fr.csv")
MICROSOFT_HEADER = ["ID", "Start time", "Completion time", "Email", "Name", "Your department", "What slows you down?"]
QUALTRICS = _file("qualtrics-header.csv")
_Q = (
    "2026-03-02 09:00:00,2026-03-02 09:04:00,{status},,100,240,True,2026-03-0{day} 09:04:01,R_{id},,,,,,,"
    "anonymous,EN,{team},{text},{score}\n"
)
_Q_LABELS = [
    ("IP Address", 2, "1a", "Marketing", "Quotes go out with the wrong dates on them.", "Likely"),
    ("Survey Preview", 2, "2b", "Marketing", "Only testing whether this box works at all.", "Likely"),
    ("IP Address", 9, "3c", "Support", '"They sold it, then vanished, as ever."', "Unlikely"),
]
_Q_VALUES = [("0", 3, "4d", "1", "Quotes go out with the wrong dates again.", "4"), ("1", 3, "5e", "2", "a test", "2")]


def _qualtrics(rows: list[tuple[Any, ...]]) -> str:
    keys = ("status", "day", "id", "team", "text", "score")
    return QUALTRICS + "".join(_Q.format(**dict(zip(keys, row, strict=True))) for row in rows)


def comma_separated(rows: list[list[str]], delimiter: str = ",") -> str:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _tabs(text: str) -> str:
    return comma_separated(list(csv.reader(io.StringIO(text))), "\t")


def _as_workbook(text: str, *, without: int) -> bytes:
    """A table as a workbook that lacks one of its rows."""
    rows = list(csv.reader(io.StringIO(text)))
    return workbook(*rows[:without], *rows[without + 1 :])


MONKEY_TOP = ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address"]
MONKEY_TOP += ["First Name", "Last Name", "Custom Data 1", "Which team are you in?", "What does Marketing get wrong?"]
MONKEY_TOP += ["Rate the following", "", ""]
MONKEY_BELOW = ["", "", "", "", "", "", "", "", "", "Response", "Open-Ended Response", "Canteen", "Desks", "Comment"]
MONKEY_ROWS = [
    [
        "118001",
        "4401",
        "03/02/2026 09:14:05 AM",
        "03/02/2026 09:20:00 AM",
        "",
        "",
        "",
        "",
        "",
        "Sales",
        "Campaigns start before anybody has told us.",
        "Good",
        "Bad",
        "the chairs in the north wing are broken",
    ],
    [
        "118002",
        "4401",
        "03/16/2026 01:00:00 PM",
        "03/16/2026 01:02:00 PM",
        "",
        "",
        "",
        "",
        "",
        "Support",
        "none",
        "Good",
        "Good",
        "",
    ],
]
MONKEY_LINES = ["respondent_id", "collector_id", "date_created", "date_modified", "ip_address", "email_address"]
MONKEY_LINES += ["first_name", "last_name", "custom_1", *MONKEY_TOP[9:]]


LIME = _file("limesurvey.csv")
LIME_BOTH = _file("limesurvey-codes-and-wordings.csv")
MONKEY_BOXES = _file("surveymonkey-boxes.csv")
LIME_TEXT = _file("limesurvey-wordings.csv")
TYPEFORM = _file("typeform.csv")
TYPEFORM_OLD = _file("typeform-older.csv")
CULTURE = _file("culture-amp.csv")
CULTURE_KNOWN = _file("culture-amp-raw.csv")
GLINT = _file("glint.csv")
SLACK_USERS = [{"id": f"U{n}", "name": f"user{n}", "is_bot": False} for n in range(1, 8)] + [
    {"id": "UB", "is_bot": True}
]
_ALL = [f"U{n}" for n in range(1, 7)]
SLACK = {
    "channels.json": [
        {"id": "C1", "name": "help-sales", "members": [*_ALL, "UB"]},
        {"id": "C2", "name": "tiny", "members": ["U1", "U2", "UB"]},
    ],
    "groups.json": [{"id": "G1", "name": "leads-only", "members": _ALL}],
    "dms.json": [{"id": "D1", "members": ["U1", "U2"]}],
    "mpims.json": [],
    "users.json": SLACK_USERS,
    "integration_logs.json": [],
    "help-sales/2026-03-01.json": [
        {
            "type": "message",
            "user": "U1",
            "text": "&gt; we ship today\nNobody told us &amp; <@U2> is out",
            "ts": "1772406000.000100",
        },
        {
            "type": "message",
            "subtype": "channel_join",
            "user": "U3",
            "text": "<@U3> has joined",
            "ts": "1772406001.000100",
        },
        {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B1",
            "text": "Deploy finished",
            "ts": "1772406002.000100",
        },
        {"type": "message", "user": "UB", "text": "Deploy finished again", "ts": "1772406003.000100"},
    ],
    "help-sales/2026-03-02.json": [
        {
            "type": "message",
            "user": "U2",
            "text": "It was in <https://wiki.test/x|the plan>, `CRM` was down ```select 1;``` :sweat:",
            "ts": "1772442845.000200",
            "thread_ts": "1772406000.000100",
            "edited": {"user": "U2", "ts": "1772442900.000000"},
        },
        {
            "type": "message",
            "user": "U4",
            "text": "",
            "attachments": [{"is_share": True, "text": "forwarded"}],
            "ts": "1772442846.000200",
        },
        {
            "type": "message",
            "subtype": "tombstone",
            "user": "U4",
            "text": "This message was deleted.",
            "ts": "1772442847.000200",
        },
    ],
    "tiny/2026-03-02.json": [{"type": "message", "user": "U1", "text": "just us two here", "ts": "1772442848.000200"}]
    * 2,
    "leads-only/2026-03-02.json": [
        {"type": "message", "user": "U1", "text": "keep this quiet", "ts": "1772442849.000200"}
    ],
    "D1/2026-03-02.json": [{"type": "message", "user": "U2", "text": "between you and me", "ts": "1772442850.000200"}],
}
SLACK_AWKWARD = {f"Export Mar 2026/{name}": content for name, content in SLACK.items()} | {
    "__MACOSX/Export Mar 2026/._channels.json": b"\0\0",
    "Export Mar 2026/usergroups.json": {"usergroups": [{"id": "S1", "handle": "marketing-all", "users": ["U2"]}]},
}


def teams_message(
    number: int, user: str | None, content: str, at: str = "2026-03-02T09:00:00Z", **more: Any
) -> dict[str, Any]:
    """A chatMessage as Graph writes it."""
    who = (
        {"application": {"id": "bot"}, "user": None} if user is None else {"user": {"id": user, "displayName": "N. N."}}
    )
    return {
        "id": str(number),
        "replyToId": None,
        "messageType": "message",
        "createdDateTime": at,
        "deletedDateTime": None,
        "chatId": None,
        "from": who,
        "body": {"contentType": "html", "content": content},
        "channelIdentity": {"teamId": "t1", "channelId": "19:abc@thread.tacv2"},
        "attachments": [],
        "mentions": [],
    } | more


TEAMS = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#chatMessages",
    "@odata.count": 3,
    "value": [
        teams_message(
            3,
            "u3",
            "<blockquote>old words</blockquote><p>Still&nbsp;waiting.</p>",
            "2026-03-02T10:00:00Z",
            replyToId="1",
        ),
        teams_message(2, "u2", "<p>And nobody <b>answers</b></p>", "2026-03-02T09:30:00Z", replyToId="1"),
        teams_message(1, "u1", "<p>The order is stuck again</p>"),
    ]
    + [teams_message(n, f"u{n}", "<p>Same here, since Monday.</p>", "2026-03-02T11:00:00Z") for n in (4, 5)],
}
TEAMS_CHANNEL = {
    "displayName": "Ask Marketing",
    "membershipType": "standard",
    "messages": [
        teams_message(
            9,
            "u1",
            '<p>Hi <at id="0">Nadia N.</at>, who at <at id="1">Sales Tag</at> signed this? '
            '<emoji alt="🙄"></emoji></p><pre>x = 1</pre>',
            mentions=[
                {"id": 0, "mentionText": "Nadia N.", "mentioned": {"user": {"id": "u7"}}},
                {"id": 1, "mentionText": "Sales Tag", "mentioned": {"tag": {"id": "t"}}},
            ],
            replies=[
                teams_message(11, "u3", "<p>No idea either</p>", "2026-03-09T08:00:00Z"),
                teams_message(10, "u2", '<attachment id="77"></attachment>', "2026-03-03T08:00:00Z"),
            ],
        ),
        teams_message(12, None, "<p>Reminder: stand-up</p>"),
        teams_message(13, "u4", "<p>gone</p>", deletedDateTime="2026-03-02T09:01:00Z"),
        teams_message(14, None, "<systemEventMessage/>", messageType="systemEventMessage"),
        teams_message(
            15,
            "u4",
            "We learn of it from clients",
            body={"contentType": "text", "content": "We learn of it from clients"},
        ),
        teams_message(16, "u5", "<p>Fine by me today</p>"),
    ],
}


def jsonl(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _post(user: str, message: str, at: int, **more: Any) -> dict[str, Any]:
    post = {"team": "acme", "channel": "ask-it", "user": user, "message": message, "create_at": at}
    return {"type": "post", "post": post | more}


_MEMBER = [{"name": "acme", "channels": [{"name": "ask-it"}]}]
MATTERMOST = jsonl(
    {"type": "version", "version": 1},
    {"type": "team", "team": {"name": "acme", "type": "O"}},
    {"type": "channel", "channel": {"team": "acme", "name": "ask-it", "display_name": "Ask IT", "type": "O"}},
    {"type": "channel", "channel": {"team": "acme", "name": "board", "display_name": "Board", "type": "P"}},
    *({"type": "user", "user": {"username": f"p{n}", "teams": _MEMBER}} for n in range(1, 6)),
    {"type": "bot", "bot": {"username": "jenkins"}},
    _post(
        "p1",
        "> old\nThe **VPN** drops every hour",
        1_772_406_000_000,
        replies=[
            {"user": "p3", "message": "mine too, third week", "create_at": 1_772_500_000_000},
            {"user": "p2", "message": "since the update", "create_at": 1_772_450_000_000},
        ],
    ),
    _post("jenkins", "build is green", 1_772_450_000_001),
    _post("p4", "p4 joined the channel.", 1_772_450_000_002, type="system_join_channel"),
    _post("p5", "posted by a hook", 1_772_450_000_003, props={"from_webhook": "true"}),
    _post("p4", "closed", 1_772_450_000_004, channel="board"),
    {
        "type": "direct_post",
        "direct_post": {"channel_members": ["p1", "p2"], "user": "p1", "message": "psst", "create_at": 1},
    },
)
TAKEOUT_ROOT = "Takeout/Google Chat/Groups"


def _said(who: int, when: str, text: str, **more: Any) -> dict[str, Any]:
    creator = {"name": f"Person {who}", "email": f"p{who}@example.test", "user_type": "Human"}
    return {
        "creator": creator,
        "created_date": when,
        "text": text,
        "topic_id": "t",
        "message_id": f"m{when}{who}",
    } | more


TAKEOUT = {
    f"{TAKEOUT_ROOT}/Space AAAA1/group_info.json": {
        "name": "Ask Support",
        "members": [{"name": f"P {n}", "email": f"p{n}@example.test", "user_type": "Human"} for n in range(1, 7)],
    },
    f"{TAKEOUT_ROOT}/Space AAAA1/messages.json": {
        "messages": [
            _said(1, "Sunday, March 1, 2026 at 11:30:00\u202fPM UTC", "Nobody picks up, *again*"),
            _said(
                2, "lundi 2 mars 2026 à 09:14:05 UTC", "ça fait trois jours", quoted_message_metadata={"text": "old"}
            ),
            _said(3, "Monday, March 2, 2026 at 9:20:00 AM UTC", "", message_state="DELETED"),
            {
                "creator": {"name": "Helper", "user_type": "Bot"},
                "created_date": "Monday, March 2, 2026 at 9:21:00 AM UTC",
                "text": "Hello",
            },
        ]
    },
    f"{TAKEOUT_ROOT}/DM BBBB2/group_info.json": {
        "members": [{"email": "p1@example.test"}, {"email": "p2@example.test"}]
    },
    f"{TAKEOUT_ROOT}/DM BBBB2/messages.json": {
        "messages": [_said(1, "Monday, March 2, 2026 at 9:00:00 AM UTC", "hush")]
    },
    "Takeout/Google Chat/Users/User 1/user_info.json": {},
}

SAMPLES: dict[str, Sample] = {
    "google": Sample(
        "Google Forms",
        "Pulse.csv",
        GOOGLE.encode(),
        [
            (2, "marketing", "sales", "2026-W10"),
            (3, "support", "support", "2026-W10"),
            (4, "marketing", "sales", "2026-W11"),
        ],
        blanks=3,
        mapping={"timezone": "Europe/Paris"},
    ),
    "google, French, in a zip": Sample(
        "Google Forms",
        "Baromètre.csv.zip",
        archive({"Baromètre.csv": GOOGLE_FR.encode("utf-8-sig")}),
        [(2, "sales", "it", "2026-W08"), (3, "marketing", "support", "2026-W08"), (4, "sales", "it", "2026-W06")],
        blanks=3,
    ),
    "microsoft": Sample(
        "Microsoft Forms",
        "Pulse(1-3).xlsx",
        workbook(
            MICROSOFT_HEADER,
            [
                1,
                datetime(2026, 3, 2, 9, 0),
                datetime(2026, 3, 2, 9, 5),
                "anonymous",
                "",
                "Sales",
                "Support answers after three days.",
            ],
            [
                2,
                datetime(2026, 3, 2, 9, 0),
                datetime(2026, 3, 9, 0, 1),
                "anonymous",
                "",
                "Sales",
                "Still no answer from support, sadly.",
            ],
            [3, datetime(2026, 3, 2, 9, 0), datetime(2026, 3, 2, 9, 5), "anonymous", "", "Marketing", "n/a"],
        ),
        [(2, "sales", None, "2026-W10"), (3, "sales", None, "2026-W11")],
        blanks=1,
    ),
    "microsoft, French, named people, a hidden sheet": Sample(
        "Microsoft Forms",
        "Baromètre.xlsx",
        workbook(
            [
                "ID",
                "Heure de début",
                "Heure de fin",
                "Adresse de messagerie",
                "Nom",
                "Votre équipe",
                "Et les ventes, ça va ?",
            ],
            [
                7,
                datetime(2026, 3, 2, 9),
                datetime(2026, 3, 2, 9, 5),
                "a@exemple.test",
                "A. A.",
                "DSI",
                "Ils promettent\ntout, hélas.",
            ],
            [8, datetime(2026, 3, 3, 9), datetime(2026, 3, 3, 9, 5), "a@exemple.test", "A. A.", "DSI", "#NAME?"],
            [
                9,
                datetime(2026, 3, 3, 9),
                datetime(2026, 3, 3, 9, 5),
                "b@exemple.test",
                "B. B.",
                "Compta",
                "Toujours les mêmes retards.",
            ],
            [10, datetime(2026, 3, 3, 9), datetime(2026, 3, 3, 9, 5), "b@exemple.test", "B. B.", "DSI", 12],
            *(
                [n, None, datetime(2026, 3, 3), f"{n}@exemple.test", "", "DSI", f"Encore {n} devis à refaire."]
                for n in range(11, 15)
            ),
            hidden=True,
        ),
        [
            (2, "it", "sales", "2026-W10"),
            (5, "it", "sales", "2026-W10"),
            *((n, "it", "sales", "2026-W10") for n in range(6, 10)),
        ],
        blanks=1,
        rejects=(4,),
    ),
    "qualtrics, labels": Sample(
        "Qualtrics",
        "Pulse_March 2, 2026.csv",
        _qualtrics(_Q_LABELS).encode(),
        [(4, "marketing", "sales", "2026-W10"), (6, "support", "sales", "2026-W11")],
        rejects=(5,),
    ),
    "qualtrics, labels, as TSV in UTF-16": Sample(
        "Qualtrics",
        "Pulse_March 2, 2026.tsv",
        _tabs(_qualtrics(_Q_LABELS)).encode("utf-16"),
        [(4, "marketing", "sales", "2026-W10"), (6, "support", "sales", "2026-W11")],
        rejects=(5,),
    ),
    "qualtrics, values": Sample(
        "Qualtrics",
        "Pulse.csv",
        _qualtrics(_Q_VALUES).encode("utf-8-sig"),
        [(4, "marketing", "sales", "2026-W10")],
        rejects=(5,),
        mapping={"from_team": "Q1", "text": "Q2", "codes": {"1": "marketing", "2": "sales"}},
    ),
    "qualtrics, workbook without ImportIds": Sample(
        "Qualtrics",
        "Pulse.xlsx",
        _as_workbook(_qualtrics(_Q_LABELS), without=2),
        [(3, "marketing", "sales", "2026-W10"), (5, "support", "sales", "2026-W11")],
        rejects=(4,),
    ),
    "surveymonkey": Sample(
        "SurveyMonkey",
        "Pulse.csv",
        comma_separated([MONKEY_TOP, MONKEY_BELOW, *MONKEY_ROWS]).encode("cp1252"),
        [(3, "sales", "marketing", "2026-W10"), (3, "sales", None, "2026-W10")],
        blanks=2,
    ),
    "surveymonkey, its own columns with lines between their words": Sample(
        "SurveyMonkey",
        "Pulse-lines.csv",
        comma_separated([MONKEY_LINES, MONKEY_BELOW, *MONKEY_ROWS]).encode(),
        [(3, "sales", "marketing", "2026-W10"), (3, "sales", None, "2026-W10")],
        blanks=2,
    ),
    "surveymonkey, workbook with merged questions": Sample(
        "SurveyMonkey",
        "Pulse.xlsx",
        workbook(
            [*MONKEY_TOP[:10], "What does Marketing get wrong?", "", "", ""],
            [*MONKEY_BELOW[:10], "Often", "Rarely", "Never", "Open-Ended Response"],
            [*MONKEY_ROWS[0][:10], "Often", "", "", "Campaigns start before anybody has told us."],
            [*MONKEY_ROWS[1][:10], "", "", "Never", ""],
            merged=("K1:N1",),
        ),
        [(3, "sales", "marketing", "2026-W10")],
        blanks=1,
    ),
    "surveymonkey, several text boxes, choices and a scale": Sample(
        "SurveyMonkey",
        "Boxes.csv",
        MONKEY_BOXES.encode(),
        [
            (3, "it", "sales", "2026-W10"),
            (3, "it", "support", "2026-W10"),
            (4, "support", "sales", "2026-W11"),
            (4, "support", None, "2026-W11"),
            (4, "support", "marketing", "2026-W11"),
        ],
        blanks=3,
    ),
    "limesurvey, codes and wordings": Sample(
        "LimeSurvey",
        "results-survey3.csv",
        LIME_BOTH.encode(),
        [(2, "marketing", "sales", "2026-W10"), (3, "it", "support", "2026-W11")],
        blanks=2,
    ),
    "limesurvey, anonymised": Sample(
        "LimeSurvey",
        "results-survey.csv",
        LIME.encode("utf-8-sig"),
        [(2, "marketing", None, None), (3, "sales", None, None)],
        blanks=1,
        mapping={"from_team": "G1Q1"},
    ),
    "limesurvey, wordings, semicolons, the same person twice": Sample(
        "LimeSurvey",
        "results-survey2.csv",
        LIME_TEXT.encode(),
        [(2, "support", None, "2026-W10"), (3, "support", None, "2026-W10")],
    ),
    "typeform": Sample(
        "Typeform",
        "responses.csv",
        TYPEFORM.encode(),
        [(2, "sales", "support", "2026-W10"), (3, "sales", "support", "2026-W10"), (3, "sales", None, "2026-W10")],
        blanks=1,
        mapping={"timezone": "Europe/Paris"},
    ),
    "typeform, older": Sample(
        "Typeform", "responses-old.csv", TYPEFORM_OLD.encode(), [(2, "it", "marketing", "2026-W10")], blanks=1
    ),
    "culture amp, nobody known, two questions": Sample(
        "Culture Amp",
        "comments.csv",
        CULTURE.encode(),
        [(2, "support", None, "2026-W10"), (3, "support", None, "2026-W10")],
        rejects=(4,),
    ),
    "culture amp, raw, people known": Sample(
        "Culture Amp",
        "raw.csv",
        CULTURE_KNOWN.encode("utf-16-le"),
        [(2, "sales", None, "2026-W10"), (3, "sales", "support", "2026-W10")],
        blanks=1,
    ),
    "glint": Sample(
        "Viva Glint",
        "glint.csv",
        GLINT.encode(),
        [(2, "marketing", "sales", "2026-W10"), (3, "support", None, "2026-W11")],
        blanks=2,
    ),
    "glint, Mac Roman, semicolons": Sample(
        "Viva Glint",
        "glint-mac.csv",
        GLINT.replace(",", ";")
        .replace("Leads come", "Les leads arrivent déjà périmés: à refaire,")
        .encode("mac_roman"),
        [(2, "marketing", "sales", "2026-W10"), (3, "support", None, "2026-W11")],
        blanks=2,
    ),
    "slack": Sample(
        "Slack",
        "Acme Slack export.zip",
        archive(SLACK),
        [(2, "marketing", "sales", "2026-W09"), (6, "marketing", "sales", "2026-W10")],
        blanks=5,
        rejects=(1, 9, 10),
        mapping={"channels": {"help-sales": {"from_team": "marketing", "about_team": "sales"}}},
    ),
    "slack, packed again on a Mac, with user groups": Sample(
        "Slack",
        "again.zip",
        archive(SLACK_AWKWARD),
        [(1, "marketing", None, "2026-W10"), (2, None, "sales", "2026-W10"), (6, "marketing", "sales", "2026-W10")],
        blanks=5,
        rejects=(9, 10),
        mapping={
            "timezone": "Europe/Paris",
            "groups": {"marketing-all": "marketing"},
            "channels": {"C1": {"about_team": "sales"}, "D1": {"private": True}},
        },
    ),
    "teams, a page of Graph, newest first": Sample(
        "Microsoft Teams",
        "messages.json",
        json.dumps(TEAMS).encode(),
        [(n, "support", None, "2026-W10") for n in range(1, 6)],
        mapping={"channels": {"19:abc@thread.tacv2": {"from_team": "support"}}},
    ),
    "teams, a channel with replies": Sample(
        "Microsoft Teams",
        "channel.json",
        json.dumps(TEAMS_CHANNEL, ensure_ascii=False).encode("utf-8-sig"),
        [
            (1, "support", "marketing", "2026-W10"),
            (5, None, "marketing", "2026-W10"),
            (6, None, "marketing", "2026-W10"),
            (8, None, "marketing", "2026-W11"),
        ],
        blanks=4,
        mapping={"authors": {"u1": "support"}, "channels": {"Ask Marketing": {"about_team": "marketing"}}},
    ),
    "mattermost": Sample(
        "Mattermost",
        "export.jsonl",
        MATTERMOST,
        [(1, "sales", "it", "2026-W09"), (2, None, "it", "2026-W10"), (3, None, "it", "2026-W10")],
        blanks=3,
        rejects=(7, 8),
        mapping={"authors": {"p1": "sales"}, "channels": {"ask-it": {"about_team": "it"}}},
    ),
    "mattermost, in the server's zip, user groups": Sample(
        "Mattermost",
        "20260302_export.zip",
        archive({"import.jsonl": MATTERMOST, "data/20260302/teams/notes.bin": b"\0" * 10}),
        [(1, "support", None, "2026-W10"), (2, "support", None, "2026-W10"), (3, "support", None, "2026-W10")],
        blanks=3,
        rejects=(7, 8),
        mapping={"timezone": "Europe/Paris", "groups": {"acme": "support"}},
    ),
    "google chat": Sample(
        "Google Chat",
        "takeout.zip",
        archive(TAKEOUT),
        [(2, None, "support", "2026-W09"), (3, None, "support", "2026-W10")],
        blanks=2,
        rejects=(1,),
        mapping={"channels": {"Space AAAA1": {"about_team": "support"}}},
    ),
    "google chat, folders in French": Sample(
        "Google Chat",
        "takeout-fr.zip",
        archive({name.replace("Google Chat/Groups", "Google Chat/Groupes"): said for name, said in TAKEOUT.items()}),
        [(2, None, "support", "2026-W09"), (3, None, "support", "2026-W10")],
        blanks=2,
        rejects=(1,),
        mapping={"channels": {"Space AAAA1": {"about_team": "support"}}},
    ),
    "google chat, a direct conversation that is named": Sample(
        "Google Chat",
        "takeout-2.zip",
        archive(TAKEOUT),
        [(1, "sales", None, "2026-W10"), (2, "sales", None, "2026-W10"), (3, None, None, "2026-W10")],
        blanks=2,
        mapping={
            "timezone": "Europe/Paris",
            "authors": {"p1@example.test": "sales"},
            "channels": {"DM BBBB2": {"private": True}, "Space AAAA1": {}},
        },
    ),
    "plain table, questions about teams": Sample(
        "table",
        "own.csv",
        b"respondent,from_team,week,about sales,about support\r\n"
        b"p1,it,2026-W10,they forget us,never there\r\np2,it,2026-03-09,n/a,slow\r\n",
        [(2, "it", "sales", "2026-W10"), (2, "it", "support", "2026-W10"), (3, "it", "support", "2026-W11")],
        blanks=1,
    ),
    "plain workbook, configured": Sample(
        "table",
        "own.xlsx",
        workbook(["Wer", "Q7", "Q8"], ["p1", "late as ever", "kind"], ["p2", "", "=1+1"]),
        [(2, None, "sales", None), (2, None, "support", None)],
        blanks=2,
        mapping={"respondent": "Wer", "text": {"Q7": "sales", "Q8": "support"}},
    ),
    "json lines, two texts": Sample(
        "JSON lines",
        "own.jsonl",
        jsonl({"a": "never there", "b": "fine", "respondent": 7, "week": "2026-W10"}, {"a": "-", "respondent": 8}),
        [(1, None, "sales", "2026-W10"), (1, None, "support", "2026-W10")],
        blanks=1,
        mapping={"text": {"a": "sales", "b": "support"}},
    ),
}
