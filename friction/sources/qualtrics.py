"""Qualtrics: three header rows in CSV and TSV; fields' ids, the questions as asked, and an ImportId in JSON.

The workbook has no ImportIds, so that its header is two rows: the second has no date where its rows have one.
Choices come as labels or as numbers, as the export was told ([sources.NAME.codes] names the teams behind numbers).
Rows of previews and tests, which the Status column marks, were sent by nobody. Anonymised exports leave the
recipient's columns empty. In front of the questions stand StartDate, EndDate, Status, IPAddress, Progress, Duration,
Finished, RecordedDate, ResponseId and the recipient; times are in the time zone of the account that exports. What
Text iQ makes of a text question Q2 stands in columns of its own, "Q2 - Topics", "Q2 - Sentiment" ...: nobody's words,
nor are the choices in the order in which they were shown, under a question that ends in "Display Order".

https://www.qualtrics.com/support/survey-platform/data-and-analysis-module/data/download-data/understanding-your-dataset/
https://www.qualtrics.com/support/survey-platform/data-and-analysis-module/text-iq/text-iq-functionality/
"""

import re
from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, named, places

_IMPORT: Final = '{"importid"'
_ROLES: Final = held(
    id="responseid",
    week="recordeddate",
    status="status",
    other="""startdate|enddate|ipaddress|progress|finished|duration (in seconds)|recipientlastname|recipientfirstname
    |recipientemail|externalreference|externaldatareference|locationlatitude|locationlongitude|distributionchannel
    |userlanguage|responseset""",
)
_PREVIEWS: Final = frozenset(
    """
    1|2|8|9|12|17|40|survey preview|survey test|spam|possible spam|spam survey preview|imported spam
    offline survey preview|ex spam
    """.strip()
    .replace("\n    ", "|")
    .split("|")
)
"""Status of rows that no respondent sent, as numbers and as labels."""
_TEXT_IQ: Final = re.compile(
    r".+ - (?:actionability|effort(?: numeric)?|emotion(?: intensity)?|(?:parent )?topics"
    r"|sentiment(?: polarity| score)?|topic (?:sentiment (?:label|score)|hierarchy level \d+))"
)
_SHOWN: Final = "display order"
_DATES: Final = ("recordeddate", "enddate", "startdate")


def _head(rows: Rows) -> Head | None:
    keys = leveled(rows[0])
    if "responseid" not in keys or not {"startdate", "enddate", "recordeddate", "finished"} & {*keys}:
        return None
    imports = [
        index for index, row in enumerate(rows) if any(c.replace(" ", "").lower().startswith(_IMPORT) for c in row)
    ]
    count = imports[0] + 1 if imports else 1 + _is_wording(keys, rows)
    questions = rows[0] if imports == [1] or count == 1 else rows[1]
    roles = named(keys, _ROLES)
    roles |= {index: "other" for index, key in enumerate(keys) if _TEXT_IQ.fullmatch(key)}
    roles |= {index: "other" for index, asked in enumerate(leveled(questions)) if asked.endswith(_SHOWN)}
    if "recordeddate" not in keys:
        roles |= dict.fromkeys(places(keys, "enddate")[:1], "week")
    return Head(
        rows=count,
        names=tuple(q or k for q, k in zip(questions, rows[0], strict=False)),
        keys=rows[0],
        roles=roles,
        people=places(keys, "externalreference", "externaldatareference", "recipientemail"),
        responses=places(keys, "responseid"),
        is_survey=True,
        previews=_PREVIEWS,
    )


def _is_wording(keys: tuple[str, ...], rows: Rows) -> bool:
    """Whether the second row says what its dates are, in place of one."""
    dates = [rows[1][place] for place in places(keys, *_DATES)] if len(rows) > 1 else []
    return any(dates) and not any(character.isdigit() for date in dates for character in date)


FORM: Final = Form("Qualtrics", _head)
