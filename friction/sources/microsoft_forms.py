"""Microsoft Forms: a workbook with one header row; ID, start and completion time, e-mail and name come first.

Where names are not recorded, the e-mail of every row is "anonymous" and the name is empty, so that the response's ID
is what tells people apart. Times are dates of the workbook, without a zone.

https://support.microsoft.com/en-us/office/check-and-share-your-form-results-02a32ab9-fbf0-4a14-b33e-4d7d88e8a2f1
https://support.microsoft.com/en-us/office/set-up-your-survey-so-names-aren-t-recorded-when-collecting-responses-25dd8442-f6ba-4934-9319-99f9f867f239
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, survey

_TIMES: Final = (("start time", "completion time"), ("heure de debut", "heure de fin"))
_PEOPLE: Final = "email|e-mail|adresse de messagerie|courrier electronique|adresse e-mail"
_ROLES: Final = held(
    id="id",
    week="completion time|heure de fin",
    respondent=_PEOPLE,
    other="""start time|heure de debut|last modified time|heure de la derniere modification|name|nom|language|langue
    |total points|quiz feedback""",
)


def _head(rows: Rows) -> Head | None:
    names = leveled(rows[0])
    if not any({*pair} <= {*names} for pair in _TIMES):
        return None
    head = survey(rows[0], _ROLES, people=_PEOPLE, responses="id")
    return replace(head, roles={**head.roles, **dict.fromkeys(_graded(names), "other")})


def _graded(names: Sequence[str]) -> Iterator[int]:
    """Columns of a quiz that say again, after a word and a dash, what the question before them says."""
    for index, (question, *grades) in enumerate(zip(names, names[1:], names[2:], strict=False)):
        if question and all(grade.endswith(f" - {question}") for grade in grades):
            yield from (index + 1, index + 2)


FORM: Final = Form("Microsoft Forms", _head)
