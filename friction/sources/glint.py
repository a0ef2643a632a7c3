"""Viva Glint: raw survey responses, one row a person, four columns a question.

A question named Q has its rating in "Q", its comment in "Q_COMMENT", and "Q_COMMENT_TOPICS" and
"Q_SENSITIVE_COMMENT_FLAG" beside it. In front stand the employee's name, address and number, Status, Manager ID, and
"Survey Cycle Completion Date" as day, month, year.

https://learn.microsoft.com/en-us/viva/glint/setup/employee-raw-data-export
https://learn.microsoft.com/en-us/viva/glint/reports/vivaglint-function-reference (standard column names)
"""

from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, named, places

_COMMENT: Final = "_comment"
_BESIDE: Final = ("_comment_topics", "_sensitive_comment_flag")
_PEOPLE: Final = "employee id|employment id|emp id|external user id|email|email address"
_ROLES: Final = held(
    respondent=_PEOPLE,
    week="survey cycle completion date|completion date",
    other="first name|last name|status|manager id|survey cycle sent date|survey cycle title",
)


def _head(rows: Rows) -> Head | None:
    names = leveled(rows[0])
    texts = [index for index, name in enumerate(names) if name.endswith(_COMMENT) and name != _COMMENT]
    if not texts or not any(name.endswith(_BESIDE) for name in names):
        return None
    roles = named(names, _ROLES)
    roles |= {index: "other" for index, name in enumerate(names) if name.endswith(_BESIDE)}
    roles |= dict.fromkeys(texts, "text")
    return Head(
        rows=1,
        names=tuple(name[: -len(_COMMENT)] if index in texts else name for index, name in enumerate(rows[0])),
        keys=rows[0],
        roles=roles,
        people=places(names, *_PEOPLE.split("|")),
        is_survey=True,
        order="dmy",
    )


FORM: Final = Form("Viva Glint", _head)
