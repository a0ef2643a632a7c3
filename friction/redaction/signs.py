"""Signs that a word is a name, or that it is not. Called by ``friction.redaction.names``."""

from typing import Literal

from friction.redaction import context
from friction.redaction.lexicon import lexicon
from friction.redaction.sentence import Sentence

Known = Literal["plain", "worded", "placed"]


class Signs:
    """What the neighbours of each word say of it. ``spared`` are the words of the directory's phrases."""

    def __init__(self, sentence: Sentence, spared: frozenset[int]) -> None:
        self._sentence = sentence
        self._words = sentence.words
        self._spared = spared
        self._lists = lexicon()

    def is_spared(self, at: int) -> bool:
        """Whether the directory calls a team so."""
        return at in self._spared

    def known(self, at: int) -> Known | None:
        """What the lists say; a hyphenated word is known by its parts."""
        folded = self._words[at].folded
        if folded in context.THINGS_AFTER:
            return None
        if folded in self._lists.plain:
            return "plain"
        if folded in self._lists.worded:
            return "worded"
        if folded in self._lists.placed:
            return "placed"
        if "-" not in folded or folded.startswith("saint-"):
            return None
        first, second = folded.split("-")[:2]
        capital = self._words[at].text.replace("\u2011", "-").split("-")[1][:1].isupper()
        both = first in self._lists.given and second in self._lists.given
        plain = first in self._lists.plain
        return "plain" if (both and (capital or plain)) or (plain and capital) else None

    def may_be_unknown(self, at: int) -> bool:
        """No ordinary word, no title, no contraction, nothing known to be something else: perhaps a name."""
        word = self._words[at]
        folded = word.folded
        return (
            folded not in self._lists.ordinary
            and folded not in self._lists.placed
            and folded not in context.NOT_PEOPLE
            and folded not in context.TITLES
            and folded not in context.ROLES
            and not any(part in self._lists.ordinary for part in folded.split("-") if "-" in folded)
            and ("'" not in folded or (folded[1] == "'" and word.text[2:3].isupper()))
        )

    def title(self, at: int) -> Literal["short", "full", "role"] | None:
        """Whether the word is a title of the next: an abbreviation, a whole word, or a function."""
        word, between = self._words[at], self._sentence.between(at)
        if between not in (" ", "\u00a0", "\u202f", ".", ". ", ".\u00a0", ".\u202f"):
            return None
        if word.folded in context.SHORT:
            if word.folded == "m" and (
                "." not in between or (word.start and self._sentence.text[word.start - 1] == ".")
            ):
                return None if word.text == "m" or "." in between else "full"
            return None if word.text == "ms" else "short"
        if "." in between and word.folded not in context.ABBREVIATED:
            return None
        if word.folded in ("me", "pr", "col", "mm", "mmes") and (not word.text[0].isupper() or word.text.isupper()):
            return None
        if word.folded in context.TITLES:
            return "full"
        return "role" if word.folded in context.ROLES else None

    def is_lower_name(self, at: int) -> bool:
        """Whether a given name written small is one."""
        word = self._words[at]
        return (
            self._sentence.before(at) not in context.THINGS_BEFORE
            and not self.is_spared(at)
            and not self._sentence.touches(at, "@/\\_#")
            and word.text[-1] not in "\u00e9r"
        )

    def is_behind_handle(self, at: int) -> bool:
        """A family name written small right after somebody's handle: "@anne durand"."""
        is_behind = at > 0 and self._sentence.previous(at) is not None and self._sentence.is_handle(at - 1)
        return is_behind and not self.is_spared(at) and self.continues(at, small=True)

    def is_abbreviation(self, at: int) -> bool:
        """Whether a word is in so few capitals that it is one more often than a name, common given names apart."""
        word = self._words[at]
        is_name = word.folded in self._lists.lower and word.folded not in context.ABBREVIATIONS
        return word.text.isupper() and len(word.text) <= 4 and not is_name

    def is_thing(self, at: int) -> bool:
        """A street, a room, a firm that bears a name; a word that is part of a path."""
        if self._sentence.touches(at, "@/\\_#"):
            return not self._is_beside_name(at)
        following = self._sentence.next(at)
        if following is not None and following.folded in context.THINGS_AFTER:
            return True
        if self._sentence.before(at) in context.THINGS_BEFORE:
            return True
        if at and self._words[at - 1].text == "St" and self._sentence.between(at - 1) == ". ":
            return True
        return self._sentence.between(at) in (" & ", " + ") or (at > 0 and self._sentence.between(at - 1) == " & ")

    def is_meant(self, at: int, known: Known) -> bool:
        """Whether a word that is something else as well is a name here."""
        word, lead = self._words[at], self._sentence.before(at)
        if self._sentence.shouted or word.text.isupper():
            return False
        if self._sentence.next(at) is not None and self.is_surname(at + 1):
            return True
        if word.folded not in self._lists.notable or lead == "#":
            return False
        starts = self._sentence.starts(at)
        if lead in context.DETERMINERS and not starts:
            return False
        if self.is_addressed(at) or self._does(at, context.HUMAN):
            return True
        if known == "placed":
            return False
        if self._does(at, context.PREDICATES) or self._did(at) or self._is_of_a_team(at):
            return True
        return not starts and lead not in context.LOCATIVES and not self._sentence.in_heading(at)

    def is_addressed(self, at: int, *, unknown: bool = False) -> bool:
        """Right after a verb of speech: "ask Karen", « demandez à Sophie ». ``unknown``: no list has the word."""
        word = self._words[at]
        if self._sentence.shouted or len(word.text) < 3 or word.folded in context.DAYS:
            return False
        if unknown and not (self.may_be_unknown(at) and word.text[-2:].islower()):
            return False
        if at and self._sentence.between(at - 1) == ", " and self._words[at - 1].folded in context.FUNCTIONS:
            return True
        before = self._sentence.previous(at)
        if before is None:
            return False
        if before.folded in context.SPEECH:
            return True
        towards = self._sentence.previous(at - 1)
        return before.folded in context.TOWARDS and towards is not None and towards.folded in context.TOWARDS_AFTER

    def acts(self, at: int) -> bool:
        """An unknown capitalised word that does what people do: "Tibor said", « Tiphaine a demandé »."""
        word = self._words[at]
        return (
            not self._sentence.shouted
            and len(word.text) > 2
            and word.text[-2:].islower()
            and self.may_be_unknown(at)
            and self._sentence.before(at) not in context.DETERMINERS
            and (self._does(at, context.HUMAN, who=False) or (self._who(at) and not self._sentence.starts(at)))
        )

    def _who(self, at: int) -> bool:
        """Whether ", who" follows."""
        return self._sentence.between(at) == ", " and self._words[at + 1].text == "who"

    def is_surname(self, at: int) -> bool:
        """Whether a capitalised word can only be the rest of a name begun before it."""
        word = self._words[at]
        if not word.text[0].isupper() or self.is_spared(at) or self.is_thing(at) or word.folded in context.THINGS_AFTER:
            return False
        if word.folded in context.NOT_PEOPLE or (
            word.text.isupper() and len(word.text) < 4 and not self._sentence.shouted
        ):
            return False
        if word.folded in self._lists.plain:
            return True
        if self._sentence.shouted:
            return False
        elsewhere = word.folded in self._lists.worded or word.folded in self._lists.placed
        return self.may_be_unknown(at) or (elsewhere and word.folded in self._lists.family)

    def continues(self, at: int, *, small: bool) -> bool:
        """Whether a name goes on with the word; ``small``: it was written in lower case so far."""
        word = self._words[at]
        if small:
            plain = word.folded in self._lists.plain and word.folded not in self._lists.ordinary
            return plain and word.text.islower() and len(word.text) > 3
        if len(word.text) == 1:
            return word.text.isupper() and self._sentence.text.startswith(".", word.end)
        return self.is_surname(at)

    def is_unknown_given(self, at: int, name: int) -> bool:
        """Whether an unknown word before a family name belongs to it: "Tibor Smith"."""
        before = self._words[at]
        return (
            self._sentence.next(at) is not None
            and not self._sentence.shouted
            and self._words[name].text[0].isupper()
            and before.text[0].isupper()
            and before.text[1:].islower()
            and len(before.text) > 2
            and self.may_be_unknown(at)
            and before.folded not in context.SPEECH
            and before.folded not in context.THINGS_BEFORE
            and not self.is_spared(at)
            and not self._sentence.touches(at, "@/\\_#")
        )

    def is_particle_of_family(self, at: int) -> bool:
        """As in "De Souza", "Da Silva": a particle in capitals and a family name."""
        following = self._sentence.next(at)
        if following is None or self._sentence.shouted or self._words[at].folded not in context.CAPITAL_PARTICLES:
            return False
        plain = following.text[0].isupper() and following.folded in self._lists.plain
        return plain and not self.is_thing(at + 1) and not self.is_spared(at + 1)

    def _does(self, at: int, verbs: frozenset[str], *, who: bool = True) -> bool:
        """Whether what follows is done by people: "asked", « a demandé », "who has"."""
        following = self._sentence.next(at)
        if following is None or following.text[-1] in "\u00e9\u00e0":
            return False
        if following.folded in ("who", "qui"):
            return who and self._words[at].folded not in self._lists.placed
        if following.folded in ("a", "avait") or following.folded[-2:] == "'a":
            return any(w.folded in context.DONE for w in self._words[at + 2 : at + 5])
        return following.folded in verbs

    def _did(self, at: int) -> bool:
        """Whether an English past tense follows a name that is no verb itself: "Grace audited"."""
        following = self._sentence.next(at)
        past = following is not None and following.text.endswith("ed") and following.text.islower()
        return past and self._words[at].folded not in context.WORDS_OF_COMMAND

    def _is_of_a_team(self, at: int) -> bool:
        """As in "Chad from Sales", "Ivy on the helpdesk": a preposition and one of the directory's words."""
        following = self._sentence.next(at)
        if following is None or following.folded not in ("from", "in", "at", "on", "of", "du", "de", "des"):
            return False
        return any(self.is_spared(i) for i in range(at + 2, min(at + 4, len(self._words))))

    def _is_beside_name(self, at: int) -> bool:
        """As in "Shaun/Leila", "Anne_Durand"."""
        sides = [i for i in (at - 1, at + 1) if 0 <= i < len(self._words)]
        return any(
            self._sentence.between(min(i, at)) in ("/", "_")
            and self._words[i].folded in self._lists.plain
            and not self.is_spared(i)
            for i in sides
        )
