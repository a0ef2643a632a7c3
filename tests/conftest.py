"""Real objects for every test: the released model, real files, real SQLite stores."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from friction.classifier import Classifier
from friction.model_folder import RELEASED
from friction.pipeline import Pipeline
from friction.records import Cell, Directory, Team, TeamId, Week
from friction.settings import Settings, load
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from friction.taxonomy import PATTERNS

CONFIG = """
[teams.sales]
name = "Sales"
headcount = 30
aliases = ["sales team", "équipe commerciale", "les commerciaux", "les ventes"]
[teams.marketing]
name = "Marketing"
headcount = 12
[teams.support]
name = "Support"
headcount = 18
aliases = ["helpdesk", "service client"]
[teams.it]
name = "IT"
headcount = 9
aliases = ["DSI", "service informatique"]
[teams.events]
name = "Events"
headcount = 3
parent = "marketing"
[teams.legal]
name = "Legal"
headcount = 2
"""


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier.load(RELEASED, threads=1)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "friction.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def settings(config: Path) -> Settings:
    return load(config)


@pytest.fixture
def directory(settings: Settings) -> Directory:
    return settings.directory


@pytest.fixture
def pipeline(directory: Directory, classifier: Classifier) -> Pipeline:
    return Pipeline(directory, classifier)


@pytest.fixture
def scores(settings: Settings) -> Iterator[ScoreStore]:
    store = ScoreStore(settings.scores_address)
    yield store
    store.close()


@pytest.fixture
def releases(settings: Settings) -> Iterator[ReleaseStore]:
    store = ReleaseStore(settings.releases_address, create=True)
    yield store
    store.close()


@pytest.fixture
def make_vote() -> Callable[..., Vote]:
    def make(
        respondent: str,
        week: str = "2026-W10",
        *,
        from_team: str = "sales",
        about_team: str = "marketing",
        blamed: bool = False,
        comment: str | None = None,
        **more: object,
    ) -> Vote:
        given = {"lang": "en", "appreciated": False, "labels": (), "model": "m"} | more
        return Vote(
            from_team=TeamId(from_team),
            about_team=TeamId(about_team),
            week=Week.parse(week),
            respondent=respondent,
            comment=comment or f"{respondent}-{week}-{about_team}",
            blamed=blamed,
            **given,  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def make_cells() -> Callable[..., list[Cell]]:
    def make(
        shares: Sequence[float],
        *,
        people: int = 30,
        from_team: str = "sales",
        about_team: str = "marketing",
        model: str = "m",
    ) -> list[Cell]:
        start = Week.parse("2026-W01")
        return [
            Cell(
                from_team=TeamId(from_team),
                about_team=TeamId(about_team),
                first_week=start + i,
                last_week=start + i,
                respondents=people,
                languages={"en": people, "fr": 0},
                blame=round(share * people / 3) * 3,
                appreciation=3,
                patterns={p: 3 if p == "mistakes" else 0 for p in PATTERNS},
                model=model,
                mechanism="rounding-3",
            )
            for i, share in enumerate(shares)
        ]

    return make


def team(id: str, headcount: int | None = 10, parent: str | None = None) -> Team:
    return Team(TeamId(id), id.title(), headcount, (), None if parent is None else TeamId(parent))
