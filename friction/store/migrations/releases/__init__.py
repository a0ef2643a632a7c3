"""Revisions of the store ``releases``, oldest first."""
