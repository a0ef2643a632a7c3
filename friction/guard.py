"""What keeps a process on its side of the wall, even where its own code is mistaken.

The web process is not given the address of the private store (``friction.settings.load(private=False)``), a process
that scores for another (``friction.scoring_process``) that of any. From ``keep_out`` on, no code in it opens another
SQLite file than those it may, attaches one, or imports what reads the private store; where it may open none, it does
not import what reads any. This guards against our own mistakes; against somebody who runs code of their own in this
process, give it a user, or a database role, without a right to the private store: ``docs/stores.md``.
"""

import sys
from pathlib import Path
from typing import Final
from urllib.parse import unquote

PRIVATE: Final = frozenset({"friction.store.scores", "friction.release", "friction.ingest"})
ANY: Final = frozenset({"friction.store", "sqlalchemy", "sqlite3", "psycopg"})


def keep_out(*addresses: str) -> None:
    """Refuse the private store for as long as the process lives.

    Args:
        addresses: of the stores that may be opened from now on; no other SQLite file may. Without one, none may.
    """
    files = (address.removeprefix("sqlite:///") for address in addresses if address.startswith("sqlite:///"))
    allowed = {Path(unquote(file)).resolve() for file in files}
    refused = PRIVATE if addresses else PRIVATE | ANY

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event == "import" and arguments[0] in refused:
            raise PermissionError(f"this process does not read {arguments[0]}")
        if event == "sqlite3.connect" and Path(str(arguments[0])).resolve() not in allowed:
            raise PermissionError("this process does not open that store")

    sys.addaudithook(refuse)
