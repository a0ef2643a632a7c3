"""What keeps the web process on its side of the wall, even where its own code is mistaken.

It is given the address of the releases only (``friction.settings.load(private=False)``). From ``keep_out`` on, no code
in it opens another SQLite file, attaches one, or imports what reads the private store. This guards against our own
mistakes; against somebody who runs code of their own in this process, give it a user, or a database role, without a
right to the private store: ``docs/stores.md``.
"""

import sys
from pathlib import Path
from typing import Final
from urllib.parse import unquote

PRIVATE: Final = frozenset({"friction.store.scores", "friction.release", "friction.ingest"})


def keep_out(releases_address: str) -> None:
    """Refuse the private store for as long as the process lives.

    Args:
        releases_address: the only SQLite file that may be opened from now on, if it is one.
    """
    file = releases_address.removeprefix("sqlite:///")
    allowed = None if file == releases_address else Path(unquote(file)).resolve()

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event == "import" and arguments[0] in PRIVATE:
            raise PermissionError("the web process reads releases only")
        if event == "sqlite3.connect" and (allowed is None or Path(str(arguments[0])).resolve() != allowed):
            raise PermissionError("the web process opens releases only")

    sys.addaudithook(refuse)
