"""SurveyMonkey: two header rows, in CSV and in the workbook alike.

Row 1 has the question over the first of its columns (merged over all of them in the workbook); row 2 has what each
column of it holds: "Response" for a choice, "Open-Ended Response" for a text, else a choice's label, "Other (please
specify)", or one of several text boxes ("Sales", "Support"), which is part of what is asked. Respondent ID, Collector
ID, dates, address and name come first, with nothing under them; some exports have "respondent_id", and "date_modified"
in place of an end date. Dates are month, day, year.

https://help.surveymonkey.com/en/surveymonkey/analyze/exports/ (exports: all responses data, CSV and XLS)
https://github.com/mattroumaya/doubleheadr (the two rows, as others met them)
"""

from dataclasses import replace
from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, survey

_IDS: Final = "respondent id|id du repondant|identifiant du repondant"
_ROLES: Final = held(
    id=_IDS,
    week="end date|date de fin|date modified",
    other="""collector id|id du collecteur|start date|date de debut|ip address|adresse ip|email address|adresse e-mail
    |first name|prenom|last name|nom|custom data 1|custom 1|date created""",
)
_OPEN: Final = ("open-ended response", "reponse ouverte", "reponse libre", "comment", "commentaire")
_CHOICE: Final = ("", "response", "reponse")


def _head(rows: Rows) -> Head | None:
    own = tuple(name.replace("_", " ") for name in rows[0])
    if leveled(own)[0] not in _IDS.split("|") or len(rows) < 2:
        return None
    head = survey(own, _ROLES, people="email address|adresse e-mail", responses=_IDS)
    head = replace(head, names=rows[0], keys=rows[0], order="mdy")
    below = leveled(rows[1])
    if not any(below) or any(below[index] for index in head.roles):
        return head
    asked: list[str] = []
    for index, name in enumerate(rows[0]):
        asked.append(name if name or index in head.roles or not asked else asked[-1])
    parts = [index for index, name in enumerate(below) if name not in _CHOICE and not name.startswith(_OPEN)]
    names = tuple(f"{name} - {rows[1][index]}" if index in parts else name for index, name in enumerate(asked))
    prose = frozenset(index for index, name in enumerate(below) if name not in _CHOICE)
    return replace(head, rows=2, names=names, keys=names, prose=prose)


FORM: Final = Form("SurveyMonkey", _head)
