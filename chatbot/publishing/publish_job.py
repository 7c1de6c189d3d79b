"""One publishing at a time in a thread of its own, followed by any number of pages.

A page that is closed or reloaded stops nothing: the next one follows what is at work, or is shown
how the last one ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from chatbot.evaluation.regression_questions import GateReport
from chatbot.web.error_responses import REQUEST_ID, report
from corpus.errors import BuildLockedError, GateError

if TYPE_CHECKING:
    from chatbot.publishing.publisher import Publication, Publisher
    from index.build_plan import Plan

Phase = Literal["idle", "reading", "encoding", "asking", "done", "failed"]
EVERY = 0.25  # seconds between two looks of a page at most


@dataclass(frozen=True, slots=True)
class State:
    """How far publishing is.

    `done` of `total` texts are encoded or questions asked after `seconds` of the phase. At the end
    `publication` is there, or `code`, `line` and `request_id` of what went wrong, with the gate's
    report where that stopped it.
    """

    phase: Phase = "idle"
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    plan: Plan | None = None
    publication: Publication | None = None
    gate: GateReport | None = None
    code: str = ""
    line: str = ""
    request_id: str = ""

    @property
    def working(self) -> bool:
        """Whether it is at work."""
        return self.phase in ("reading", "encoding", "asking")


class PublishJob:
    """Publishes what the publisher's library holds; safe to share between threads."""

    def __init__(self, publisher: Publisher, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the publisher and a clock."""
        self._publisher = publisher
        self._clock = clock
        self._began = 0.0
        self._state = State()
        self._changed = threading.Condition()

    @property
    def state(self) -> State:
        """How far it is now."""
        with self._changed:
            return self._look()

    def start(self, accept: bool = False) -> None:
        """Begin; raises BuildLockedError where it is at work already."""
        with self._changed:
            if self._state.working:
                raise BuildLockedError("another editor is publishing now: wait for it to end")
            self._turn(State("reading"))
        # The thread takes the request's id along, for what it may have to log.
        work = threading.Thread(
            target=copy_context().run, args=(self._work, accept), name="press", daemon=True
        )
        work.start()

    def follow(self) -> Iterator[State]:
        """Yield how far it is, at least four times a second, and last how it ended."""
        while True:
            with self._changed:
                state = self._look()
            yield state
            if not state.working:
                return
            with self._changed:
                self._changed.wait_for(partial(self._has_left, state.phase), EVERY)

    def _has_left(self, phase: Phase) -> bool:
        return self._state.phase != phase

    def _look(self) -> State:
        return replace(self._state, seconds=self._clock() - self._began)

    def _turn(self, state: State) -> None:
        with self._changed:
            if state.phase != self._state.phase:
                self._began = self._clock()
            self._state = state
            self._changed.notify_all()

    def _work(self, accept: bool) -> None:
        plan: list[Plan] = []

        def announce(made: Plan) -> None:
            plan.append(made)
            self._turn(State("encoding", 0, made.to_encode, plan=made))

        def encode(done: int, total: int) -> None:
            self._turn(State("encoding", done, total, plan=plan[0]))

        def ask(done: int, total: int) -> None:
            self._turn(State("asking", done, total, plan=plan[0]))

        try:
            made = self._publisher.publish(accept, False, announce, encode, ask)
        except Exception as error:  # noqa: BLE001 - the page must hear of it
            gate = error.report if isinstance(error, GateError) else None
            _, code, line = report(error)
            known = gate if isinstance(gate, GateReport) else None
            found = plan[0] if plan else None
            self._turn(
                State(
                    "failed", plan=found, gate=known, code=code, line=line,
                    request_id=REQUEST_ID.get(),
                )
            )  # fmt: skip
        else:
            self._turn(State("done", plan=made.plan, publication=made, gate=made.gate))
