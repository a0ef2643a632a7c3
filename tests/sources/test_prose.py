"""What a survey's tool or its list of choices says is never read as a comment; what people wrote always is."""

import io
from collections.abc import Callable
from datetime import datetime

import pytest

from friction.errors import SourceError
from friction.records import Directory
from friction.settings import SourceSection
from friction.sources import Opened, read
from friction.sources.prose import is_prose
from friction.targets import TargetFinder
from tests.sources.exports import comma_separated, workbook

Read = Callable[..., Opened]
TIME = "2026/03/02 9:14:05 AM GMT+1"
CANTEEN = [f"The queue at the canteen was {number} minutes long" for number in range(40)]
FORGOTTEN = [f"client {number} oublié, livraison ratée" for number in range(8)]
LIKERT = ["Very dissatisfied", "Somewhat dissatisfied", "Neither satisfied nor dissatisfied", "Somewhat satisfied"]
LIKERT_FR = ["Tout à fait d'accord", "Plutôt d'accord", "Ni d'accord ni pas d'accord", "Pas du tout d'accord"]


@pytest.fixture
def opened(directory: Directory) -> Read:
    finder = TargetFinder(directory)

    def run(content: bytes, name: str = "answers.csv", **mapping: object) -> Opened:
        section = SourceSection.model_validate(mapping)
        return read(io.BytesIO(content), name, section, finder.resolve, find=finder.find)

    return run


@pytest.fixture
def form(opened: Read) -> Read:
    """Google Forms' answers to the author's team, one question of the test, and one about the canteen."""

    def run(question: str, answers: list[str]) -> Opened:
        rows = [[TIME, "Marketing", answer, CANTEEN[n]] for n, answer in enumerate(answers)]
        return opened(comma_separated([["Timestamp", "Your team", question, "What else?"], *rows]).encode())

    return run


def _texts(found: Opened) -> list[str]:
    return [row.comment.text for row in found.rows if row.comment]


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("How is working with each team? [Sales]", ["Very bad", "Not great", "Quite good", "Not sure yet"]),
        ("How satisfied are you with Sales?", LIKERT * 2),
        ("Working with Sales is a pleasure", LIKERT[1:]),
        ("Les ventes répondent vite", LIKERT_FR),
        ("Comment jugez-vous les ventes ?", ["Plutôt bien", "Très mal", "Ni bien ni mal"]),
        ("Which of these apply to Sales?", ["Too slow, Rude", "Too slow, Unclear", "Rude, Unclear", "Too slow, Rude"]),
        ("What is wrong with Sales?", ["Slow answers;Rude;", "Slow answers;Wrong prices;", "Rude;Wrong prices;"]),
        ("How often do you work with Sales?", ["Twice a week", "Once a month or so", "Every week I think", "Never"]),
        ("Your contact in Sales", ["Ann Martin", "Bob Stone", "Chloé Petit", "Anne-Marie de la Tour"]),
        ("Sales status", ["In progress", "All done", "Still open"]),
        ("I consent that Sales reads my answer", ["Yes, of course I do", "I agree to that use"]),
    ],
)  # fmt: skip
def test_a_choice_about_a_team_is_no_comment_however_few_rows(form: Read, question: str, answers: list[str]) -> None:
    for rows in range(1, len(answers) + 1):
        found = form(question, answers[:rows])
        assert _texts(found) == CANTEEN[:rows], rows
        assert found.taken == ("author's team: column B", "comments: column D")
        assert found.ignored == ("C",)


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("What could Sales do better?", ["Answer us a little earlier", "slow", "Prices change every day"]),
        ("What could Sales do better?", ["Be honest", "Listen to us", "Call us back"]),
        ("Comment about your rating of Sales", ["too slow", "rude", "fine by us"]),
        ("How satisfied are you with Sales, and why?", ["They never call back", "Very", "Late with each quote"]),
        ("Que reprochez-vous aux ventes ?", ["tout va bien"] * 12 + FORGOTTEN),
        ("Que reprochez-vous aux ventes ?", ["Tout va très bien avec eux"] * 12 + FORGOTTEN),
        ("How often does Sales let you down?", ["They forgot three of our orders this week", CANTEEN[-1]]),
    ],
)  # fmt: skip
def test_what_people_wrote_about_a_team_is_read(form: Read, question: str, answers: list[str]) -> None:
    found = form(question, answers)
    assert found.taken == ("author's team: column B", "comments on sales: column C", "comments: column D")
    assert {row.comment.text for row in found.rows if row.comment and row.comment.about_team} == {*answers}


def test_long_options_are_known_by_their_repetition(form: Read) -> None:
    answers = ["I wait for them every single day of the week", "I could do my work without them"] * 3
    assert _texts(form("Sales does what it says", answers)) == CANTEEN[:6]
    shown = ["They call back in time|They keep the dates", "They keep the dates|They call back in time"] * 2
    assert _texts(form("Sales does what it says", shown)) == CANTEEN[:4]


def test_a_box_that_is_ticked_says_what_its_header_says() -> None:
    question = "Which problems do you have with Sales? - They never answer our calls"
    assert not is_prose(question, ["They never answer our calls"], names_team=True)


def test_a_survey_of_choices_alone_asks_for_the_column(opened: Read) -> None:
    rows = [[TIME, "Marketing", answer] for answer in LIKERT]
    with pytest.raises(SourceError, match="no column looks like comments"):
        opened(comma_separated([["Timestamp", "Your team", "How is working with Sales?"], *rows]).encode())


def test_topics_and_sentiments_that_qualtrics_finds_are_nobodys_words(opened: Read) -> None:
    asked = "What could Sales do better?"
    found = ["Parent Topics", "Topics", "Topic Sentiment Label", "Sentiment", "Emotion", "Topic Hierarchy Level 1"]
    keys = ["StartDate", "EndDate", "Finished", "RecordedDate", "ResponseId", "Q1", "Q2"]
    keys += ["Q2_DO", *(f"Q2 - {f}" for f in found)]
    titles = ["Start Date", "End Date", "Finished", "Recorded Date", "Response ID", "Which team are you in?", asked]
    titles += [f"{asked} - Display Order"]
    imports = [f'{{"ImportId":"{key}"}}' for key in keys]
    day = "2026-03-02 09:04:01"
    said = ["They answer far too late every time", "Please share the forecast before Monday"]
    made = [
        "Slow response to our mails",
        "Late answers of the whole team",
        "Very Negative",
        "Mixed",
        "Anger",
        "Process",
    ]
    rows = [
        [day, day, "True", day, f"R_{n}", "Marketing", text, "Call us back|Keep the dates", *made]
        for n, text in enumerate(said)
    ]
    content = comma_separated([keys, [*titles, *(f"{asked} - {f}" for f in found)], imports, *rows]).encode()
    result = opened(content)
    assert _texts(result) == said
    assert (result.taken, result.ignored) == (("author's team: column F", "comments on sales: column G"), ())


def test_what_is_said_of_answers_to_a_quiz_is_not_what_people_answered(opened: Read) -> None:
    questions = ["Your team", "What could Sales do better?"]
    header = ["ID", "Start time", "Completion time", "Email", "Name", "Total points", "Quiz feedback"]
    header += [column for asked in questions for column in (asked, f"Points - {asked}", f"Feedback - {asked}")]
    said, graded = "They answer far too late every time", "Well spotted, thank you for that"
    now = datetime(2026, 3, 2, 9, 5)
    row = [1, now, now, "anonymous", "", 0, graded, "Marketing", 0, "", said, 1, graded]
    assert _texts(opened(workbook(header, row), "quiz.xlsx")) == [said]
    google = [["Timestamp", "Total score", *(c for q in questions for c in (q, f"{q} [Score]", f"{q} [Feedback]"))]]
    google.append([TIME, "1 / 1", "Marketing", "-- / 0", "", said, "1 / 1", graded])
    found = opened(comma_separated(google).encode())
    assert (_texts(found), found.ignored) == ([said], ())


@pytest.mark.parametrize(
    ("choice", "comment"),
    [("How is Sales?", "How is Sales? [Comment]"), ("Et les ventes ?", "Et les ventes ? [Commentaire]")],
)
def test_a_choice_with_a_comment_beside_it_is_not_the_comment(opened: Read, choice: str, comment: str) -> None:
    header = ["Response ID", "Date submitted", "Last page", "Start language", "Your team", choice, comment]
    rows = [
        [str(n), "2026-03-02 09:14:05", "2", "en", "Marketing", "They could do with a hand", said]
        for n, said in enumerate(["they are late with everything", "nobody calls us back"])
    ]
    found = opened(comma_separated([header, *rows]).encode())
    assert _texts(found) == ["they are late with everything", "nobody calls us back"]
    assert found.ignored == ("F",)
