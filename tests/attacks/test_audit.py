"""No hidden number is pinned by everything that is published, margins included; and the audit would notice."""

import numpy as np
import pytest

from friction.disclosure import FLOOR
from friction.margins import Margin
from tests.attacks.audit import key_of, pinned, published
from tests.attacks.insider import Exact, played


@pytest.mark.parametrize("seed", range(12))
def test_no_hidden_number_is_pinned(seed: int) -> None:
    audit, _, directory = published(np.random.default_rng(seed))
    assert audit.hidden
    assert audit.cells
    for (speaks, about), ends in audit.ranges().items():
        most = audit.hidden[speaks, about]
        assert [len(end) for end in ends] == [most + 1, most + 1]
        assert most + 1 >= min(FLOOR, (directory.teams[speaks].headcount or 0) + 1)
    assert not pinned(audit)


def test_the_audit_sees_a_total_that_hidden_pairs_are_in() -> None:
    """The control: were a total of everybody published, subtracting would pin hidden pairs, and the audit says so."""
    caught = 0
    for seed in range(12):
        audit, votes, directory = published(np.random.default_rng(seed))
        exact = played(directory, votes, np.random.default_rng(seed), mechanism=Exact())
        for team in directory.teams:
            hidden = [p for p in audit.hidden if p[1] == team]
            waiting = [{v.respondent: v for v in votes if (v.from_team, v.about_team) == p} for p in hidden]
            shown = [c for c in exact if c.about_team == team]
            everybody = Margin(
                voices=sum(c.respondents for c in shown) + sum(map(len, waiting)),
                blaming=sum(c.blame for c in shown) + sum(v.blamed for theirs in waiting for v in theirs.values()),
            )
            audit.add(everybody, [key_of(c) for c in shown] + [(*p, 0) for p in hidden], slack=0)
        caught += bool(pinned(audit))
    assert caught > 3
