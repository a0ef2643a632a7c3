"""``friction trends``, ``plan`` and ``notice``: what can be read."""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from friction.commands import CONFIG, Config, write_whole
from friction.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Set

    from friction.records import Directory, Pair, TeamId


def trends(
    from_team: Annotated[str | None, typer.Argument(help="Who speaks.")] = None,
    about_team: Annotated[str | None, typer.Argument(help="About whom.")] = None,
    format: Annotated[Literal["table", "json", "csv"], typer.Option(help="How to print.")] = "table",
    config: Config = CONFIG,
) -> None:
    """Print the released trend of every pair of teams, or of one."""
    from friction import settings as configuration
    from friction.report import read_trends, to_csv, to_json, to_table
    from friction.store.interventions import together
    from friction.store.operations import open_operations
    from friction.store.releases import ReleaseStore

    settings = configuration.load(config, private=False)
    with (
        closing(ReleaseStore(settings.releases_address)) as releases,
        closing(open_operations(settings.operations_address)) as operations,
    ):
        found = read_trends(releases, together(settings.interventions, operations))
    pair = _pair(settings.directory, {team for t in found for team in t.pair}, from_team, about_team)
    if pair is not None:
        found = [t for t in found if t.pair == pair]
    if format == "json":
        print(json.dumps({"pairs": [to_json(t) for t in found]}, ensure_ascii=False, indent=1))
    elif format == "csv":
        print(to_csv(found), end="")
    else:
        print(to_table(found, settings.directory, pair), end="")


def _pair(
    directory: "Directory", released: "Set[TeamId]", from_team: str | None, about_team: str | None
) -> "Pair | None":
    """The pair that two names mean; None where none is given.

    A released team that has left the directory is named by its id, unless that is now another team's name.

    Raises:
        UsageError: only one name, a name that no team has, or two of one team.
    """
    from friction.records import TeamId
    from friction.targets import TargetFinder

    if from_team is None:
        return None
    if about_team is None:
        raise UsageError("Name both teams: who speaks, and about whom")
    finder = TargetFinder(directory)

    def team(name: str) -> TeamId:
        has_left = name in released and finder.resolve(name) is None
        return TeamId(name) if has_left else finder.named(name)

    pair = team(from_team), team(about_team)
    if pair[0] == pair[1]:
        raise UsageError(f"Both names are of {pair[0]}. Name two teams: who speaks, and about whom")
    return pair


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

    settings = configuration.load(config, private=False)
    settings.redactor()  # a configuration that no comment could be read with is no plan
    habits = Habits(share, spread, blame)
    found = reckon(settings.directory, settings.policy, read_card(RELEASED).errors["blame"], habits, MECHANISM)
    if format == "json":
        print(json.dumps(to_json(found, habits, settings.policy), ensure_ascii=False, indent=1))
    elif format == "csv":
        print(to_csv(found), end="")
    else:
        print(to_table(found, habits, settings.policy), end="")


def notice(
    lang: Annotated[Literal["en", "fr"], typer.Option(help="Language of its readers.")] = "en",
    out: Annotated[Path | None, typer.Option("--out", help="Write here instead of to standard output.")] = None,
    config: Config = CONFIG,
) -> None:
    """Write the transparency notice for staff and their representatives, from the running configuration."""
    from friction import settings as configuration
    from friction.model_folder import RELEASED, read_card
    from friction.notice import notice as write

    settings = configuration.load(config, private=False)
    text = write(settings, read_card(RELEASED), lang)
    if out is None:
        print(text, end="")
    else:
        write_whole(out, iter(text.splitlines()))
    if settings.notice.contact is None:
        print('friction: it names nobody to ask. Add [notice] contact = "..." to the configuration.', file=sys.stderr)
