"""Several processes at once on one store: each cell once, each comment once, and nobody waits for ever."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from friction.disclosure import Policy
from friction.records import Directory, Week
from friction.release import release
from friction.settings import Settings
from friction.store.releases import ReleaseStore, serialise
from friction.store.scores import ScoreStore, Vote
from tests.conftest import ENGINES, Ask

pytestmark = ENGINES
FRICTION = Path(sys.executable).parent / "friction"
MakeVote = Callable[..., Vote]
WEEKS = [str(Week.parse("2025-W40") + n) for n in range(30)]
PATIENCE = 60


def _both(home: Path, *commands: list[str]) -> list[str]:
    """Start real processes at once; what each said."""
    started = [subprocess.Popen(c, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for c in commands]
    said = []
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err.decode()
        said.append(out.decode())
    return said


def test_two_releases_write_each_cell_once(settings: Settings, scores: ScoreStore, make_vote: MakeVote) -> None:
    scores.add_batch(b"f", [make_vote(f"p{i}", week) for week in WEEKS for i in range(6)])
    command = [str(FRICTION), "release", "--through", WEEKS[-1]]
    said = _both(settings.home, command, command, command)
    store = ReleaseStore(settings.releases_address)
    assert [str(c.last_week) for c in store.cells()] == WEEKS
    assert store.verify()[0] == len(WEEKS)
    store.close()
    assert sum(int(s.split(": ")[1].split()[0]) for s in said) == len(WEEKS)  # each said what it did, and no more


def test_the_same_file_read_twice_at_once_counts_once(settings: Settings, ask: Ask) -> None:
    rows = "".join(f"Marketing was late {i} times,sales,p{i},2026-W10\n" for i in range(40))
    (settings.home / "a.csv").write_text("text,from_team,respondent,week\n" + rows, encoding="utf-8")
    command = [str(FRICTION), "ingest", "a.csv"]
    _both(settings.home, command, command)
    assert ask("select count(*), count(distinct respondent) from scores") == [(40, 40)]
    assert ask("select count(*) from batches") == [(1,)]


class _Slow:
    """Votes that reach a transaction of their store, and then wait until somebody else wants one too."""

    def __init__(self, votes: list[Vote]) -> None:
        self._votes = votes
        self.inside = threading.Event()
        self.go_on = threading.Event()

    def __iter__(self) -> Iterator[Vote]:
        yield self._votes[0]
        self.inside.set()
        assert self.go_on.wait(PATIENCE)
        yield from self._votes[1:]


def _interleaved(settings: Settings, votes: list[Vote], meanwhile: Callable[[], object]) -> tuple[int, object]:
    """Add votes; half-way through, somebody else starts ``meanwhile``. What both gave."""
    slow, other = _Slow(votes), ScoreStore(settings.scores_address)
    with ThreadPoolExecutor(2) as threads:
        adding = threads.submit(other.add_batch, b"f", slow)
        assert slow.inside.wait(PATIENCE)
        second = threads.submit(meanwhile)
        with suppress(TimeoutError):
            second.result(timeout=0.5)  # long enough to get in, if nothing keeps it out
        slow.go_on.set()
        found = adding.result(PATIENCE), second.result(PATIENCE)
    other.close()
    return found


def test_the_same_content_while_it_is_being_added_adds_nothing(
    settings: Settings, scores: ScoreStore, make_vote: MakeVote, ask: Ask
) -> None:
    votes = [make_vote(f"p{i}") for i in range(6)]
    assert _interleaved(settings, votes, lambda: scores.add_batch(b"f", votes)) == (6, 0)
    assert ask("select count(*), count(distinct respondent) from scores") == [(6, 6)]


def test_another_file_with_the_same_comments_adds_only_what_is_new(
    settings: Settings, scores: ScoreStore, make_vote: MakeVote, ask: Ask
) -> None:
    votes = [make_vote(f"p{i}") for i in range(6)]
    longer = [*votes, make_vote("q")]
    assert _interleaved(settings, votes, lambda: scores.add_batch(b"g", longer)) == (6, 1)
    assert ask("select count(distinct salt) from windows") == [(1,)]


def test_a_release_beside_a_reading_loses_nobody(
    settings: Settings, scores: ScoreStore, releases: ReleaseStore, directory: Directory, make_vote: MakeVote
) -> None:
    """It waits for the whole file: a window never closes over half of one."""
    scores.add_batch(b"before", [make_vote(f"q{i}") for i in range(3)])
    arguments = {"directory": directory, "policy": Policy(), "through": Week.parse("2026-W10")}
    added, weeks = _interleaved(
        settings,
        [make_vote(f"p{i}") for i in range(6)],
        lambda: release(scores, releases, **arguments),  # type: ignore[arg-type]
    )
    assert (added, [str(w) for w in weeks]) == (6, ["2026-W10"])  # type: ignore[attr-defined]
    assert [c.respondents for c in releases.cells()] == [9]


def test_readers_wait_for_nobody_and_see_whole_releases(
    settings: Settings, scores: ScoreStore, releases: ReleaseStore, make_vote: MakeVote, make_cells: Callable[..., list]
) -> None:  # type: ignore[type-arg]
    (cell,) = make_cells([0.2])
    releases.append(cell.last_week, serialise([cell]))
    reader = ReleaseStore(settings.releases_address)
    with releases._database.write() as db:  # a release that is not over yet
        db.exec_driver_sql("delete from cells")
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(reader.verify).result(PATIENCE)[0] == 1
    reader.close()
    votes = [make_vote(f"p{i}") for i in range(6)]
    assert _interleaved(settings, votes, lambda: scores.has_batch(b"f")) == (6, False)


def test_a_new_store_is_made_once_by_whoever_comes_first(settings: Settings, ask: Ask) -> None:
    code = (
        "import sys; from friction.store.scores import ScoreStore; from friction.store.releases import ReleaseStore; "
        "ScoreStore(sys.argv[1]).close(); ReleaseStore(sys.argv[2], create=True).close()"
    )
    command = [sys.executable, "-c", code, settings.scores_address, settings.releases_address]
    _both(settings.home, *[command] * 3)
    assert ask("select count(*) from secrets") == [(1,)]
    assert ask("select count(*) from releases_version", releases=True) == [(1,)]
