"""How often a key may ask, and how often somebody may try keys that do not hold. Used by ``service.access``.

Counted in this process's memory over a sliding minute. Addresses are counted under a keyed hash whose key dies with
the process, so that none is kept, not even for the minute. A good key is never turned away because of its neighbours'
bad ones: 256 random bits are not found by trying, and behind a shared address one could otherwise lock out all.
"""

import hmac
import math
import secrets
import time
from typing import Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

_ASKED: Final = "asked"
_FAILED: Final = "failed"


class Pace:
    """The counts of one process.

    Args:
        requests: of one key in a minute.
        failures: of one address in a minute.
    """

    def __init__(self, *, requests: int, failures: int) -> None:
        self._requests = RateLimitItemPerMinute(requests)
        self._failures = RateLimitItemPerMinute(failures)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._secret = secrets.token_bytes(32)

    def asked(self, key: str) -> int | None:
        """Count a request of a key; the seconds that it is too early, or None."""
        return self._hit(self._requests, _ASKED, key)

    def failed(self, peer: str) -> int | None:
        """Count a key that did not hold, from an address; the seconds to wait before the next try, or None."""
        return self._hit(self._failures, _FAILED, hmac.digest(self._secret, peer.encode(), "sha256").hex())

    def _hit(self, limit: RateLimitItem, what: str, who: str) -> int | None:
        if self._limiter.hit(limit, what, who):
            return None
        left = self._limiter.get_window_stats(limit, what, who).reset_time - time.time()
        return max(1, math.ceil(left))
