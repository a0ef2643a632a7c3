"""The page: what was measured, on what machine in words, and how the targets stand."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import ours, peers
from .rounds import Contestant, Spread, ratio
from .waiting import Latency, Start

PAGE: Final = """# Benchmarks

Written by `make bench`{quick}. Machine: {machine}.

{comments} comments of the dev organisations, each once, {characters:.0f} characters long on average. In each of
{rounds} rounds all contestants take turns on the same two cores. A figure is the median, with the least and the most of
all rounds; a ratio is taken round by round. **Only ratios travel to other machines.**

## Scoring

| contestant | comments a second | `friction score` does as many times | without evidence |
| --- | --- | --- | --- |
{rates}

`friction score` reads a file, redacts, finds language and teams, asks the network once for each target, points at the
evidence, and writes a file; the organisations' files two at a time, as two blocks of a long one are. The peers read
each comment once and do nothing else. Their heads are untrained: speed only.

## What the machine can do

| | measured, both cores |
| --- | --- |
{limits}

The network does {by_token:.1f} million multiply-adds a token ({length:.0f} tokens in the median sequence). Alone it
reaches {reached:.0f} × 10⁹ a second: **{share:.0%} of the int8 peak**.

## Waiting

| | p50 | p99 |
| --- | --- | --- |
{latencies}

| command, from a cold start | seconds | highest resident memory |
| --- | --- | --- |
{starts}

## Targets

| | target | here | |
| --- | --- | --- | --- |
{targets}
"""
WANTED: Final = {peers.ENCODE: 6, peers.SETFIT: 20, peers.PIPELINE: 10}
"""How many times a peer's comments a second `friction score` should do."""
INSTRUCTIONS: Final = (
    "avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16",
    "asimd", "asimddp", "i8mm", "bf16",
)  # fmt: skip
"""Names that /proc/cpuinfo gives to what matrix products gain from."""


@dataclass(frozen=True, slots=True)
class Run:
    """All that a run measured."""

    quick: bool
    rounds: int
    texts: Sequence[str]
    contestants: Sequence[Contestant]
    peaks: Mapping[str, float]
    bandwidth: float
    lengths: Sequence[int]
    multiply_adds: Callable[[int], float]
    latencies: Mapping[str, Latency]
    starts: Mapping[str, Start]


def page(run: Run) -> str:
    """The page in Markdown."""
    by_name = {c.name: c for c in run.contestants}
    network = by_name[ours.NETWORK]
    lengths = sorted(run.lengths)
    work = sum(map(run.multiply_adds, lengths))
    reached = Spread.of([work / seconds / 1e9 for seconds in network.seconds]).middle
    share = reached / run.peaks["int8"]
    limits = [f"| {kind} multiply-adds | {peak:.0f} × 10⁹ a second |" for kind, peak in run.peaks.items()]
    limits.append(f"| memory, read and written | {run.bandwidth:.0f} × 10⁹ bytes a second |")
    return PAGE.format(
        quick=" (QUICK=1: too short to quote)" if run.quick else "",
        machine=machine(),
        comments=len(run.texts),
        characters=sum(map(len, run.texts)) / len(run.texts),
        rounds=run.rounds,
        rates="\n".join(_rates(run.contestants, by_name)),
        limits="\n".join(limits),
        by_token=run.multiply_adds(lengths[len(lengths) // 2]) / lengths[len(lengths) // 2] / 1e6,
        length=lengths[len(lengths) // 2],
        reached=reached,
        share=share,
        latencies="\n".join(f"| {name} | {t.p50:.1f} ms | {t.p99:.1f} ms |" for name, t in run.latencies.items()),
        starts="\n".join(f"| {n} | {s.seconds:.2f} | {s.megabytes:.0f} MB |" for n, s in run.starts.items()),
        targets="\n".join(_targets(run, by_name, share)),
    )


def _rates(contestants: Sequence[Contestant], by_name: Mapping[str, Contestant]) -> list[str]:
    rows = []
    for c in contestants:
        peer = c.name not in ours.NAMES
        times = [str(ratio(by_name[name], c)) if peer else "" for name in (ours.WHOLE, ours.NO_EVIDENCE)]
        rows.append(f"| {c.name} | {Spread.of(c.rates)} | {times[0]} | {times[1]} |")
    return rows


def _targets(run: Run, by_name: Mapping[str, Contestant], share: float) -> list[str]:
    ratios = [
        (peer, times, ratio(by_name[ours.WHOLE], contestant))
        for peer, times in WANTED.items()
        for name, contestant in by_name.items()
        if name.startswith(peer)
    ]
    latency = next(iter(run.latencies.values())).p50
    help_, one = [start.seconds for start in run.starts.values()][:2]
    rows = [
        *((f"`friction score` over {p}", f"at least {n} times", f"{r} times", r.middle >= n) for p, n, r in ratios),
        ("the network's share of the int8 peak", "at least 35 %", f"{share:.0%}", share >= 0.35),
        ("one comment in process, p50", "under 3 ms", f"{latency:.1f} ms", latency < 3),
        ("`friction score` of one comment, cold", "under 0.6 s", f"{one:.2f} s", one < 0.6),
        ("`friction --help`", "under 0.2 s", f"{help_:.2f} s", help_ < 0.2),
    ]
    return [f"| {what} | {target} | {here} | {'met' if met else 'missed'} |" for what, target, here, met in rows]


def machine(cpuinfo: Path = Path("/proc/cpuinfo"), cores: int = 2) -> str:
    """The processor in words: model, cores that were used, instruction sets; no name of a host."""
    fields: dict[str, str] = {}
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            fields.setdefault(name.strip(), value.strip())
    known = set((fields.get("flags") or fields.get("Features") or "").split())
    sets = ", ".join(name for name in INSTRUCTIONS if name in known) or "no matrix instructions known"
    return f"{fields.get('model name', platform.machine())}, {cores} cores used, {sets}"
