"""The corpus: comments written and labelled by hand, one folder a split, two files an organisation.

    training/corpus/SPLIT/ORG.toml    its directory (as in friction.toml) and who wrote it
    training/corpus/SPLIT/ORG.jsonl   its comments, one JSON object a line (see docs/taxonomy.md)

Splits are by organisation and writer. Examples are built with the run time's own redaction, finder and markers, so
that training reads what serving reads. A word that the finder takes for a team, and that is no target of the
comment, is an ordinary word there ("support us"): the head ``is_team`` learns it.
"""

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from friction.errors import UsageError
from friction.markers import mark, question
from friction.records import Directory, Lang, Reading, Team, TeamId
from friction.redaction import Redactor
from friction.targets import TargetFinder
from friction.taxonomy import HEADS, PATTERNS

CORPUS: Final = Path(__file__).parent / "corpus"
Split = Literal["train", "dev", "test"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A corpus row: the comment as read, and its gold targets."""

    id: str
    org: str
    reading: Reading
    targets: dict[TeamId, "Gold"]


@dataclass(frozen=True, slots=True)
class Gold:
    """What the annotator said of one target."""

    blame: bool
    appreciation: bool
    patterns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Example:
    """One candidate target of one comment, as the model is asked about it.

    Attributes:
        question, text: the two parts of the model's input.
        labels: 0 or 1 by head, in the order of ``taxonomy.HEADS``.
        weights: 1 where the head is trained on this example: stances only of teams, patterns only of blame.
    """

    id: str
    org: str
    lang: Lang
    team: TeamId
    question: str
    text: str
    labels: tuple[float, ...]
    weights: tuple[float, ...]


def read_directory(path: Path) -> Directory:
    """The teams of an organisation's TOML file."""
    teams = tomllib.loads(path.read_text(encoding="utf-8"))["teams"]
    return Directory(
        {
            TeamId(key): Team(TeamId(key), team.get("name", key), team.get("headcount"), tuple(team.get("aliases", ())))
            for key, team in teams.items()
        }
    )


def read_rows(
    path: Path, directory: Directory, whole: Callable[[dict[str, Any]], dict[str, Any]] = dict
) -> Iterator[Labelled]:
    """Labelled comments of one file.

    Args:
        path: JSON lines.
        directory: the teams.
        whole: makes a row of the guideline's form of what stands in a line.

    Raises:
        UsageError: a row is not a labelled comment; the message has the line number, not the text.
    """
    finder, redactor = TargetFinder(directory), Redactor(directory)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            yield labelled(whole(json.loads(line)), path.stem, finder, directory, redactor)
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"{path} line {number}: not a labelled comment ({type(error).__name__}: {error})"
            ) from None


def labelled(row: dict[str, Any], org: str, finder: TargetFinder, directory: Directory, redactor: Redactor) -> Labelled:
    """A row in the guideline's form, read as the run time would read it.

    Raises:
        KeyError, TypeError, ValueError: the row is not in that form, or names an unknown team or pattern.
    """
    text = redactor.redact(row["text"]).text
    targets: dict[TeamId, Gold] = {}
    for target in row["targets"]:
        if target["team"] not in directory.teams:
            raise ValueError("it has a target that is no team of the directory")
        if not set(target["patterns"]) <= set(PATTERNS):
            raise ValueError(f"it has a pattern that is none of {', '.join(PATTERNS)}")
        targets[TeamId(target["team"])] = Gold(target["blame"], target["appreciation"], frozenset(target["patterns"]))
    reading = Reading(text, row["lang"], finder.find(text.text), row.get("from_team"), row.get("about_team"))
    return Labelled(row["id"], org, reading, targets)


def load(split: Split, root: Path = CORPUS) -> list[Labelled]:
    """Every labelled comment of a split, by organisation.

    Raises:
        UsageError: the split has no organisation.
    """
    rows: list[Labelled] = []
    for path in sorted((root / split).glob("*.jsonl")):
        rows += read_rows(path, read_directory(path.with_suffix(".toml")))
    if not rows:
        raise UsageError(f"No corpus in {root / split}")
    return rows


def examples(rows: list[Labelled]) -> list[Example]:
    """One example for each candidate that the finder sees. A target that it misses cannot be trained on."""
    out = []
    for row in rows:
        for team in row.reading.candidates:
            gold = row.targets.get(team)
            labels = [0.0] * len(HEADS)
            weights = [1.0, *[float(gold is not None)] * 2, *[float(gold is not None and gold.blame)] * len(PATTERNS)]
            if gold is not None:
                labels = [
                    1.0,
                    float(gold.blame),
                    float(gold.appreciation),
                    *(float(p in gold.patterns) for p in PATTERNS),
                ]
            if team == row.reading.about_team:
                weights[0] = 0.0
            text = mark(row.reading, team).text
            out.append(
                Example(
                    row.id,
                    row.org,
                    row.reading.lang,
                    team,
                    question(row.reading, team),
                    text,
                    tuple(labels),
                    tuple(weights),
                )
            )
    return out
