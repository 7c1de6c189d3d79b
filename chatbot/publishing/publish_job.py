"""One publishing at a time in a thread of its own, looked at by any number of pages.

A page that is closed or reloaded stops nothing: the next one shows what is at work, or how the last
one ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from chatbot.evaluation.regression_questions import GateReport
from chatbot.web.error_responses import REQUEST_ID, report
from corpus.errors import BuildLockedError, CasebookError, GateError

if TYPE_CHECKING:
    from chatbot.publishing.publisher import Publication, Publisher
    from index.build_plan import Plan

Phase = Literal["idle", "reading", "encoding", "asking", "done", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class State:
    """How far publishing is.

    `done` of `total` texts are encoded or questions asked after `seconds` of the phase. At the end
    `at` says when that was, in UTC, and `publication` is there, or `code`, `line` and `request_id`
    of what went wrong, with the gate's report where that stopped it.
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
    at: datetime | None = None

    @property
    def working(self) -> bool:
        """Whether it is at work."""
        return self.phase in ("reading", "encoding", "asking")


class _StoppedError(Exception):
    """An editor stopped the publishing."""


class PublishJob:
    """Publishes what the publisher's library holds; safe to share between threads."""

    def __init__(self, publisher: Publisher, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the publisher and a clock."""
        self._publisher = publisher
        self._clock = clock
        self._began = 0.0
        self._state = State()
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @property
    def state(self) -> State:
        """How far it is now."""
        with self._lock:
            return replace(self._state, seconds=self._clock() - self._began)

    def start(self, accept: bool = False) -> None:
        """Begin; raises BuildLockedError where it is at work already."""
        with self._lock:
            if self._state.working:
                raise BuildLockedError("another editor is publishing now: wait for it to end")
            self._stop.clear()
            self._set(State("reading"))
        # The thread takes the request's id along, for what it may have to log.
        work = threading.Thread(
            target=copy_context().run, args=(self._work, accept), name="publish", daemon=True
        )
        work.start()

    def stop(self) -> None:
        """Have it end with the text or question that it is at; what is live stays live."""
        self._stop.set()

    def _set(self, state: State) -> None:
        if state.phase != self._state.phase:
            self._began = self._clock()
        self._state = state

    def _turn(self, state: State) -> None:
        if state.working and self._stop.is_set():
            raise _StoppedError
        with self._lock:
            self._set(state if state.working else replace(state, at=datetime.now(UTC)))

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
        except _StoppedError:
            self._turn(State("stopped"))
        except Exception as error:  # noqa: BLE001 - the page must hear of it
            gate = error.report if isinstance(error, GateError) else None
            _, code, line = report(error)
            line = error.message if isinstance(error, CasebookError) else line
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
