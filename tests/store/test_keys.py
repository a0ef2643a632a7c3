"""Access keys, on both engines."""

import sys
from types import FrameType
from typing import Any

import pytest

from friction.errors import UsageError
from friction.records import TeamId
from friction.store import keys
from friction.store.engine import Database
from friction.store.operations import KEYS
from tests.conftest import ENGINES

pytestmark = ENGINES


def test_the_holder_of_a_key_is_known_by_it(operations: Database) -> None:
    key, secret = keys.create(operations, ["read", "score"], team=TeamId("sales"), name="the board", days=3)
    assert keys.FORM.fullmatch(secret)
    assert secret.split("_")[1] == key.id
    assert keys.check(operations, secret) == key
    assert (key.scopes, key.team, key.name) == ({"read", "score"}, "sales", "the board")
    assert key.expires == key.created + 3 * 86_400
    assert keys.every(operations) == [key]


def test_what_is_kept_does_not_tell_the_secret(operations: Database) -> None:
    """256 bits, hashed; two keys share nothing but their form."""
    made = [keys.create(operations, ["read"])[1] for _ in range(20)]
    secrets = [bytes.fromhex(s.split("_")[2]) for s in made]
    assert {len(s) for s in secrets} == {32}
    assert len(set(secrets)) == 20
    with operations.read() as db:
        kept = repr(db.execute(KEYS.select()).all())
    assert not [s for s in made if s.split("_")[2] in kept]


def test_whatever_is_wrong_nobody_comes_in(operations: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    (key, good), (revoked, ended), (_, expiring) = (keys.create(operations, ["admin"], days=1) for _ in range(3))
    keys.revoke(operations, revoked.id)
    other = "0" if good[-1] != "0" else "1"
    bad = [good[:-1] + other, good[:-1], f"{good}0", good.upper(), f" {good}", f"{good}\n", ended]
    bad += [good.replace(key.id, "00000000"), good.replace(key.id, revoked.id), "", "friction__", key.id]
    assert [keys.check(operations, presented) for presented in bad] == [None] * len(bad)
    assert keys.check(operations, good) == key
    monkeypatch.setattr(keys.time, "time", lambda: key.created + 86_400)
    assert keys.check(operations, expiring) is None
    assert not keys.some_hold(operations)


def test_revoking_is_for_ever(operations: Database) -> None:
    key, secret = keys.create(operations, ["read"])
    assert keys.some_hold(operations)
    keys.revoke(operations, key.id)
    first = keys.every(operations)
    keys.revoke(operations, key.id)
    assert keys.every(operations) == first
    assert keys.check(operations, secret) is None
    assert not keys.some_hold(operations)
    with pytest.raises(UsageError, match="friction keys list"):
        keys.revoke(operations, "nobody")


def test_the_last_use_never_goes_back(operations: Database) -> None:
    key, _ = keys.create(operations, ["read"])
    for at in (120, 60, 180):
        keys.note_use(operations, {key.id: at, "nobody": at})
    assert [k.last_used for k in keys.every(operations)] == [180]


def _steps(operations: Database, presented: str) -> list[str]:
    """What ``check`` calls, be it written in Python or in C, up to the answer."""
    found: list[str] = []

    def note(frame: FrameType, event: str, called: Any) -> None:
        if frame.f_globals.get("__name__") == keys.__name__:
            if event == "call":
                found.append(frame.f_code.co_qualname)
            elif event == "c_call":
                found.append(called.__qualname__)

    keys.check(operations, presented)  # what is loaded once is loaded
    sys.setprofile(note)
    try:
        keys.check(operations, presented)
    finally:
        sys.setprofile(None)
    return found


def test_time_tells_nothing_of_a_secret(operations: Database) -> None:
    """By construction: a wrong secret takes the steps of the right one, and the comparison is the one made for it."""
    key, good = keys.create(operations, ["read"])
    first, last = (good[:at] + ("0" if good[at] != "0" else "1") + good[at + 1 :] for at in (18, 81))
    right = _steps(operations, good)
    assert right.count("_compare_digest" if "_compare_digest" in right else "compare_digest") == 1
    assert _steps(operations, first) == _steps(operations, last) == right
    unknown = _steps(operations, good.replace(key.id, "00000000"))
    assert [step for step in unknown if "digest" in step] == [step for step in right if "digest" in step]
