import gc
import logging
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from friction.records import Directory, Span, Team, TeamId
from friction.redaction import MASKS, Redactor, redact
from friction.redaction.lexicon import lexicon
from friction.redaction.sentence import Sentence
from friction.targets import TargetFinder


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to jean.dupont+x@corp.example.org now", "write to [email] now"),
        ("appelle le 06 12 34 56 78 ou +33 6 12 34 56 78", "appelle le [phone] ou [phone]"),
        ("call 020 7946 0958", "call [phone]"),
        ("voir https://wiki.corp.example/x?user=jdoe.", "voir [link]."),
        ("see www.acme.com or intranet.acme.fr/rh", "see [link] or [link]"),
        ("@marie.l did it", "[person] did it"),
        ("<@U02ABCDEF> did it", "[person] did it"),
        ("IBAN FR14 2004 1010 0505 0001 3M02 606", "IBAN [account]"),
        ("card 4111 1111 1111 1111 declined", "card [account] declined"),
        ("server 192.168.1.12 down", "server [link] down"),
        ("badge AB123456", "badge [id]"),
        ("Karen's note for Mme Lefèvre", "Alex's note for Mme Alex"),
        ("karen@corp.example is Karen", "[email] is Alex"),
        ("call 06\u201112\u201134\u201156\u201178 now", "call [phone] now"),
        ("write to anne\uff20corp.example", "write to [email]"),
        ("Th\u00adom\u200bas said so", "Alex said so"),
        ("Ste\u0301phane a oublie\u0301", "Alex a oubli\u00e9"),
        ("Mme Lefe\u0300vre a dit non", "Mme Alex a dit non"),
    ],
)
def test_masks(text: str, masked: str) -> None:
    assert redact(text).text == masked


def test_a_handle_that_is_a_team_is_not_a_persons() -> None:
    names = {"sales": ("Sales", ()), "support": ("Support", ("Équipe-Aide",))}
    directory = Directory({TeamId(i): Team(TeamId(i), name, aliases=also) for i, (name, also) in names.items()})
    redacted = Redactor(directory).redact("@Sales and @équipe-aide sleep; @sales7, @sales.dupont, @marie.l do not")
    assert redacted.text.text == "@Sales and @équipe-aide sleep; [person], [person], [person] do not"
    assert redacted.counts == {"handle": 3}
    assert {mention.team for mention in TargetFinder(directory).find(redacted.text.text)} == {"sales", "support"}


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3 shipped on 2026-11-24 at 10:30",
        "we waited 3 weeks, 2 days and 14 hours",
        "ticket 4512 and order 99 of 1000",
        "email us @ noon",
        "et voilà, c.-à-d. rien",
        "Q3 2026: 12 500 pieces, 3.5 % scrap",
    ],
)
def test_near_misses_stay(text: str) -> None:
    assert redact(text).text == text


@given(st.text(max_size=200))
def test_offsets_stay_true(text: str) -> None:
    masked = redact(text)
    put = set("".join(MASKS.values()))
    for place, char in enumerate(masked.text):
        span = masked.source(Span(place, place + 1))
        assert char in put or text[span.start : span.end] == char


@given(
    st.lists(st.sampled_from("Ask Karen , . à M. Mme de - 06 12 @ Rose said \u2019 ' d' Le Goff & / : \n".split(" ")))
)
def test_any_order_of_words_is_read(words: list[str]) -> None:
    found = Redactor().find(" ".join(words))
    assert all(a.span.end <= b.span.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    "piece",
    ["a", "a-", "a.", "1 ", "@", "A. ", "Karen ", "de ", "M. de la ", "a@", "a.b@", "0612345678 ", "1a:", "& Karen "],
)
def test_work_grows_with_the_text_and_no_faster(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    between = Sentence.between

    def counted(self: Sentence, at: int) -> str:
        nonlocal steps
        steps += 1
        return between(self, at)

    monkeypatch.setattr(Sentence, "between", counted)
    done = []
    for length in (2000, 4000):
        steps = 0
        Redactor().find((piece * length)[:length])
        done.append(steps)
    assert done[1] <= 2.2 * done[0] + 50


def directory(*aliases: str) -> Directory:
    teams = {TeamId("sales"): Team(TeamId("sales"), "Sales", 9, aliases), TeamId("it"): Team(TeamId("it"), "IT", 9)}
    return Directory(teams)


def test_a_team_called_like_a_person_is_found_after_redaction() -> None:
    teams = directory("Victoria", "the Martins")
    text = Redactor(teams).redact("Ask Victoria, told Martin, Karen knows").text.text
    assert text == "Ask Victoria, told Martin, Alex knows"
    assert [m.team for m in TargetFinder(teams).find(text)] == ["sales", "sales"]


def test_a_masked_name_never_becomes_a_team() -> None:
    teams = directory("Alex")
    text = Redactor(teams).redact("Karen knows, Alex does not").text.text
    assert text == "[person] knows, Alex does not"
    assert len(TargetFinder(teams).find(text)) == 1


def test_kinds_are_counted_and_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    redactor = Redactor(identifiers=re.compile(r"\bE\d{6}\b"))
    redacted = redactor.redact("Karen and Tom, E123456, 020 7946 0958")
    assert redacted.counts == {"name": 2, "identifier": 1, "phone": 1}
    assert not caplog.records
    assert "Karen" not in repr(redacted)


def test_no_cache_of_the_process_holds_a_word_of_a_comment() -> None:
    Redactor(directory("Ventes")).redact("Zyxlède asked Quorbin-Blorptor, zyxlede@corp.example, 06 12 34 56 78")
    caches = [o for o in gc.get_objects() if isinstance(o, type(lexicon)) and o.__module__.startswith("friction")]
    held = str([gc.get_referents(cached) for cached in caches]).casefold()
    assert "zyxl" not in held
    assert "quorbin" not in held


def test_what_nobody_sees_is_left_out_and_places_stay_those_of_the_text_as_sent() -> None:
    sent = "the\u00ad note of Th\u00adom\u200bas, re\u00adally"
    masked = redact(sent)
    assert masked.text == "the note of Alex, really"
    at = masked.text.index("Alex")
    span = masked.source(Span(at, at + 4))
    assert sent[span.start : span.end] == "Th\u00adom\u200bas"
    at = masked.text.index("really")
    span = masked.source(Span(at, at + 6))
    assert sent[span.start : span.end] == "re\u00adally"
