"""How much one reader may ask, and all of them together.

Counts are kept in memory, for the callers seen last; a restart forgets them. Safe for threads: the
chat asks from Gradio's, the API from the server's.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chatbot.web.peers import Peer
from corpus.errors import BusyError, LimitedError

AT_WORK = 8  # questions that the engine answers at the same time
WAITING = 64  # and how many may wait for it
AT_ONCE = 4  # of one caller
CALLERS = 10_000  # remembered; each takes at most 30 times of 32 bytes
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


@dataclass(slots=True)
class _Count:
    minute: deque[float]  # when the last questions were asked, oldest first
    day_began: float
    of_day: int = 0
    at_once: int = 0


class Limits:
    """The counters of one server; `now` is a clock in seconds that never goes back."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing counted."""
        self._per_minute = per_minute
        self._per_day = int(per_minute * _DAILY)
        self._now = now
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._asking = 0
        self._lock = threading.Lock()

    def check(self, caller: Caller) -> None:
        """Raise what `admit` would raise now, counting nothing."""
        with self._lock:
            self._check(self._find(caller), caller)

    @contextmanager
    def admit(self, caller: Caller) -> Iterator[None]:
        """Count a question for as long as it is worked at.

        Raises BusyError where too many wait already, LimitedError where this caller asked too much.
        """
        with self._lock:
            count = self._find(caller)
            self._check(count, caller)
            count.minute.append(self._now())
            count.of_day += 1
            count.at_once += 1
            self._asking += 1
        try:
            yield
        finally:
            with self._lock:
                count.at_once -= 1
                self._asking -= 1

    def _find(self, caller: Caller) -> _Count:
        count = self._counts.get(caller.id)
        if count is None:
            count = _Count(deque(maxlen=self._per_minute), self._now())
            self._counts[caller.id] = count
            if len(self._counts) > CALLERS:
                self._counts.popitem(last=False)
        self._counts.move_to_end(caller.id)
        if self._now() - count.day_began >= _DAY:
            count.day_began, count.of_day = self._now(), 0
        return count

    def _check(self, count: _Count, caller: Caller) -> None:
        if self._asking >= AT_WORK + WAITING:
            raise BusyError("too many questions wait for an answer; ask again in a few seconds")
        if not caller.limited:
            return
        now = self._now()
        if count.of_day >= self._per_day:
            wait = math.ceil(count.day_began + _DAY - now)
            raise LimitedError(
                f"{self._per_day} questions a day are answered; come back later", wait
            )
        if len(count.minute) == self._per_minute and now - count.minute[0] < _MINUTE:
            wait = math.ceil(count.minute[0] + _MINUTE - now)
            words = (
                f"{self._per_minute} questions a minute are answered; ask again in {wait} seconds"
            )
            raise LimitedError(words, wait)
        if count.at_once >= AT_ONCE:
            raise LimitedError(f"{AT_ONCE} questions are answered at once; wait for an answer", 1)
