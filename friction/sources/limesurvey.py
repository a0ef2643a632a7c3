"""LimeSurvey: one header row of codes ("id", "submitdate"), of wordings ("Response ID") or of both ("id. Response ID").

A survey with anonymised responses writes 1980-01-01 00:00:00 in place of every date, so that no time can tell an
author: the week then comes from the batch (``--week``). Its participants' access code, where there is one, tells
people apart. An unfinished response has no date of submission. A question that was not shown is "N/A" in some
exports. A list with a comment is two columns, "Q" and "Q [Comment]": people write in the second.

https://www.limesurvey.org/manual/Exporting_results
https://www.limesurvey.org/manual/Participant_settings (anonymized responses)
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from friction.sources.grid import Form, Head, Rows, held, leveled, survey

_SIGNS: Final = (
    {"submitdate", "startlanguage"},
    {"date submitted", "start language"},
    {"date de soumission", "langue de depart"},
)
_COMMENTS: Final = ("[comment]", "[commentaire]")
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
    codes = tuple(name.split(".", 1)[0] for name in rows[0])
    says, texts = rows[0], rows[0]
    if _SIGNS[0] <= {*leveled(codes)}:
        says, texts = codes, tuple(name.split(". ", 1)[-1] for name in rows[0])
    elif not any(sign <= {*leveled(rows[0])} for sign in _SIGNS):
        return None
    head = survey(says, _ROLES, responses=f"{_CODES}|{_IDS}")
    prose = _written(leveled(texts), leveled(codes))
    return replace(head, names=texts, keys=codes, prose=prose, undated="1980-01-01")


def _written(texts: Sequence[str], codes: Sequence[str]) -> frozenset[int]:
    """All columns but those of choices that have a comment of their own beside them."""
    return frozenset(
        index
        for index, (text, code) in enumerate(zip(texts, codes, strict=True))
        if f"{code}[comment]" not in codes and not {f"{text} {comment}" for comment in _COMMENTS} & {*texts}
    )


FORM: Final = Form("LimeSurvey", _head)
