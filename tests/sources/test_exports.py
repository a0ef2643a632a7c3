"""Every tool's export is recognised by its shape and read with no configuration but the directory, or as said."""

import io
from collections import Counter
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from friction.errors import SourceError
from friction.records import Directory
from friction.settings import SourceSection
from friction.sources import JSON_LINES, Opened, Row, google_chat, mattermost, read, slack, teams
from friction.sources.table import FORMS, PLAIN
from friction.targets import TargetFinder
from tests.sources.exports import SAMPLES, Sample, comma_separated


def opened(sample: Sample, directory: Directory) -> Opened:
    finder = TargetFinder(directory)
    mapping = SourceSection.model_validate(sample.mapping)
    zone = ZoneInfo(mapping.timezone or "UTC")
    return read(io.BytesIO(sample.content), sample.name, mapping, finder.resolve, find=finder.find, zone=zone)


def rows(name: str, directory: Directory) -> list[Row]:
    return list(opened(SAMPLES[name], directory).rows)


@pytest.mark.parametrize("name", SAMPLES)
def test_an_export_is_read_as_its_tool_wrote_it(name: str, directory: Directory) -> None:
    sample = SAMPLES[name]
    found = opened(sample, directory)
    assert found.form == sample.form
    listed = list(found.rows)
    comments = [row.comment for row in listed if row.comment]
    assert [(c.row, c.from_team, c.about_team, c.week and str(c.week)) for c in comments] == sample.expected
    assert sum(row.blank for row in listed) == sample.blanks
    assert tuple(row.number for row in listed if row.reason and not row.blank) == sample.rejects
    assert all(comment.respondent for comment in comments)


def test_every_tool_has_two_files_and_a_survey_two_that_need_no_configuration() -> None:
    for form in FORMS:
        needed = [
            {*sample.mapping} - {"from_team", "timezone"} for sample in SAMPLES.values() if sample.form == form.name
        ]
        assert needed.count(set()) >= 2, form.name
    written = Counter(sample.form for sample in SAMPLES.values())
    assert all(written[chat.NAME] >= 2 for chat in (slack, teams, mattermost, google_chat))


def test_a_response_is_one_person_in_all_its_answers_and_within_its_survey_only(directory: Directory) -> None:
    comments = [row.comment for row in rows("surveymonkey", directory) if row.comment]
    assert {comment.respondent for comment in comments} == {f"118001 {comments[0].survey}"}
    assert comments[0].survey is not None
    assert {comment.survey for comment in comments} == {comments[0].survey}


def test_who_is_named_is_the_same_person_in_every_survey(directory: Directory) -> None:
    comments = [row.comment for row in rows("google, French, in a zip", directory) if row.comment]
    assert [comment.respondent for comment in comments] == ["a@exemple.test", "b@exemple.test", "a@exemple.test"]
    assert {comment.survey for comment in comments} == {None}


def test_anonymous_is_nobody(directory: Directory) -> None:
    comments = [row.comment for row in rows("microsoft", directory) if row.comment]
    assert [str(comment.respondent).split()[0] for comment in comments] == ["1", "2"]
    assert all(comment.survey for comment in comments)


def test_a_network_is_no_person(directory: Directory) -> None:
    comments = [row.comment for row in rows("typeform", directory) if row.comment]
    assert {str(comment.respondent).split()[0] for comment in comments} == {"m3x1", "m3x2"}


def test_without_ids_a_row_that_stands_twice_is_the_same_person(directory: Directory) -> None:
    comments = [row.comment for row in rows("culture amp, nobody known, two questions", directory) if row.comment]
    assert len({(comment.text, comment.stated, comment.respondent) for comment in comments}) == 1
    assert comments[0].respondent


def test_another_question_is_read_when_it_is_named(directory: Directory) -> None:
    sample = SAMPLES["culture amp, nobody known, two questions"]
    named = replace(sample, mapping={"text": "What do you like most about working here?"})
    assert [row.number for row in opened(named, directory).rows if row.comment] == [4]
    both = replace(sample, mapping={"text": ["What gets in the way of your work?", named.mapping["text"]]})
    assert {row.reason for row in opened(both, directory).rows} == {
        "several questions and no respondent: the same person would count twice; name one question"
    }


def test_a_column_that_the_configuration_names_wins_and_must_be_there(directory: Directory) -> None:
    sample = SAMPLES["google"]
    chosen = replace(sample, mapping={"text": "And what could Support do better?"})
    assert [row.number for row in opened(chosen, directory).rows if row.comment] == [3]
    elsewhere = replace(sample, mapping={"text": {"What could Sales do better?": "it"}})
    assert {c.about_team for row in opened(elsewhere, directory).rows if (c := row.comment)} == {"it"}
    for missing in ({"text": "Q99"}, {"from_team": "Squad"}):
        with pytest.raises(SourceError, match="has no column"):
            opened(replace(sample, mapping=missing), directory)


def test_ratings_choices_and_repeated_labels_are_no_comments(directory: Directory) -> None:
    header = ["Timestamp", "Team", "Sales answers in time", "Support: rate 1-5", "Anything to add?"]
    likert = ["I strongly agree with this", "I do not agree with this"]
    lines = [
        [f"2026/03/02 9:14:{n:02} AM GMT+1", "IT", likert[n % 2], "4", f"we lost day {n} again"] for n in range(10)
    ]
    sample = Sample("Google Forms", "f.csv", comma_separated([header, *lines]).encode(), [])
    found = opened(sample, directory)
    assert {row.comment.text[:11] for row in found.rows if row.comment} == {"we lost day"}
    assert found.ignored == ("C", "D")


def test_a_survey_without_a_comment_column_says_so(directory: Directory) -> None:
    content = comma_separated([["Timestamp", "Team", "Score"], ["2026/03/02 9:14:05 AM GMT+1", "IT", "4"]]).encode()
    with pytest.raises(SourceError, match="no column looks like comments"):
        opened(Sample("Google Forms", "f.csv", content, []), directory)


def test_the_documents_name_every_form_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
    table = page.split("| export |", 1)[1].split("\n\n", 1)[0]
    named = {line.split("|")[1].strip() for line in table.splitlines()[2:]}
    chats = {chat.NAME for chat in (slack, teams, mattermost, google_chat)}
    assert named == {form.name for form in FORMS} | chats | {PLAIN, JSON_LINES}
    assert named == {sample.form for sample in SAMPLES.values()}
