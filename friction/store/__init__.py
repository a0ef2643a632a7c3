"""Two stores at two addresses: ``scores`` (private, short-lived) and ``releases`` (append-only, for people).

Nothing outside ``friction.release`` and the ingesting command opens ``scores``; ``service`` opens ``releases`` only.
Neither has a column for text, a name or an emotion.
"""
