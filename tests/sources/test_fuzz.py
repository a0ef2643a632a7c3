"""Whatever the bytes: a file is refused with a SourceError or read to its end, and no message quotes it.

Every parser is met: each tool's export damaged as bytes and, where it is packed, inside; tables of any columns; chat
exports of any shape. What is read goes on through redaction and language. ``make fuzz`` runs the same for long, within
a second and a gigabyte a file.
"""

import io
import json
import re
import zipfile
from time import process_time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from friction.errors import RowError, SourceError
from friction.language import detect
from friction.pipeline import MAX_CHARACTERS
from friction.records import Directory, TeamId
from friction.redaction import Redactor
from friction.settings import ChannelSection, SourceSection
from friction.sources import read
from friction.targets import TargetFinder
from tests.conftest import team
from tests.sources import exports

LIMITED = settings.get_current_profile_name() == "fuzz"
BUDGET = settings.get_profile("fuzz" if LIMITED else "suite")
SECONDS = 1.0
"""Of the processor, for one file, with ``make fuzz`` only: no test of the suite looks at a clock."""
MARKED = "marsupilami"
CSV = f'text,from_team,week,id\r\n{MARKED} naïf,sales,2026-W10,1\r\n"{MARKED},\r\n""là""",{MARKED},{MARKED},2\r\n'
JSON_LINES = f'{{"text": "{MARKED} à", "from_team": "sales", "id": 1}}\n{{"text": "x", "week": "{MARKED}"}}\n'
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac_roman")
OWN = [file.encode(encoding) for file in (CSV, JSON_LINES) for encoding in ENCODINGS]


def marked(content: bytes) -> bytes:
    """An export with the mark for many a word of its texts."""
    if not content.startswith(b"PK"):
        return re.sub(rb"(?<=[a-z] )[a-z]{3,9}(?=[ .,])", MARKED.encode(), content)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            after.writestr(entry.filename, marked(before.read(entry)))
    return out.getvalue()


EXPORTS = [marked(sample.content) for sample in exports.SAMPLES.values()]
PACKED = [content for content in EXPORTS if content.startswith(b"PK")]
NASTY = st.sampled_from(
    [
        b'"',
        b"\n",
        b"\r",
        b",",
        b";",
        b"\t",
        b"\x00",
        b"\x00" * 5000,
        b"{",
        b"[",
        b"<",
        b">",
        b"&",
        b"`" * 3,
        b"\xe9",
        b"\x8e",
        b"\xff\xfe",
        b"\\ud800",
        b"NaN",
        b"1e999",
        b"9" * 5000,
        b'"' * 3,
        b"</c>",
        b'r="XFD1048576"',
        MARKED.encode(),
        b"2026-02-30",
    ]
)
EDITS = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 9), NASTY | st.binary(max_size=4)), max_size=4)
DIRECTORY = Directory({TeamId(name): team(name) for name in ("sales", "support", "marketing", "it")})
FINDER = TargetFinder(DIRECTORY)
REDACTOR = Redactor(DIRECTORY)
READ_ALL = SourceSection(
    channels={
        name: ChannelSection(private=True)
        for name in ("help-sales", "D1", "C2", "leads-only", "ask-it", "board", "DM 1")
    },
    authors={"U1": "sales"},
)
NAMES = st.sampled_from(["f", "f.csv", "f.jsonl", "f.json", "f.xlsx", "f.zip"])


def said(content: bytes, name: str = "f", mapping: SourceSection = READ_ALL) -> list[str]:
    """Every message about a file, which is read to its end, and about its comments.

    In a long run it may take a second of the processor; once more where it took longer, since a machine with much else
    to do makes any work longer now and then.
    """
    start = process_time()
    messages = read_through(content, name, mapping)
    if LIMITED and process_time() - start > SECONDS:
        start = process_time()
        read_through(content, name, mapping)
        assert process_time() - start < SECONDS
    return messages


def read_through(content: bytes, name: str, mapping: SourceSection) -> list[str]:
    messages = []
    try:
        for row in read(io.BytesIO(content), name, mapping, FINDER.resolve, find=FINDER.find).rows:
            if row.reason:
                messages.append(row.reason)
            elif row.comment and len(row.comment.text) <= MAX_CHARACTERS:
                messages += told(row.comment.text)
    except SourceError as error:
        messages.append(str(error))
    return messages


def told(text: str) -> list[str]:
    """What is said of a comment's language, if it is not ours."""
    try:
        detect(REDACTOR.redact(text).text.text)
    except RowError as error:
        return [str(error)]
    return []


def quoting(messages: list[str]) -> list[str]:
    return [message for message in messages if MARKED in message.lower()]


def damaged(content: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for start, cut, put in edits:
        at = start % (len(content) + 1)
        content = content[:at] + put + content[at + cut :]
    return content


@BUDGET
@given(st.binary(max_size=300), NAMES)
def test_any_bytes(content: bytes, name: str) -> None:
    said(content, name)


@BUDGET
@given(st.sampled_from(OWN), EDITS)
@example(JSON_LINES.encode(), [(12, 0, b"\\ud800")])
@example(JSON_LINES.encode(), [(9, 2, b"9" * 5000)])
@example(CSV.encode("utf-16"), [(400, 0, b"x")])
def test_a_damaged_file(content: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    assert not quoting(said(damaged(content, edits)))


@BUDGET
@given(st.sampled_from(EXPORTS), EDITS)
def test_a_damaged_export(content: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    assert not quoting(said(damaged(content, edits)))


@BUDGET
@given(st.sampled_from(PACKED), st.integers(0, 30), EDITS)
def test_an_export_damaged_inside(content: bytes, which: int, edits: list[tuple[int, int, bytes]]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        entries = before.infolist()
        for number, entry in enumerate(entries):
            inside = before.read(entry)
            after.writestr(entry.filename, damaged(inside, edits) if number == which % len(entries) else inside)
    assert not quoting(said(out.getvalue()))


HEADERS = st.sampled_from(
    "Timestamp|Email Address|ID|Start time|Completion time|Email|Name|StartDate|RecordedDate|ResponseId|Status|"
    "Finished|Respondent ID|Collector ID|End Date|submitdate|startlanguage|token|#|Submit Date (UTC)|Network ID|"
    "Question|Comment|Q_COMMENT|Q_COMMENT_TOPICS|about sales|What could support do better?|text|from_team|week|"
    'respondent|||{"ImportId":"x"}|Open-Ended Response|Response'.split("|")
)
CELLS = st.sampled_from(
    [
        "",
        "n/a",
        "RAS",
        "4",
        "sales",
        "1980-01-01 00:00:00",
        "2026-03-02 09:00:00",
        "03/02/2026",
        "=1+1",
        "#NAME?",
        "1",
        f"{MARKED} never answers us",
        f"{MARKED}\n{MARKED}",
        MARKED,
        "\ud7ff",
        "😤",
        "没有人回复我们",
        "никто не отвечает",
        "\ufe70 \ufe70",
        "l’équipe d'O’Brien n'a 06 12 34 56 78, a@b.test",
        "-" * 300,
        f"{MARKED};{MARKED},{MARKED}",
    ]
) | st.text(max_size=12)


REAL = st.sampled_from(
    [
        *[["text", "from_team", "about_team", "week", "id", "respondent"]] * 6,
        ["Timestamp", "Your team", "What could sales do better?", "Anything else?"],
        ["ID", "Start time", "Completion time", "Email", "Name", "Team", "Comment on support"],
        ["Respondent ID", "Collector ID", "Start Date", "End Date", "Team", "What about IT?"],
        ["Question", "Comment", "Team", "Date"],
        ["#", "Team", "What about sales?", "Submit Date (UTC)", "Network ID"],
    ]
)


@BUDGET
@given(
    REAL | st.lists(HEADERS, min_size=1, max_size=9),
    st.lists(st.lists(CELLS, min_size=4, max_size=8), max_size=6),
    st.booleans(),
)
def test_any_table(header: list[str], rows: list[list[str]], as_workbook: bool) -> None:
    if as_workbook:
        legal = [["".join(c for c in cell if c >= " " or c in "\t\n\r") for cell in row] for row in [header, *rows]]
        content = exports.workbook(
            *[[cell.replace("\uffff", "").replace("\ufffe", "") for cell in row] for row in legal]
        )
    else:
        content = exports.comma_separated([header, *rows]).encode("utf-8", "replace")
    assert not quoting(said(content, mapping=SourceSection()))


KEYS = st.sampled_from(
    "type version channel user post direct_post replies message create_at props from_bot team name members id ts text "
    "subtype bot_id thread_ts value messages body content contentType chatId channelIdentity channelId from "
    "createdDateTime messageType mentions mentioned creator created_date user_type email replyToId users is_bot".split()
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.sampled_from(
        ["message", "post", "channel", "O", "U1", "1772442845.000200", "2026-03-02T09:00:00Z", "html", "C1"]
    )
    | st.sampled_from(
        [f"<p>{MARKED}", f"```{MARKED}", f"&gt; {MARKED}", f"<{MARKED}|{MARKED}>", "<![CDATA[", "&#x110000;", "<!x"]
    )
    | st.text(max_size=8)
)
OBJECTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=25
)
SAID = f"{MARKED} never answers, `{MARKED}`"
WHO = {"name": MARKED, "email": "p1@example.test", "user_type": "Human"}
WRITTEN = st.sampled_from(
    [
        {"type": "message", "user": "U1", "text": SAID, "ts": "1772442845.000200"},
        exports.teams_message(1, "u1", f"<p>{SAID}</p>", chatId="D1", channelIdentity=None),
        {"type": "post", "post": {"team": "t", "channel": "c", "user": "p1", "message": SAID, "create_at": 10**12}},
        {"type": "channel", "channel": {"team": "t", "name": "c", "type": "P", "display_name": "board"}},
        {"creator": WHO, "created_date": "Monday, March 2, 2026 at 9:14:05 AM UTC", "text": SAID, "message_id": MARKED},
    ]
)
MESSAGES = st.builds(
    lambda written, more: written | more, WRITTEN, st.dictionaries(KEYS, OBJECTS, max_size=2)
) | st.dictionaries(KEYS, OBJECTS, max_size=8)


@BUDGET
@given(st.lists(MESSAGES | OBJECTS, max_size=5), st.integers(0, 5))
def test_any_chat(items: list[object], shape: int) -> None:
    text = [json.dumps(item) for item in items]
    folder = exports.TAKEOUT_ROOT
    content: bytes = [
        lambda: f'{{"value": [{", ".join(text)}], "chatId": 1, "body": 1}}'.encode(),
        lambda: ('[{"messageType": "message", "body": {}}, ' + ", ".join([*text, "1"]) + "]").encode(),
        lambda: "\n".join(['{"type":"version","version":1}', *text]).encode(),
        lambda: exports.archive({**exports.SLACK, "help-sales/2026-03-03.json": f"[{', '.join(text)}]"}),
        lambda: exports.archive({"channels.json": items, "users.json": items, "x/2026-03-03.json": items}),
        lambda: exports.archive(
            {f"{folder}/DM 1/messages.json": {"messages": items}, f"{folder}/DM 1/group_info.json": items}
        ),
    ][shape]()
    assert not quoting(said(content))
