"""The complaints that the product is accepted by, through the real command on the sample company's directory.

They stand here and nowhere in the corpus; ``training.corpus_check`` compares the two.
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from friction import sample

FRICTION = Path(sys.executable).parent / "friction"
COMPLAINTS = Path(__file__).parent / "complaints.csv"


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:  # type: ignore[type-arg]
    home = tmp_path_factory.mktemp("acceptance")
    sample.write(home)
    command = [FRICTION, "score", str(COMPLAINTS), "--config", str(home / "friction.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}


with COMPLAINTS.open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_complaint_or_control(row: dict[str, str], scored: dict[str, dict]) -> None:  # type: ignore[type-arg]
    targets = {t["team"]: t for t in scored[row["id"]]["targets"]}
    if row["pattern"]:
        assert targets[row["target"]]["blamed"]
        assert row["pattern"] in targets[row["target"]]["labels"]
        assert [t for t in targets if targets[t]["blamed"]] == [row["target"]]
        assert targets[row["target"]]["evidence"]
    else:
        assert not any(t["blamed"] for t in targets.values())
    if row["appreciated"]:
        assert targets[row["appreciated"]]["appreciated"]
