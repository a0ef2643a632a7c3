"""Claims on deliveries, and who is sending, on both engines."""

import subprocess
import sys
import threading
import time
from contextlib import closing

from friction.records import Week
from friction.settings import Settings
from friction.store.deliveries import claim, refuse, settle, states, withdraw
from friction.store.engine import Database
from friction.store.operations import open_operations
from friction.store.recipients import (
    RecipientKey,
    delivery_key,
    is_known,
    key_of,
    mark_left,
    remember,
    token_of,
    who_left,
)
from tests.conftest import ENGINES, query

pytestmark = ENGINES
WEEK, ALICE, BOB = Week(2900), RecipientKey("a" * 64), RecipientKey("b" * 64)
HOLD = (
    "import sys, time; from friction.store.operations import open_operations\n"
    "with open_operations(sys.argv[1]).alone('sending'): print('in', flush=True); time.sleep(60)"
)


def test_what_is_sent_is_never_claimed_again(operations: Database) -> None:
    first = claim(operations, WEEK, ALICE)
    assert first is not None
    assert states(operations, WEEK) == {ALICE: "open"}
    assert settle(operations, WEEK, ALICE, first, "sent")
    assert claim(operations, WEEK, ALICE) is None
    assert claim(operations, WEEK + 1, ALICE) is not None
    assert states(operations, WEEK) == {ALICE: "sent"}


def test_a_claim_that_was_taken_over_settles_nothing(operations: Database) -> None:
    first, second = claim(operations, WEEK, ALICE), claim(operations, WEEK, ALICE)
    assert first is not None
    assert second is not None
    assert not settle(operations, WEEK, ALICE, first, "sent")
    withdraw(operations, WEEK, ALICE, first)
    assert states(operations, WEEK) == {ALICE: "open"}
    assert settle(operations, WEEK, ALICE, second, "sent")
    withdraw(operations, WEEK, ALICE, second)
    refuse(operations, WEEK, ALICE)
    assert states(operations, WEEK) == {ALICE: "sent"}


def test_what_is_withdrawn_was_never_there_and_what_is_refused_stays(operations: Database) -> None:
    number = claim(operations, WEEK, ALICE)
    assert number is not None
    withdraw(operations, WEEK, ALICE, number)
    refuse(operations, WEEK, BOB)
    assert states(operations, WEEK) == {BOB: "refused"}
    assert claim(operations, WEEK, BOB) is not None


def test_many_at_once_make_as_many_claims_and_one_settles(operations: Database, settings: Settings) -> None:
    settled: list[bool] = []

    def work() -> None:
        with closing(open_operations(settings.operations_address)) as store:
            number = claim(store, WEEK, ALICE)
            time.sleep(0.1)
            settled.append(number is not None and settle(store, WEEK, ALICE, number, "sent"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(settled) == 1


def test_one_sends_at_a_time_and_who_is_killed_lets_go(operations: Database, settings: Settings) -> None:
    entered = threading.Event()

    def wait_and_enter() -> None:
        with closing(open_operations(settings.operations_address)) as store, store.alone("sending"):
            entered.set()

    with subprocess.Popen(
        [sys.executable, "-c", HOLD, settings.operations_address], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "in\n"
        thread = threading.Thread(target=wait_and_enter)
        thread.start()
        assert not entered.wait(0.5)
        with operations.alone("something-else"):  # another task is not held up
            pass
        claim(operations, WEEK, BOB)  # nor is writing
        holder.kill()
    thread.join(timeout=60)
    assert entered.is_set()
    with operations.alone("sending"):
        pass


def test_no_address_is_in_the_store(operations: Database, settings: Settings) -> None:
    address = "marsupilami.vermillon@example.org"
    token = token_of(delivery_key(operations), address)
    remember(operations, key_of(token))
    remember(operations, key_of(token))
    claim(operations, WEEK, key_of(token))
    assert is_known(operations, key_of(token))
    assert not is_known(operations, key_of(token[::-1]))
    assert who_left(operations) == frozenset()
    assert mark_left(operations, key_of(token))
    assert who_left(operations) == {key_of(token)}
    tables = ("recipients", "deliveries", "delivery_key")
    held = str([query(settings.operations_address, f"select * from {table}") for table in tables])
    assert key_of(token) in held
    assert token not in held
    assert "marsupilami" not in held
    assert "example.org" not in held
