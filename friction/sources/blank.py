"""Answers that say nothing: counted as blank, never as comments.

An empty cell, a dash, "n/a", « RAS », « rien à signaler »: people fill a required box with them, and a silence that
counted as a comment would dilute every share. The list is short and whole-cell only: "none of them answers" says a
lot. "-99" is what Qualtrics writes, if it is told to, for a question that was seen and not answered.
"""

from typing import Final

from friction.sources.grid import level

_SAYS_NOTHING: Final = frozenset(
    """
    n/a|na|n.a|n a|n/c|nc|none|nil|no|non|null|nothing|nope|no comment|no comments|nothing to report|nothing to add
    nothing to say|not applicable|no answer|none at all|nothing special|no feedback|idk|ras|r.a.s|r a s|rien|aucun
    aucune|neant|rien a signaler|rien a dire|rien a ajouter|rien de special|rien de particulier|pas de commentaire
    pas de commentaires|aucun commentaire|sans objet|sans avis|s/o|so|sans commentaire|sans commentaires
    pas d'avis|nothing for now|rien pour l'instant|rien pour le moment|tbd|(blank)|(empty)|(vide)|<na>|nan|99
    no remark|no remarks|no further comment|no further comments|no suggestion|no suggestions|no opinion|no idea
    don't know|i don't know|dont know|not sure|nothing else|nothing really|nothing specific|nothing in particular
    nothing comes to mind|nothing to declare|nothing to mention|nothing at the moment|nothing at this time
    none at the moment|none at this time|not at this time|not at the moment|no comment at this time|not applicable to me
    no thanks|no, thanks|no thank you|no, thank you|see above|same as above|ditto|idem|n\\a
    pas de remarque|pas de remarques|aucune remarque|pas de suggestion|pas de suggestions|aucune suggestion|aucune idee
    pas d'idee|pas d'opinion|sans opinion|je ne sais pas|ne sais pas|nsp|non concerne|non concernee|non applicable
    rien d'autre|rien de plus|rien du tout|rien en particulier|rien a declarer|non merci|non, merci|voir ci-dessus
    """.replace("\n", "|").split("|")
)
_ONLY: Final = frozenset(word for entry in _SAYS_NOTHING if (word := entry.strip()))
_LONGEST: Final = max(map(len, _ONLY)) + 12
FAILED: Final = frozenset(
    ["#name?", "#ref!", "#value!", "#n/a", "#div/0!", "#num!", "#null!", "#error!", "#nom?", "#valeur!"]
)
"""What a spreadsheet leaves where a formula failed: often a comment that began with "=" or "-"."""


def is_blank(answer: str) -> bool:
    """Whether an answer says nothing.

    >>> [is_blank(answer) for answer in ("", " - ", "N/A", "R.A.S.", "Rien à signaler !", "None of them answers")]
    [True, True, True, True, True, False]
    """
    if len(answer) > _LONGEST:
        return not answer.strip()
    words = level(answer).strip(" .,;:!?-_/*\"'«»…—–\ufeff\u200b")
    return not words or words in _ONLY


def has_failed(answer: str) -> bool:
    """Whether a formula's error stands in the answer's place.

    >>> has_failed("#NAME?"), has_failed("#1 problem is the handover")
    (True, False)
    """
    return answer[:9].strip().lower() in FAILED and len(answer.strip()) < 9
