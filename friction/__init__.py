"""friction: blame between teams, read from anonymous comments, reported only as safe aggregates.

Read ``friction.pipeline`` first; ``friction.records`` is the glossary.
"""

__version__ = "0.1.0"
