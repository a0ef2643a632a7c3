"""One look-up for all who ask at the same time, and a fresh one for whoever asks later."""

import asyncio
import threading

import pytest

from service.shared import Shared


class Store:
    """Says what it holds at the moment of the look-up, and only when let."""

    def __init__(self) -> None:
        self.holds = True
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.is_asked = threading.Event()

    def __call__(self, key: str) -> bool:
        self.asked.append(key)
        seen = self.holds
        self.is_asked.set()
        assert self.may_answer.wait(30)
        if key == "broken":
            raise OSError(key)
        return seen


def test_who_ask_at_once_share_a_look_up_and_who_asks_later_gets_a_later_one() -> None:
    async def ask(store: Store) -> tuple[list[bool], list[bool]]:
        shared = Shared(store)
        early = [asyncio.create_task(shared.find("key")) for _ in range(20)]
        await asyncio.to_thread(store.is_asked.wait, 30)
        store.holds = False  # the key is revoked while the look-up is under way
        late = [asyncio.create_task(shared.find("key")) for _ in range(20)]
        await asyncio.sleep(0)
        store.may_answer.set()
        return await asyncio.gather(*early), await asyncio.gather(*late)

    store = Store()
    early, late = asyncio.run(ask(store))
    assert early == [True] * 20
    assert late == [False] * 20
    assert store.asked == ["key", "key"]


def test_nothing_is_kept_once_it_is_answered() -> None:
    async def ask(store: Store) -> list[bool]:
        store.may_answer.set()
        shared = Shared(store)
        found = [await shared.find("key")]
        store.holds = False
        return [*found, await shared.find("key"), await shared.find("other")]

    store = Store()
    assert asyncio.run(ask(store)) == [True, False, False]
    assert store.asked == ["key", "key", "other"]


def test_keys_do_not_wait_for_each_other_and_an_error_reaches_everybody_who_asked() -> None:
    async def ask(store: Store) -> list[bool | BaseException]:
        shared = Shared(store)
        tasks = [asyncio.create_task(shared.find(key)) for key in ("broken", "key", "broken")]
        while len(store.asked) < 2:
            await asyncio.sleep(0.001)
        store.may_answer.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    store = Store()
    first, good, second = asyncio.run(ask(store))
    assert good is True
    assert isinstance(first, OSError)
    assert isinstance(second, OSError)
    assert sorted(store.asked) == ["broken", "key"]


def test_whoever_goes_away_takes_the_answer_from_nobody_else() -> None:
    async def ask(store: Store) -> bool:
        shared = Shared(store)
        gone, stays = (asyncio.create_task(shared.find("key")) for _ in range(2))
        await asyncio.to_thread(store.is_asked.wait, 30)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        store.may_answer.set()
        return await stays

    assert asyncio.run(ask(Store()))
