"""Revisions of the store ``operations``, oldest first."""
