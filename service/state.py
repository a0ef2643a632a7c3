"""What the web process holds: the directory, the pipeline for scoring, and the released cells."""

from dataclasses import dataclass

from friction.pipeline import Pipeline
from friction.records import Directory
from friction.store.releases import ReleaseStore


@dataclass(frozen=True, slots=True)
class State:
    """Built once at start; no address of the private store in it."""

    directory: Directory
    pipeline: Pipeline
    releases: ReleaseStore
