"""Find the teams that a text names: whole words, without regard to case, accents or kind of apostrophe.

A longer alias wins over a shorter one inside it; one with an article ("the buyers") is met without it, and in the
singular. Words that only say "team" beside a name belong to the mention ("the sales team", « l'équipe commerciale »).
Whether the word really means the team here is the classifier's to say.
Called by ``friction.pipeline``, and wherever somebody names a team; ``training`` uses the same finder, so that both
read alike.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import ahocorasick

from friction.errors import UsageError
from friction.records import Directory, Mention, Span, TeamId

_SAME: Final = str.maketrans(
    {
        "\u2019": "'",
        "\u2018": "'",
        "\u02bc": "'",
        "\u2010": "-",
        "\u2011": "-",
        "\u2013": "-",
        "\u00a0": " ",
        "\u202f": " ",
    }
)
_PLURALS: Final = ("es", "s", "x", "")
_TEAM_AFTER: Final = re.compile(r" (?:team|department|dept|crew|folks|guys|people)\b")
_OF: Final = r"(?: (?:de la|de l'|des|du|de|d'))"
_TEAM_BEFORE: Final = re.compile(rf"\b(?:equipe|service|departement|pole)s?{_OF}? ?$|\b(?:gens|collegues|gars){_OF} ?$")
_LONGEST_BEFORE: Final = len("departements de la \n")
"""Characters of the longest match of ``_TEAM_BEFORE``; its ``$`` holds before a last line break too."""
_ARTICLE: Final = re.compile(r"(?:the|our|le|la|les|nos) |l'")
_FUNCTION_WORDS: Final = frozenset(
    [
        "it",
        "us",
        "or",
        "am",
        "pm",
        "is",
        "as",
        "on",
        "et",
        "si",
        "ce",
        "ou",
        "a",
        "in",
        "an",
        "the",
        "me",
        "do",
        "so",
        "no",
        "go",
        "at",
        "by",
        "la",
        "le",
        "un",
    ]
)
"""An alias that is spelled like one of these ("IT", "US") is met in capitals only."""


def _derived(alias: str) -> Iterator[str]:
    """Forms that people use beside an alias with an article: "the buyers" -> "buyers", "buyer"."""
    article = _ARTICLE.match(alias)
    if article is None or len(bare := alias[article.end() :]) < 4:
        return
    yield bare
    if bare.endswith(("s", "x")) and " " not in bare and len(bare) > 4:
        yield bare[:-1]


_KEPT: Final = 0x2200
"""Latin letters, accents, punctuation and currency signs are before this character."""


class _Folds(dict[int, str]):
    """What each character becomes, worked out when it is first met; ``str.translate`` reads it.

    Those beyond ``_KEPT`` are worked out each time, so that no text makes the table large.

    Attributes:
        uneven: characters that were met, and become none or several.
    """

    def __init__(self) -> None:
        super().__init__()
        self.uneven: set[str] = set()

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = unicodedata.normalize("NFKD", char.translate(_SAME).casefold())
        folded = "".join(c for c in folded if not unicodedata.combining(c))
        folded = folded.replace("\u0153", "oe").replace("\u00e6", "ae")
        if len(folded) != 1:
            self.uneven.add(char)
        if code < _KEPT:
            self[code] = folded
        return folded


_FOLDS: Final = _Folds()


def fold(text: str) -> str:
    """Case, accents, apostrophes and dashes levelled, for comparison."""
    return text.translate(_FOLDS)


def _fold_in_place(text: str) -> tuple[str, Sequence[int]]:
    """``fold(text)``, and where each of its characters, and its end, stands in ``text``."""
    folded = fold(text)
    if _FOLDS.uneven.isdisjoint(text):
        return folded, range(len(text) + 1)
    return folded, [place for place, char in enumerate(text) for _ in _FOLDS[ord(char)]] + [len(text)]


@dataclass(frozen=True, slots=True)
class _Alias:
    team: TeamId
    length: int
    capitals: str | None
    acronym: bool
    """Written in capitals in the directory; then so must its plural be: "POs", but not PUI in "puis"."""


class TargetFinder:
    """Finds mentions of a directory's teams.

    Raises:
        UsageError: two teams share an alias.
    """

    def __init__(self, directory: Directory) -> None:
        self._teams = tuple(directory.teams)
        self._automaton = ahocorasick.Automaton()
        owners: dict[str, TeamId] = {}
        acronyms: set[str] = set()
        derived: list[tuple[str, TeamId]] = []
        for team in directory.teams.values():
            for alias in (team.id, team.id.replace("-", " ").replace("_", " "), team.name, *team.aliases):
                folded = " ".join(fold(alias).split())
                if not folded:
                    continue
                if alias.isupper():
                    acronyms.add(folded)
                if owners.setdefault(folded, team.id) != team.id:
                    raise UsageError(
                        f"teams.{owners[folded]} and teams.{team.id} share the alias {alias!r} (ids and names are "
                        "aliases too); give it to one of them"
                    )
                derived += [(form, team.id) for form in _derived(folded)]
        for form, owner in derived:
            owners.setdefault(form, owner)
        for folded, owner in owners.items():
            capitals = folded.upper() if folded in _FUNCTION_WORDS else None
            self._automaton.add_word(folded, _Alias(owner, len(folded), capitals, folded in acronyms))
        self._automaton.make_automaton()

    def find(self, text: str) -> tuple[Mention, ...]:
        """Mentions in order of appearance, without overlaps."""
        folded, index = _fold_in_place(text)
        hits: list[tuple[int, int, TeamId]] = []
        for last, alias in self._automaton.iter(folded):
            start, end = last + 1 - alias.length, last + 1
            whole = _word_end(folded, end)
            if whole is None or (start > 0 and _in_word(folded, start)):
                continue
            written = text[index[start] : index[end]]
            if alias.capitals and written != alias.capitals:
                continue
            if whole > end and alias.acronym and not written.isupper():
                continue
            hits.append((start, whole, alias.team))
        taken: list[tuple[int, int, TeamId]] = []
        covered = bytearray(len(folded))
        for start, end, team in sorted(hits, key=lambda h: (h[0] - h[1], h[0])):
            if covered.find(1, start, end) < 0:
                covered[start:end] = b"\1" * (end - start)
                taken.append((start, end, team))
        mentions = []
        for start, end, team in sorted(taken):
            if after := _TEAM_AFTER.match(folded, end):
                end = after.end()
            if before := _TEAM_BEFORE.search(folded, max(0, start - _LONGEST_BEFORE), start):
                start = before.start()
            mentions.append(Mention(Span(index[start], index[end]), team))
        return tuple(mentions)

    def resolve(self, name: str) -> TeamId | None:
        """The team whose id, name or alias ``name`` is, as a whole."""
        folded = " ".join(fold(name).split())
        alias: _Alias | None = self._automaton.get(folded, None)
        return alias.team if alias else None

    def named(self, name: str) -> TeamId:
        """The team that somebody names, as ``resolve``.

        Raises:
            UsageError: no team is called so.
        """
        team = self.resolve(name)
        if team is None:
            raise UsageError(f"No team is called {name!r}. Known: {', '.join(self._teams)}")
        return team


def _in_word(folded: str, start: int) -> bool:
    return _is_word(folded[start - 1]) and _is_word(folded[start])


def _word_end(folded: str, end: int) -> int | None:
    """Where the word that an alias ends in stops, a plural ending allowed; None if the word goes on."""
    for plural in _PLURALS:
        stop = end + len(plural)
        if folded.startswith(plural, end) and (stop == len(folded) or not _is_word(folded[stop])):
            return stop
    return None


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
