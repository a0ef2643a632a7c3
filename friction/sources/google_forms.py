"""Google Forms: one header row, a timestamp first, one row a response.

The responses download as CSV (in a zip of its own) or as a linked spreadsheet; the first column is the time of
submission, in the language of the form's owner. The download writes "2026/03/02 9:14:05 AM GMT+1", the spreadsheet
its own locale's date. A form that collects addresses has them beside it. A grid has a column "Q [Row]" for each row.
The download of a quiz has "Q [Score]" and "Q [Feedback]" beside each question Q: what its maker says of the answer.

https://support.google.com/docs/answer/2917686 (view and manage form responses)
https://support.google.com/docs/answer/139706 (collected e-mail addresses)
"""

from dataclasses import replace
from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, survey

_TIMES: Final = "timestamp|horodateur|horodatage"
_PEOPLE: Final = "email address|adresse e-mail|adresse email|username|nom d'utilisateur"
_ROLES: Final = held(week=_TIMES, respondent=_PEOPLE, other="score|total score")
_GRADES: Final = ("[score]", "[feedback]", "[commentaires]")


def _head(rows: Rows) -> Head | None:
    names = leveled(rows[0])
    if names[0] not in _TIMES.split("|"):
        return None
    head = survey(rows[0], _ROLES, people=_PEOPLE)
    graded = {f"{name} {said}" for name in names for said in _GRADES}
    return replace(head, roles={**head.roles, **{i: "other" for i, name in enumerate(names) if name in graded}})


FORM: Final = Form("Google Forms", _head)
