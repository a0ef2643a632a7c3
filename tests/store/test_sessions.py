"""Sessions and the audit trail, on both engines."""

import time

import pytest

from friction.store import audit, keys, sessions
from friction.store.audit import Asked
from friction.store.engine import Database
from friction.store.operations import SESSIONS
from tests.conftest import ENGINES

pytestmark = ENGINES
IDLE = 3600


def test_a_session_is_its_key(operations: Database) -> None:
    key, _ = keys.create(operations, ["read"])
    token = sessions.open_with(operations, key)
    assert sessions.find(operations, token, IDLE) == key
    assert [sessions.find(operations, wrong, IDLE) for wrong in ("", token[:-1], f"{token}0", "\udcff", "é")] == [
        None
    ] * 5
    with operations.read() as db:
        assert token not in repr(db.execute(SESSIONS.select()).all())
    keys.revoke(operations, key.id)
    assert sessions.find(operations, token, IDLE) is None


def test_a_session_ends_with_its_key_unless_it_ends_before(
    operations: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = keys.create(operations, ["read"], days=1)
    token = sessions.open_with(operations, key)
    end = key.expires or 0
    sessions.note_seen(operations, {sessions.digest(token): end - 10})
    monkeypatch.setattr(time, "time", lambda: end - 1)
    assert sessions.find(operations, token, IDLE) == key
    monkeypatch.setattr(time, "time", lambda: end)
    assert sessions.find(operations, token, IDLE) is None


def test_each_request_puts_the_end_off_but_not_for_ever(operations: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = keys.create(operations, ["read"])
    token = sessions.open_with(operations, key)
    began = int(time.time())
    lives = []
    for hours in (0.9, 1.8, 2.7, 3.8):
        monkeypatch.setattr(time, "time", lambda at=began + hours * 3600: at)
        lives.append(sessions.find(operations, token, IDLE) is not None)
        sessions.note_seen(operations, {sessions.digest(token): int(time.time())} if lives[-1] else {})
    assert lives == [True, True, True, False]
    sessions.note_seen(operations, {sessions.digest(token): began + sessions.LONGEST + 9})
    monkeypatch.setattr(time, "time", lambda: began + sessions.LONGEST + 10)
    assert sessions.find(operations, token, IDLE) is None


def test_what_is_over_is_forgotten(operations: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = keys.create(operations, ["read"])
    ended, idle, open_ = (sessions.open_with(operations, key) for _ in range(3))
    sessions.end(operations, ended)
    sessions.end(operations, "no session")
    assert sessions.find(operations, ended, IDLE) is None
    later = int(time.time()) + IDLE
    sessions.note_seen(operations, {sessions.digest(open_): later - 5})
    monkeypatch.setattr(time, "time", lambda: later + 5)
    sessions.forget(operations, IDLE)
    with operations.read() as db:
        assert [row.digest for row in db.execute(SESSIONS.select())] == [sessions.digest(open_)]
    assert sessions.find(operations, idle, IDLE) is None


def test_what_is_alike_within_a_minute_is_counted_once(operations: Database) -> None:
    read = Asked(600, "k1", "GET /v1/pairs", "", 200)
    pair = Asked(600, "k1", "GET /v1/pairs/{from_team}/{about_team}", "sales/it", 200)
    later = read._replace(minute=660, key="k2")
    audit.note(operations, {read: 3, later: 1})
    audit.note(operations, {read: 4, pair: 1})
    audit.note(operations, {})
    assert audit.told(operations) == [(read, 7), (pair, 1), (later, 1)]
    assert audit.told(operations, key="k2") == audit.told(operations, since=601) == [(later, 1)]
    audit.forget(operations, 660)
    assert audit.told(operations) == [(later, 1)]
