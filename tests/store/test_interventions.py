"""Interventions that people entered, on both engines."""

import pytest

from friction.errors import UsageError
from friction.records import Intervention, TeamId, Week
from friction.store.engine import Database
from friction.store.interventions import add, entered, together
from tests.conftest import ENGINES

pytestmark = ENGINES


def _done(about: str, week: int, description: str = "a weekly meeting with an agenda") -> Intervention:
    return Intervention(TeamId("sales"), TeamId(about), Week(week), description)


def test_what_was_entered_is_there_oldest_first(operations: Database) -> None:
    late, early = _done("it", 2910), _done("support", 2900)
    add(operations, late)
    add(operations, early)
    assert entered(operations) == [early, late]


def test_a_pair_has_one_a_week_and_the_first_stays(operations: Database) -> None:
    add(operations, _done("it", 2910))
    with pytest.raises(UsageError, match=r"has an intervention in \S+ already"):
        add(operations, _done("it", 2910, "another"))
    assert entered(operations) == [_done("it", 2910)]


def test_the_configuration_comes_before_what_was_entered(operations: Database) -> None:
    add(operations, _done("it", 2910, "entered"))
    add(operations, _done("it", 2912, "entered"))
    assert together([_done("it", 2910, "configured")], operations) == (
        _done("it", 2910, "configured"),
        _done("it", 2912, "entered"),
    )
