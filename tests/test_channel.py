"""What crosses to a process that scores arrives as it was."""

from multiprocessing import Pipe

import pytest
from hypothesis import given
from hypothesis import strategies as st

from friction.channel import answer, answered, asked, hear, question, say
from friction.records import Comment, Evidence, Scored, TargetScore, TeamId
from friction.taxonomy import PATTERNS

anything = st.text(st.characters())  # half a character included
teams = st.none() | st.builds(TeamId, anything)
comments = st.builds(
    Comment, text=anything, id=st.none() | anything, lang=st.sampled_from([None, "en", "fr"]), from_team=teams,
    about_team=teams,
)  # fmt: skip
shares = st.floats(0, 1)
targets = st.builds(
    TargetScore, team=st.builds(TeamId, anything), blame=shares, appreciation=shares, blamed=st.booleans(),
    appreciated=st.booleans(), patterns=st.dictionaries(st.sampled_from(PATTERNS), shares),
    labels=st.lists(st.sampled_from(PATTERNS)).map(tuple),
    evidence=st.lists(st.builds(Evidence, st.integers(0), st.integers(0), shares)).map(tuple),
)  # fmt: skip
scores = st.builds(
    Scored, id=st.none() | anything, lang=st.sampled_from([None, "en", "fr"]), targets=st.lists(targets).map(tuple),
    error=st.none() | anything, masked=st.dictionaries(anything, st.integers(0)),
)  # fmt: skip


def _over(thing: object) -> object:
    here, there = Pipe()
    with here, there:
        say(here, thing)
        return hear(there)


@given(st.lists(scores, max_size=3))
def test_scores_keep_every_field_to_the_last_bit(scored: list[Scored]) -> None:
    about = [Comment(text="", id=one.id) for one in scored]
    assert answered(about, _over(answer(scored))) == scored  # type: ignore[arg-type]


@given(st.lists(comments, max_size=3), st.booleans())
def test_of_a_comment_goes_over_what_the_pipeline_reads(given: list[Comment], evidence: bool) -> None:
    told, wanted = asked(_over(question(given, evidence=evidence)))  # type: ignore[arg-type]
    assert wanted is evidence
    assert [(c.text, c.lang, c.from_team, c.about_team) for c in told] == [
        (c.text, c.lang, c.from_team, c.about_team) for c in given
    ]


def test_who_wrote_does_not_go_over() -> None:
    comment = Comment(text="fine", id="m-1", respondent="zebra", stated="yak", message="xerus", realm="wombat", row=7)
    assert question([comment], evidence=True) == [True, [["fine", None, None, None]]]


def test_an_end_that_is_closed_is_told_from_silence() -> None:
    here, there = Pipe()
    there.close()
    with here, pytest.raises(BrokenPipeError):
        say(here, "fine")
    here, there = Pipe()
    there.close()
    with here, pytest.raises(EOFError):
        hear(here)
