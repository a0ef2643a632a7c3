from collections.abc import Callable

import pytest

from friction.errors import IntegrityError
from friction.records import Cell, Week
from friction.store.releases import ReleaseStore, serialise
from tests.conftest import ENGINES, Ask

pytestmark = ENGINES
W1, W2 = Week.parse("2026-W01"), Week.parse("2026-W02")


@pytest.fixture
def filled(releases: ReleaseStore, make_cells: Callable[..., list[Cell]]) -> ReleaseStore:
    for cell in make_cells([0.2, 0.4]):
        releases.append(cell.last_week, serialise([cell]))
    return releases


def test_cells_come_back_as_written(filled: ReleaseStore, make_cells: Callable[..., list[Cell]]) -> None:
    assert filled.cells() == make_cells([0.2, 0.4])
    count, head = filled.verify()
    assert (count, len(head)) == (2, 64)


def test_a_release_is_written_once(filled: ReleaseStore, make_cells: Callable[..., list[Cell]]) -> None:
    filled.append(W2, serialise(make_cells([0.2, 0.4])[1:]))
    assert len(filled.cells()) == 2
    with pytest.raises(IntegrityError, match="a release never changes"):
        filled.append(W2, serialise([]))
    with pytest.raises(IntegrityError, match="cannot be released after"):
        filled.append(W1 + -1, serialise([]))


@pytest.mark.parametrize(
    "tampering",
    [
        "update cells set blame = 0 where last_week = (select min(last_week) from cells)",
        "delete from cells where last_week = (select min(last_week) from cells)",
        "delete from releases where week = (select min(week) from releases)",
        "update releases set hash = previous",
    ],
)
def test_tampering_shows(filled: ReleaseStore, ask: Ask, tampering: str) -> None:
    ask(tampering, releases=True)
    with pytest.raises(IntegrityError, match="Restore the store"):
        filled.verify()
