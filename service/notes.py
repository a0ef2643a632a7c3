"""What the service notes of its callers: who asked for what, and when a key and a session were last seen.

Reads are noted in memory and written once a second, together, by a thread of their own: a write that reaches the disk
takes longer than many answers. A crash loses the notes of the reads of its last second or two; a stop loses none.
What changes something, an upload, an intervention or a sign-in, is written before it is answered (``at_once``).
Where the store is away, notes wait for it, up to ``MOST`` different ones; then new reads go unnoted, and the log says
so.

Made by ``service.access``; never sees a text, a query or an address.
"""

import logging
import threading
import time
from collections import Counter
from typing import Final

from sqlalchemy.exc import DBAPIError

from friction.errors import UsageError
from friction.store import audit, keys, sessions
from friction.store.audit import Asked
from friction.store.engine import Database

EVERY: Final = 1.0
MOST: Final = 100_000
_DAY: Final = 86_400
_log = logging.getLogger(__name__)


class Notes:
    """The notes of one process. Between ``start`` and ``close`` they are written every second.

    Args:
        operations: where to.
        days: for which the audit trail is kept.
        idle: seconds without a request after which a session is over.
    """

    def __init__(self, operations: Database, *, days: int, idle: int) -> None:
        self._operations = operations
        self._days = days
        self._idle = idle
        self._lock = threading.Lock()
        self._asked: Counter[Asked] = Counter()
        self._used: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self._noted: dict[str, int] = {}
        self._cleared = 0.0
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._write_on, name="notes", daemon=True)

    def start(self) -> None:
        """Write from now on."""
        self._writer.start()

    def close(self) -> None:
        """Write what is left, and stop."""
        self._closing.set()
        self._writer.join()

    def used(self, key: str, session: str | None) -> None:
        """Note that a key was used, through a session or not; both to the minute."""
        minute = int(time.time()) // audit.MINUTE * audit.MINUTE
        with self._lock:
            for who, pending in ((key, self._used), (session, self._seen)):
                if who is not None and self._noted.get(who) != minute:
                    self._noted[who] = pending[who] = minute

    def asked(self, one: Asked) -> None:
        """Note a request, to be written soon."""
        with self._lock:
            if len(self._asked) < MOST or one in self._asked:
                self._asked[one] += 1
                return
        _log.warning("requests go unnoted until the store of operations is back")

    def at_once(self, one: Asked) -> None:
        """Write a request down before anything else happens.

        Raises:
            UsageError, DBAPIError: the store is away.
        """
        audit.note(self._operations, {one: 1})

    def _write_on(self) -> None:
        while not self._closing.wait(EVERY):
            self._write()
        self._write()

    def _write(self) -> None:
        with self._lock:
            asked, self._asked = self._asked, Counter()
            used, self._used = self._used, {}
            seen, self._seen = self._seen, {}
        try:
            if asked:
                audit.note(self._operations, asked)
                asked = Counter()
            if used:
                keys.note_use(self._operations, used)
            if seen:
                sessions.note_seen(self._operations, seen)
            self._clear()
        except (UsageError, DBAPIError) as error:
            _log.warning("cannot note who asked: %s", type(error).__name__)
            with self._lock:
                self._asked.update(asked)
                self._used = used | self._used
                self._seen = seen | self._seen

    def _clear(self) -> None:
        """Once a day, delete what is older than it is kept."""
        now = time.time()
        if now - self._cleared > _DAY:
            audit.forget(self._operations, int(now) - self._days * _DAY)
            sessions.forget(self._operations, self._idle)
            self._noted.clear()
            self._cleared = now
