"""Whose team a column of teams holds, by its header: the author's, or the one spoken of.

Blame must never point the wrong way, so that a header is believed only where it says nothing else. The author's team
is one that is called that from end to end ("Your team", "In which department do you work?"); "your team" beside
another verb may well ask for the team that slows yours down. Of a header that says neither, or both, nothing is
guessed: the operator is asked. Called by ``friction.sources.columns``.
"""

import re
from typing import Final, Literal

from friction.sources.grid import level

Whose = Literal["from_team", "about_team"]
_TEAM: Final = (
    "(?:team|squad|tribe|department|dept|service|division|unit|function|group|direction|pole|equipe|departement|entite)"
)
_TEAMS: Final = rf"{_TEAM}(?: (?:(?:or|and|ou|et) )?{_TEAM})*"
_YOUR: Final = rf"(?:your|my|our|votre|mon|notre) (?:own |current |home |main |business )?{_TEAM}\b"
_AUTHOR: Final = "(?:author|respondent|auteur|repondant)"
_ASKS: Final = (
    r"(?:(?:please|kindly|veuillez|merci|svp|select(?:ionner|ionnez)?|choose|pick|choisi(?:r|ssez)|enter|tell us|give"
    r"|saisi(?:r|ssez)|indicate|indiqu(?:er|ez)|specify|precis(?:er|ez)|renseign(?:er|ez)|what(?: s)?|which"
    r"|of the following|quel(?:le)?|is|est|(?:the )?name of|(?:le )?nom d[eu]|de|d)(?: |$))*"
)
"""What a form says before it comes to the point."""
_NOTE: Final = (
    r"(?: (?:name|actuelle?|principale?|currently|actuellement|now|today|at the moment|list|liste|dropdown|drop down"
    r"|required|optional|obligatoire|faculta(?:tif|tive)|single choice|(?:please )?(?:select|choose)(?: one)?|is|est"
    r"|below|(?:from|in) the list|dans la liste|ci dessous|de rattachement|d (?:appartenance|affectation)"
    r"|in the (?:company|organi[sz]ation)|dans l (?:entreprise|organisation)|s il vous plait|svp))*"
)
"""What may follow it and changes nothing."""
_SIT: Final = (
    r"(?:(?:currently |mainly |primarily )?(?:in|on|from|part of|an? member of|members? of"
    r"|work(?:ing)? (?:in|on|for|at)|belong(?:ing)? to|sit(?:ting)? (?:in|on)"
    r"|(?:based|placed) in|(?:assigned|attached)(?: to)?|work(?:ing)?|belong|sit))"
)
_VOUS: Final = (
    r"(?:travaillez|etes|appartenez|faites)(?: vous)?(?: (?:actuellement|partie|membre|rattachee?|affectee?|e|s))*"
)
_PLAIN: Final = re.compile(
    rf"(?:(?:from|business|{_AUTHOR}(?: s)?|name of(?: the)?|nom|de(?: la| l)?|du) )*{_TEAMS}"
    rf"(?: name| (?:(?:of|de|du) (?:the |l |la )?)?{_AUTHOR}| d appartenance| de rattachement)?"
)
"""Says "team", and next to nothing else; anything else beside it may make it another's."""
_OWN: Final = re.compile(
    rf"(?:{_TEAM} )?{_ASKS}{_YOUR}(?: (?:(?:or|and|ou|et) )?(?:(?:your|votre) )?{_TEAM})*(?: s name)?{_NOTE}"
)
_BELONGS: Final = re.compile(
    rf"(?:{_TEAM} )?{_ASKS}(?:"
    rf"(?:(?:in|on|from|to|for|of) )?(?:which|what) (?:of the following )?{_TEAMS}s? (?:are|do) you(?: {_SIT})?"
    rf"|(?:the )?{_TEAMS} (?:(?:that|which|where|(?:in|to) which) )?you (?:are )?{_SIT}"
    rf"|where do you {_SIT}"
    rf"|(?:(?:dans|a|au sein de|de) )?quel(?:le)? {_TEAMS} (?:vous )?{_VOUS}"
    rf"|{_TEAMS} (?:ou|dont|auquel|(?:dans|a|de) laquelle|dans lequel) vous {_VOUS}"
    rf"|vous (?:travaillez|etes) (?:dans|a) quel(?:le)? {_TEAMS}|ou {_VOUS}|in welche[mr] {_TEAM}"
    rf"){_NOTE}"
)
_ABOUT: Final = re.compile(
    r"\b(?:about|regarding|a propos|au sujet|parlez?|retours?|avis|feedback|kudos|not(?:er|ez|ee)|jug(?:er|ez|ee)|"
    r"(?:concern|target|cible|rat(?:e|ing)|evalu|assess|review|apprais|judg|thank|remerci|prais|felicit|recogni|critici|"
    r"critiqu|blam|complain|mention)\w*)\b"
)
_BY: Final = re.compile(
    rf"{_YOUR}|\byou (?:are|work|belong|sit)\b|\bvous (?:travaillez|etes)\b|\b(?:by|from|par|de la part|{_AUTHOR}|"
    r"(?:review|rat|assess|apprais|evaluat|complain)(?:er|or|eur|ant)|critics?|giv(?:er|ing|en)|gave|donn(?:ant|eur)|"
    rf"provid\w+|submit\w*|send\w*|sent|rais\w+|writ\w+|wrote|origine|emet\w+|redig\w+|\w+ing {_TEAM})\b|"
    rf"\b(?:avis|retours?|feedback) (?:de|du|d|of)(?: la| l| the| which| quel(?:le)?)? {_TEAM}"
)
"""Says who speaks, and not of whom: the team of the reviewer is not the team that is reviewed."""
_YOURSELF: Final = re.compile(r"(?:about you(?:rself)?|a propos de vous)(?: |$)")


def whose(header: str) -> Whose | None:
    """Whose team a column under this header holds.

    >>> whose("Your department"), whose("De quelle équipe parlez-vous ?"), whose("Team that blocks your team most")
    ('from_team', 'about_team', None)
    """
    asked = " ".join(word for word in re.split(r"[\W_]+", level(header)) if word.isalpha())
    asked = _YOURSELF.sub("", asked, count=1) if _YOURSELF.match(asked) else asked
    if any(form.fullmatch(asked) for form in (_PLAIN, _OWN, _BELONGS)):
        return "from_team"
    return "about_team" if _ABOUT.search(asked) and not _BY.search(asked) else None
