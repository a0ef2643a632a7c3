"""Real objects for every test: the released model, real files, real stores on SQLite or on a real PostgreSQL."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from friction.classifier import Classifier
from friction.model_folder import RELEASED
from friction.pipeline import Pipeline
from friction.records import Cell, Directory, Team, TeamId, Week
from friction.settings import Settings, load
from friction.store.engine import Database
from friction.store.operations import open_operations
from friction.store.releases import ReleaseStore
from friction.store.schema import STORES
from friction.store.scores import ScoreStore, Vote
from friction.taxonomy import PATTERNS
from tests import postgres

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


ENGINES = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
"""Run a test, or with ``pytestmark = ENGINES`` a module, on both engines."""
Ask = Callable[..., list[tuple[Any, ...]]]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A PostgreSQL server, or a skip that says how to get one."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.serving() as server:
        yield server


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """``sqlite`` unless the test is marked with ``ENGINES``."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def store_section(engine: str, request: pytest.FixtureRequest) -> str:
    """``[store]`` of the configuration: nothing for SQLite, which is the default; three new schemas on PostgreSQL.

    Three databases are what ``docs/stores.md`` asks for and ``tests/store/test_roles.py`` makes; they cost too much
    here.
    """
    if engine == "sqlite":
        return ""
    server = request.getfixturevalue("postgresql")
    number = next(_numbers)
    stores = {store: f"{store}_{number}" for store in STORES}
    server.run(*(f"create schema {schema}" for schema in stores.values()))
    return "[store]\n" + "".join(f'{store} = "{server.address(schema=name)}"\n' for store, name in stores.items())


@pytest.fixture
def config(tmp_path: Path, store_section: str) -> Path:
    path = tmp_path / "friction.toml"
    path.write_text(CONFIG + store_section, encoding="utf-8")
    return path


@pytest.fixture
def ask(settings: Settings) -> Ask:
    """Run SQL on the private store, or with ``releases=True`` on the other, behind the code's back."""

    def run(statement: str, *, releases: bool = False) -> list[tuple[Any, ...]]:
        return query(settings.releases_address if releases else settings.scores_address, statement)

    return run


def query(address: str, statement: str) -> list[tuple[Any, ...]]:
    """Run SQL on a database and commit."""
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.begin() as db:
            found = db.execute(text(statement))
            return [tuple(row) for row in found] if found.returns_rows else []
    finally:
        engine.dispose()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread or process; a minute in vain is a failure."""
    for _ in range(6000):
        if holds():
            return
        time.sleep(0.01)
    pytest.fail("waited a minute for nothing")


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
def operations(settings: Settings) -> Iterator[Database]:
    store = open_operations(settings.operations_address)
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


def disrespected(cells: Sequence[Cell], shares: Sequence[float]) -> list[Cell]:
    """The same cells, in which so large a share of people voices disrespect."""
    return [
        replace(c, patterns=dict(c.patterns) | {"disrespect": round(share * c.respondents / 3) * 3})
        for c, share in zip(cells, shares, strict=True)
    ]


def team(id: str, headcount: int | None = 10, parent: str | None = None) -> Team:
    return Team(TeamId(id), id.title(), headcount, (), None if parent is None else TeamId(parent))
