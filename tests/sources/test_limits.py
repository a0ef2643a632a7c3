"""What would fill the memory or climb out is refused early; the limits are made small here, the files are real."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from friction.errors import SourceError
from friction.records import Directory
from friction.settings import SourceSection
from friction.sources import limits, open_bytes, read
from friction.sources.workbook import read as workbook_sheet
from friction.targets import TargetFinder
from tests.sources.exports import SLACK, archive, sheets, workbook

SPACE: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
Said = Callable[..., str]


@pytest.fixture
def refusal(directory: Directory) -> Said:
    """What is said of a file that is refused as a whole."""
    finder = TargetFinder(directory)

    def run(content: bytes, name: str = "f") -> str:
        with pytest.raises(SourceError) as found:
            list(read(io.BytesIO(content), name, SourceSection(), finder.resolve, find=finder.find).rows)
        assert name in str(found.value)
        return str(found.value)

    return run


def packed(content: bytes, *, size: int | None = None, name: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A zip with one deflated entry, written by hand so that it can lie about the size."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = deflate.compress(content) + deflate.flush()
    told = len(content) if size is None else size
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, zlib.crc32(content[:told]), len(data), told, len(name), 0)
    local = b"PK\x03\x04" + common + name.encode() + data
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name.encode()
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def with_sheet(xml: str | bytes) -> bytes:
    """A workbook whose sheet is this."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(["text"], ["x"]))) as before, zipfile.ZipFile(out, "w") as after:
        for entry in before.infolist():
            is_sheet = entry.filename == "xl/worksheets/sheet1.xml"
            after.writestr(entry.filename, xml if is_sheet else before.read(entry), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def sheet(cells: str) -> str:
    return f'<?xml version="1.0"?><worksheet xmlns="{SPACE}"><sheetData>{cells}</sheetData></worksheet>'


def cell(at: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t>text</t></is></c>'


@pytest.mark.parametrize("path", ["../out.csv", "a/../../out.csv", "/etc/out.csv", "C:\\out.csv", "..\\out.csv"])
def test_a_path_that_climbs_out(refusal: Said, path: str) -> None:
    assert "leads out of the archive" in refusal(archive({path: "text\nx\n"}), "f.zip")


def test_an_archive_that_unpacks_to_too_much(refusal: Said) -> None:
    assert "unpacks to more than an export would" in refusal(archive({"f.csv": b"text\n" + b"a" * (3 << 20)}))


def test_an_archive_with_too_many_entries(refusal: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ENTRIES", 3)
    assert "more than 3 files" in refusal(archive(SLACK))


def test_a_workbook_that_lies_about_its_size(refusal: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = b"<x>" * 40_000
    entries = {"xl/workbook.xml": b"<x/>"}
    honest = archive(entries | {"xl/worksheets/sheet1.xml": bomb})
    assert "damaged workbook" in refusal(honest)
    lying = packed(bomb, size=10, name="xl/workbook.xml")
    assert "more than it declares" in refusal(lying)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (f'<row r="1">{cell("A1")}</row><row r="1048576">{cell("Z1048576")}</row>', "spans more than"),
        (f'<row r="1">{cell("A1")}{cell("XFD1")}</row>', "wider than"),
        (f'<row r="1">{"<c/>" * 6000}</row>', "wider than"),
        (f'<row r="1">{cell("A1")}</row><row r="2">{cell("A9999999993")}</row>', "damaged workbook"),
        (f'<row r="1">{cell("A1")}</row><row r="99999999999"><c/></row>', "damaged workbook"),
        ("<row><c", "damaged workbook"),
        ("", "no sheet with cells"),
    ],
)
def test_a_sheet_that_says_little_and_spans_everything(refusal: Said, cells: str, said: str) -> None:
    assert said in refusal(with_sheet(sheet(cells)))


FAR: Final = sheet(f'<row r="1">{cell("A1")}</row><row r="1048576">{cell("Z1048576")}</row>')


def test_a_sheet_is_looked_over_whatever_its_name_is(refusal: Said) -> None:
    with zipfile.ZipFile(io.BytesIO(with_sheet(FAR))) as book:
        entries = {
            entry.replace("worksheets/sheet1.xml", "theme/picture.png"): book.read(entry).replace(
                b"worksheets/sheet1.xml", b"theme/picture.png"
            )
            for entry in book.namelist()
        }
    assert "spans more than" in refusal(archive(entries), "f.xlsx")


def test_a_sheet_is_looked_over_in_the_bytes_that_are_read(refusal: Said) -> None:
    """As UTF-16 it says a word of Chinese; whoever takes its bytes for UTF-8 reads a cell a million rows down."""
    hidden = FAR.partition("?>")[2].encode()
    word = (hidden + b" " * (len(hidden) % 2)).decode("utf-16-le")
    both = f'<?xml version="1.0" encoding="UTF-16"?><sheetData>{word}</sheetData>'.encode("utf-16")
    assert "damaged workbook" in refusal(with_sheet(both))


def test_cells_that_share_one_long_text(refusal: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the cells becomes a text of its own when it is read."""
    monkeypatch.setattr("friction.sources.limits.MAX_WORKBOOK_UNPACKED", 100_000)
    told = f'<sst xmlns="{SPACE}"><si><t>text</t></si><si><r><t>{"x" * 1_000}</t></r><r><t>y</t></r></si></sst>'

    def shared(cells: int) -> bytes:
        rows = [f'<row r="{n}"><c r="A{n}" t="s"><v>{int(n > 1)}</v></c></row>' for n in range(1, cells + 2)]
        with zipfile.ZipFile(io.BytesIO(with_sheet(sheet("".join(rows))))) as book:
            return archive(dict({e: book.read(e) for e in book.namelist()}, **{"xl/sharedStrings.xml": told.encode()}))

    rows = list(workbook_sheet(io.BytesIO(shared(99)), "f.xlsx").rows)
    assert [rows[0].cells, rows[99].cells] == [("text",), ("x" * 1_000 + "y",)]
    assert "million characters" in refusal(shared(100), "f.xlsx")


def test_a_sheet_whose_entities_multiply(refusal: Said) -> None:
    lol = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    assert "no workbook" in refusal(with_sheet(sheet("&b;").replace("<worksheet", lol + "<worksheet")))


def test_a_workbook_or_an_archive_that_is_too_large(refusal: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    book = workbook(["text"], ["x"])
    monkeypatch.setattr(limits, "MAX_WORKBOOK_BYTES", 100)
    assert "save it as CSV" in refusal(book)
    monkeypatch.setattr(limits, "MAX_ARCHIVE_BYTES", 100)
    assert "export a shorter time" in refusal(book)


class Counted(io.FileIO):
    """Counts the bytes that are read."""

    taken = 0

    def readinto(self, buffer: bytearray | memoryview, /) -> int | None:
        size = super().readinto(buffer)
        self.taken += size or 0
        return size


@pytest.mark.parametrize(
    ("head", "name", "size", "said"),
    [
        (b"text\nx\n", "f.csv", limits.MAX_TEXT_BYTES + 1, "split it by rows"),
        (workbook(["text"], ["x"]), "f.xlsx", 2 << 30, "damaged archive"),
        (archive(SLACK), "f.zip", limits.MAX_ARCHIVE_BYTES + 1, "export a shorter time"),
        (b"text\nx\n", "f.csv", 2 << 30, "hole of NUL bytes"),
    ],
)
def test_a_file_of_gigabytes_is_refused_before_it_is_read(
    directory: Directory, tmp_path: Path, head: bytes, name: str, size: int, said: str
) -> None:
    """Real files with a hole for an end: they take no room on the disk, and would take minutes to read."""
    path = tmp_path / name
    path.write_bytes(head)
    os.truncate(path, size)
    file = Counted(path)
    with io.BufferedReader(file) as raw, pytest.raises(SourceError, match=said):
        read(raw, name, SourceSection(), TargetFinder(directory).resolve)
    assert file.taken <= limits.MAX_NULS + (4 << 20)


def test_a_million_columns(refusal: Said) -> None:
    assert "more than 5000 columns" in refusal(b"a," * 1_000_000 + b"\nx\n")


@pytest.mark.parametrize("middle", [b"a", b"a,"])
def test_a_line_that_does_not_end_costs_its_row_and_not_the_file(directory: Directory, middle: bytes) -> None:
    content = b"text,week\nfine,2026-W10\n" + middle * (2 * limits.MAX_LINE) + b"\nlast,2026-W10\n"
    rows = list(read(io.BytesIO(content), "f.csv", SourceSection(), TargetFinder(directory).resolve).rows)
    assert [row.number for row in rows if row.comment] == [2, 4]
    assert [row.number for row in rows if row.reason] == [3]


def test_a_password_and_a_cut_off_archive(refusal: Said) -> None:
    whole = archive(SLACK)
    assert "damaged archive" in refusal(whole[: len(whole) // 2])
    locked = bytearray(archive({"f.csv": "text\nx\n"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert "has a password" in refusal(bytes(locked))


def test_a_zip_of_several_tables_is_not_guessed_at(refusal: Said) -> None:
    assert "2 tables" in refusal(archive({"a.csv": "text\nx\n", "b.csv": "text\nx\n", "note.pdf": b"x"}))
    assert "0 tables" in refusal(archive({"note.pdf": b"x"}))


@pytest.mark.parametrize("name", ["f.csv", "f.txt"])
def test_comments_without_a_header_are_asked_about(refusal: Said, name: str) -> None:
    """The first one would be taken for a question on the team that it names, and be lost."""
    said = refusal(b"Marketing never answers\nMarketing was late again with the leads\n", name)
    assert "has no column 'text' in row 1, but one of which that row may be a comment" in said
    assert "never answers" not in said


def test_answers_on_several_sheets_are_not_read_in_part(refusal: Said) -> None:
    """Whoever keeps a sheet a week would lose all but the first, and the inbox would delete the file."""
    said = refusal(sheets([["Totals"], [3]], [["text", "week"], ["a", "2026-W10"]], [], [["text", "week"], ["b", ""]]))
    assert "the same header" not in said
    assert "f (sheet 1) has no column 'text'" in said
    twice = [[["text", "week"], ["a", "2026-W10"]], [["Totals"], [3]], [["", "text ", "week"], ["b", "2026-W11"]]]
    assert "the same header on its sheets 1 and 3; delete one that is a copy" in refusal(sheets(*twice))
    assert "Nadia" not in refusal(sheets(*twice))


@pytest.mark.parametrize("other", [[["text", "week"]], [["team", "votes"], ["sales", 3]], [["Totals"], [3]]])
def test_other_sheets_are_told_of(directory: Directory, other: list[list[object]]) -> None:
    answers = [["text", "week"], ["a", "2026-W10"]]
    for hidden, told in ((None, ("sheet 2",)), (2, ())):
        content = io.BytesIO(sheets(answers, other, hidden=hidden))
        opened = read(content, "f", SourceSection(), TargetFinder(directory).resolve)
        assert opened.ignored == told
        assert [row.comment.text for row in opened.rows if row.comment] == ["a"]


def test_standard_input_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe:
        buffer = io.BytesIO(b"x" * 11)

    monkeypatch.setattr("friction.sources.MAX_STANDARD_INPUT", 10)
    monkeypatch.setattr("sys.stdin", Pipe)
    with pytest.raises(SourceError, match="write it to a file"):
        open_bytes("-")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"value": [{"messageType": "message", "body": {}', "damaged, cut off or over a limit"),
        (b'{"messageType": 1, "body": 1, "value": [' + b"[" * 200_000, "damaged, cut off or over a limit"),
        (b'[{"messageType": "x", "body": "' + b"a" * (limits.MAX_MESSAGE + 200_000) + b'"}]', "over a limit"),
        (b'{"type": "version", "version": 1}\n{"type": "post', "line 2 is damaged"),
        (b'{"messages": [{"creator": {}}]}', "give the whole of it as a zip"),
    ],
)
def test_a_damaged_chat_export(refusal: Said, content: bytes, said: str) -> None:
    assert said in refusal(content, "f.json")
