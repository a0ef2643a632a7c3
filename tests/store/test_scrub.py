"""Rule 17 on the files: once a window is released, nothing on disk holds its rows or its salt, on both engines."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from friction.disclosure import Policy
from friction.records import Directory, Week
from friction.release import release
from friction.settings import Settings
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from tests.conftest import ENGINES, Ask

pytestmark = ENGINES


@pytest.fixture
def files(engine: str, settings: Settings, request: pytest.FixtureRequest) -> Callable[[], Iterator[Path]]:
    """Every file of the database; PostgreSQL's own log apart, of which ``docs/stores.md`` tells."""

    def list_files() -> Iterator[Path]:
        folder = settings.data
        if engine == "postgresql":
            server = request.getfixturevalue("postgresql")
            server.run("checkpoint")
            folder = server.folder / "data" / "base"
        yield from (f for f in folder.rglob("*") if f.is_file())

    return list_files


def _holding(files: Iterator[Path], secrets: list[bytes]) -> int:
    contents = [f.read_bytes() for f in files]
    return sum(any(secret in content for content in contents) for secret in secrets)


def test_a_released_window_is_gone_from_the_files(
    settings: Settings,
    scores: ScoreStore,
    releases: ReleaseStore,
    directory: Directory,
    make_vote: Callable[..., Vote],
    ask: Ask,
    files: Callable[[], Iterator[Path]],
) -> None:
    scores.add_batch(b"f", [make_vote(f"p{i}") for i in range(9)])
    scores.add_batch(b"g", [make_vote(f"p{i}", about_team="support") for i in range(3)])  # too few: stays
    gone = [bytes(v) for (v,) in ask("select respondent from scores where about_team = 'marketing'")]
    gone += [bytes(v) for (v,) in ask("select salt from windows where about_team = 'marketing'")]
    stays = [bytes(v) for (v,) in ask("select respondent from scores where about_team = 'support'")]
    assert (_holding(files(), gone), _holding(files(), stays)) == (10, 3)  # so that the search can find
    release(scores, releases, directory=directory, policy=Policy(), through=Week.parse("2026-W10"))
    assert (_holding(files(), gone), _holding(files(), stays)) == (0, 3)
