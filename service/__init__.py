"""The service: readers of released cells (API, dashboard, digest), and the scoring endpoint.

Opens the store of releases and nothing else: it cannot reach a score. Scoring keeps nothing.
"""
