"""The sample company's digest, word for word in both languages, from its released cells.

Where a text is meant to change, delete its file in ``digests/`` and run this: it writes the new one, to be looked at.
"""

import json
from itertools import groupby
from pathlib import Path

import pytest

from friction import sample
from friction.model_folder import RELEASED, read_card
from friction.records import Intervention, TeamId, Week
from friction.settings import load
from friction.store.releases import ReleaseStore
from friction.trends import trends
from service.digest import Language, render

HERE = Path(__file__).parent / "digests"
WEEK = Week.parse("2026-W47")
DONE = Intervention(TeamId("sales"), TeamId("logistics"), Week.parse("2026-W41"), "weekly stock meeting with an agenda")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", ["news", "quiet", "first"])
def test_word_for_word(kind: str, language: Language, releases: ReleaseStore, tmp_path: Path) -> None:
    rows = json.loads((HERE / "sample-cells.json").read_text(encoding="utf-8"))
    rows.sort(key=lambda row: row["last_week"])
    for week, of_week in groupby(rows, key=lambda row: row["last_week"]):
        releases.append(Week(week), json.dumps(list(of_week)))
    cells, errors = releases.cells(), read_card(RELEASED).errors
    assert max(c.last_week for c in cells) == WEEK
    directory = load(sample.write(tmp_path / "org")).directory
    week = min(c.last_week for c in cells) if kind == "first" else WEEK
    done = [DONE] if week >= DONE.week else []
    now = trends([c for c in cells if c.last_week <= week], errors, done)
    before = trends([c for c in cells if c.last_week < week], errors, done)
    if kind == "quiet":
        now = [t for t in now if t.verdict not in ("rising", "falling")]
    link = "https://friction.example.org/"
    mail = render(now, directory, week, language, before=before, link=link, pictures=False)
    said = f"Subject: {mail.subject}\n\n{mail.text}"
    file = HERE / f"{kind}.{language}.txt"
    if not file.exists():
        file.write_text(said, encoding="utf-8")
        pytest.fail(f"wrote {file.name}: look at it, and run this again")
    assert said == file.read_text(encoding="utf-8")
    assert kind == "news" or len(mail.text.splitlines()) < 15
