"""Whether a column holds what people wrote, or what they chose from a list.

A label of a scale, a ticked box or a colleague's name that is read as a comment is a vote that nobody cast, about the
team that the header names. So answers must be people's own words: some are longer than labels are, they differ from
row to row, and they are not all of a scale's words. Of a header that asks for a choice ("How often ...", "Your
contact in ..."), more is asked. What is lost by this is said: its column is among those that are not used. Called by
``friction.sources.columns``; sees the first rows, keeps none.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from friction.sources.grid import level

_PROSE: Final = 4
"""Words from which an answer is prose."""
_SHORT: Final = 4
_LONG: Final = 6
"""Words that most options have no more of; that few have."""
_ENOUGH: Final = 5
"""Answers from which it shows that they come from a list; of short ones, three are enough."""
_PARTS: Final = re.compile(r"[,;|]+")
"""What stands between the boxes that one answer ticks."""
_ASKS_FOR_WORDS: Final = re.compile(
    r"\b(?:about|why|pourquoi|feedback|verbatim|own words|comments|comment(?=\W*$)|your comment"
    r"|(?:commentaire|remark|remarque|expla|expliqu|descri|decri|detail|precis|specify)\w*)\b"
)
"""French asks "how" with "comment"."""
_ASKS_FOR_A_CHOICE: Final = re.compile(
    r"\b(?:how (?:often|satisfied|likely|well|easy|much|many|long|frequently|good|happy)|rat(?:e|ing|ings)|scores?|nps|"
    r"status|statut|scale|echelle|combien|dans quelle mesure|satisfaction|parmi|not(?:e|er|ez)|which of|check all|tick|"
    r"who (?:is|are|was)|qui est|"
    r"(?:contact|interlocut|frequen|select|choose|choisi|coch|lesquel|agree|consent|accept|autoris)\w*)\b"
)
_SCALE: Final = frozenset(
    """
    a about absolutely acceptable adequate agree all always at average awful bad barely better completely daily day
    definitely difficult disagree dissatisfied don't easy entirely every excellent extremely fair fairly fine
    frequently fully good great happy hard hardly high hour i important in know less likely low medium moderately
    month monthly more most mostly much n/a neither neutral never no nor not occasionally of often ok okay once
    opinion or outstanding per perfect poor probably quarter quite rarely rather regularly satisfactory satisfied
    satisfying seldom slightly so some sometimes somewhat strongly sure terrible than the time times to too totally
    twice unacceptable undecided unhappy unimportant unlikely unsatisfactory unsatisfied unsure useful useless
    usually very week weekly well worse year yes yet
    absolument acceptable accord aucune avis bien bon bonne chaque chez d'accord d'avis de des difficile du en et
    excellent excellente facile faible fait fois fort fortement frequemment heure important insatisfaisant
    insatisfaisante insatisfait insatisfaite insuffisant insuffisante jamais je jour l'ensemble la le les mal
    mauvais mauvaise mediocre mois moyen moyenne moyennement ne neutre ni non nul nulle occasionnellement ou oui par
    parfait parfaite parfois pas peu plus plutot probablement quelquefois quotidiennement rarement regulierement
    sais sait sans satisfaisant satisfaisante satisfait satisfaite se semaine souvent suffisant suffisante sur
    toujours tous tout toute toutes tres trop un une utile
    """.split()
)
"""All that the labels of scales are made of, levelled: how much, how often, how good, how sure."""


def is_prose(header: str, answers: Sequence[str], *, names_team: bool) -> bool:
    """Whether these answers are comments.

    Args:
        header: what the column is called.
        answers: its cells that say something, in order, numbers left out.
        names_team: the header names one team, so that shorter answers are about it.

    >>> is_prose("Sales?", ["They never answer", "slow"], names_team=True)
    True
    >>> is_prose("Sales?", ["Very bad", "Neither good nor bad"], names_team=True)
    False
    """
    question = level(header)
    said = [one for one in map(level, answers) if not question.endswith(one)]
    own_words = [one for one in said if not _is_label(one)]
    asks_for_words = _ASKS_FOR_WORDS.search(question) is not None
    asks_for_choice = _ASKS_FOR_A_CHOICE.search(question) is not None
    if not own_words or _is_choice(own_words, is_short=not asks_for_words):
        return False
    if asks_for_choice and not asks_for_words:
        written = {one for one in own_words if max(map(_words, _PARTS.split(one))) >= _LONG}
        return 3 * len(written) >= 2 * len({*said})
    enough = _PROSE if not names_team else _PROSE - 1 if asks_for_choice or not asks_for_words else _PROSE - 2
    written = {one for one in own_words if _words(one) >= enough}
    return 3 * len(written) >= len({*said}) * (2 if 2 * len(own_words) < len(said) else 1)


def _words(answer: str) -> int:
    return len(answer.split())


def _is_label(answer: str) -> bool:
    """Says nothing but how much, or which boxes are ticked, as Microsoft Forms ends them.

    >>> _is_label("neither satisfied nor dissatisfied"), _is_label("tout a fait d'accord"), _is_label("tout va bien")
    (True, True, False)
    """
    return answer.endswith(";") or all(
        word.strip(".,;:!?()") in _SCALE for word in re.split(r"[\s/-]+", answer) if word
    )


def _is_choice(answers: Sequence[str], *, is_short: bool) -> bool:
    """Most of what is said is said again: the answers, or the boxes that they tick, come from a list.

    What many say alike ("all is well") does not make a list of what the others write. ``is_short``: a few short
    answers may be one too.
    """
    counts = Counter(part for answer in answers for part in map(str.strip, _PARTS.split(answer)) if part)
    if 2 * sum(count > 1 for count in counts.values()) < len(counts):
        return False
    if is_short and counts.total() >= 3 and all(_words(part) <= _SHORT for part in counts):
        return True
    return counts.total() >= _ENOUGH and 2 * len(counts) < counts.total()
