"""The ``friction`` command. Thin: options in, one call, words out. Heavy modules are imported inside commands.

``service`` and ``training`` bring their commands through the entry-point group ``friction.commands``.
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
"""

import json
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from friction import __version__
from friction.errors import FrictionError, UsageError

if TYPE_CHECKING:
    from friction.ingest import Report
    from friction.pipeline import Pipeline
    from friction.records import Week
    from friction.settings import Settings

app = typer.Typer(
    name="friction",
    help="Blame between teams, read from anonymous comments, reported only as safe aggregates.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Config = Annotated[Path, typer.Option("--config", help="The configuration file.", metavar="PATH")]
CONFIG = Path("friction.toml")
LONGEST_NAME = 24
"""Characters of a column's name that a message may show."""


def main() -> None:
    """Entry point: load every command, run one, turn errors into exit codes."""
    for found in entry_points(group="friction.commands"):
        found.load()(app)
    try:
        app()
    except FrictionError as error:
        print(f"friction: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:  # its text, or a traceback's, may hold a comment's
        print(f"friction: {_place(error)}. This is a defect; please report this line.", file=sys.stderr)
        sys.exit(1)


def _place(error: Exception) -> str:
    """What went wrong and where, without the error's own words."""
    frames = traceback.extract_tb(error.__traceback__)
    home = str(Path(__file__).parent.parent)
    ours = [f for f in frames if f.filename.startswith(home) and "site-packages" not in f.filename]
    frame = (ours or frames)[-1]
    return f"unexpected {type(error).__name__} in {Path(frame.filename).name} line {frame.lineno}"


def build_pipeline(settings: "Settings") -> "Pipeline":
    """The pipeline for a configuration, with the released model."""
    from friction.classifier import Classifier
    from friction.model_folder import RELEASED
    from friction.pipeline import Pipeline

    return Pipeline(settings.directory, Classifier.load(RELEASED), settings.redactor())


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write; it must not hold a friction.toml.")] = Path(),
    sample: Annotated[bool, typer.Option("--sample", help="A whole sample company, to look around.")] = False,
) -> None:
    """Write a commented friction.toml and an inbox."""
    from friction import sample as sample_company

    written = sample_company.write(folder) if sample else sample_company.write_starter(folder)
    print(f"Wrote {written}. Put files into {written.parent / 'inbox'} and run: friction weekly --config {written}")


@app.command()
def score(
    file: Annotated[str, typer.Argument(help="A survey or chat export, CSV, XLSX or JSON lines; - is standard input.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write here instead of to standard output.")] = None,
    source: Annotated[str | None, typer.Option(help="Column mapping [sources.NAME] of the configuration.")] = None,
    strict: Annotated[
        bool, typer.Option(help="Any row that cannot be scored is a failure; nothing is written.")
    ] = False,
    config: Config = CONFIG,
) -> None:
    """Score comments and keep nothing: one JSON object a line, in input order."""
    from friction import settings as configuration
    from friction.scoring import score_file

    settings = configuration.load(config)
    pipeline = build_pipeline(settings)
    lines, rejected = score_file(file, pipeline, settings.source(source))
    if strict:
        kept = list(lines)
        lines = iter(kept)
        if rejected:
            number, reason = rejected[0]
            raise UsageError(
                f"{len(rejected)} rows rejected, the first is row {number}: {reason}. Nothing was written."
            )
    if out is None:
        for line in lines:
            print(line)
    else:
        _write_whole(out, lines)
    if rejected:
        print(f"friction: {len(rejected)} rows could not be scored; each says why in its error field", file=sys.stderr)


def _write_whole(path: Path, lines: Iterator[str]) -> None:
    """Write a file that is there whole or not at all."""
    part = Path(f"{path}.part")
    try:
        with part.open("w", encoding="utf-8") as target:
            target.writelines(line + "\n" for line in lines)
        part.replace(path)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}. Name a file in a folder that exists.") from None
    finally:
        part.unlink(missing_ok=True)


@app.command()
def ingest(
    files: Annotated[
        list[str] | None, typer.Argument(help="A survey or chat export, CSV, XLSX or JSON lines; - is standard input.")
    ] = None,
    inbox: Annotated[bool, typer.Option("--inbox", help="Read every file of the inbox beside friction.toml.")] = False,
    source: Annotated[str | None, typer.Option(help="Column mapping [sources.NAME] of the configuration.")] = None,
    week: Annotated[str | None, typer.Option(help="ISO week of rows that state none, like 2026-W47.")] = None,
    strict: Annotated[
        bool, typer.Option(help="Any rejected row is a failure; nothing of its file is written.")
    ] = False,
    config: Config = CONFIG,
) -> None:
    """Read files through the pipeline into the private store. The same file twice counts once."""
    from friction import settings as configuration
    from friction.records import Week

    settings = configuration.load(config)
    paths = list(files or [])
    if inbox:
        paths += inbox_files(settings)
    elif not paths:
        raise UsageError("Name at least one file, or use --inbox")
    ingest_files(paths, settings, source=source, week=None if week is None else Week.parse(week), strict=strict)


def inbox_files(settings: "Settings") -> list[str]:
    """Files that wait in the inbox, by name."""
    if not settings.inbox.is_dir():
        raise UsageError(f"No inbox at {settings.inbox}. Make the folder, or run: friction init")
    return [str(p) for p in sorted(settings.inbox.iterdir()) if p.is_file() and not p.name.startswith(".")]


def ingest_files(
    paths: Sequence[str],
    settings: "Settings",
    *,
    source: str | None = None,
    week: "Week | None" = None,
    strict: bool = False,
) -> None:
    """Ingest files one by one and say what became of each. A file that cannot be read does not stop the others."""
    from friction.ingest import ingest as ingest_file
    from friction.store.scores import ScoreStore

    pipeline = build_pipeline(settings)
    store = ScoreStore(settings.scores_address)
    failures: list[str] = []
    for path in paths:
        try:
            with _progress(path) as show:
                report = ingest_file(
                    path,
                    settings=settings,
                    pipeline=pipeline,
                    store=store,
                    source=source,
                    week=week,
                    strict=strict,
                    progress=show,
                )
            _say(report)
        except UsageError as error:
            if len(paths) == 1:
                raise
            failures.append(str(error))
            print(f"friction: {error}", file=sys.stderr)
    store.close()
    if failures:
        raise UsageError(f"{len(failures)} of {len(paths)} files could not be read; the others are in")


@contextmanager
def _progress(path: str) -> Iterator["_Counter"]:
    counter = _Counter(path)
    try:
        yield counter
    finally:
        counter.clear()


class _Counter:
    """Rows so far, on a terminal only."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._shown = sys.stderr.isatty()

    def __call__(self, rows: int) -> None:
        if self._shown and rows % 256 == 0:
            print(f"\r{self._path}: {rows} rows", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _say(report: "Report") -> None:
    if report.repeated:
        print(f"{report.name}: in already, nothing to do")
        return
    languages = ", ".join(f"{n} {lang}" for lang, n in sorted(report.languages.items())) or "none"
    print(
        f"{report.name}: {report.rows} rows, {report.comments} comments ({languages}), {report.added} votes counted, "
        f"{report.unattributed} unattributed, {len(report.rejected)} rejected"
    )
    if report.form not in ("table", "JSON lines"):
        print(f"  read as {report.form}; weeks: {', '.join(sorted(report.weeks)) or 'none'}")
    if report.blank:
        print(f"  {report.blank} answers are blank, or no person's words")
    if again := report.votes - report.added + report.repeats:
        print(f"  {again} votes were in already and did not count again")
    if report.ignored_columns:
        named = [c for c in report.ignored_columns if len(c) <= LONGEST_NAME]  # a longer one may be a comment's text
        more = len(report.ignored_columns) - len(named)
        print(f"  columns not used: {', '.join(named + [f'{more} with a long name'] * bool(more))}")
    for number, reason in report.rejected[:3]:
        print(f"  row {number}: {reason}", file=sys.stderr)
    if report.rejects_file:
        print(f"  every rejected row is listed in {report.rejects_file}", file=sys.stderr)


@app.command()
def release(
    through: Annotated[str | None, typer.Option(help="Last week to close; by default the last whole one.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only check that every release is as it was written.")
    ] = False,
    config: Config = CONFIG,
) -> None:
    """Close the windows that meet the thresholds and write their released cells."""
    from friction import settings as configuration

    settings = configuration.load(config)
    if verify:
        verify_releases(settings)
        return
    release_weeks(settings, through)


def verify_releases(settings: "Settings") -> None:
    """Check the chain of releases, and its end against the private store where that is at hand."""
    from friction.errors import IntegrityError
    from friction.store.releases import ReleaseStore
    from friction.store.scores import ScoreStore

    delivered = None
    if settings.has_scores():
        with closing(ScoreStore(settings.scores_address)) as scores:
            delivered = scores.delivered()
    with closing(ReleaseStore(settings.releases_address)) as releases:
        count, head = releases.verify()
        last = releases.last_week()
    if delivered is not None and (last is None or last < delivered):
        raise IntegrityError(f"The release of {delivered} is gone. Restore the store from a backup.")
    print(f"{count} releases, each as it was written; the last has hash {head}")


def release_weeks(settings: "Settings", through: str | None = None) -> "Week":
    """Release up to a week and say so; returns that week."""
    from friction.mechanisms import exhausted
    from friction.records import Week
    from friction.release import release as close_windows
    from friction.store.releases import ReleaseStore
    from friction.store.scores import ScoreStore

    this_week = Week.of(date.today())
    last = this_week + -1 if through is None else Week.parse(through)
    if last >= this_week:
        raise UsageError(f"{last} is not over yet; a window closes only on whole weeks")
    with (
        closing(ScoreStore(settings.scores_address)) as scores,
        closing(ReleaseStore(settings.releases_address, create=True)) as releases,
    ):
        done = close_windows(scores, releases, directory=settings.directory, policy=settings.policy, through=last)
        cells = releases.cells()
    span = f"{done[0]} to {done[-1]}" if done else f"nothing new through {last}"
    print(f"Released {span}: {sum(c.last_week in done for c in cells)} cells")
    if spent := exhausted(cells, settings.policy, last + 1):
        print(f"The year's budget (epsilon_per_year) is spent for what is said by: {', '.join(spent)}")
    return last


@app.command()
def trends(
    from_team: Annotated[str | None, typer.Argument(help="Who speaks.")] = None,
    about_team: Annotated[str | None, typer.Argument(help="About whom.")] = None,
    format: Annotated[Literal["table", "json", "csv"], typer.Option(help="How to print.")] = "table",
    config: Config = CONFIG,
) -> None:
    """Print the released trend of every pair of teams, or of one."""
    from friction import settings as configuration
    from friction.report import pair_of, read_trends, to_csv, to_json, to_table
    from friction.store.releases import ReleaseStore

    settings = configuration.load(config)
    releases = ReleaseStore(settings.releases_address)
    pair = pair_of(settings.directory, from_team, about_team)
    found = read_trends(releases, settings.interventions)
    if pair is not None:
        found = [t for t in found if (t.from_team, t.about_team) == pair]
    if format == "json":
        print(json.dumps({"pairs": [to_json(t) for t in found]}, ensure_ascii=False, indent=1))
    elif format == "csv":
        print(to_csv(found), end="")
    else:
        print(to_table(found, settings.directory, pair), end="")


@app.command()
def plan(
    share: Annotated[
        float, typer.Option(min=0.001, max=1, help="Share of a team that writes in a week; see what your surveys show.")
    ] = 0.2,
    spread: Annotated[
        Literal["even", "size", "all"],
        typer.Option(help="A writer speaks of one other team, each as likely or by its size, or of all of them."),
    ] = "even",
    blame: Annotated[float, typer.Option(min=0, max=1, help="Share of them that holds the other responsible.")] = 0.25,
    format: Annotated[Literal["table", "json", "csv"], typer.Option(help="How to print.")] = "table",
    config: Config = CONFIG,
) -> None:
    """What can be seen with these headcounts: weeks to a cell and the smallest visible change, per pair."""
    from friction import settings as configuration
    from friction.disclosure import MECHANISM
    from friction.model_folder import RELEASED, read_card
    from friction.plan import Habits
    from friction.plan import plan as reckon
    from friction.plan_report import to_csv, to_json, to_table

    settings = configuration.load(config)
    habits = Habits(share, spread, blame)
    found = reckon(settings.directory, settings.policy, read_card(RELEASED).errors["blame"], habits, MECHANISM)
    if format == "json":
        print(json.dumps(to_json(found, habits, settings.policy), ensure_ascii=False, indent=1))
    elif format == "csv":
        print(to_csv(found), end="")
    else:
        print(to_table(found, habits, settings.policy), end="")


@app.command()
def notice(
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of its readers.")] = "en",
    out: Annotated[Path | None, typer.Option("--out", help="Write here instead of to standard output.")] = None,
    config: Config = CONFIG,
) -> None:
    """Write the transparency notice for staff and their representatives, from the running configuration."""
    from friction import settings as configuration
    from friction.model_folder import RELEASED, read_card
    from friction.notice import notice as write

    settings = configuration.load(config)
    text = write(settings, read_card(RELEASED), lang)
    if out is None:
        print(text, end="")
    else:
        _write_whole(out, iter(text.splitlines()))
    if settings.notice.contact is None:
        print('friction: it names nobody to ask. Add [notice] contact = "..." to the configuration.', file=sys.stderr)
