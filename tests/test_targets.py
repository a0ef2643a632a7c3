import pytest

from friction.errors import UsageError
from friction.records import Directory, Team, TeamId
from friction.targets import TargetFinder


def _finder() -> TargetFinder:
    teams = {
        "sales": Team(TeamId("sales"), "Sales", 9, ("équipe commerciale", "les ventes", "AEs")),
        "marketing": Team(TeamId("marketing"), "Marketing", 9, ("product marketing",)),
        "product": Team(TeamId("product"), "Product", 9, ("les produits",)),
        "it": Team(TeamId("it"), "IT", 9, ("DSI",)),
        "dev": Team(TeamId("dev"), "dev", 9),
        "pui": Team(TeamId("pui"), "PUI", 9),
        "qa": Team(TeamId("qa"), "QA", 9, ("assurance qualité", "l'AQ")),
    }
    return TargetFinder(Directory({TeamId(k): v for k, v in teams.items()}))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sales never call back", [("Sales", "sales")]),
        ("the SALES TEAM and it", [("SALES TEAM", "sales")]),
        ("IT broke it again", [("IT", "it")]),
        ("l\u2019équipe commerciale dort", [("équipe commerciale", "sales")]),
        ("lequipe commerciale, EQUIPE COMMERCIALE", [("EQUIPE COMMERCIALE", "sales")]),
        ("le service marketing et la dsi", [("service marketing", "marketing"), ("dsi", "it")]),
        ("product marketing beats product", [("product marketing", "marketing"), ("product", "product")]),
        ("wholesales and presales", []),
        ("les gens du marketing", [("gens du marketing", "marketing")]),
        ("the QAs are off", [("QAs", "qa")]),
        ("puis les devs et la PUI", [("devs", "dev"), ("PUI", "pui")]),
        ("l'assurance  qualité", []),
        ("L'ASSURANCE QUALITÉ!", [("ASSURANCE QUALITÉ", "qa")]),
        ("sales\u2019 numbers (marketing's too)", [("sales", "sales"), ("marketing", "marketing")]),
        ("une vente, œuvre des ventes", [("vente", "sales"), ("ventes", "sales")]),
        ("sale boulot", []),
    ],
)
def test_mentions(text: str, found: list[tuple[str, str]]) -> None:
    assert [(text[m.span.start : m.span.end], m.team) for m in _finder().find(text)] == found


@pytest.mark.parametrize(
    ("name", "team"), [("SALES", "sales"), ("Équipe Commerciale", "sales"), ("Sale", None), ("", None)]
)
def test_resolve_takes_a_whole_name(name: str, team: str | None) -> None:
    assert _finder().resolve(name) == team


def test_two_teams_cannot_share_an_alias() -> None:
    one, two = Team(TeamId("a"), "Ops"), Team(TeamId("b"), "B", None, ("OPS",))
    with pytest.raises(UsageError, match=r"teams\.a and teams\.b share the alias 'OPS'"):
        TargetFinder(Directory({one.id: one, two.id: two}))


def test_a_text_of_nothing_but_teams_is_read_at_once() -> None:
    pieces = ["sales ", "le service marketing\n", "départements de la DSI, ", "QA team "]
    text = ("".join(pieces) * 20_000)[:20_000]
    found = _finder().find(text)
    whole = len(text) // len("".join(pieces)) * 4
    spoken = ["sales", "service marketing", "départements de la DSI", "QA team"] * (whole // 4)
    assert [text[m.span.start : m.span.end] for m in found[:whole]] == spoken
