import io

import pytest

from friction.errors import SourceError
from friction.records import Directory
from friction.settings import SourceSection
from friction.sources import Row, open_bytes, read
from friction.sources.delimited import MAX_CELL
from friction.targets import TargetFinder


@pytest.fixture
def rows(directory: Directory):  # type: ignore[no-untyped-def]
    finder = TargetFinder(directory)

    def run(content: bytes | str, name: str = "week.csv", **mapping: str) -> list[Row]:
        raw = io.BytesIO(content.encode() if isinstance(content, str) else content)
        return list(read(raw, name, SourceSection(**mapping), finder.resolve).rows)

    return run


def _texts(rows: list[Row]) -> list[str]:
    return [r.comment.text for r in rows if r.comment]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(rows, encoding: str, delimiter: str) -> None:  # type: ignore[no-untyped-def]
    content = f'text{delimiter}week\r\n"déjà vu{delimiter} ça ""traîne"" \nencore"{delimiter}2026-W10\r\n'.encode(
        encoding
    )
    (row,) = rows(content)
    assert row.number == 2
    assert row.comment.text == f'déjà vu{delimiter} ça "traîne" \nencore'
    assert str(row.comment.week) == "2026-W10"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ('"text": {"a": "kumquat"}', "text is not a string"),
        ('"text": 5', "text is not a string"),
        ('"text": "late", "from_team": ["sales"]', "from_team is not a string"),
        ('"text": "late", "respondent": true', "respondent is not a string"),
        ('"text": "late", "text": "later"', "text stands twice in the object"),
    ],
)
def test_a_json_value_of_another_kind_is_rejected(rows, values: str, reason: str) -> None:  # type: ignore[no-untyped-def]
    (found,) = rows("{" + values + "}\n", "a.jsonl")
    assert found.reason.startswith(reason)
    (found,) = rows(
        '{"text": "late", "respondent": 7, "id": 1.5, "week": null, "other": [1], "other": {}}\n', "a.jsonl"
    )
    assert (found.comment.respondent, found.comment.id) == ("7", "1.5")


def test_json_lines(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows('{"text": "hé", "id": 7, "from_team": "SALES"}\n\nnope\n[1]\n{"text": {"a": 1}}\n', "a.jsonl")
    assert [(r.number, r.reason) for r in found] == [
        (1, None),
        (3, "not a JSON object"),
        (4, "not a JSON object"),
        (5, "text is not a string; write one, or null for an empty cell"),
    ]
    assert (found[0].comment.id, found[0].comment.from_team) == ("7", "sales")


def test_columns_are_mapped_and_the_rest_named(directory: Directory) -> None:
    raw = io.BytesIO(b"Your comment,Dept,Mood\nhello you,Sales,7\n")
    opened = read(raw, "x.csv", SourceSection(text="Your comment", from_team="Dept"), TargetFinder(directory).resolve)
    assert opened.ignored == ("C",)
    assert [r.comment.from_team for r in opened.rows if r.comment] == ["sales"]


def test_columns_are_met_with_blanks_in_their_names(directory: Directory) -> None:
    raw = io.BytesIO(b"Text,From Team,About team,Week\nhello you,Sales,Legal,2026-W10\n")
    (row,) = read(raw, "x.csv", SourceSection(), TargetFinder(directory).resolve).rows
    assert row.comment is not None
    assert (row.comment.from_team, row.comment.about_team) == ("sales", "legal")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",,", "the text is empty"),
        ("x,legall,", "unknown team in from_team"),
        ("x,,2026-W60", "week is not an ISO week"),
        ("x,,46342", "week is a spreadsheet's number of days"),
        ("x,,2026-W10,extra", "more cells than the 3 columns"),
    ],
)
def test_a_bad_row_does_not_stop_a_file(rows, line: str, reason: str) -> None:  # type: ignore[no-untyped-def]
    found = rows(
        f"text,from_team,week\nfine,sales,2026-W10\n{line.replace(',,', ' ,,', 1) if line == ',,' else line}\nlast,,\n"
    )
    assert _texts(found)[0] == "fine"
    assert _texts(found)[-1] == "last"
    bad = [r for r in found if r.reason]
    if line != ",,":
        assert bad[0].number == 3
        assert reason in bad[0].reason


@pytest.mark.parametrize(
    ("lines", "number", "reason", "last"),
    [
        (['"a "quoted" word",', "last,"], 2, "must be doubled", 3),
        (["fine,", "", '"a "quoted" word",', "last,"], 4, "must be doubled", 5),
        (['"fine\nstill",', '"two\nlines" bad,', "last,"], 3, "(2 lines of the file, 4 to 5, were read", 4),
        (['"never closed,', "swallowed,", '"fine",', "last,"], 2, "(3 lines of the file, 2 to 4, were read", 3),
        (["x" * (MAX_CELL + 1) + ",", "last,"], 2, f"a cell is longer than {MAX_CELL} characters", 3),
    ],
)
def test_a_row_that_is_not_csv_does_not_stop_a_file(  # type: ignore[no-untyped-def]
    rows, lines: list[str], number: int, reason: str, last: int
) -> None:
    found = rows("\n".join(["text,week", *lines]))
    (bad,) = [r for r in found if r.reason]
    assert bad.number == number
    assert reason in bad.reason
    assert (found[-1].number, found[-1].comment.text) == (last, "last")


def test_a_quote_never_closed_takes_the_rest_and_says_how_much(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows('text,week\nfine,2026-W10\n"never closed,2026-W10\nx,2026-W11\n')
    assert _texts(found) == ["fine"]
    assert found[-1].reason.endswith("(2 lines of the file, 3 to 4, were read as this row)")


def test_a_short_row_has_an_empty_text(rows) -> None:  # type: ignore[no-untyped-def]
    assert [r.reason for r in rows("week,text\n2026-W10\n")] == ["the text is empty"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "half a pair \\ud800", "id": "7"}', "holds a character that is not valid Unicode"),
        ('{"text": "fine", "id": "\\udc00"}', "holds a character that is not valid Unicode"),
        ('{"text": "fine", "id": ' + "9" * 5000 + "}", "a number too long"),
        ('{"text": ' + "[" * 100_000, "nested too deep"),
        ('{"text": "fine", "from_team": NaN}', "NaN and Infinity are not JSON"),
        ('{"text": "fine", "week": -Infinity}', "NaN and Infinity are not JSON"),
        ('{"text": "fine", "week": 1e999}', "week is not an ISO week"),
        ('{"text": null}', "the text is empty"),
        ('{"comment": "fine"}', "no key 'text'. Rename the comment's key to 'text', or say which one it is: [sources."),
    ],
)
def test_a_bad_line_of_json_does_not_stop_a_file(rows, line: str, reason: str) -> None:  # type: ignore[no-untyped-def]
    bad, last = rows(line + '\n{"text": "last"}\n', "a.jsonl")
    assert (bad.number, last.comment.text) == (1, "last")
    assert reason in bad.reason
    (bad.id or "").encode()


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "a.csv", "is empty"),
        (b"  \n\n", "a.csv", "is empty"),
        (b"comment,week\n", "a.csv", "has no column 'text' in row 1"),
        (b"comment,week\nx,2026-W10\n", "a.csv", "has no column 'text' in row 1"),
        (b"text,text\nx,y\n", "a.csv", "'text' stands twice"),
        (b"1,ann@x.example,Sales never answers\n2,b@x.example,IT is late\n", "a.csv", "address or a date in column B"),
        (b"Sales never answers,2026-11-16 09:10:00\nIT is late,2026-11-16\n", "a.csv", "address or a date in column B"),
        (b"16/11/2026;Sales never answers\n16/11/2026;IT is late\n", "a.csv", "address or a date in column A"),
        (b"PK\x03\x04rest", "a.csv", "is a damaged archive"),
        (b"%PDF-1.7", "a.csv", "is a PDF"),
        (b'{"text": "x"}\n', "a.csv", "holds JSON, not CSV"),
        (b"text\nx\n", "a.jsonl", "does not hold JSON lines"),
        (b'[{"text": "x"}]', "a.json", "one JSON array"),
        (b'[{"type": "message", "text": "x", "ts": "1772442845.000100"}]', "a.json", "one day of a Slack channel"),
        (b"\xef\xbb\xbf\n<!DOCTYPE HTML><html><body>x", "a.xls", "can be read. Open it in a spreadsheet and save"),
        (b'<?xml version="1.0"?><Workbook>x</Workbook>', "a.xls", "is a web page, or XML"),
        (b"text\n" + b"ab\x00c" * 9, "a.csv", "NUL bytes"),
        (b"text\nab\x81c\n", "a.csv", "unknown encoding"),
        (b"\xef\xbb\xbf", "a.csv", "is empty"),
        (b"\xef\xbb\xbftext\nd\xe9j\xe0 vu\n", "a.csv", "starts as UTF-8 and does not go on so"),
        (b"\xef\xbb\xbftext\n" + b"ab\x00c" * 9, "a.csv", "NUL bytes"),
        ("text\nx\n".encode("utf-16")[:-1], "a.csv", "starts as UTF-16 and does not go on so"),
        (("text\n" + "a\0b" * 9).encode("utf-16"), "a.csv", "NUL bytes"),
        (b'text,"never closed\nx,y\n', "a.csv", "row 1: not CSV"),
    ],
)
def test_a_bad_file_says_what_and_how_to_mend_it(rows, content: bytes, name: str, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError) as found:
        rows(content, name)
    assert message in str(found.value)
    assert name in str(found.value)


def test_a_header_alone_is_no_comments(rows) -> None:  # type: ignore[no-untyped-def]
    assert rows("text,week\n") == []


def test_missing_file_and_folder(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError, match="no such file"):
        open_bytes(str(tmp_path / "none.csv"))
    with pytest.raises(SourceError, match="is a folder"):
        open_bytes(str(tmp_path))


@pytest.mark.parametrize(
    ("code", "lang", "reason"),
    [
        ("", None, None),
        ("fr", "fr", None),
        (" FR-ca ", "fr", None),
        ("en_GB", "en", None),
        ("de", None, "language 'de' is not supported (supported: en, fr)"),
        ("pt-BR", None, "language 'pt' is not supported (supported: en, fr)"),
        ("they never answer", None, "lang is no code of a language; write one of en, fr, or leave it out"),
        ("bob", None, "lang is no code of a language; write one of en, fr, or leave it out"),
    ],
)
def test_a_stated_language_is_believed_or_rejected_by_name(rows, code: str, lang: str, reason: str) -> None:  # type: ignore[no-untyped-def]
    (row,) = rows(f"text,lang\nthey never answer,{code}\n")
    assert (row.comment and row.comment.lang, row.reason) == (lang, reason)
