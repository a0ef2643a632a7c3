"""The private store: one row for each person's comment about one target, until its window closes.

    votes ─> adding ─> open windows ─> closing ─> release          tables   what is kept
             preview   what would come of them                     keys     what stands for people, files and comments
             batches   files: known again, listed, taken out again

Security properties (``tests/store`` and ``tests/properties`` guard them):
    - no text, no name: a respondent is a keyed hash under the salt of the pair's open window;
    - a window's rows and its salt are deleted in the transaction that makes its cell; the salt lives on only
      while rows that were sent ahead for later weeks still wait under it;
    - what a noisy cell costs is in the ledger in the transaction that makes the cell, and for a year from then;
    - a batch is one transaction: a file is in whole or not at all, and the same content counts once;
    - the key of a file, which its people are in, is forgotten at the next release; the id of its batch is drawn;
    - what says which file a vote came from is another tag in each window, and goes with the window's rows; a batch
      is withdrawn whole, before any of its windows closed, or not at all.

Written by the ingesting command, read and emptied by ``friction.release``; nobody else opens it.
"""

from friction.store.scores.adding import Voices
from friction.store.scores.batches import Batch
from friction.store.scores.closing import Closing, People, Waiting
from friction.store.scores.preview import Preview
from friction.store.scores.store import ScoreStore, Taken
from friction.store.scores.tables import METADATA, SCHEMA, Window
from friction.store.scores.votes import Vote, Votes

__all__ = [
    "METADATA",
    "SCHEMA",
    "Batch",
    "Closing",
    "People",
    "Preview",
    "ScoreStore",
    "Taken",
    "Voices",
    "Vote",
    "Votes",
    "Waiting",
    "Window",
]
