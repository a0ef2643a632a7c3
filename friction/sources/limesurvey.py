"""LimeSurvey: one header row of codes ("id", "submitdate") or of wordings ("Response ID", "Date submitted").

A survey with anonymised responses writes 1980-01-01 00:00:00 in place of every date, so that no time can tell an
author: the week then comes from the batch (``--week``). Its participants' access code, where there is one, tells
people apart. An unfinished response has no date of submission. A question that was not shown is "N/A" in some
exports.

https://www.limesurvey.org/manual/Exporting_results
https://www.limesurvey.org/manual/Participant_settings (anonymized responses)
"""

from dataclasses import replace
from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, survey

_SIGNS: Final = (
    {"submitdate", "startlanguage"},
    {"date submitted", "start language"},
    {"date de soumission", "langue de depart"},
)
_IDS: Final = "id|response id|id de la reponse|id reponse"
_CODES: Final = "token|access code|code d'acces|invitation"
_ROLES: Final = held(
    id=_IDS,
    respondent=_CODES,
    week="submitdate|date submitted|date de soumission",
    other="""lastpage|last page|derniere page|startlanguage|start language|langue de depart|seed|tete de serie|startdate
    |date started|date de lancement|datestamp|date last action|date de la derniere action|ipaddr|ip address|adresse ip
    |refurl|referrer url|url de provenance|total time|temps total""",
)


def _head(rows: Rows) -> Head | None:
    names = leveled(rows[0])
    if not any(sign <= {*names} for sign in _SIGNS):
        return None
    codes = tuple(name.split(".", 1)[0] for name in rows[0])
    return replace(survey(rows[0], _ROLES, responses=f"{_CODES}|{_IDS}"), keys=codes, undated="1980-01-01")


FORM: Final = Form("LimeSurvey", _head)
