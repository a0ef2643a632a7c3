"""The votes of a file, packed: what goes in comes out."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from friction.records import LANGS, TeamId, Week
from friction.store.scores import Vote, Votes
from friction.taxonomy import PATTERNS

TEAMS = st.sampled_from([TeamId("sales"), TeamId("it"), TeamId("équipe")])
WORDS = st.text(min_size=1)
VOTES = st.builds(
    Vote,
    from_team=TEAMS,
    about_team=TEAMS,
    week=st.builds(Week, st.integers(0, 4000)),
    respondent=WORDS.filter(lambda word: word.isprintable()),
    comment=WORDS.filter(lambda word: word.isprintable()),
    lang=st.sampled_from(LANGS),
    blamed=st.booleans(),
    appreciated=st.booleans(),
    labels=st.sets(st.sampled_from(PATTERNS)).map(lambda found: tuple(p for p in PATTERNS if p in found)),
    model=st.sampled_from(["a", "b"]),
    pool=WORDS,
    merged=st.booleans(),
)


@given(st.lists(VOTES | VOTES.map(lambda vote: replace(vote, respondent=vote.comment)), max_size=20))
def test_what_goes_in_comes_out_in_order(given_votes: list[Vote]) -> None:
    votes = Votes()
    for vote in given_votes:
        votes.add(vote)
    assert len(votes) == len(given_votes)
    assert list(votes) == given_votes == list(votes)


def test_a_vote_takes_about_a_hundred_bytes(make_vote: Callable[..., Vote]) -> None:
    tracemalloc.start()
    votes = Votes()
    for number in range(20_000):
        votes.add(make_vote(f"p{number % 500}", comment=f"{number:064x}\x1f1"))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / len(votes) < 120
