"""Three stores at three addresses: ``scores`` (private, short-lived), ``releases`` (append-only, for people) and
``operations`` (all that the web process may write).

Nothing outside ``friction.release`` and the ingesting commands opens ``scores``; ``service`` opens the two others only.
None has a column for a comment's text, its author's name or an emotion.
"""
