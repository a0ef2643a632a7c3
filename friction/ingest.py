"""From a file to the private store: every comment once, or a row number and a reason.

Composes a source, the pipeline and the store; keeps no text. Called by the commands ``ingest`` and ``weekly``.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from friction import sources
from friction.errors import UsageError
from friction.pipeline import Pipeline
from friction.records import Comment, Scored, Week
from friction.settings import Settings, SourceSection
from friction.store.scores import SEEN_WEEKS, ScoreStore, Vote

OLDEST_WEEKS: Final = 260
"""A row of before then is a slip of the pen, and would make as many empty releases."""
Progress = Callable[[int], None]


@dataclass(slots=True)
class Report:
    """What became of a file, in counts.

    Attributes:
        rejected: row numbers and reasons, without text.
        form: the tool that wrote the file, or its kind.
        blank: answers that say nothing, and messages that are no person's words.
        masked: what redaction masked in the comments, by kind.
        weeks: comments by the week that they fell in; a file that spans several is split by this.
        unattributed: comments that land on no pair: no target, no author's team, or none that may be spoken of.
        repeats: rows that stand in the file twice, id and all; they count once.
        repeated: the very same file is in already, whole; nothing was done.
    """

    name: str
    form: str = ""
    rows: int = 0
    comments: int = 0
    blank: int = 0
    unattributed: int = 0
    repeats: int = 0
    votes: int = 0
    added: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    weeks: Counter[str] = field(default_factory=Counter)
    rejected: list[tuple[int, str]] = field(default_factory=list)
    ignored_columns: tuple[str, ...] = ()
    repeated: bool = False
    rejects_file: Path | None = None


def ingest(
    path: str,
    *,
    settings: Settings,
    pipeline: Pipeline,
    store: ScoreStore,
    source: str | None = None,
    week: Week | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Read one file through the pipeline into the private store.

    Args:
        path: a file, or ``-`` for standard input.
        settings: the running configuration.
        pipeline: scores the comments.
        store: takes the votes.
        source: name of a ``[sources.NAME]`` section with the column mapping.
        week: for rows that state none.
        strict: any rejected row fails the file, and nothing is written.
        progress: told the number of rows read so far, after each comment.

    Raises:
        UsageError: the file cannot be read, or ``strict`` met a reject.
    """
    name = "standard input" if path == "-" else Path(path).name
    mapping = settings.source(source)
    report = Report(name)
    with sources.open_bytes(path) as raw:
        content = _digest(raw)
        if store.has_batch(content):
            report.repeated = True
            return report
        reading = _Reading(report, settings, pipeline, mapping, source or "", week, store.oldest_week())
        votes = list(reading.votes(raw, progress or _silent))
    if strict and report.rejected:
        row, reason = report.rejected[0]
        raise UsageError(
            f"{name}: {len(report.rejected)} rows rejected, the first is row {row}: {reason}. "
            "Nothing was written (--strict)."
        )
    if report.rejected:
        report.rejects_file = _write_rejects(report, settings.data / "rejects", content)
    report.votes = len(votes)
    report.added = store.add_batch(content, votes, whole=not report.rejected)
    return report


class _Reading:
    def __init__(
        self,
        report: Report,
        settings: Settings,
        pipeline: Pipeline,
        mapping: SourceSection,
        source: str,
        week: Week | None,
        oldest: Week | None,
    ) -> None:
        self._report = report
        self._settings = settings
        self._pipeline = pipeline
        self._mapping = mapping
        self._source = source
        self._week = week
        self._oldest = oldest
        self._zone = settings.zone(mapping)
        self._today = Week.of(datetime.now(self._zone).date())
        self._occurrences: Counter[str] = Counter()

    def votes(self, raw: BinaryIO, progress: Progress) -> Iterator[Vote]:
        opened = sources.read(
            raw,
            self._report.name,
            self._mapping,
            self._pipeline.targets.resolve,
            find=self._pipeline.targets.find,
            zone=self._zone,
            min_people=self._settings.policy.min_respondents,
        )
        self._report.form = opened.form
        self._report.ignored_columns = opened.ignored
        for comment, scored in self._pipeline.stream(self._usable(opened.rows), evidence=False):
            progress(self._report.rows)
            if scored.error is not None:
                self._report.rejected.append((comment.row, scored.error))
                continue
            self._report.comments += 1
            self._report.languages[str(scored.lang)] += 1
            self._report.masked.update(scored.masked)
            self._report.weeks[str(comment.week or self._week)] += 1
            repeats = self._report.repeats
            votes = list(self._attributed(comment, scored))
            self._report.unattributed += not votes and self._report.repeats == repeats
            yield from votes
        self._report.rejected.sort()

    def _usable(self, rows: Iterator[sources.Row]) -> Iterator[Comment]:
        last = 0
        for row in rows:
            self._report.rows += row.number != last
            last = row.number
            if row.blank:
                self._report.blank += 1
                continue
            reason = row.reason
            if row.comment is not None:
                week = row.comment.week or self._week
                if week is None:
                    reason = "no week; give a week column, or --week 2026-W47"
                elif row.comment.respondent is None and not self._mapping.one_row_per_person:
                    reason = (
                        "no respondent; give a column of pseudonyms, or state one_row_per_person = true "
                        "in a [sources.NAME] section and name it with --source"
                    )
                else:
                    reason = self._impossible(week)
                if reason is None:
                    yield row.comment
                    continue
            self._report.rejected.append((row.number, str(reason)))

    def _attributed(self, comment: Comment, scored: Scored) -> Iterator[Vote]:
        """One vote for each team that may be spoken of; a small team's comments count for its parent."""
        week = comment.week or self._week
        if comment.from_team is None or week is None or scored.lang is None:
            return
        key = self._key(comment, week)
        if comment.id is not None and self._occurrences[key] > 1:
            self._report.repeats += 1
            return
        respondent = comment.respondent or key
        is_named = comment.respondent is not None and comment.survey is None
        survey = None if is_named else f"{comment.survey or self._source}\x1f{week}"
        merged: dict[str, Vote] = {}
        for score in scored.targets:
            team = self._settings.directory.reportable(score.team, self._settings.policy.min_team_size)
            if team is None or team == comment.from_team:
                continue
            before = merged.get(team)
            labels = score.labels if before is None else tuple(dict.fromkeys(before.labels + score.labels))
            merged[team] = Vote(
                from_team=comment.from_team,
                about_team=team,
                week=week,
                respondent=respondent,
                comment=key,
                lang=scored.lang,
                blamed=score.blamed or (before is not None and before.blamed),
                appreciated=score.appreciated or (before is not None and before.appreciated),
                labels=labels,
                model=self._pipeline.model,
                survey=survey,
            )
        yield from merged.values()

    def _key(self, comment: Comment, week: Week) -> str:
        """What makes a comment the same one in another file: all that its row says, but not who wrote it.

        The respondent stays out: this key outlives the window, and must not tell the author of a text that is known.
        Rows without an id that say the same are told apart by their count in the file.
        """
        row = (self._source, comment.id, comment.from_team, comment.about_team, week, comment.text)
        digest = hashlib.sha256("\x1f".join(map(str, row)).encode()).hexdigest()
        self._occurrences[digest] += 1
        return digest if comment.id is not None else f"{digest}\x1f{self._occurrences[digest]}"

    def _impossible(self, week: Week) -> str | None:
        """Why a row of that week cannot be counted, if so."""
        if week > self._today:
            return "the week is in the future; mend the row, or give --week 2026-W47"
        if self._today - week > OLDEST_WEEKS:
            return f"the week is more than {OLDEST_WEEKS} weeks back; mend the row, or leave it out"
        if self._oldest is not None and week < self._oldest:
            return f"the week is more than {SEEN_WEEKS} weeks before the last release: too late to be counted"
        return None


def _silent(_rows: int) -> None:
    """Progress that nobody watches."""


def _digest(raw: BinaryIO) -> bytes:
    """SHA-256 of a whole file, which is left at its start."""
    found = hashlib.sha256()
    while chunk := raw.read(1 << 20):
        found.update(chunk)
    raw.seek(0)
    return found.digest()


def _write_rejects(report: Report, folder: Path, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{content.hex()[:16]}.csv"
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(["row", "reason"])
        writer.writerows(report.rejected)
    return path
