"""Whose team a column of teams holds, by its header: the author's, or the one spoken of.

Blame must never point the wrong way: of a header that says neither, or both, nothing is guessed. Called by
``friction.sources.columns``.
"""

import re
from typing import Final, Literal

from friction.sources.grid import level

Whose = Literal["from_team", "about_team"]
_TEAM: Final = (
    "(?:team|squad|tribe|department|dept|service|division|unit|function|group|direction|pole|equipe|departement|entite)"
)
_ABOUT: Final = re.compile(
    r"\b(?:about|regarding|a propos|au sujet|parlez?|retours?|avis|feedback|kudos|not(?:er|ez|ee)|jug(?:er|ez|ee)|"
    r"(?:concern|target|cible|rat(?:e|ing)|evalu|assess|review|apprais|judg|thank|remerci|prais|felicit|recogni|critici|"
    r"critiqu|blam|complain|mention)\w*)\b"
)
_BARE: Final = re.compile(
    r"(?:(?:from|author|respondent|[dls]|name|nom|business|please|select|choose|the|of|de|du|la|le|or|and|ou|et) )*"
    rf"{_TEAM}s?(?: (?:name|or|ou|and|et|du|de|of|the|repondant|respondent|author|auteur|{_TEAM}))*"
)
"""Says "team", and next to nothing else; anything else beside it may make it another's."""
_OWN: Final = re.compile(rf"\b(?:your|my|our|votre|mon|notre) (?:own |current |home |main )?{_TEAM}\b")
_BELONGS: Final = re.compile(
    r"\b(?:are you|you are) (?:in|on|from|part|a member)\b|\byou (?:work|belong|sit)(?: (?:in|on|for|at|to)\b|$)|"
    r"\b(?:vous travaillez|travaillez vous|etes vous|vous etes)(?: (?:membre|rattache|affecte)|$)|"
    rf"\bappartenez\b|\bfaites vous partie\b|\bin (?:which|what|welche[mr]) {_TEAM}$"
)
_WITH: Final = re.compile(r"\b(?:with|avec)\b")
_WHICH: Final = re.compile(rf"\b(?:which|what|quelles?|quels?) (?:other |autre )?{_TEAM}\b")


def whose(header: str) -> Whose | None:
    """Whose team a column under this header holds.

    >>> whose("Your department"), whose("De quelle équipe parlez-vous ?"), whose("Team you work with most")
    ('from_team', 'about_team', None)
    """
    asked = " ".join(word for word in re.split(r"[\W_]+", level(header)) if word.isalpha())
    is_own = _BARE.fullmatch(asked) or _BELONGS.search(asked) or (_OWN.search(asked) and not _WHICH.search(asked))
    if _ABOUT.search(asked):
        return None if is_own else "about_team"
    return "from_team" if is_own and not _WITH.search(asked) else None
