"""Names and near-misses. Angle quotes mark what must be found: ‹like this›."""

import pytest

from friction.redaction.names import NameFinder

TEAMS = ("Victoria store", "Victoria", "Projet Florence", "Florence", "les Rose", "Saint-Denis", "Sales", "Jean")


def marked(text: str, spared: tuple[str, ...] = ()) -> str:
    out, at = "", 0
    for span in NameFinder(spared).find(text):
        out += f"{text[at : span.start]}‹{text[span.start : span.end]}›"
        at = span.end
    return out + text[at:]


@pytest.mark.parametrize(
    "text",
    [
        "Ask ‹Karen›, she knows.",
        "‹Priya› and ‹Tom› from Procurement never answer.",
        "It was ‹Marcus Bell›'s idea. ‹Liam›'s team too.",
        "Mr ‹Okafor› and Mrs. ‹Lindqvist› at the desk, Dr. ‹Achterberg› too",
        "Mme ‹Tessier›, M. ‹Vandenbroucke›, Me ‹Roussillon›, Mlle ‹Abadie›",
        "mr ‹okafor› said so, selon mme ‹lefort› aussi",
        "M. ‹de La Rochère› et Mr ‹Van der Meer›",
        "‹J. Thornbury› and ‹J.-P. Martin›, ‹Nadia K.› as well",
        "‹Jean-Marc Pélissier›, ‹Anne-Sophie›, ‹Mei-Ling›",
        "‹Aurélie Le Goff› a validé, ‹De Souza› aussi",
        "Le lot d'‹Antoine› et l'avis de ‹Siobhan O'Rourke›",
        "demandez à ‹Sophie›, dites à ‹Zébulon›, merci ‹Zébulon›",
        "told ‹Zebulon› twice; spoke to ‹Zebulon›; ‹Zebulon› said no",
        "thx ‹marek› for staying, merci ‹benoit›",
        "‹DUPONT› N'A TOUJOURS PAS SIGNÉ",
        "I asked ‹DUPONT› on Monday",
        "‹Rose› books it twice. ‹Frank› doesn't listen. ‹Grant› missed it.",
        "I'd rather talk to ‹Bill›, and ‹Will› agrees",
        "‹Claire› n'a rien signé. C'est ‹Pierre› qui décide. Même ‹Marine› le dit.",
        "‹Marine Lebrun› et ‹Rose Tyler›",
        "‹Jordan› answered at midnight",
        "my manager, ‹Zebulon›, notre déléguée, ‹Zébulonne›",
        "‹Shaun›/‹Leila›",
        "The apprentice ‹Tibor Smith› left",
        "‹ANNE› never answers, said ‹LENA›",
        "‹Anne›_‹Durand› wrote it, see ‹ANNE›_‹DURAND›",
        "@anne ‹durand› said no, @Anne ‹Durand› too",
    ],
)
def test_found(text: str) -> None:
    assert marked(text.replace("‹", "").replace("›", "")) == text


@pytest.mark.parametrize(
    "text",
    [
        "Grâce à eux on tient. Grace period ended. Hope this reaches someone.",
        "Mark it as done. Mark graded items. Will anyone read this? May was worse than April.",
        "Une claire amélioration, la pierre du seuil, la peinture bleu marine, une page blanche",
        "Marketing, Legal, Support and Facilities never answer.",
        "Jira, Alexa, Jenkins, Oracle and Salesforce were down; Jenkins was red.",
        "The Rose Room, la salle Rose, Baker Street, rue Pasteur, St. Anne's",
        "The Marsh & Cole contract, le contrat Marchand & Fils",
        "Paris gets the budget. We ship to Austin and Boston. En janvier, en Mars.",
        "Thank God it's Friday. Merci Dieu. Ms Teams is down.",
        "Ask Finance. Ask Legal. Demandez aux achats, dites à tout le monde.",
        "Quelqu'un a vu, lorsqu'on demande. We're told it's fine. J'y pense. M'a dit que oui.",
        "Une madame en colère, le docteur m'a dit, un prof de judo, 25 ms dets",
        "plan B. Then nothing. Vitamin C. Again.",
        "NOBODY READS THE BOARD. PERSONNE NE LIT.",
        "Das Marketing antwortet nie. Los de ventas no responden. Die Kollegen sind nett.",
        "the will, a rose, il se marie, le manuel, je suis ravi",
        "config/Martin/settings and Kevin42 and #Karen",
        "The NINO is wrong, OSHA said no. On a eu le SAMU. PIO told the paper. La MOA dit oui, l'IDE a vu.",
        "Sales_Report and Report_2026, page_Martin",
        "@anne merci, @anne please look, @anne thanks",
    ],
)
def test_near_misses_stay(text: str) -> None:
    assert marked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Victoria never confirms stock. The Victoria people leave at four.",
        "Ask Victoria. Merci Florence. Florence a demandé la date.",
        "Mme ‹Tessier› works for the Victoria store, not ‹Karen›.",
        "Saint-Denis said no. Les Rose ont signé. la Rose a signé.",
        "demandez à jean, à Jean, aux Jean",
    ],
)
def test_the_directorys_words_stay(text: str) -> None:
    assert marked(text.replace("‹", "").replace("›", ""), TEAMS) == text


def test_a_word_of_a_longer_alias_is_spared_there_only() -> None:
    assert marked("Martin Place and Martin", ("Martin Place branch", "Martin Place")) == "Martin Place and ‹Martin›"
