"""Rooms that are opened ahead: handed out while they stand, opened only when it is quiet."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox import stock
from sandbox.stock import Stock

PATIENCE = 30.0


class Line:
    alive = True


class Kept:
    """A template, as far as the stock looks at it."""

    def __init__(self) -> None:
        self.line = Line()


class Room:
    """A room that stands at once, or dies instead."""

    def __init__(self, *, stands: bool = True) -> None:
        self.alive = True
        self.opened = self.ended = False
        self._stands = stands

    def open(self) -> None:
        self.opened = True

    async def stands(self) -> bool:
        await asyncio.sleep(0)
        self.alive = self._stands
        return self._stands

    async def end(self) -> None:
        self.alive, self.ended = False, True


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(stock, "QUIET_SECONDS", 0.02)
    return iter(())


def play(
    work: Callable[[Stock, Any, list[Room]], Awaitable[None]], *, size: int = 3
) -> list[Room]:
    """Do something with a stock of one template; give every room that was made."""
    made: list[Room] = []

    def make(_: object) -> Room:
        made.append(Room(stands=len(made) != 1))  # the second dies before it stands
        return made[-1]

    async def all_of_it() -> None:
        rooms = Stock(make, size=size)  # type: ignore[arg-type]
        await work(rooms, Kept(), made)
        await rooms.close()

    with ThreadPoolExecutor(1) as pool:  # the browser's tests leave a loop running in this thread
        pool.submit(lambda: asyncio.run(all_of_it())).result()
    return made


async def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.001)


async def filled(rooms: Stock, kept: Kept) -> None:
    assert rooms.take(kept) is None  # type: ignore[arg-type]
    await until(lambda: rooms.full)


def test_rooms_stand_once_it_is_quiet_and_are_handed_out() -> None:
    async def work(rooms: Stock, kept: Any, made: list[Room]) -> None:
        await filled(rooms, kept)
        assert rooms.standing == 3
        taken: Any = rooms.take(kept)
        assert taken is made[0]
        assert rooms.standing == 2
        await until(lambda: rooms.standing == 3)

    made = play(work)
    assert len(made) == 5
    assert made[1].ended, "a room that never stood was left behind"
    assert not made[0].ended, "a room that was handed out is its taker's to end"
    assert all(room.ended for room in made[1:])


def test_nothing_is_opened_while_rooms_are_asked_for() -> None:
    async def work(rooms: Stock, kept: Any, made: list[Room]) -> None:
        for _ in range(40):
            assert rooms.take(kept) is None
            await asyncio.sleep(0.001)
        assert not made

    stock.QUIET_SECONDS = 60.0
    assert not play(work)


def test_a_room_that_died_while_it_stood_is_not_handed_out() -> None:
    async def work(rooms: Stock, kept: Any, made: list[Room]) -> None:
        await filled(rooms, kept)
        made[0].alive = False
        taken: Any = rooms.take(kept)
        assert taken is made[2]
        await until(lambda: made[0].ended)

    play(work)


def test_rooms_of_a_template_that_died_are_ended() -> None:
    async def work(rooms: Stock, kept: Any, made: list[Room]) -> None:
        await filled(rooms, kept)
        rooms.sweep()
        assert rooms.standing == 3
        kept.line.alive = False
        rooms.sweep()
        assert rooms.standing == 0
        await until(lambda: all(room.ended for room in made))

    play(work)


def test_another_templates_rooms_are_not_handed_out() -> None:
    async def work(rooms: Stock, kept: Any, _: list[Room]) -> None:
        await filled(rooms, kept)
        assert rooms.take(Kept()) is None  # type: ignore[arg-type]

    play(work)


def test_templates_share_what_may_stand() -> None:
    async def work(rooms: Stock, kept: Any, made: list[Room]) -> None:
        other: Any = Kept()
        await filled(rooms, kept)
        assert rooms.standing == 4
        await filled(rooms, other)
        await until(lambda: rooms.standing == 4)
        ended = [room for room in made if room.ended and room is not made[1]]
        assert len(ended) == 2, "two of the first template made way for two of the second"
        taken: Any = rooms.take(other)
        assert taken in made[5:]

    play(work, size=4)


def test_a_template_that_nobody_asks_for_any_more_makes_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stock, "LATELY", 0.0)

    async def work(rooms: Stock, kept: Any, made: list[Room]) -> None:
        await filled(rooms, kept)
        await filled(rooms, Kept())
        assert rooms.standing == 3
        assert all(made[number].ended for number in (0, 2, 3)), "all of the first made way"

    play(work)


def test_a_stock_of_no_size_opens_nothing() -> None:
    async def work(rooms: Stock, kept: Any, _: list[Room]) -> None:
        await filled(rooms, kept)

    assert not play(work, size=0)
