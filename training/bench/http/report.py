"""The page: every server under the same load, and friction's under twice what it can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from training.bench.report import machine
from training.bench.rounds import Spread

from .load import Result
from .servers import Server

PAGE: Final = """# The scoring endpoint under load

Written by `make bench-http`{quick}. Machine: {machine}. {where}

The load: the {comments} comments of an organisation of the corpus's dev part, one a request, each a text of its own,
over loopback at {connections} connections, each of which sends its next request when it has its answer. {rounds} rounds
of {seconds:.0f} s, the servers in turn. A figure is the median, with the least and the most of all rounds.

The servers do one of two jobs. **The pipeline** is the whole answer of `POST /v1/score`: redaction, language, teams,
the network once for each target, and the evidence. All three get it from the same code,
so that only the servers differ; friction's also checks a key. **The network** is what users of LitServe and BentoML
would serve: each text once through the tokenizer and the network of the same ONNX file, padded to the longest of a
batch. It is a smaller job, though the network has much the same to do: {passes:.1f} passes for a comment become one.
Without any server, the network alone takes {bounds} of the load's comments a second in one process on the same
two cores, in the same rounds: that is what a server of the pipeline can reach at most.

| server | job | best setting of {candidates} | answers a second | p50 ms | p99 ms | load's share of a core |
| --- | --- | --- | --- | --- | --- | --- |
{rows}

| friction over | answers a second, target ≥ 2 times | p99, target ≤ 0.5 times |
| --- | --- | --- |
{ratios}

## Twice the load

| | answers a second | p50 ms | p99 ms |
| --- | --- | --- | --- |
{loads}

In the {over_seconds:.0f} s of twice the load ({over_rate:.0f} requests a second at random moments) {sent} requests were
sent: {answered} were answered, {refused} were refused (503), {other} had another answer, {lost} had none. The longest
refusal took {slowest:.0f} ms. Resident memory was {before:.0f} MB after the rounds before, and {after:.0f} MB at the
end, at most {most:.0f} MB.

| | target | here | |
| --- | --- | --- | --- |
{targets}
"""


@dataclass(frozen=True, slots=True)
class Run:
    """All that was measured."""

    quick: bool
    where: str
    comments: int
    connections: int
    seconds: float
    candidates: int
    passes: float
    bounds: Sequence[float]
    results: Sequence[tuple[Server, Sequence[Result]]]
    """Of friction first."""
    alone: Result
    over: Result
    over_rate: float
    over_seconds: float
    memory: Sequence[float]
    """Of friction's process, in 10⁶ bytes: before, each second, and after."""
    starts: Sequence[float]


def page(run: Run) -> str:
    """The page in Markdown."""
    (_, ours), *peers = run.results
    over = run.over
    refusals = over.milliseconds.get("503", [])
    other = sum(len(times) for status, times in over.milliseconds.items() if status not in ("200", "503"))
    loads = [("one connection", run.alone), (f"{run.connections} connections", _middle(ours)), ("twice the load", over)]
    return PAGE.format(
        quick=" (QUICK=1: too short to quote)" if run.quick else "",
        machine=machine(),
        where=run.where,
        comments=run.comments,
        connections=run.connections,
        rounds=len(ours),
        seconds=run.seconds,
        candidates=run.candidates,
        passes=run.passes,
        bounds=Spread.of(run.bounds),
        rows="\n".join(_row(server, results) for server, results in run.results),
        ratios="\n".join(_ratio(server, ours, results) for server, results in peers),
        loads="\n".join(
            f"| {name} | {r.rate:.0f} | {r.percentile(0.5):.1f} | {r.percentile(0.99):.1f} |" for name, r in loads
        ),
        over_seconds=run.over_seconds,
        over_rate=run.over_rate,
        sent=over.sent,
        answered=over.answered,
        refused=len(refusals),
        other=other,
        lost=over.unanswered,
        slowest=refusals[-1] if refusals else 0.0,
        before=run.memory[0],
        after=run.memory[-1],
        most=max(run.memory),
        targets="\n".join(_targets(run, ours, other)),
    )


def _row(server: Server, results: Sequence[Result]) -> str:
    figures = [
        Spread.of([r.rate for r in results]),
        Spread.of([r.percentile(0.5) for r in results]),
        Spread.of([r.percentile(0.99) for r in results]),
    ]
    core = median(r.core for r in results)
    return f"| {server.name} | {server.job} | {server.setting} | {' | '.join(map(str, figures))} | {core:.0%} |"


def _ratio(server: Server, ours: Sequence[Result], theirs: Sequence[Result]) -> str:
    rates = Spread.of([a.rate / b.rate for a, b in zip(ours, theirs, strict=True)])
    late = Spread.of([a.percentile(0.99) / b.percentile(0.99) for a, b in zip(ours, theirs, strict=True)])
    more, sooner = _met(str(rates), rates.middle >= 2), _met(str(late), late.middle <= 0.5)
    return f"| {server.name}, {server.job} | {more} | {sooner} |"


def _targets(run: Run, ours: Sequence[Result], other: int) -> list[str]:
    alone, full, over = (r.percentile(0.99) for r in (run.alone, _middle(ours), run.over))
    grown = max(run.memory) / run.memory[0] - 1
    rows = [
        ("p99 at twice the load over that of one connection", "under 4 times", f"{over / alone:.1f} times",
         over < 4 * alone),
        (f"p99 at twice the load over that of {run.connections} connections", "under 4 times",
         f"{over / full:.1f} times", over < 4 * full),
        ("the rest get 503", "all", f"{other} do not", other == 0),
        ("requests without an answer", "none", str(run.over.unanswered), run.over.unanswered == 0),
        ("memory", "flat", f"{grown:+.1%}", grown < 0.05),
        ("memory at its highest", "under 350 MB", f"{max(run.memory):.0f} MB", max(run.memory) < 350),
        ("from nothing to a first answer", "under 2 s", f"{Spread.of(run.starts)} s", median(run.starts) < 2),
    ]  # fmt: skip
    return [f"| {what} | {target} | {here} | {'met' if met else 'missed'} |" for what, target, here, met in rows]


def _middle(results: Sequence[Result]) -> Result:
    return sorted(results, key=lambda r: r.rate)[len(results) // 2]


def _met(figure: str, met: bool) -> str:
    return f"{figure} {'met' if met else 'missed'}"
