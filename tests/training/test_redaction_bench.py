from friction.records import LANGS, Span
from training.bench.redaction.contestants import KINDS, friction
from training.bench.redaction.labelled import parse, read
from training.bench.redaction.measure import interval, tally

NAME = frozenset({"name"})


def test_halves_part_the_sentences_of_each_language() -> None:
    for lang in LANGS:
        tune, held, whole = ({s.line for s in read(lang, half)} for half in ("tune", "held", None))
        assert len(whole) >= 300
        assert tune | held == whole
        assert not tune & held
        assert len({s.text for s in read(lang)}) == len(whole)


def test_half_a_name_left_is_a_miss_and_a_word_too_many_is_wrong() -> None:
    sentence = parse("Ask {name:Karen Bell} today")
    exact, half, wide = ([(Span(4, end), "name")] for end in (14, 9, 20))
    assert [(t.found, t.right) for t in (tally([(sentence, m)], NAME) for m in (exact, half, wide))] == [
        (1, 1),
        (0, 1),
        (1, 0),
    ]


def test_an_interval_holds_its_share() -> None:
    assert interval(0, 10)[0] == 0.0
    assert interval(10, 10)[1] == 1.0
    low, high = interval(9, 10)
    assert low < 0.9 < high


def test_names_and_patterns_are_found_on_the_half_to_tune_on() -> None:
    ours = friction()
    for lang in LANGS:
        pairs = [(s, ours.find(s.text, lang, 0.0)) for s in read(lang, "tune")]
        names, patterns = tally(pairs, NAME), tally(pairs, frozenset(KINDS.values()) - NAME)
        assert names.recall >= 0.9
        assert patterns.recall >= 0.97
        assert min(names.precision, patterns.precision) >= 0.95
