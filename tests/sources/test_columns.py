"""What a survey's columns are taken for, and what is left alone: blame must not point the wrong way."""

import io

import pytest

from friction.errors import SourceError
from friction.records import Directory
from friction.settings import SourceSection
from friction.sources import Opened, read
from friction.sources.whose import whose
from friction.targets import TargetFinder
from tests.sources.exports import comma_separated

TIME = "2026/03/02 9:14:05 AM GMT+1"


@pytest.fixture
def survey(directory: Directory):  # type: ignore[no-untyped-def]
    finder = TargetFinder(directory)

    def opened(header: list[str], *rows: list[str], **mapping: object) -> Opened:
        """Google Forms' answers to a form of those columns."""
        content = comma_separated([["Timestamp", *header], *([TIME, *row] for row in rows)]).encode()
        section = SourceSection.model_validate(mapping)
        return read(io.BytesIO(content), "f.csv", section, finder.resolve, find=finder.find)

    return opened


@pytest.mark.parametrize(
    "header",
    """Your team|My team|Team|Team name|Department|Service|Équipe|Département|Votre équipe|Votre équipe :
    |Nom de l'équipe|Your department|Which team are you in?|Which team do you work in?|Which team do you belong to?
    |What is your team?|In which team do you work?|Dans quelle équipe travaillez-vous ?
    |À quelle équipe appartenez-vous ?|Q3. Your team|De quelle équipe faites-vous partie ?
    |Business unit|Please select your department|from_team
    |Author's team|Team/Department|Équipe / service|Équipe du répondant
    |Quelle est votre équipe ?|Your current team
    |Your team?|What team are you on?|Which department are you from?|Which team are you a member of?
    |Which team are you part of?|Department: please select your department|Votre service (liste)
    |Merci d'indiquer votre équipe|Veuillez sélectionner votre service|Nom de votre équipe|Name of your team
    |What is the name of your team?|Your team or department|Your team / your department|Votre équipe ou service
    |De quelle équipe êtes-vous ?|À quel service êtes-vous rattaché(e) ?|Service où vous travaillez
    |Équipe d'appartenance|Team you are in|The team you belong to|Department where you work|Where do you work?
    |Team. In welchem Team?|Your team's name|About you: your department|Notre équipe
    |Dans quel service travaillez-vous actuellement ?|Which department do you primarily work in?
    |Which of the following is your team?|Which team are you currently in?|Équipe dans laquelle vous travaillez
    |In what department are you working?|Your business unit|Respondent's team|Your department (required)
    |What department do you work for?|What's your team?|Please tell us which team you are in
    |Select your team from the list below|Your department (choose one)|My team is|To which team are you assigned?
    |Quel est le nom de votre équipe ?|Quel est votre service de rattachement ?
    |Vous travaillez dans quel service ?""".split("|"),
)
def test_a_header_that_says_so_is_the_authors_team(header: str) -> None:
    assert whose(header.strip()) == "from_team"


@pytest.mark.parametrize(
    "header",
    """Quelle équipe évaluez-vous ?|Équipe évaluée|Reviewed team|Feedback team|Who is this about?|Team concerned
    |Which team would you like to thank or criticise?|Which team is your feedback for?|De quelle équipe parlez-vous ?
    |Équipe concernée|Quelle équipe souhaitez-vous remercier ?|Rated team|Which department do you want to rate?
    |Target team|Équipe cible|À propos de quelle équipe ?|Votre avis sur quelle équipe ?|Kudos to""".split("|"),
)
def test_a_header_that_rates_thanks_or_speaks_of_a_team_is_about_it(header: str) -> None:
    assert whose(header.strip()) == "about_team"


@pytest.mark.parametrize(
    "header",
    """Team you work with most|Which team?|Which team slows you down?|Which team slows your team down?|G1Q1|Column 2
    |Quelle équipe vous ralentit ?|Avec quelle équipe travaillez-vous ?|How would you rate your team?|Team you wait for
    |Which other team do you depend on?|De quelle équipe êtes-vous le moins satisfait ?
    |Team that blocks your team most|Team your team depends on most|Who slows down your team?
    |Équipe qui bloque votre équipe|Équipe dont dépend votre service|Internal supplier of your department
    |Which team are you on hold for?|Which team are you in need of help from?|Quelle équipe ralentit la vôtre ?
    |Which team is your team waiting for?|Your team's internal supplier|Your team lead|Your service desk contact
    |Team your team hands over to|Équipe avec laquelle votre équipe travaille|Fournisseur interne de votre service
    |Who do you depend on in your department?|Which team do you work for most?|Which team are you working with?
    |Team you are waiting for|Équipe que vous attendez|Équipe dont vous dépendez|Votre équipe dépend de
    |Which team are you in conflict with?|Which of our teams slows you down?|Which of our teams?|Select a team
    |Name the team|The team|Teams|Your other team|Client of your department|Team you are on hold for
    |Team where you are stuck|Équipe où vous êtes bloqué|Où travaillez-vous le plus mal ?
    |What service is your team missing?|Which team are you from time to time waiting for?""".split("|"),
)
def test_a_header_that_says_neither_or_both_is_not_guessed(header: str) -> None:
    assert whose(header.strip()) is None


@pytest.mark.parametrize(
    "header",
    """Team of the reviewer|Reviewer's team|Équipe de l'évaluateur|Team giving the feedback|Feedback from which team
    |Rating team|Complaining team|Avis de quelle équipe|Which team would you thank on behalf of your team?""".split(
        "|"
    ),
)
def test_the_team_that_rates_is_never_taken_for_the_one_that_is_rated(header: str) -> None:
    assert whose(header.strip()) is None


@pytest.mark.parametrize(
    "header",
    ["Team that blocks your team most", "Équipe dont dépend votre service", "Which team are you on hold for?"],
)
def test_a_team_that_is_complained_of_never_speaks(survey, header: str) -> None:  # type: ignore[no-untyped-def]
    opened = survey([header, "What happened?"], ["Sales", "They never answer us in Marketing."])
    assert opened.taken[-1] == "whose team? say from_team or about_team: column B"
    assert [(r.comment.from_team, r.comment.about_team) for r in opened.rows] == [(None, None)]


def test_the_author_and_whom_they_speak_of_stand_side_by_side(survey) -> None:  # type: ignore[no-untyped-def]
    header = ["Votre équipe", "De quelle équipe parlez-vous ?", "Votre retour"]
    opened = survey(header, ["Marketing", "Sales", "Ils ne répondent jamais à nos demandes."])
    assert opened.taken == ("author's team: column B", "about: column C", "comments: column D")
    assert [(r.comment.from_team, r.comment.about_team) for r in opened.rows] == [("marketing", "sales")]


def test_a_team_that_is_thanked_never_speaks(survey) -> None:  # type: ignore[no-untyped-def]
    answer = ["Sales", "They never answer us in Marketing."]
    opened = survey(["Which team would you like to thank or criticise?", "What happened?"], answer)
    assert opened.taken == ("about: column B", "comments: column C")
    assert [(r.comment.from_team, r.comment.about_team) for r in opened.rows] == [(None, "sales")]


def test_what_is_not_guessed_is_asked_for_and_may_be_said(survey) -> None:  # type: ignore[no-untyped-def]
    header, answer = ["Team you work with most", "What happened?"], ["Sales", "They never answer us in Marketing."]
    opened = survey(header, answer)
    assert opened.taken == ("comments: column C", "whose team? say from_team or about_team: column B")
    assert [(r.comment.from_team, r.comment.about_team) for r in opened.rows] == [(None, None)]
    said = survey(header, answer, about_team="Team you work with most")
    assert said.taken == ("about: column B", "comments: column C")
    assert [r.comment.about_team for r in said.rows] == ["sales"]


def test_of_two_columns_of_the_author_s_team_one_is_to_be_named(survey) -> None:  # type: ignore[no-untyped-def]
    header = ["Which team are you in?", "What happened?", "Department"]
    answer = ["Support", "They never answer us in Marketing.", "Sales"]
    opened = survey(header, answer)
    assert opened.taken == ("comments: column C", "name one of them from_team in [sources.NAME]: columns B, D")
    assert [r.comment.from_team for r in opened.rows] == [None]
    said = survey(header, answer, from_team="Department")
    assert said.taken == ("author's team: column D", "comments: column C")
    assert [r.comment.from_team for r in said.rows] == ["sales"]


@pytest.mark.parametrize("header", ["Which team are you in?", "Équipe"])
def test_a_few_unknown_teams_cost_their_rows_and_no_others(survey, header: str) -> None:  # type: ignore[no-untyped-def]
    answer = "They never answer us in Marketing."
    opened = survey([header, "What happened?"], *([team, answer] for team in ("Sales", "Support", "HR", "Kumquats")))
    assert opened.taken == ("author's team: column B", "comments: column C")
    rows = list(opened.rows)
    assert [row.comment.from_team for row in rows[:2]] == ["sales", "support"]
    assert all("unknown team in from_team" in row.reason for row in rows[2:])


def test_of_teams_that_are_all_unknown_or_of_whom_nothing_says_whose_they_are_somebody_is_asked(
    survey,  # type: ignore[no-untyped-def]
) -> None:
    answer = "They never answer us in Marketing."
    opened = survey(["Your team", "What happened?"], ["HR", answer], ["Kumquats", answer])
    assert opened.taken[-1] == "author's team? add its teams to [teams] of friction.toml: column B"
    assert "HR" not in str(opened.taken)
    opened = survey(["Which team?", "What happened?"], ["HR", answer], ["Sales", answer])
    assert opened.taken[-1] == "whose team? say from_team or about_team: column B"


@pytest.mark.parametrize("answers", [[], ["RAS", ""], [""]])
def test_a_quiet_week_is_no_comments(survey, answers: list[str]) -> None:  # type: ignore[no-untyped-def]
    header = ["Your team", "Rate the week (1-5)", "What slows you down?"]
    opened = survey(header, *(["Marketing", "4", answer] for answer in answers))
    assert [(row.number, row.blank) for row in opened.rows] == [(n, True) for n in range(2, 2 + len(answers))]


def test_a_survey_of_terse_answers_asks_for_the_column(survey) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError, match="no column looks like comments"):
        survey(["Your team", "What slows you down?"], ["Marketing", "Sales too slow"])


def _dated(directory: Directory, *days: str, **mapping: object) -> list[str]:
    """What becomes of SurveyMonkey's answers of those days: their weeks, or why there is none."""
    rows = [[str(n), "1", day, day, f"They never answered us on day {n}."] for n, day in enumerate(days)]
    top = [["Respondent ID", "Collector ID", "Start Date", "End Date", "What slows you down?"]]
    content = comma_separated([*top, ["", "", "", "", "Open-Ended Response"], *rows]).encode()
    section = SourceSection.model_validate(mapping)
    opened = read(io.BytesIO(content), "m.csv", section, TargetFinder(directory).resolve)
    assert opened.form == "SurveyMonkey"
    return [str(row.comment.week) if row.comment else str(row.reason) for row in opened.rows]


def test_days_of_one_file_are_read_in_one_order(directory: Directory) -> None:
    assert _dated(directory, "03/02/2026 09:14") == ["2026-W10"]  # the tool's habit
    assert _dated(directory, "02/03/2026", "05/02/2026", "16/03/2026") == ["2026-W10", "2026-W06", "2026-W12"]
    assert [said[:8] for said in _dated(directory, "03/02/2026", "16/03/2026", "03/16/2026")] == [
        "the date", "2026-W12", "2026-W12",
    ]  # fmt: skip
    late = _dated(directory, *["03/02/2026"] * 200, "16/03/2026")
    assert "the date is no mdy" in late[-1]
    said = _dated(directory, "03/02/2026", "03/27/2026", dates="dmy")
    assert (said[0], said[1][:18]) == ("2026-W06", "the date is no dmy")
