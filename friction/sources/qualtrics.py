"""Qualtrics: three header rows in CSV and TSV; fields' ids, the questions as asked, and an ImportId in JSON.

Choices come as labels or as numbers, as the export was told ([sources.NAME.codes] names the teams behind numbers).
Rows of previews and tests, which the Status column marks, were sent by nobody. Anonymised exports leave the
recipient's columns empty. In front of the questions stand StartDate, EndDate, Status, IPAddress, Progress, Duration,
Finished, RecordedDate, ResponseId and the recipient; times are in the time zone of the account that exports.

https://www.qualtrics.com/support/survey-platform/data-and-analysis-module/data/download-data/understanding-your-dataset/
"""

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


def _head(rows: Rows) -> Head | None:
    keys = leveled(rows[0])
    if "responseid" not in keys or not {"startdate", "enddate", "recordeddate", "finished"} & {*keys}:
        return None
    imports = [
        index for index, row in enumerate(rows) if any(c.replace(" ", "").lower().startswith(_IMPORT) for c in row)
    ]
    count = imports[0] + 1 if imports else 1
    questions = rows[1] if count == 3 else rows[0]
    roles = named(keys, _ROLES)
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


FORM: Final = Form("Qualtrics", _head)
