"""Rule 17, proved on the database's files: nothing of a closed or expired window is left in them, byte for byte."""

import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from friction.disclosure import Policy
from friction.ingest import ingest
from friction.pipeline import Pipeline
from friction.records import Directory, Week
from friction.release import release
from friction.settings import Settings
from friction.store.releases import ReleaseStore
from friction.store.scores import ScoreStore, Vote
from friction.store.scores.keys import file_key
from tests.conftest import query

MakeVote = Callable[..., Vote]
FIRST = Week.parse("2026-W10")


def _files(settings: Settings) -> bytes:
    """All bytes of the private store: the database, its write-ahead log and whatever else stands beside it."""
    path = Path(settings.scores_address.removeprefix("sqlite:///"))
    return b"".join(p.read_bytes() for p in path.parent.glob(f"{path.name}*"))


def _keys(settings: Settings) -> list[bytes]:
    """Respondents' keys, windows' salts and what says which file a vote came from, as they stand in the store now."""
    wanted = (
        "respondent from scores",
        "salt from windows",
        "batch from scores",
        "batch from arrivals",
        "batch from parts",
    )
    with sqlite3.connect(settings.scores_address.removeprefix("sqlite:///")) as db:
        found = db.execute(" union ".join(f"select {columns}" for columns in wanted))
        keys = [key for (key,) in found]
    db.close()
    return keys


@pytest.mark.parametrize(("people", "through"), [(400, FIRST), (4, FIRST + 12)], ids=["closed", "expired"])
def test_no_key_and_no_salt_of_a_past_window_is_left_in_the_files(
    people: int,
    through: Week,
    scores: ScoreStore,
    releases: ReleaseStore,
    directory: Directory,
    settings: Settings,
    make_vote: MakeVote,
) -> None:
    """The store stays open all the while, as it may in a long process: closing it must not be what cleans up."""
    batches = [(about, week) for about in ("marketing", "it", "support") for week in ("2026-W09", "2026-W10")]
    for about, week in batches:
        votes = [make_vote(f"{about}{i}", week, about_team=about) for i in range(people)]
        scores.add_batch(f"{about}{week}".encode(), votes)
    keys = _keys(settings)
    assert len(keys) == 3 * people + 3 + len(batches)
    before = _files(settings)
    assert all(key in before for key in keys)
    release(scores, releases, directory=directory, policy=Policy(), through=through)
    assert _keys(settings) == []
    after = _files(settings)
    assert [key for key in keys if key in after] == []
    assert [team for team in (b"sales", b"marketing", b"support") if team in after] == []


def test_what_still_waits_is_still_there(
    scores: ScoreStore, releases: ReleaseStore, directory: Directory, settings: Settings, make_vote: MakeVote
) -> None:
    """The control: an open window keeps its rows, and the search finds them."""
    scores.add_batch(b"f", [make_vote(f"p{i}") for i in range(4)])
    release(scores, releases, directory=directory, policy=Policy(), through=FIRST)
    keys = _keys(settings)
    assert len(keys) == 6
    assert all(key in _files(settings) for key in keys)


def test_no_guess_at_who_stands_in_a_released_file_can_be_tested(
    scores: ScoreStore, releases: ReleaseStore, directory: Directory, settings: Settings, pipeline: Pipeline
) -> None:
    """Somebody who holds all that is kept, and all of a file but a name, tries every name: none is told from another.

    One of the file's windows stays open, and a row is rejected, so that all is kept that ever is.
    """
    text = "text,from_team,respondent,week\n" + "".join(
        f"Marketing is late ({n}),sales,p{n},2026-W10\n" for n in range(6)
    )
    file = settings.home / "export.csv"
    file.write_text(f"{text}The helpdesk is rude,sales,zebra,2026-W10\nPerdu,nobody,p7,2026-W10\n", encoding="utf-8")
    report = ingest(str(file), settings=settings, pipeline=pipeline, store=scores)
    digest = sha256(file.read_bytes()).digest()
    ((secret,),) = query(settings.scores_address, "select value from secrets")
    tests = digest, digest.hex()[:12].encode(), file_key(secret, digest), file_key(secret, digest).hex()[:12].encode()

    def kept() -> list[bool]:
        names = "".join(map(str, settings.data.rglob("*"))).encode()
        return [test in _files(settings) + names for test in tests]

    assert kept() == [False, False, True, False]
    release(scores, releases, directory=directory, policy=Policy(), through=FIRST)
    assert kept() == [False] * 4
    assert [batch.id for batch in scores.batches()] == [report.batch]
    again = ingest(str(file), settings=settings, pipeline=pipeline, store=scores)
    assert (again.added, again.repeated) == (0, False)
