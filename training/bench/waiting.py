"""What one person waits for: a comment in a warm process, a command from a cold start; and the memory it takes."""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from friction.records import Directory
from training.student import teacher_folder

from .texts import Work

FRICTION: Final = Path(sys.executable).parent / "friction"
PEER: Final = (
    "import sys; from sentence_transformers import SentenceTransformer; "
    "SentenceTransformer(sys.argv[1], device='cpu').encode(open(sys.argv[2], encoding='utf-8').readlines())"
)
LAUNCH: Final = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(time.perf_counter() - start, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Start:
    """A command from nothing to its end: seconds (median), and resident memory at its highest, in 10⁶ bytes."""

    seconds: float
    megabytes: float


def latency(work: Sequence[Work], count: int, *, evidence: bool) -> Latency:
    """Of ``Pipeline.score`` on one comment at a time, over comments of every organisation."""
    asked = [(w.pipeline, c) for w in work for c in w.comments[:: max(len(w.comments) * len(work) // count, 1)]]
    for pipeline, comment in asked[:10]:
        pipeline.score([comment], evidence=evidence)
    times = []
    for pipeline, comment in asked:
        start = time.perf_counter()
        pipeline.score([comment], evidence=evidence)
        times.append(1000 * (time.perf_counter() - start))
    return Latency(median(times), quantiles(times, n=100)[98])


def starts(work: Work, folder: Path, repeats: int) -> dict[str, Start]:
    """Commands as a person types them, in turn."""
    config = folder / "friction.toml"
    config.write_text(configuration(work.directory), encoding="utf-8")
    one = folder / "one.jsonl"
    one.write_text(work.file.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    plain = folder / "plain.txt"
    plain.write_text("".join(" ".join(text.split()) + "\n" for text in work.texts), encoding="utf-8")
    scored = ("--config", str(config), "-o", str(folder / "scored.jsonl"))
    commands: dict[str, Sequence[str]] = {
        "`friction --help`": (str(FRICTION), "--help"),
        "`friction score`, one comment": (str(FRICTION), "score", str(one), *scored),
        f"`friction score`, {len(work.comments)} comments": (str(FRICTION), "score", str(work.file), *scored),
        f"sentence-transformers, `encode` of {len(work.comments)} comments": (
            sys.executable, "-c", PEER, str(teacher_folder()), str(plain),
        ),
    }  # fmt: skip
    found: dict[str, list[Start]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            found[name].append(alone(command))
    return {n: Start(median(s.seconds for s in all_), max(s.megabytes for s in all_)) for n, all_ in found.items()}


def alone(command: Sequence[str]) -> Start:
    """Through a small process of its own: a child starts with its parent's highest memory on its account."""
    done = subprocess.run((sys.executable, "-c", LAUNCH, *command), capture_output=True, text=True, check=True)  # noqa: S603
    seconds, kilobytes = done.stdout.split()
    return Start(float(seconds), float(kilobytes) * 1024 / 1e6)


def configuration(directory: Directory) -> str:
    """``friction.toml`` of a directory."""
    lines = []
    for team in directory.teams.values():
        aliases = ", ".join(f'"{alias}"' for alias in team.aliases)
        lines += [f"[teams.{team.id}]", f'name = "{team.name}"', f"aliases = [{aliases}]"]
    return "\n".join(lines) + "\n"
