"""``make bench``: how fast friction scores, beside its peers and beside what the machine can do, in one run.

    python -m training.bench [--quick] [--out docs/benchmarks.md]

    texts.py      what is scored: comments of dev, as files and as strings
    rounds.py     contestants take turns (A B C A B C ...); medians and ratios of a round
    ours.py       friction's own contestants
    peers.py      other people's libraries on the same texts
    limits.py     what the machine can do, and what the model asks of it
    waiting.py    one comment at a time, starts, memory
    report.py     the page

    reads.py      ``make bench-reads``: reads of released cells over HTTP
    release.py    ``make bench-release``: millions of votes released, beside DuckDB

Needs the extra ``bench``. Figures of different runs are not comparable; ratios of one run are.
"""
