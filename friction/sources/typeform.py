"""Typeform: one header row; "#" is the response, the last columns are its times in UTC and a network's hash.

The Network ID is a hash of the address that a response came from: people of one office share it, so that it is never
taken for a person. The questions stand between, as they were asked.

https://www.typeform.com/help/a/download-results-from-your-forms-360029615911/ (download your results)
"""

from dataclasses import replace
from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, survey

_IDS: Final = "#|response id|submission id"
_ROLES: Final = held(
    id=_IDS,
    week="submit date (utc)",
    other="start date (utc)|stage date (utc)|network id|response type|tags|ending|score|url",
)


def _head(rows: Rows) -> Head | None:
    names = leveled(rows[0])
    if not {"submit date (utc)", "network id"} <= {*names}:
        return None
    return replace(survey(rows[0], _ROLES, responses=_IDS), utc=True)


FORM: Final = Form("Typeform", _head)
