"""One command for the whole page: ``python -m training.bench``."""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from friction.classifier import Classifier
from friction.model_folder import RELEASED

CORES: Final = 2
FULL: Final = {"each": 100, "rounds": 3, "single": 400, "starts": 7}
QUICK: Final = {"each": 6, "rounds": 2, "single": 40, "starts": 2}


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    parser.add_argument("--model", type=Path, default=RELEASED)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(measure(args.model, quick=args.quick), encoding="utf-8")
    print(f"Wrote {args.out}")


def measure(model: Path, *, quick: bool) -> str:
    """The page, measured here and now."""
    import torch

    from . import limits, ours, peers, report, texts, waiting
    from .rounds import take_turns

    torch.set_num_threads(CORES)
    sizes = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as scratch:
        classifier = Classifier.load(model, threads=CORES)
        work = texts.load(Path(scratch), classifier, each=sizes["each"])
        bare = [text for w in work for text in w.texts]
        own = ours.contestants(work)
        with torch.inference_mode():
            all_ = [own[0], *peers.contestants(bare, peers.HOPED if quick else peers.BATCHES, _say), *own[1:]]
            take_turns(all_, sizes["rounds"], _say)
        _say("limits")
        weights = model / "model.onnx"
        peaks = limits.peaks(limits.sizes(weights), CORES)
        _say("waiting")
        return report.page(
            report.Run(
                quick=quick,
                rounds=sizes["rounds"],
                texts=bare,
                contestants=all_,
                peaks=peaks,
                bandwidth=limits.bandwidth(CORES),
                lengths=ours.lengths(work),
                multiply_adds=limits.multiply_adds(weights),
                latencies={
                    "one comment, evidence included": waiting.latency(work, sizes["single"], evidence=True),
                    "one comment, without evidence": waiting.latency(work, sizes["single"], evidence=False),
                },
                starts=waiting.starts(work[0], Path(scratch), sizes["starts"]),
            )
        )


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
