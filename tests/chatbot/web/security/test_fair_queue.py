"""fair_queue: whose turn it is, and that no reader waits for what another one asks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from chatbot.answers.conversation import Turn
from chatbot.web.security.fair_queue import LONG, FairQueue, measure_question
from chatbot.web.security.limits import AT_WORK, Caller
from corpus.errors import SlowError

ANN, BEN, EVE = (Caller(f"198.51.100.{number}", False, True) for number in range(3))
HERE = Caller("127.0.0.1", False, False)
LIMIT = 20.0


class Line:
    """A queue whose work waits until it is let go, and notes in what order it began."""

    def __init__(self) -> None:
        """Make the queue."""
        self.queue = FairQueue("test")
        self.begun: list[str] = []
        self.doors: dict[str, threading.Event] = {}

    def ask(
        self, name: str, caller: Caller, cost: int = 0, limit: float = LIMIT, **more: Any
    ) -> asyncio.Task[str]:
        """Queue a piece of work."""
        door = self.doors[name] = threading.Event()

        def work() -> str:
            self.begun.append(name)
            door.wait(LIMIT)
            return name

        return asyncio.ensure_future(self.queue.run(caller, work, limit, cost, **more))

    async def settle(self) -> None:
        """Let what can begin do so."""
        for _ in range(3):
            await asyncio.sleep(0.02)

    async def let_go(self, *names: str) -> None:
        """End pieces of work."""
        for name in names:
            self.doors[name].set()
        await self.settle()


def run(test: Callable[[Line], Any]) -> None:
    """Run a test in a loop; whatever still waits is let go at its end."""

    async def whole() -> None:
        line = Line()
        try:
            await test(line)
        finally:
            for door in line.doors.values():
                door.set()

    asyncio.run(whole())


def test_short_and_first_go_before_long_and_fourth() -> None:
    """While one reader's long questions wait for each other, all others' begin at once."""

    async def test(line: Line) -> None:
        for number in range(4):
            line.ask(f"long {number}", EVE, 20_000)
        await line.settle()
        assert line.begun == ["long 0"]
        line.ask("long of ben", BEN, 2000)
        line.ask("short of ann", ANN, 40)
        await line.settle()
        assert line.begun == ["long 0", "short of ann"]
        await line.let_go("long 0")
        assert line.begun[2:] == ["long of ben"]
        await line.let_go("long of ben")
        assert line.begun[3:] == ["long 1"]

    run(test)


def test_one_reader_has_few_at_work() -> None:
    """However many short ones one asks, there is room for others; this machine has all of it."""

    async def test(line: Line) -> None:
        for number in range(4):
            line.ask(f"eve {number}", EVE)
        await line.settle()
        assert line.begun == ["eve 0", "eve 1"]
        for number in range(AT_WORK):
            line.ask(f"here {number}", HERE)
        await line.settle()
        assert len(line.begun) == AT_WORK
        line.ask("ann", ANN)
        await line.let_go("here 0")
        assert line.begun[-1] == "here 6"  # it came before
        await line.let_go("here 1", "here 2")
        assert set(line.begun[-2:]) == {"here 7", "ann"}
        await line.let_go("eve 0")
        assert line.begun[-1] == "eve 2"

    run(test)


def test_what_is_long_has_its_turn() -> None:
    """A stream of short questions, each of another reader, does not keep a long one out."""

    async def test(line: Line) -> None:
        for number in range(AT_WORK):
            line.ask(f"full {number}", HERE)
        line.ask("long", EVE, 2000)
        for number in range(60):
            line.ask(f"short {number}", Caller(f"reader {number}", False, True), 100)
            await line.settle()
            if "long" in line.begun:
                break
            await line.let_go(next(n for n in line.begun if not line.doors[n].is_set()))
        assert 10 <= line.begun.index("long") - AT_WORK <= 21

    run(test)


def test_a_question_takes_so_long_and_no_longer() -> None:
    """Waiting counts; what has begun keeps its place, and what it holds, until it ends."""

    async def test(line: Line) -> None:
        held, gone = ExitStack(), list[str]()
        held.callback(gone.append, "gone")
        first = line.ask("first", EVE, LONG + 1, 0.1, held=held)
        second = line.ask("second", EVE, LONG + 1, 0.1)
        for waiting in (first, second):
            with pytest.raises(SlowError):
                await waiting
        held.close()
        assert gone == []
        line.ask("third", ANN, LONG + 1)
        await line.settle()
        assert line.begun == ["first"]
        await line.let_go("first")
        assert gone == ["gone"]
        assert line.begun == ["first", "third"]

    run(test)


def test_a_reader_who_leaves_takes_no_thread_along() -> None:
    """What waits for a turn is taken out of the line; what fails unheard is no fault."""

    async def test(line: Line) -> None:
        waiting = [line.ask(f"eve {number}", EVE) for number in range(3)]
        await line.settle()
        for each in waiting:
            each.cancel()
        await asyncio.wait(waiting)
        await line.let_go("eve 0", "eve 1")
        assert line.begun == ["eve 0", "eve 1"]
        assert await asyncio.wait_for(line.queue.run(EVE, lambda: 7, LIMIT), LIMIT) == 7
        with pytest.raises(ZeroDivisionError):
            await line.queue.run(EVE, lambda: 1 // 0, LIMIT)
        assert line.queue._at_work == line.queue._waiting == []
        assert len(line.queue._last) <= 1

    run(test)


def test_what_waits_elsewhere_takes_no_turn() -> None:
    """A language model's answers are waited for beside the line."""

    async def test(line: Line) -> None:
        doors = threading.Event()
        beside = [
            asyncio.ensure_future(line.queue.run_beside(lambda: doors.wait(LIMIT)))
            for _ in range(AT_WORK + 2)
        ]
        await line.settle()
        assert await line.queue.run(ANN, lambda: "there", LIMIT) == "there"
        doors.set()
        assert all(await asyncio.gather(*beside))

    run(test)


def test_a_question_costs_what_is_read() -> None:
    """What the reader asked before is read too, what was answered is not."""
    history = [Turn("user", "x" * 30), Turn("assistant", "y" * 500)]
    assert measure_question("z" * 7, history) == 37
