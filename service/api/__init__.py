"""Routes under ``/v1`` that read what is released, and those for what is done about it. The contract: ``docs/api.md``.

    shapes.py         what is answered, as OpenAPI tells it
    parameters.py     what is asked: weeks, pages of a list
    pairs.py          pairs and their series
    weeks.py          cells by the week that closed them
    cells.py          every cell, as CSV
    digests.py        the weekly digest
    interventions.py  what was done about pairs

Every answer is made of a view (``service.released``) of what is released to everybody; a key that is bound to a team
sees fewer pairs of it, and never another number (rules 11 and 13).
"""

from fastapi import APIRouter

from . import cells, digests, interventions, pairs, weeks

router = APIRouter(prefix="/v1")
for part in (pairs, weeks, cells, digests, interventions):
    router.include_router(part.router)
