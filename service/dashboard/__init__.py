"""The pages: rendered here, readable without JavaScript, drawn from released cells alone.

One file for each kind of page; ``page`` renders them all. Everything loads from this host, under a policy that allows
no script and no style in place. Forms are told from those of other sites by the session's token
(``service.access``).

Promises: no page takes a query parameter; none shows anything that is not in ``State.view``; whoever has a key that is
bound to a team sees the pairs that the team is in.
"""

from fastapi import APIRouter

from . import about, entering, language, matrix, pairs, teams, uploads, weeks
from .page import own, render, templates

router = APIRouter(include_in_schema=False)
for _pages in (matrix, pairs, teams, weeks, entering, uploads, about, language):
    router.include_router(_pages.router)

__all__ = ["own", "render", "router", "templates"]
