"""Companies whose truth is known, played through the real rules, to measure what the statistics promise.

``confusions`` has the classifier's mistakes on scored dev comments, ``company`` makes what a company would release,
``quantifiers`` compares estimators, ``table`` measures and writes ``docs/statistics.md`` (``make bench-stats``).
Reads the dev split only; no text is kept.
"""
