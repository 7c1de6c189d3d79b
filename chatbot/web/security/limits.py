"""How much one reader may ask, and all of them together.

What a caller asked in a minute and a day stands in the state that all processes share; what is
answered at this moment is each process's own, for it is its own cores that do it. Safe for threads:
the chat asks from Gradio's, the API from the server's.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chatbot.web.security.forwarded import Peer
from chatbot.web.security.shared_state import Account, SharedState
from corpus.errors import BusyError, LimitedError

AT_WORK = 8  # questions that the engine answers at the same time
WAITING = 64  # and how many may wait for it
AT_ONCE = 4  # of one caller
_MINUTE, _DAY = 60.0, 86_400.0
_DAILY = 200 / 3  # minutes at the full rate that a day allows: 2,000 questions at 30 a minute


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks: `id` is a member's opaque id, or an address.

    Not `limited` is only this machine itself, where everybody may ask: whoever sits there started
    the server.
    """

    id: str
    member: bool
    limited: bool


def caller_at(peer: Peer) -> Caller:
    """Return the caller that an address stands for; of IPv6 the network that one site has."""
    try:
        address = ipaddress.ip_address(peer.address)
    except ValueError:
        return Caller(peer.address, False, not peer.local)
    if address.version == 6:
        network = ipaddress.IPv6Network((int(address), 64), strict=False)
        return Caller(str(network), False, not peer.local)
    return Caller(str(address), False, not peer.local)


class Limits:
    """What may be asked of one server; `now` is a clock in seconds since 1970."""

    def __init__(
        self,
        per_minute: int,
        now: Callable[[], float] = time.time,
        shared_state: SharedState | None = None,
        kind: str = "questions",
    ) -> None:
        """Count in the shared state, under a name; without one, in memory."""
        self._per_minute = per_minute
        self._per_day = int(per_minute * _DAILY)
        self._now = now
        self._ledger = shared_state or SharedState()
        self._kind = kind
        self._at_once: Counter[str] = Counter()
        self._lock = threading.Lock()

    def check(self, caller: Caller) -> None:
        """Raise what `admit` would raise now, counting nothing."""
        with self._lock:
            self._check_room(caller)
        if caller.limited:
            now = self._now()
            self._ledger.charge(self._kind, caller.id, now, lambda own: self._check(own, now))

    @contextmanager
    def admit(self, caller: Caller) -> Iterator[None]:
        """Count a question for as long as it is worked at.

        Raises BusyError where too many wait already, LimitedError where this caller asked too much.
        """
        with self._lock:
            self._check_room(caller)
            self._at_once[caller.id] += 1
        try:
            if caller.limited:
                now = self._now()
                self._ledger.charge(self._kind, caller.id, now, lambda own: self._count(own, now))
            yield
        finally:
            with self._lock:
                self._at_once[caller.id] -= 1
                self._at_once += Counter()  # leaves out those at 0

    def at_once(self) -> int:
        """Return how many questions are at work or wait, in this process."""
        with self._lock:
            return self._at_once.total()

    def _check_room(self, caller: Caller) -> None:
        if self._at_once.total() >= AT_WORK + WAITING:
            raise BusyError("too many questions wait for an answer; ask again in a few seconds")
        if caller.limited and self._at_once[caller.id] >= AT_ONCE:
            raise LimitedError(f"{AT_ONCE} questions are answered at once; wait for an answer", 1)

    def _count(self, own: Account, now: float) -> None:
        self._check(own, now)
        own.minute = [*own.minute, now][-self._per_minute :]
        own.of_day += 1

    def _check(self, own: Account, now: float) -> None:
        own.minute = [each for each in own.minute if each <= now]  # a clock may be put back
        if not 0 <= now - own.day_began < _DAY:
            own.day_began, own.of_day = now, 0
        if own.of_day >= self._per_day:
            wait = math.ceil(own.day_began + _DAY - now)
            raise LimitedError(
                f"{self._per_day} questions a day are answered; come back later", wait
            )
        recent = own.minute[-self._per_minute :]
        if len(recent) == self._per_minute and now - recent[0] < _MINUTE:
            wait = math.ceil(recent[0] + _MINUTE - now)
            words = (
                f"{self._per_minute} questions a minute are answered; ask again in {wait} seconds"
            )
            raise LimitedError(words, wait)
