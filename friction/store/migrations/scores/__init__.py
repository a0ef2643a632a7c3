"""Revisions of the store ``scores``, oldest first."""
