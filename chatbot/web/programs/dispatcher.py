"""From a request to the engine: within limits, queued, in a thread of its own, with a deadline.

The engine's methods block, so each runs in a thread when it is its caller's turn, and several
questions are answered at once; no reader waits for one longer than the engine's limit. Every
protocol for programs asks through it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool

from chatbot.answers.conversation import Turn
from chatbot.web.security.fair_queue import FairQueue, measure_question
from chatbot.web.security.limits import Caller, Limits

if TYPE_CHECKING:
    from chatbot.answers.answer import Answer
    from chatbot.answers.catalogue import SearchResult
    from chatbot.answers.question_input import Filters
    from chatbot.engine import Engine
    from chatbot.web.metrics import Metrics
    from chatbot.web.schemas import AskBody

T = TypeVar("T")
_BEAT = 3.0  # seconds between two signs of life, so that no proxy takes a stream for dead


class Dispatcher:
    """What hands the questions of a server's callers to the engine; for coroutines."""

    def __init__(self, engine: Engine, limits: Limits, metrics: Metrics) -> None:
        """Count questions by `limits`, and what became of them by `metrics`."""
        self.engine = engine
        self.queue = FairQueue("question")
        # Cases have a line of their own, so that waiting questions keep nobody from them.
        self._cases = FairQueue("case")
        self._limits = limits
        self._metrics = metrics

    async def check(self, caller: Caller, body: AskBody) -> None:
        """Raise what can be told of a question before it is worked at, counting nothing."""
        await self._limits.check(caller)
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
            return self._metrics.watch(caller, lambda: self.engine.ask(*given))

        cost = measure_question(body.question, history)
        with await self._limits.admit(caller) as held:
            made = await self.queue.run(caller, answer, self.engine.limit, cost, held)
            if self.engine.can_write(made):
                write = partial(self.engine.write, made)
                writing = asyncio.ensure_future(self.queue.run_beside(write))
                while not writing.done():
                    yield None
                    await asyncio.wait([writing], timeout=_BEAT)
                made = writing.result()
        yield made

    async def search(
        self, caller: Caller, question: str, k: int, filters: Filters | None = None
    ) -> SearchResult:
        """Return the nearest passages; raises as `Engine.search` does."""
        search = partial(self.engine.search, question, k, filters)
        with await self._limits.admit(caller) as held:
            return await self.queue.run(caller, search, self.engine.limit, len(question), held)

    async def read(self, caller: Caller, work: Callable[[], T]) -> T:
        """Return what the engine tells of its cases, in a thread; raises as `work` does."""
        return await self._cases.run(caller, work, self.engine.limit)
