"""From a file to the private store: every comment once, or a row number and a reason.

Composes a source, the pipeline and the store; keeps no text. Called by ``friction.commands``, for every
command that reads files.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from friction import rejects, sources
from friction.batch_report import Report, stored
from friction.errors import SourceError
from friction.identity import Identities, tells
from friction.pipeline import BLOCK, Looker, Pipeline
from friction.records import Comment, Pair, Scored, TeamId, Week
from friction.rejects import Listing, Stage
from friction.settings import Settings
from friction.store.scores import Preview, ScoreStore, Taken, Voices, Vote, Votes
from friction.wording import counted

_NO_WEEK: Final = "no week; give a week column, or --week 2026-W47 (over HTTP: the field week)"
_NO_RESPONDENT: Final = (
    "no respondent; give a column of pseudonyms, or state one_row_per_person = true "
    "in a [sources.NAME] section and name it with --source (over HTTP: the field source)"
)
OLDEST_WEEKS: Final = 260
"""A row of before then is a slip of the pen, and would make as many empty releases."""
Progress = Callable[[Report, float], None]
"""Told now and then how far a file is read: the report so far, and the share of the file's bytes."""


def ingest(
    path: str,
    *,
    settings: Settings,
    pipeline: Pipeline,
    store: ScoreStore,
    source: str | None = None,
    week: Week | None = None,
    strict: bool = False,
    again: bool = False,
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
        again: read a file that is in already like a new one, so that what its sender is told does not hang on others.
        progress: as ``Progress`` says.

    Raises:
        SourceError: the file cannot be read, or ``strict`` met a reject.
    """
    report = Report(_name(path))

    def taken(found: Taken) -> dict[str, Any]:
        report.batch, report.added = found.batch, found.added
        report.waiting = _waiting(found.voices, settings)
        return stored(report)

    with sources.open_bytes(path) as raw, Listing() as listing:
        content = _digest(raw)
        if not again and store.has_batch(content):
            report.repeated = True
            return report
        reading = _Reading(report, listing.add, settings, pipeline, source, week, store)
        votes = Votes()
        for found in reading.votes(raw, progress or _silent):
            for vote in found:
                votes.add(vote)
        if strict:
            _refuse_rejects(report)
        report.votes = len(votes)
        store.add_batch(content, votes, whole=not (report.rejects.count or report.is_lost), report=taken)
        report.repeated = not report.batch
        if report.batch:
            report.rejects_file = listing.put(rejects.place(settings.data, report.batch))
    return report


def rehearse(
    path: str,
    *,
    settings: Settings,
    pipeline: Looker,
    preview: Preview,
    source: str | None = None,
    week: Week | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> Report:
    """What ``ingest`` would say of a file, with the same arguments. Writes nothing; only row hashes stay in memory.

    ``pipeline``: a ``Looker`` takes every team that is named for a target, a ``Pipeline`` asks the model.

    Raises:
        SourceError: as ``ingest``.
    """
    report = Report(_name(path), is_dry=True)
    with sources.open_bytes(path) as raw:
        report.repeated = preview.has_batch(_digest(raw))
        reading = _Reading(report, _unlisted, settings, pipeline, source, week, preview)
        for found in reading.votes(raw, progress or _silent):
            preview.take(found)
    if strict:
        _refuse_rejects(report)
    report.votes, added = preview.counts()
    if not report.repeated:
        report.added, report.waiting = added, _waiting(preview.voices(), settings)
    return report


class _Reading:
    def __init__(
        self,
        report: Report,
        listed: Callable[[int, str, Stage], None],
        settings: Settings,
        pipeline: Looker,
        source: str | None,
        week: Week | None,
        store: ScoreStore | Preview,
    ) -> None:
        self._report = report
        self._listed = listed
        self._settings = settings
        self._pipeline = pipeline
        self._mapping = settings.source(source)
        self._week = week
        self._oldest, self._released = store.oldest_week(), store.released_week()
        self._today = Week.of(datetime.now(settings.zone(self._mapping)).date())
        self._identities = Identities(source or "")
        self._rejected: dict[Stage, tuple[int, str]] = {}

    def votes(self, raw: BinaryIO, progress: Progress) -> Iterator[Collection[Vote]]:
        """The votes of each comment."""
        size = raw.seek(0, 2) or 1
        raw.seek(0)
        opened = sources.opener(self._settings, self._mapping, self._pipeline.targets)(raw, self._report.name)
        self._report.form = opened.form
        self._report.ignored_columns = opened.ignored
        self._report.taken_columns, self._report.asked_columns = opened.taken, opened.asks
        for number, (comment, scored) in enumerate(self._pipeline.stream(self._usable(opened.rows), evidence=False)):
            if number % BLOCK == 0:
                progress(self._report, raw.tell() / size)
            if scored.error is not None:
                self._reject(comment.row, scored.error, "scoring")
                continue
            self._report.comments += 1
            self._report.languages[str(scored.lang)] += 1
            self._report.masked.update(scored.masked)
            if week := comment.week or self._week:
                self._report.weeks[str(week)] += 1
                self._report.late += self._released is not None and week <= self._released
            self._report.targets.update(score.team for score in scored.targets)
            yield self._attributed(comment, scored)

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
                is_nobody = row.comment.respondent is None and not self._mapping.one_row_per_person
                if week is None:
                    reason = f"{_NO_WEEK}; {_NO_RESPONDENT}" if is_nobody else _NO_WEEK
                elif is_nobody:
                    reason = _NO_RESPONDENT
                else:
                    reason = self._impossible(week, is_stated=row.comment.week is not None)
                if reason is None:
                    yield row.comment
                    continue
            self._reject(row.number, str(reason), "reading")

    def _reject(self, row: int, reason: str, stage: Stage) -> None:
        """Count a row once, however many of its comments are rejected for the same reason."""
        if self._rejected.get(stage) == (row, reason):
            return
        self._rejected[stage] = row, reason
        self._report.rejects.add(row, reason)
        self._listed(row, reason, stage)

    def _attributed(self, comment: Comment, scored: Scored) -> Collection[Vote]:
        """One vote for each team that may be spoken of; a small team's comments count for its parent."""
        week = comment.week or self._week
        if comment.from_team is None or week is None or scored.lang is None:
            self._report.unattributed["no author's team"] += 1
            return ()
        key = self._identities.key(comment, week)
        if key is None:
            self._report.repeats += 1
            return ()
        if not scored.targets:
            self._report.unattributed["no target"] += 1
        respondent, pool = self._identities.person(comment, week, key, self._report.form)
        is_ambiguous = pool is not None and not tells(comment)
        merged: dict[str, Vote] = {}
        for score in scored.targets:
            team = self._settings.directory.reportable(
                score.team, self._settings.policy.min_team_size, by=comment.from_team
            )
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
                is_ambiguous=is_ambiguous,
                pool=pool,
                merged=team != score.team or (before is not None and before.merged),
            )
        if scored.targets and not merged:
            self._report.unattributed["no team that may be spoken of"] += 1
        return merged.values()

    def _impossible(self, week: Week, *, is_stated: bool) -> str | None:
        """Why a row of that week, which it states or not, cannot be counted, if so."""
        if week > self._today:
            stated = "mend the row" if is_stated else "give another --week (over HTTP: the field week)"
            return f"the week is in the future; {stated}"
        if self._today - week > OLDEST_WEEKS:
            return f"the week is more than {OLDEST_WEEKS} weeks back; mend the row, or leave it out"
        if self._oldest is not None and week < self._oldest:
            return f"too late to be counted: what counted before {self._oldest} is no longer known; leave the row out"
        return None


def _name(path: str) -> str:
    return "standard input" if path == "-" else Path(path).name


def _refuse_rejects(report: Report) -> None:
    if report.rejects.count:
        row, reason = report.rejects.shown()[0]
        raise SourceError(
            f"{report.name}: {counted(report.rejects.count, 'row')} rejected, the first is row {row}: {reason}. "
            "Nothing was written (--strict)."
        )


def _waiting(voices: Mapping[Pair, Voices], settings: Settings) -> tuple[Pair, ...]:
    """Pairs that would not be released: too few people, or a target that may not speak for a small team."""
    directory, policy = settings.directory, settings.policy

    def is_heard(speaks: TeamId, about: TeamId) -> bool:
        found = voices[speaks, about]
        is_reportable = directory.may_be_spoken_of(about, policy.min_team_size, merged=found.merged, by=speaks)
        return is_reportable and policy.enough_voices(directory.heard(speaks, found.people))

    return tuple(sorted(pair for pair in voices if not is_heard(*pair)))


def _silent(_report: Report, _share: float) -> None:
    """Progress that nobody watches."""


def _unlisted(_row: int, _reason: str, _stage: Stage) -> None:
    """Rejects that nobody lists."""


def _digest(raw: BinaryIO) -> bytes:
    """SHA-256 of a whole file, which is left at its start."""
    found = hashlib.sha256()
    while chunk := raw.read(1 << 20):
        found.update(chunk)
    raw.seek(0)
    return found.digest()
