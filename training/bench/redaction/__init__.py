"""Redaction beside presidio, on sentences labelled by hand: ``python -m training.bench.redaction``.

    en.txt, fr.txt   the sentences; labelled.py reads them and holds the rule of the two halves
    measure.py       recall, precision, intervals
    contestants.py   friction, and presidio with and without a language model
    report.py        docs/redaction.md
    lists.py         makes the name recogniser's word lists, with hand.toml

Needs the extra ``bench``. presidio is never imported at run time.
"""
