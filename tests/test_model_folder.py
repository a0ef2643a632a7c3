"""What earlier models counted keeps its numbers: their error counts are kept when another takes their place."""

import re
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from friction import model_folder
from friction.errors import IntegrityError
from friction.interventions import effects
from friction.likelihood import Errors
from friction.margins import rate
from friction.model_folder import ERRORS, RELEASED, errors_of, read_card, released_errors
from friction.records import Cell, Intervention, TeamId, Week
from friction.trends import trends
from friction.verdicts import changes

MakeCells = Callable[..., list[Cell]]
CURRENT = read_card(RELEASED).errors
EARLIER = sorted(set(released_errors()) - {RELEASED.name})


def test_the_errors_of_every_released_model_are_kept() -> None:
    """This fails where a model was put in place without ``training.export.keep_errors``, or one was forgotten."""
    number = int(re.fullmatch(r"friction-enfr-(\d+)", RELEASED.name)[1])  # type: ignore[index]
    assert list(released_errors()) == [f"friction-enfr-{n}" for n in range(1, number + 1)]
    assert released_errors()[RELEASED.name] == CURRENT
    (en, fr) = released_errors()["friction-enfr-2"]["blame"].values()
    assert (en.hits, en.rejections, fr.hits, fr.rejections) == (190, 211, 182, 208)


@pytest.mark.parametrize("model", EARLIER)
def test_an_upgrade_changes_no_number_that_was_shown(model: str, make_cells: MakeCells) -> None:
    """Rates, verdicts, totals and effects of an earlier model's cells, before it was replaced and after."""
    own = released_errors()[model]
    pairs = list(permutations(("sales", "it", "support"), 2))
    cells = [
        c for a, b in pairs
        for c in make_cells([0.2] * 10 + [0.8 if b == "it" else 0.3] * 6, from_team=a, about_team=b, model=model)
    ]  # fmt: skip
    done = Intervention(TeamId("sales"), TeamId("support"), Week.parse("2026-W11"), "a weekly meeting")
    shown = trends(cells, own, [done])
    assert trends(cells, CURRENT, [done]) == shown
    assert rate(cells, CURRENT) == rate(cells, own)

    blame = Errors(own["blame"])
    series = {(t.from_team, t.about_team): [p.cell for p in t.points] for t in shown}
    assert {t.change for t in shown} == {c.value for c in changes(series, blame, Week.parse("2026-W16")).values()}
    assert [e for t in shown for e in t.effects] == effects(series, [done], blame)


def test_each_part_of_a_series_goes_by_its_own_model(make_cells: MakeCells) -> None:
    """The cells before the break stay what they were, those after it are the new model's."""
    before, after = make_cells([0.3] * 8, model="friction-enfr-2"), make_cells([0.3] * 16, model=RELEASED.name)[8:]
    (whole,) = trends([*before, *after], CURRENT)
    (early,), (late,) = trends(before, released_errors()["friction-enfr-2"]), trends(after, CURRENT)
    assert whole.points == early.points + late.points
    assert early.points[0].blame != late.points[0].blame


def test_a_model_that_was_never_released_goes_by_the_one_in_use() -> None:
    assert errors_of("ours-1", CURRENT) is CURRENT


@pytest.mark.parametrize("content", [None, "", "[]", '{"friction-enfr-2": {"blame": {"en": {"hits": 1}}}}'])
def test_errors_that_are_lost_are_not_made_up(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ERRORS.name
    if content is not None:
        path.write_text(content)
    monkeypatch.setattr(model_folder, "ERRORS", path)
    with pytest.raises(IntegrityError, match="Reinstall friction"):
        released_errors.__wrapped__()
