"""What the web process holds: the settings, the pipeline for scoring, the released cells, and what people enter."""

from dataclasses import dataclass

from starlette.requests import Request

from friction.pipeline import Pipeline
from friction.records import Directory, Intervention
from friction.settings import Settings
from friction.store import interventions
from friction.store.engine import Database
from friction.store.releases import ReleaseStore


@dataclass(frozen=True, slots=True)
class State:
    """Built once at start; no address of the private store in it."""

    settings: Settings
    pipeline: Pipeline
    releases: ReleaseStore
    operations: Database

    @property
    def directory(self) -> Directory:
        """The teams."""
        return self.settings.directory

    def interventions(self) -> tuple[Intervention, ...]:
        """What was done about pairs: as configured, and as entered."""
        return interventions.together(self.settings.interventions, self.operations)


def state_of(request: Request) -> State:
    """The state of the application that a request reached."""
    state: State = request.app.state.friction
    return state
