"""What became of a file, in counts: for the operator who holds it, for the private store, and for everybody else.

    to_table, to_json   the operator's terminal: all of it
    stored              the private store: without the name of the file, which may name a person
    public              whoever may only send files: what their file alone decides, and which columns of it are not used
    lasting             the same without which row was rejected, and in which language it is: a log, and an old upload's

Promise: ``public`` says nothing that hangs on what others wrote (rule 12 of ``docs/privacy.md``): no pair, no team, and
not what was in already. Nothing here holds a word of a comment or of a header: columns are letters.
Filled by ``friction.ingest``; shown by the commands that read files, and its public part in their logs.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from friction.records import TeamId
from friction.rejects import Group, Rejects
from friction.wording import counted

Lost = Literal["no target", "no author's team", "no team that may be spoken of"]
"""Why a comment lands on no pair."""
_LANGUAGE: Final = re.compile(r"^language '[^']+'")
"""As ``friction.language.rejected`` names one."""
_NOTHING: Final = "Not one of its rows could be counted; its report says why."
_LISTED: Final = "The rows and the reasons are listed in friction-data/rejects."
_NO_TEAM: Final = (
    "Not one of its comments could be counted, because no author's team is known. Name the column that holds it in "
    "[sources.NAME], or of a chat its authors, groups or channels, and the source with --source (in the inbox: the "
    "folder; over HTTP: the field source); or add the teams, as they are written there, to [teams] of friction.toml."
)
_NO_TARGET: Final = (
    "Not one of its comments could be counted, since none names a team, and of a column of teams its header does not "
    "say whose they are. Say so in [sources.NAME], and name that source (--source; in the inbox: the folder; over "
    "HTTP: the field source)"
)
_ANEW: Final = "To count it anew, withdraw it first: friction ingest --batches"


@dataclass(slots=True)
class Report:
    """What became of a file, in counts.

    Attributes:
        name: of the file.
        batch: the id under which it can be withdrawn; empty where nothing was written.
        form: the tool that wrote the file, or its kind.
        blank: answers that say nothing, and messages that are no person's words.
        repeats: rows that stand in the file twice, id and all; they count once.
        votes: stances of a comment on a team; ``added`` of them are new to the store.
        weeks: comments by the week that they fell in; a file that spans several is split by this.
        late: comments of weeks that are released; their votes count in the week after those.
        masked: what redaction masked in the comments, by kind.
        targets: comments that speak of a team, by team.
        unattributed: comments that land on no pair, by why.
        ignored_columns: letters of the columns that are not used, the tool's own aside, and sheets of a workbook.
        taken_columns: which columns were taken for comments, on whom, and for whose teams, by letter.
        asked_columns: of these, what must be said of columns of teams, since their header does not.
        waiting: pairs that got a vote and would not be released as they are.
        repeated: the very same file is in already, whole.
        is_dry: nothing was written; ``added`` is what would have been new.
    """

    name: str
    batch: str = ""
    form: str = ""
    rows: int = 0
    comments: int = 0
    blank: int = 0
    repeats: int = 0
    votes: int = 0
    added: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    weeks: Counter[str] = field(default_factory=Counter)
    late: int = 0
    masked: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)
    unattributed: Counter[Lost] = field(default_factory=Counter)
    waiting: tuple[tuple[TeamId, TeamId], ...] = ()
    rejects: Rejects = field(default_factory=Rejects)
    ignored_columns: tuple[str, ...] = ()
    taken_columns: tuple[str, ...] = ()
    asked_columns: tuple[str, ...] = ()
    repeated: bool = False
    is_dry: bool = False
    rejects_file: Path | None = None

    @property
    def is_lost(self) -> bool:
        """Something was said, and nothing of it could be counted, for a reason that can be mended.

        No row was good, no author has a team, or nobody speaks of a team, whatever its size, and there is a column of
        teams of which it must be said whose they are.
        """
        if self.comments == self.unattributed["no author's team"]:
            return self.comments + self.rejects.count > 0
        return not self.targets and bool(self.asked_columns)

    @property
    def advice(self) -> str:
        """What to do about a file that ``is_lost``."""
        if self.comments > self.unattributed["no author's team"]:
            return f"{_NO_TARGET}: {'; '.join(self.asked_columns)}."
        if self.comments:
            return _NO_TEAM
        return _NOTHING if self.is_dry else f"{_NOTHING} {_LISTED}"


def public(report: Report) -> dict[str, Any]:
    """What whoever sent a file may know of it."""
    return {
        "form": report.form,
        "rows": report.rows,
        "comments": report.comments,
        "blank": report.blank,
        "languages": _by_name(report.languages),
        "weeks": _by_name(report.weeks),
        "masked": _by_name(report.masked),
        "rejected": report.rejects.count,
        "rejects": [
            {"reason": reason, "count": group.count, "rows": group.rows}
            for reason, group in report.rejects.groups.items()
        ],
        "columns_not_used": list(report.ignored_columns),
    }


def lasting(told: Mapping[str, Any]) -> dict[str, Any]:
    """What may be kept of ``public``, and logged: rejects by reason, and not which row was in which language."""
    counts: Counter[str] = Counter()
    for group in told["rejects"]:
        counts[_LANGUAGE.sub("the language", group["reason"])] += group["count"]
    return {**told, "rejects": [{"reason": reason, "count": n, "rows": []} for reason, n in counts.items()]}


def stored(report: Report) -> dict[str, Any]:
    """What the private store keeps beside a batch."""
    return lasting(public(report)) | _inside(report)


def _inside(report: Report) -> dict[str, Any]:
    return {
        "late": report.late,
        "repeats": report.repeats,
        "votes": report.votes,
        "added": report.added,
        "targets": _by_name(report.targets),
        "unattributed": _by_name(report.unattributed),
        "waiting": [{"from_team": speaks, "about_team": about} for speaks, about in report.waiting],
    }


def to_json(report: Report) -> dict[str, Any]:
    """All of a report, for the operator."""
    return {
        "file": report.name,
        "batch": report.batch or None,
        "dry_run": report.is_dry,
        "in_already": report.repeated,
        **public(report),
        **_inside(report),
        "columns_taken": list(report.taken_columns),
        "rejects_file": None if report.rejects_file is None else str(report.rejects_file),
    }


def to_table(report: Report) -> str:
    """All of a report, for a terminal; a line for each thing that there is something to say of."""
    if report.repeated and not report.rows:
        return f"{report.name}: in already, nothing to do. {_ANEW}"
    would = "would count" if report.is_dry else "counted"
    first = (
        f"{report.name}: {counted(report.rows, 'row')}, {counted(report.comments, 'comment')}, "
        f"{counted(report.added, 'vote')} {would}, "
        f"{report.unattributed.total():,} unattributed, {report.rejects.count:,} rejected"
    )
    return "\n".join([first, *(f"  {name:<16}{said}" for name, said in _lines(report) if said)])


def _lines(report: Report) -> Iterator[tuple[str, str]]:
    yield "batch", report.batch
    yield "read as", report.form
    yield "languages", _counts(report.languages)
    yield "weeks", _counts(report.weeks)
    yield "late", f"{counted(report.late, 'comment')} of released weeks, for the next release" if report.late else ""
    yield "masked", _counts(report.masked)
    yield "blank", f"{report.blank:,}" if report.blank else ""
    yield "teams spoken of", _counts(report.targets)
    yield "unattributed", _counts(report.unattributed)
    yield "in already", _in_already(report)
    yield "too few voices", ", ".join(f"{speaks} -> {about}" for speaks, about in report.waiting)
    yield "columns", ", ".join(report.taken_columns)
    yield "not used", ", ".join(report.ignored_columns)
    for reason, group in report.rejects.groups.items():
        yield "rejected", f"{group.count:,}: {reason} ({_rows(group)})"
    yield "rejects listed", str(report.rejects_file or "")


def _in_already(report: Report) -> str:
    if report.repeated:
        return f"the very same file, whole: it does not count again. {_ANEW}"
    again = report.votes - report.added + report.repeats
    return f"{counted(again, 'vote')} not counted again" if again else ""


def _rows(group: Group) -> str:
    more = ", ..." if group.count > len(group.rows) else ""
    return f"row{'s' * (group.count > 1)} {', '.join(map(str, group.rows))}{more}"


def _by_name(counts: Counter[Any]) -> dict[str, int]:
    return {str(name): number for name, number in sorted(counts.items())}


def _counts(counts: Counter[Any]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()))
