"""From a request to the engine: within limits, queued, in a thread of its own, with a deadline.

The engine's methods block, so each runs in a thread and several questions are answered at once; no
reader waits for one longer than the engine's limit. Every protocol for programs asks through it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool

from chatbot.answers.conversation import Turn
from chatbot.answers.deadline import give_up
from chatbot.web.security.limits import AT_WORK, Caller, Limits

if TYPE_CHECKING:
    from chatbot.answers.answer import Answer
    from chatbot.answers.catalogue import SearchResult
    from chatbot.answers.question_input import Filters
    from chatbot.engine import Engine
    from chatbot.web.metrics import Metrics
    from chatbot.web.schemas import AskBody

T = TypeVar("T")
_BEAT = 3.0  # seconds between two signs of life, so that no proxy takes a stream for dead


async def wait_for(work: Future[T], limit: float, held: ExitStack) -> T:
    """Return what work in a thread gives; raises SlowError where that takes over `limit` seconds.

    Work that nobody waits for any longer is taken out of the line. Where it has begun it goes on,
    as no thread can be ended, and what is `held` for it is let go when it ends.
    """
    waiting = asyncio.wrap_future(work)
    try:
        await asyncio.wait([waiting], timeout=limit)
        if waiting.done():
            return waiting.result()
        raise give_up(limit)
    finally:
        if not waiting.done():
            waiting.cancel()
            rest = held.pop_all()
            work.add_done_callback(lambda _: rest.close())


class Dispatcher:
    """What hands the questions of a server's callers to the engine; for coroutines."""

    def __init__(self, engine: Engine, limits: Limits, metrics: Metrics) -> None:
        """Count questions by `limits`, and what became of them by `metrics`."""
        self.engine = engine
        self._limits = limits
        self._metrics = metrics
        # Questions have threads of their own, so that waiting ones keep nobody from the cases.
        self._threads = ThreadPoolExecutor(AT_WORK, "question")

    async def check(self, caller: Caller, body: AskBody) -> None:
        """Raise what can be told of a question before it is worked at, counting nothing."""
        self._limits.check(caller)
        await run_in_threadpool(self.engine.check, body.question, body.filters)

    async def ask(self, caller: Caller, body: AskBody) -> Answer:
        """Return the answer to what a request says; raises as `Engine.ask` and `write` do."""
        answers = [answer async for answer in self.follow(caller, body) if answer]
        return answers[0]

    async def follow(self, caller: Caller, body: AskBody) -> AsyncGenerator[Answer | None]:
        """Yield None every few seconds in which a language model writes, and then the answer."""
        history = [Turn(turn.role, turn.content) for turn in body.history]

        def answer() -> Answer:
            given = (body.question, history, body.filters, body.language)
            return self._metrics.watch(lambda: self.engine.ask(*given))

        with ExitStack() as held:
            made = await self._take_turn(held, caller, answer)
            if self.engine.can_write(made):
                writing = asyncio.ensure_future(run_in_threadpool(self.engine.write, made))
                while not writing.done():
                    yield None
                    await asyncio.wait([writing], timeout=_BEAT)
                made = writing.result()
        yield made

    async def search(
        self, caller: Caller, question: str, k: int, filters: Filters | None = None
    ) -> SearchResult:
        """Return the nearest passages; raises as `Engine.search` does."""
        with ExitStack() as held:
            search = self.engine.search
            return await self._take_turn(held, caller, lambda: search(question, k, filters))

    async def _take_turn(self, held: ExitStack, caller: Caller, ask: Callable[[], T]) -> T:
        held.enter_context(self._limits.admit(caller))
        return await wait_for(self._threads.submit(ask), self.engine.limit, held)
