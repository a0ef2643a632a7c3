"""Encodings and dirt: what Monday morning's files hold beside comments."""

import io
import re
from datetime import datetime

import pytest

from friction.errors import SourceError
from friction.records import Directory
from friction.settings import SourceSection
from friction.sources import Row, encoding, read
from friction.targets import TargetFinder
from tests.sources.exports import SAMPLES, archive, comma_separated, workbook

FRENCH = "text,week\r\nÇa traîne : « déjà trois semaines » — l’équipe s’en fiche à nouveau,2026-W10\r\n"
WORDS = FRENCH.splitlines()[1].removesuffix(",2026-W10")


@pytest.fixture
def rows(directory: Directory):  # type: ignore[no-untyped-def]
    finder = TargetFinder(directory)

    def run(content: bytes, name: str = "week.csv", **mapping: object) -> list[Row]:
        section = SourceSection.model_validate(mapping)
        return list(read(io.BytesIO(content), name, section, finder.resolve, find=finder.find).rows)

    return run


def texts(rows: list[Row]) -> list[str]:
    return [row.comment.text for row in rows if row.comment]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman"])
def test_every_encoding_gives_the_same_text(rows, encoding: str) -> None:  # type: ignore[no-untyped-def]
    assert texts(rows(FRENCH.encode(encoding))) == [WORDS]


@pytest.mark.parametrize("word", ["déjà", "été", "ça", "où", "hôtel", "naïf", "bœuf", "l’an", "€uro œuf"])
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_one_accented_word_tells_windows_from_mac(rows, word: str, encoding: str) -> None:  # type: ignore[no-untyped-def]
    content = f"text\r\nbon {word} quoi\r\n"
    if encoding == "mac_roman" and "€" in word:
        content = content.replace("€", "")
        word = word.replace("€", "")
    assert texts(rows(content.encode(encoding))) == [f"bon {word} quoi"]


def test_a_file_cut_inside_an_accent_is_still_utf8(rows) -> None:  # type: ignore[no-untyped-def]
    cut = (FRENCH + FRENCH.splitlines()[1]).encode().split("déjà".encode())
    read = rows("déjà".encode().join(cut[:2]) + b"d\xc3")
    assert texts(read) == [WORDS]
    assert [row.reason for row in read if row.reason] == ["holds a character that is not valid Unicode"]


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_one_row_in_another_encoding_is_rejected_and_no_other_is_harmed(rows, encoding: str) -> None:  # type: ignore[no-untyped-def]
    read = rows(FRENCH.encode() + "déjà vu,2026-W10\r\n".encode(encoding))
    assert texts(read) == [WORDS]
    assert [(row.number, row.reason) for row in read if row.reason] == [
        (3, "holds a character that is not valid Unicode")
    ]
    jsonl = b'{"text": "\xc3\xa9t\xc3\xa9 \xc3\xa0 part"}\n{"text": "\xe9t"}\n'
    assert texts(rows(jsonl, "a.jsonl")) == ["été à part"]


def test_a_header_in_another_encoding_is_refused(rows) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError, match="bytes in its header"):
        rows(b"text,\xe9quipe\r\n" + FRENCH.encode().splitlines()[1])


NOTHING = """|  |n/a|N.A.|RAS|R.A.S.|ras !|Rien à signaler|rien a signaler.|-|--|…|none|None.|NÉANT|Nothing to report|?
Pas de commentaire|\u00a0|(vide)|sans objet|-99|Pas de remarque.|Aucune idée|Je ne sais pas...
I don’t know!|No, thank you|Nothing at the moment|n\\a|idem|Non concerné"""


@pytest.mark.parametrize("answer", ["Tout va bien", "No problem at all", "Rien à redire", "No idea what they do"])
def test_a_terse_answer_that_says_something_is_a_comment(rows, answer: str) -> None:  # type: ignore[no-untyped-def]
    assert texts(rows(comma_separated([["text", "week"], [answer, "2026-W10"]]).encode())) == [answer]


@pytest.mark.parametrize("answer", re.split(r"[|\n]", NOTHING))
def test_an_answer_that_says_nothing_is_blank(rows, answer: str) -> None:  # type: ignore[no-untyped-def]
    found = rows(comma_separated([["text", "week"], [answer, "2026-W10"], ["late", "2026-W10"]]).encode())
    assert texts(found) == ["late"]
    assert [(row.number, row.blank, row.reason) for row in found if row.reason] == [(2, True, "the text is empty")]


@pytest.mark.parametrize(
    "answer", ["None of them answers", "RAS le bol", "rien ne marche", "no!! never", "N/A for sales", "😤"]
)
def test_an_answer_that_says_little_is_a_comment(rows, answer: str) -> None:  # type: ignore[no-untyped-def]
    assert texts(rows(comma_separated([["text", "week"], [answer, "2026-W10"]]).encode())) == [answer]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_what_excel_says_of_the_separator_is_no_header(rows, first: str) -> None:  # type: ignore[no-untyped-def]
    (row,) = rows(f"{first}\r\ntext;week\r\nlate, again;2026-W10\r\n".encode())
    assert (row.number, row.comment.text) == (3, "late, again")


def test_a_question_with_commas_does_not_hide_the_semicolons(rows) -> None:  # type: ignore[no-untyped-def]
    content = '"Well, so, what, then?";week\r\nlate again;2026-W10\r\n'
    assert texts(rows(content.encode(), text="Well, so, what, then?")) == ["late again"]


def test_a_question_with_commas_and_no_quotes_does_not_either(rows) -> None:  # type: ignore[no-untyped-def]
    question = "Que pensez-vous des ventes, du marketing, du support, de la DSI et des achats ?"
    content = f'week;{question}\r\n2026-W10;late, again\r\n2026-W10;"late;\r\nand, again"\r\n'
    assert texts(rows(content.encode(), text=question)) == ["late, again", "late;\r\nand, again"]


def test_formulas_are_text_and_failed_ones_are_said(rows) -> None:  # type: ignore[no-untyped-def]
    cells = [
        '=HYPERLINK("http://x.test","never there")',
        "+33 never answers",
        "@sales wake up",
        "-not again",
        "#NAME?",
        "#REF!",
    ]
    found = rows(comma_separated([["text"], *([cell] for cell in cells)]).encode())
    assert texts(found) == cells[:4]
    assert [row.number for row in found if row.reason and "failed formula" in row.reason] == [6, 7]


def test_emoji_quotes_and_line_breaks_survive(rows) -> None:  # type: ignore[no-untyped-def]
    said = 'She said "never"\nand 👩‍💻 meant it; "really"'
    assert texts(rows(comma_separated([["text"], [said]]).encode())) == [said]
    assert texts(rows(workbook(["text"], [said]), "week.xlsx")) == [said]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "cp1252", "mac_roman"])
@pytest.mark.parametrize("where", ["text", "traîne", ",2026", "W10\r\n"])
def test_stray_nuls_are_read_past(rows, encoding: str, where: str) -> None:  # type: ignore[no-untyped-def]
    before, after = FRENCH.split(where, 1)
    assert texts(rows(f"{before}{where[:1]}\0{where[1:]}{after}".encode(encoding))) == [WORDS]


@pytest.mark.parametrize("size", [1, 4096, (1 << 20) + 1, 5_000_000])
def test_a_block_of_nuls_takes_no_more_than_its_own_place(rows, size: int) -> None:  # type: ignore[no-untyped-def]
    block = b"\0" * size
    lines = b"text\nlate\n%slater\n%s" % (block, block)
    assert texts(rows(lines)) == ["late", "later"]
    objects = b'%s{"text": "late"}\n{"text": "%slater"}\n' % (block, block)
    assert texts(rows(objects, "week.jsonl")) == ["late", "later"]
    export = SAMPLES["teams, a page of Graph, newest first"]
    spoilt = export.content.replace(b"stuck", b"stu%sck" % block)
    assert "The order is stuck again" in texts(rows(spoilt, "week.json", **export.mapping))


def test_a_long_line_with_nuls_in_it_is_one_line(rows, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(encoding, "MAX_LINE", 10)
    assert [row.number for row in rows(b"text\n" + b"abc\0" * 3 + b"d" * 40 + b"\nlate\n" + b"e" * 200)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(range(256)) * 4, "NUL bytes"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\6\0\0\0", "is a picture"),
        (b"n\0" * 500 + b"n" * 1000, "NUL bytes"),
        (b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0@\0", "is a program"),
        (("中文很慢" * 20 + "text" * 20).encode("utf-16-le"), "NUL bytes"),
    ],
)
def test_what_is_no_text_is_refused(rows, content: bytes, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError, match=said):
        rows(content)


def test_a_file_of_nuls_only_is_empty(rows) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError, match="is empty"):
        rows(b"\0" * 10_000)


def test_merged_header_cells_speak_for_each_of_their_columns(rows) -> None:  # type: ignore[no-untyped-def]
    top = ["Respondent ID", "Collector ID", "Start Date", "End Date", "What about support?", ""]
    below = ["", "", "", "", "Open-Ended Response", "Open-Ended Response"]
    answers = ["9", "1", "03/02/2026", "03/02/2026", "they never call us back", "and nobody knows why not"]
    found = rows(workbook(top, below, answers, merged=("E1:F1",)), "week.xlsx")
    assert [row.comment.about_team for row in found] == ["support", "support"]


def test_an_answer_merged_across_two_questions_is_one_answer(rows) -> None:  # type: ignore[no-untyped-def]
    header = ["respondent", "about sales", "about support"]
    book = workbook(header, ["p1", "late as ever", ""], ["p2", "quite rude", "never there"], merged=("B2:C2",))
    comments = [row.comment for row in rows(book, "week.xlsx") if row.comment]
    assert [(c.row, c.about_team) for c in comments] == [(2, "sales"), (3, "sales"), (3, "support")]


def test_cells_merged_down_speak_for_each_of_their_rows_but_for_comments(rows) -> None:  # type: ignore[no-untyped-def]
    lines = [["sales", "2026-W10", "late"], ["", "", "later"], ["", "", ""], ["it", "", "never"], ["", "", ""]]
    book = workbook(["from_team", "week", "text"], *lines, ["sales", "", ""], merged=("A2:A3", "B2:B7", "C5:C7"))
    comments = [row.comment for row in rows(book, "week.xlsx") if row.comment]
    assert [(c.row, c.from_team, str(c.week), c.text) for c in comments] == [
        (2, "sales", "2026-W10", "late"), (3, "sales", "2026-W10", "later"), (5, "it", "2026-W10", "never"),
    ]  # fmt: skip


def test_rows_of_a_workbook_keep_the_numbers_of_the_sheet(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(workbook([None], ["text", "week"], [None], ["late", "2026-W10"], ["", ""], ["rude", "nope"]), "w.xlsx")
    assert [row.number for row in found] == [4, 6]
    assert found[1].reason


def test_what_a_workbook_holds_becomes_text(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(workbook(["id", "text"], [7, "late"], [7.5, True], [8.0, 12]), "w.xlsx")
    assert [(row.comment.id, row.comment.text) for row in found] == [("7", "late"), ("7.5", "True"), ("8", "12")]


def test_days_that_a_spreadsheet_took_for_months_are_not_believed(rows) -> None:  # type: ignore[no-untyped-def]
    days = [datetime(2026, 5, 2), "24/02/2026 09:14", datetime(2026, 2, 2), "13/02/2026"]
    found = rows(workbook(["text", "week"], *(["late again", day] for day in days)), "w.xlsx")
    assert [str(row.comment.week) if row.comment else None for row in found] == [
        None,
        "2026-W09",
        "2026-W06",
        "2026-W07",
    ]
    assert "wrong way round" in found[0].reason
    found = rows(workbook(["text", "week"], *(["late again", day] for day in [*days, datetime(2026, 2, 20)])), "w.xlsx")
    assert str(found[0].comment.week) == "2026-W18"


def test_a_workbook_in_a_zip_and_a_wrong_name(rows) -> None:  # type: ignore[no-untyped-def]
    book = workbook(["text"], ["late"])
    assert texts(rows(archive({"out/week.xlsx": book}), "week.zip")) == ["late"]
    assert texts(rows(book, "week.csv")) == ["late"]
