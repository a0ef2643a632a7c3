"""The scoring endpoint beside the servers that others use, over real HTTP: ``make bench-http``.

Every server gets the same two cores, the same comments and the same load, in turns. Nothing here is imported by the
servers but ``peers``.
"""
