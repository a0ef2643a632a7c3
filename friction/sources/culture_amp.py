"""Culture Amp: an export of comments, one comment a row, its question and its demographics beside it.

The comments report exports as CSV or as a workbook; the vendor's pages name the parts, not the columns, so that it is
recognised by having both a question and a comment column. A person who answers several questions has several rows,
and an export that keeps confidentiality has nothing that joins them. Counting those rows would count people twice. So
without an identifier only one question is read: the one that ``text`` names, or that of the first row.

https://support.cultureamp.com/en/articles/7048702-text-analytics-in-reports (export of comments, topics, sentiment)
https://support.cultureamp.com/en/articles/7048609-raw-data-extract-types-and-guidelines (identifiers in a raw extract)
"""

from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, survey

_COMMENTS: Final = "comment|comments|comment text|commentaire|commentaires"
_QUESTIONS: Final = "question|question text|survey question|item|intitule de la question"
_PEOPLE: Final = "employee id|employee email|email|unique identifier"
_RESPONSES: Final = "respondent id|response id"
_ROLES: Final = held(
    text=_COMMENTS,
    question=_QUESTIONS,
    respondent=f"{_PEOPLE}|{_RESPONSES}",
    week="submitted at|date|response date|comment date|submitted date",
    other="topic|topics|sentiment|rating|score|factor|replies|name|language",
)


def _head(rows: Rows) -> Head | None:
    names = leveled(rows[0])
    if not {*_COMMENTS.split("|")} & {*names} or not {*_QUESTIONS.split("|")} & {*names}:
        return None
    return survey(rows[0], _ROLES, people=_PEOPLE, responses=_RESPONSES)


FORM: Final = Form("Culture Amp", _head)
