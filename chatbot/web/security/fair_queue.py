"""In what order work is done, so that no reader waits for what another one asks.

Fair queueing, clocked by itself: each piece of work gets a number, which is that of its caller's
one before, or of what is at work now, and its cost on top of it. The lowest is next. So what is
short, and what is a caller's first, goes before what is long and somebody's fourth; and what waits
keeps its number while those of newcomers rise, so all of it has its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from chatbot.answers.conversation import Turn
from chatbot.answers.deadline import give_up
from chatbot.web.security.limits import AT_WORK, WAITING, Caller

T = TypeVar("T")

# Pieces at work at the same time: of one caller, and of what costs more than LONG. Four questions
# of 2,000 characters after ten such turns at once made a short one take 15 times as long as alone,
# one of them 2.5 times.
_OF_ONE, _LONG_AT_WORK = 2, 1
LONG = 600  # characters: a question of so many takes as long as some ten short ones
_SHORT = 100  # characters below which all cost the same


@dataclass(eq=False, slots=True)
class _Piece:
    caller: Caller
    cost: int
    number: float
    work: Callable[[], Any]
    done: asyncio.Future[Any]


class FairQueue:
    """Work in threads, of all callers by turns; used from one event loop."""

    def __init__(self, name: str) -> None:
        """Take what the threads are called."""
        self._threads = ThreadPoolExecutor(AT_WORK, name)
        self._beside = ThreadPoolExecutor(AT_WORK + WAITING, f"{name} beside")
        self._waiting: list[_Piece] = []
        self._at_work: list[_Piece] = []
        self._clock = 0.0  # the number of what began last
        self._last: dict[str, float] = {}  # the number of a caller's last piece, above the clock

    async def run(
        self,
        caller: Caller,
        work: Callable[[], T],
        limit: float,
        cost: int = 0,
        held: ExitStack | None = None,
    ) -> T:
        """Return what `work` gives in a thread, when it is its turn; `cost` is in characters.

        Raises SlowError where that takes over `limit` seconds. Work that nobody waits for any
        longer is taken out of the line. Where it has begun it goes on, as no thread can be ended,
        and what is `held` for it is let go when it ends.
        """
        cost = max(cost, _SHORT)
        number = max(self._clock, self._last.get(caller.id, 0.0)) + cost
        if caller.limited:
            self._last[caller.id] = number
        piece = _Piece(caller, cost, number, work, asyncio.get_running_loop().create_future())
        self._waiting.append(piece)
        self._start()
        try:
            await asyncio.wait([piece.done], timeout=limit)
            if piece.done.done():
                given: T = piece.done.result()
                return given
            raise give_up(limit)
        finally:
            if piece in self._waiting:
                self._waiting.remove(piece)
            elif not piece.done.done() and held is not None:
                rest = held.pop_all()
                piece.done.add_done_callback(lambda _: rest.close())

    async def run_beside(self, work: Callable[[], T]) -> T:
        """Return what `work` gives in a thread at once: it waits for another machine."""
        return await asyncio.get_running_loop().run_in_executor(self._beside, work)

    def _start(self) -> None:
        while piece := min(
            filter(self._may_begin, self._waiting), key=lambda each: each.number, default=None
        ):
            self._waiting.remove(piece)
            self._at_work.append(piece)
            self._clock = max(self._clock, piece.number)
            self._threads.submit(piece.work).add_done_callback(partial(self._tell, piece))
        for caller in [key for key, number in self._last.items() if number <= self._clock]:
            del self._last[caller]

    def _may_begin(self, piece: _Piece) -> bool:
        if len(self._at_work) >= AT_WORK:
            return False
        if piece.cost > LONG and sum(each.cost > LONG for each in self._at_work) >= _LONG_AT_WORK:
            return False
        own = sum(each.caller.id == piece.caller.id for each in self._at_work)
        return not piece.caller.limited or own < _OF_ONE

    def _tell(self, piece: _Piece, ended: Future[Any]) -> None:
        with suppress(RuntimeError):  # the server has ended meanwhile
            piece.done.get_loop().call_soon_threadsafe(self._end, piece, ended)

    def _end(self, piece: _Piece, ended: Future[Any]) -> None:
        self._at_work.remove(piece)
        error = ended.exception()
        if error is None:
            piece.done.set_result(ended.result())
        else:
            piece.done.set_exception(error)
            piece.done.exception()  # seen, also where nobody waits for it any longer
        self._start()


def measure_question(question: str, history: Sequence[Turn]) -> int:
    """Return how many characters are read for a question, which is what it costs."""
    return len(question) + sum(len(turn.content) for turn in history if turn.role == "user")
