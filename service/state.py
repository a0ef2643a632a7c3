"""What the web process holds: the settings, the pipeline for scoring, the released cells, and what people enter."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import Request

from friction.model_folder import RELEASED, StanceErrors, read_card
from friction.records import Comment, Directory, Intervention, Scored, TeamId, Week
from friction.settings import Settings
from friction.spool import Spool
from friction.store import interventions
from friction.store.engine import Database
from friction.store.releases import ReleaseStore
from friction.targets import TargetFinder
from friction.trends import Trend, with_effects

from .released import Released, View


class Scores(Protocol):
    """What scores: a ``Pipeline``, or the end of a channel to a process that has one (``friction.scorer``)."""

    at_once: int
    """Batches that are worth scoring at once."""

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def is_up(self) -> bool:
        """Whether it can score just now."""

    @property
    def targets(self) -> TargetFinder:
        """Finds the team that a name means."""

    def score(self, comments: Sequence[Comment]) -> list[Scored]:
        """One result for each comment, in order."""


@dataclass(frozen=True, slots=True)
class State:
    """Built once at start; no address of the private store in it."""

    settings: Settings
    pipeline: Scores
    releases: ReleaseStore
    operations: Database
    errors: StanceErrors = field(default_factory=lambda: read_card(RELEASED).errors, repr=False)
    """How often the model in use errs."""
    released: Released = field(default_factory=Released, init=False, repr=False)
    spool: Spool = field(init=False, repr=False)
    """Where uploads wait; one for all, since it knows when it was last tried out."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "spool", Spool(self.settings.spool))

    @property
    def directory(self) -> Directory:
        """The teams."""
        return self.settings.directory

    def interventions(self) -> tuple[Intervention, ...]:
        """What was done about pairs: as configured, and as entered."""
        return interventions.together(self.settings.interventions, self.operations)

    def is_entered(self, done: Intervention) -> bool:
        """Whether one of ``interventions`` can be taken back here; the configuration's are taken out there."""
        return done not in self.settings.interventions

    def view(self) -> View:
        """What is released now, reckoned once for all who ask."""
        return self.released.now(self.releases, self.interventions, self.errors)

    def enter(self, done: Intervention, *, team: TeamId | None) -> None:
        """Keep something done about a pair, and show its effect from now on.

        Args:
            done: about a pair that its caller sees.
            team: that the caller is bound to.

        Raises:
            NotTaken: the pair has one in that week already, or there are as many as can be kept.
        """
        if any((done.pair, done.week) == (other.pair, other.week) for other in self.settings.interventions):
            raise interventions.NotTaken(f"The configuration tells of this pair in {done.week} already")
        interventions.add(self.operations, done, team=team)
        self.look_again()

    def take_back(self, done: Intervention) -> None:
        """Forget something that was entered."""
        interventions.remove(self.operations, done)
        self.look_again()

    def look_again(self) -> None:
        """Have what was entered just now shown from now on."""
        self.released.now(self.releases, self.interventions, self.errors, anew=True)

    def trends_at(self, week: Week) -> Sequence[Trend]:
        """Trends as they stood when a released week was the last, with what had been done by then."""
        view = self.view()
        found = view.trends if view.last_week == week else self.released.then(week, self.releases, self.errors)
        return with_effects(found, self.errors, [i for i in self.interventions() if i.week <= week])


def state_of(request: Request) -> State:
    """The state of the application that a request reached."""
    state: State = request.app.state.friction
    return state
