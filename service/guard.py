"""What keeps the web process on its side of the wall, even where its own code is mistaken.

It is not given the address of the private store (``friction.settings.load(private=False)``). From ``keep_out`` on, no
code in it opens another SQLite file than the two it may, attaches one, or imports what reads the private store. This
guards against our own mistakes; against somebody who runs code of their own in this process, give it a user, or a
database role, without a right to the private store: ``docs/stores.md``.
"""

import sys
from pathlib import Path
from typing import Final
from urllib.parse import unquote

PRIVATE: Final = frozenset({"friction.store.scores", "friction.release", "friction.ingest"})


def keep_out(*addresses: str) -> None:
    """Refuse the private store for as long as the process lives.

    Args:
        addresses: of the stores that may be opened from now on; no other SQLite file may.
    """
    files = (address.removeprefix("sqlite:///") for address in addresses if address.startswith("sqlite:///"))
    allowed = {Path(unquote(file)).resolve() for file in files}

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event == "import" and arguments[0] in PRIVATE:
            raise PermissionError("the web process reads releases only")
        if event == "sqlite3.connect" and Path(str(arguments[0])).resolve() not in allowed:
            raise PermissionError("the web process opens releases and operations only")

    sys.addaudithook(refuse)
