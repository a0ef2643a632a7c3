"""Google Forms: one header row, a timestamp first, one row a response.

The responses download as CSV (in a zip of its own) or as a linked spreadsheet; the first column is the time of
submission, in the language of the form's owner. The download writes "2026/03/02 9:14:05 AM GMT+1", the spreadsheet
its own locale's date. A form that collects addresses has them beside it.

https://support.google.com/docs/answer/2917686 (view and manage form responses)
https://support.google.com/docs/answer/139706 (collected e-mail addresses)
"""

from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, survey

_TIMES: Final = "timestamp|horodateur|horodatage"
_PEOPLE: Final = "email address|adresse e-mail|adresse email|username|nom d'utilisateur"
_ROLES: Final = held(week=_TIMES, respondent=_PEOPLE, other="score")


def _head(rows: Rows) -> Head | None:
    names = leveled(rows[0])
    if names[0] not in _TIMES.split("|"):
        return None
    return survey(rows[0], _ROLES, people=_PEOPLE)


FORM: Final = Form("Google Forms", _head)
