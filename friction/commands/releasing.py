"""``friction release``."""

import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from friction.commands import CONFIG, Config, asked_week
from friction.errors import UsageError
from friction.wording import counted

if TYPE_CHECKING:
    from friction.records import Week
    from friction.settings import Settings


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
    print(f"{counted(count, 'release')}, each as it was written; the last has hash {head}")


def release_weeks(settings: "Settings", through: str | None = None) -> "Week":
    """Release up to a week and say so; returns that week."""
    from friction import rejects
    from friction.mechanisms import exhausted
    from friction.records import Week
    from friction.release import release as close_windows
    from friction.store import uploads
    from friction.store.operations import open_operations
    from friction.store.releases import ReleaseStore
    from friction.store.scores import ScoreStore

    this_week = Week.of(settings.today())
    last = asked_week(through, "--through") or this_week + -1
    if last >= this_week:
        raise UsageError(f"{last} is not over yet; a window closes only on whole weeks. Leave --through out")
    with closing(open_operations(settings.operations_address)) as operations:  # made, or brought up to date
        uploads.forget_rows(operations, int(time.time() - rejects.KEPT.total_seconds()))
    with (
        closing(ScoreStore(settings.scores_address)) as scores,
        closing(ReleaseStore(settings.releases_address, create=True)) as releases,
    ):
        done = close_windows(scores, releases, directory=settings.directory, policy=settings.policy, through=last)
        cells = releases.cells()
    span = f"{done[0]} to {done[-1]}" if done else f"nothing new through {last}"
    print(f"Released {span}: {counted(sum(c.last_week in done for c in cells), 'cell')}")
    if spent := exhausted(cells, settings.policy, last + 1):
        print(f"The year's budget (epsilon_per_year) is spent for what is said by: {', '.join(spent)}")
    try:
        rejects.forget(settings.data, settings.today())
    except OSError as error:
        print(f"friction: {error.filename}: {error.strerror}. Delete this list of rejected rows", file=sys.stderr)
    return last
