"""From a file to the private store: every comment once, or a row number and a reason.

Composes a source, the pipeline and the store; keeps no text. Called by the commands ``ingest`` and ``weekly``.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from friction import sources
from friction.batch_report import Report
from friction.disclosure import SEEN_WEEKS
from friction.errors import SourceError
from friction.pipeline import Pipeline
from friction.records import Comment, Scored, Week
from friction.rejects import Listing, Stage
from friction.settings import Settings, SourceSection
from friction.store.scores import ScoreStore, Vote

OLDEST_WEEKS: Final = 260
"""A row of before then is a slip of the pen, and would make as many empty releases."""
Progress = Callable[[int], None]


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
        SourceError: the file cannot be read, or ``strict`` met a reject.
    """
    name = "standard input" if path == "-" else Path(path).name
    mapping = settings.source(source)
    report = Report(name)
    with sources.open_bytes(path) as raw, Listing() as listing:
        content = _digest(raw)
        if store.has_batch(content):
            report.repeated = True
            return report
        reading = _Reading(report, listing, settings, pipeline, mapping, source or "", week, store.oldest_week())
        votes = list(reading.votes(raw, progress or _silent))
        if strict and report.rejects.count:
            row, reason = report.rejects.shown()[0]
            raise SourceError(
                f"{name}: {report.rejects.count} rows rejected, the first is row {row}: {reason}. "
                "Nothing was written (--strict)."
            )
        if report.rejects.count:
            report.rejects_file = settings.data / "rejects" / f"{content.hex()[:16]}.csv"
            listing.write(report.rejects_file)
    report.votes = len(votes)
    report.added = store.add_batch(content, votes, whole=not report.rejects.count)
    return report


class _Reading:
    def __init__(
        self,
        report: Report,
        listing: Listing,
        settings: Settings,
        pipeline: Pipeline,
        mapping: SourceSection,
        source: str,
        week: Week | None,
        oldest: Week | None,
    ) -> None:
        self._report = report
        self._listing = listing
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
                self._reject(comment.row, scored.error, "scoring")
                continue
            self._report.comments += 1
            self._report.languages[str(scored.lang)] += 1
            self._report.masked.update(scored.masked)
            self._report.weeks[str(comment.week or self._week)] += 1
            self._report.targets.update(score.team for score in scored.targets)
            yield from self._attributed(comment, scored)

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
            self._reject(row.number, str(reason), "reading")

    def _reject(self, row: int, reason: str, stage: Stage) -> None:
        self._report.rejects.add(row, reason)
        self._listing.add(row, reason, stage)

    def _attributed(self, comment: Comment, scored: Scored) -> Collection[Vote]:
        """One vote for each team that may be spoken of; a small team's comments count for its parent."""
        week = comment.week or self._week
        if comment.from_team is None or week is None or scored.lang is None:
            self._report.unattributed["no author's team"] += 1
            return ()
        key = self._key(comment, week)
        if comment.id is not None and self._occurrences[key] > 1:
            self._report.repeats += 1
            return ()
        if not scored.targets:
            self._report.unattributed["no target"] += 1
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
        if scored.targets and not merged:
            self._report.unattributed["no team that may be spoken of"] += 1
        return merged.values()

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
