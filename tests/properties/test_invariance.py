"""What a verdict must not hang on: case, kind of apostrophe, a sentence beside the point, which team has which name."""

import pytest

from friction.pipeline import Pipeline
from friction.records import Comment, Scored, TeamId

COMMENTS = (
    ("en", "Marketing never answers our emails, we have chased them five times."),
    ("en", "Thanks to the helpdesk for saving our launch, they stayed until midnight."),
    ("en", "Support keep closing our tickets without reading them."),
    ("en", "The meeting with marketing is moved to Thursday."),
    ("en", "We sent support the wrong file, that delay is on us."),
    ("fr", "L'équipe commerciale n'a toujours pas répondu, on l'a relancée trois fois."),
    ("fr", "Merci au service client, il nous a sauvé la journée d'hier."),
    ("fr", "Le marketing nous prend pour des larbins, c'est toujours à nous de tout refaire."),
    ("fr", "La réunion avec le marketing est déplacée à jeudi."),
    ("fr", "C'est nous qui avons envoyé le mauvais fichier au support."),
)
BESIDE = {
    "en": ("The canteen closes at two on Friday.", "I parked on the second floor."),
    "fr": ("La cantine ferme à 14 heures vendredi.", "Le parking est ouvert jusqu'à 20 heures."),
}


def _verdicts(scored: Scored) -> dict[TeamId, tuple[bool, bool]]:
    return {t.team: (t.blamed, t.appreciated) for t in scored.targets}


def _score(pipeline: Pipeline, lang: str, text: str) -> Scored:
    (scored,) = pipeline.score([Comment(text=text, from_team=TeamId("it"), lang=lang)], evidence=False)  # type: ignore[arg-type]
    return scored


@pytest.mark.parametrize(("lang", "text"), COMMENTS)
def test_case_does_not_matter(pipeline: Pipeline, lang: str, text: str) -> None:
    plain = _score(pipeline, lang, text)
    assert _score(pipeline, lang, text.upper()).targets == plain.targets
    assert _score(pipeline, lang, text.lower()).targets == plain.targets


@pytest.mark.parametrize(("lang", "text"), COMMENTS)
def test_the_kind_of_apostrophe_does_not_matter(pipeline: Pipeline, lang: str, text: str) -> None:
    assert _score(pipeline, lang, text.replace("'", "\u2019")).targets == _score(pipeline, lang, text).targets


@pytest.mark.parametrize(("lang", "text"), COMMENTS)
def test_a_sentence_beside_the_point_leaves_the_verdict(pipeline: Pipeline, lang: str, text: str) -> None:
    plain = _verdicts(_score(pipeline, lang, text))
    for beside in BESIDE[lang]:
        assert _verdicts(_score(pipeline, lang, f"{text} {beside}")) == plain
        assert _verdicts(_score(pipeline, lang, f"{beside} {text}")) == plain


@pytest.mark.parametrize(
    "text", ["{0} never answer us, and {1} knows it.", "{0} ne répond jamais, {1} nous a bien aidés."]
)
def test_swapping_who_is_spoken_of_moves_the_blame_with_it(pipeline: Pipeline, text: str) -> None:
    one = _verdicts(_score(pipeline, "en", text.format("Sales", "Marketing")))
    other = _verdicts(_score(pipeline, "en", text.format("Marketing", "Sales")))
    assert one["sales"] == other["marketing"]  # type: ignore[index]
    assert one["marketing"] == other["sales"]  # type: ignore[index]
    assert one["sales"][0]  # type: ignore[index]
