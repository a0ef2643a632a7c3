"""What is said of a file, to whom: the operator, the private store, and whoever may only send files."""

import json
from collections import Counter
from pathlib import Path

import pytest

from friction.batch_report import Report, lasting, public, stored, to_json, to_table
from friction.language import rejected
from friction.records import TeamId
from friction.rejects import MOST_REASONS, OTHER, SHOWN, Listing, Rejects


@pytest.fixture
def report() -> Report:
    report = Report(
        "jane-doe.csv",
        form="Qualtrics",
        rows=20,
        comments=15,
        blank=2,
        votes=9,
        added=7,
        languages=Counter(en=10, fr=5),
        weeks=Counter({"2026-W11": 5, "2026-W10": 10}),
        late=10,
        masked=Counter(NAME=3),
        targets=Counter(sales=9),
        unattributed=Counter({"no target": 4, "no author's team": 2}),
        waiting=((TeamId("it"), TeamId("sales")),),
        ignored_columns=("D", "F"),
        taken_columns=("author's team: column B", "about: column C", "comments on sales: column E"),
        rejects_file=Path("rejects/1.csv"),
    )
    for row in (19, 20):
        report.rejects.add(row, "no week")
    report.rejects.add(4, "unknown team")
    return report


def test_a_table_says_all_that_there_is_to_say(report: Report) -> None:
    assert to_table(report).splitlines() == [
        "jane-doe.csv: 20 rows, 15 comments, 7 votes counted, 6 unattributed, 3 rejected",
        "  read as         Qualtrics",
        "  languages       10 en, 5 fr",
        "  weeks           10 2026-W10, 5 2026-W11",
        "  late            10 comments of released weeks, for the next release",
        "  masked          3 NAME",
        "  blank           2",
        "  teams spoken of 9 sales",
        "  unattributed    2 no author's team, 4 no target",
        "  in already      2 votes not counted again",
        "  too few voices  it -> sales",
        "  columns         author's team: column B, about: column C, comments on sales: column E",
        "  not used        D, F",
        "  rejected        2: no week (rows 19, 20)",
        "  rejected        1: unknown team (row 4)",
        "  rejects listed  rejects/1.csv",
    ]


def test_a_file_of_which_nothing_counts_is_lost_where_a_column_asks_whose_its_teams_are(report: Report) -> None:
    report.targets.clear()
    assert not report.is_lost, "nobody spoke of a team that week"
    report.asked_columns = ("whose team? say from_team or about_team: column D",)
    assert report.is_lost
    assert report.advice.endswith("whose team? say from_team or about_team: column D.")
    report.votes, report.targets["lab"] = 0, 1
    assert not report.is_lost, "whoever sends a file does not learn which teams are too small to be spoken of"


def test_json_is_one_object_and_has_it_all(report: Report) -> None:
    said = json.loads(json.dumps(to_json(report)))
    assert (said["file"], said["rows"], said["added"], said["unattributed"]["no target"]) == ("jane-doe.csv", 20, 7, 4)
    assert said["waiting"] == [{"from_team": "it", "about_team": "sales"}]
    assert said["rejects"][0] == {"reason": "no week", "count": 2, "rows": [19, 20]}
    assert said["columns_taken"] == ["author's team: column B", "about: column C", "comments on sales: column E"]
    assert said["columns_not_used"] == ["D", "F"]


def test_the_store_keeps_no_name_of_a_file_and_of_columns_no_more_than_their_letter(report: Report) -> None:
    kept = stored(report)
    assert (kept["waiting"], kept["columns_not_used"]) == ([{"from_team": "it", "about_team": "sales"}], ["D", "F"])
    assert not [word for word in ("jane", "column B", "column C", "column E") if word in json.dumps(kept)]


def test_who_may_only_send_files_learns_nothing_of_what_others_wrote(report: Report) -> None:
    """Two files that differ in teams, pairs and what was in already, and in nothing else, are told of alike."""
    other = Report("b.csv", form="Qualtrics", rows=20, comments=15, blank=2, rejects=report.rejects)
    other.languages, other.weeks, other.masked = report.languages, report.weeks, report.masked
    other.ignored_columns = report.ignored_columns
    assert public(report) == public(other)
    assert set(public(report)) == {
        "form", "rows", "comments", "blank", "languages", "weeks", "masked", "rejected", "rejects",
        "columns_not_used",
    }  # fmt: skip


def test_what_lasts_does_not_say_which_row_was_in_which_language(report: Report) -> None:
    for row, lang in ((5, "de"), (6, "jd"), (7, "jd")):
        report.rejects.add(row, str(rejected(lang)))
    for told in (lasting(public(report)), lasting(lasting(public(report))), stored(report)):
        assert [group["rows"] for group in told["rejects"]] == [[], [], []]
        assert [group["count"] for group in told["rejects"]] == [2, 1, 3]
        assert told["rejects"][2]["reason"].startswith("the language is not supported (supported: ")
    assert to_json(report)["rejects"][3]["rows"] == [6, 7]


def test_rejects_do_not_grow_with_the_file() -> None:
    rejects = Rejects()
    for row in range(5000):
        rejects.add(row, f"reason {row % 1000}")
    assert rejects.count == 5000
    assert sum(group.count for group in rejects.groups.values()) == 5000
    assert len(rejects.groups) == MOST_REASONS + 1
    assert max(len(group.rows) for group in rejects.groups.values()) == SHOWN
    assert rejects.groups[OTHER].count == 5000 - 5 * MOST_REASONS


def test_every_rejected_row_is_listed_in_order(tmp_path: Path) -> None:
    path = tmp_path / "rejects" / "a.csv"
    with Listing() as listing:
        for row in range(1, 60_000, 2):
            listing.add(row, 'a reason, with "quotes"', "reading")
        listing.add(40, "another", "scoring")
        assert not path.parent.exists()
        assert listing.put(path) == path
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["row,reason", '1,"a reason, with ""quotes"""']
    numbers = [int(line.split(",")[0]) for line in lines[1:]]
    assert numbers == sorted([*range(1, 60_000, 2), 40])
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in path.parent.iterdir()] == ["a.csv"]
