"""The sentences labelled by hand: ``en.txt`` and ``fr.txt``, one a line, what is personal in braces with its kind.

    Ask {name:Karen}, or ring {phone:020 7946 0123}.

Written line by line, from no template, about invented people. Titles stand outside the braces. Split by a rule that
was fixed before anything was measured: odd lines are to tune on, even lines are held out and serve the published
figures only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from friction.records import Directory, Lang, Span, Team, TeamId

HERE: Final = Path(__file__).parent
Half = Literal["tune", "held"]
_MARK: Final = re.compile(r"\{(name|email|url|phone|account|number|ip|handle|staff):([^{}]+)\}")

IDENTIFIERS: Final = re.compile(r"\b[EM]\d{6}\b")
"""The employee numbers of the organisation of these sentences, as its configuration would say."""
_TEAMS: Final = {
    "sales": ("Sales", "les commerciaux", "l'admin des ventes"),
    "legal": ("Legal", "le juridique"),
    "ops": ("Ops", "l'exploitation"),
    "it": ("IT", "la DSI", "helpdesk"),
    "victoria": ("Victoria store", "Victoria", "the Victoria people"),
    "saint-denis": ("Saint-Denis", "dépôt de Saint-Denis"),
    "florence": ("Projet Florence", "Florence"),
    "apollo": ("Apollo", "team Apollo"),
}
DIRECTORY: Final = Directory({TeamId(key): Team(TeamId(key), names[0], 20, names[1:]) for key, names in _TEAMS.items()})
"""Teams of the sentences; three of them are called like people."""


@dataclass(frozen=True, slots=True)
class Label:
    """What is personal, and its kind."""

    span: Span
    kind: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text and everything personal in it. ``line`` is where it stands."""

    text: str
    labels: tuple[Label, ...]
    line: int


def parse(marked: str, line: int = 0) -> Sentence:
    """A sentence out of its marked form."""
    text, labels, at = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        labels.append(Label(Span(len(text), len(text) + len(match[2])), match[1]))
        text += match[2]
        at = match.end()
    return Sentence(text + marked[at:], tuple(labels), line)


def read(lang: Lang, half: Half | None = None) -> Iterator[Sentence]:
    """Sentences of a language, all of them or one half."""
    for line, marked in enumerate((HERE / f"{lang}.txt").read_text(encoding="utf-8").splitlines(), 1):
        if half is None or (line % 2 == 1) == (half == "tune"):
            yield parse(marked, line)
