"""How much one reader may ask, and all of them together.

What a caller asked in a minute and a day stands in the state that all processes share; what is
answered at this moment is each process's own, for it is its own cores that do it. Used from the
event loop alone.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from chatbot.web.security.forwarded import Peer, name_network
from chatbot.web.security.shared_state import DAY, Account, SharedState
from corpus.errors import BusyError, LimitedError

AT_WORK = 8  # questions that the engine answers at the same time
WAITING = 64  # and how many may wait for it
AT_ONCE = 4  # of one caller
# Of one caller: the longest of them fill a hundredth of the log in a day.
VOTES_A_DAY = 50
_MINUTE = 60.0
_DAILY = 200 / 3  # minutes at the full rate that a day allows: 2,000 questions at 30 a minute
_LONGEST = 120.0  # seconds after which a place is free again, whatever became of its question


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
    return Caller(name_network(peer.address), False, not peer.local)


class Limits:
    """What may be asked of one server; `now` is a clock in seconds since 1970."""

    def __init__(
        self,
        per_minute: int,
        now: Callable[[], float] = time.time,
        shared_state: SharedState | None = None,
        kind: str = "questions",
        per_day: int = 0,
    ) -> None:
        """Count in the shared state, under a name; without one, in memory.

        Without `per_day` it follows from what a minute allows.
        """
        self._per_minute = per_minute
        self._per_day = per_day or int(per_minute * _DAILY)
        self._now = now
        self._ledger = shared_state or SharedState()
        self._kind = kind
        self._at_once: Counter[str] = Counter()
        self._all = 0  # at once, of all callers

    async def check(self, caller: Caller) -> None:
        """Raise what `admit` would raise now, counting nothing."""
        self._check_room(caller)
        if caller.limited:
            now = self._now()
            await self._ledger.charge(self._kind, caller.id, now, lambda own: self._check(own, now))

    async def admit(self, caller: Caller) -> ExitStack:
        """Count a question, and hold its place until what is returned is closed.

        Raises BusyError where too many wait already, LimitedError where this caller asked too much.
        """
        self._check_room(caller)
        self._at_once[caller.id] += 1
        self._all += 1
        place = ExitStack()
        place.callback(self._leave, caller.id)
        place.callback(asyncio.get_running_loop().call_later(_LONGEST, place.close).cancel)
        try:
            if caller.limited:
                now = self._now()
                await self._ledger.charge(
                    self._kind, caller.id, now, lambda own: self._count(own, now)
                )
        except BaseException:
            place.close()
            raise
        return place

    def at_once(self) -> int:
        """Return how many questions are at work or wait, in this process."""
        return self._all

    def _leave(self, caller: str) -> None:
        self._all -= 1
        self._at_once[caller] -= 1
        if not self._at_once[caller]:
            del self._at_once[caller]

    def _check_room(self, caller: Caller) -> None:
        if self._all >= AT_WORK + WAITING:
            raise BusyError("too many questions wait for an answer; ask again in a few seconds")
        if caller.limited and self._at_once[caller.id] >= AT_ONCE:
            raise LimitedError(f"{AT_ONCE} questions are answered at once; wait for an answer", 1)

    def _count(self, own: Account, now: float) -> None:
        self._check(own, now)
        own.minute = [*own.minute, now][-self._per_minute :]
        own.of_day += 1

    def _check(self, own: Account, now: float) -> None:
        own.minute = [each for each in own.minute if each <= now]  # a clock may be put back
        if own.of_day >= self._per_day:
            wait = math.ceil(DAY - now % DAY)
            raise LimitedError(
                f"{self._per_day} {self._kind} a day are taken; come back later", wait
            )
        recent = own.minute[-self._per_minute :]
        if len(recent) == self._per_minute and now - recent[0] < _MINUTE:
            wait = math.ceil(recent[0] + _MINUTE - now)
            words = (
                f"{self._per_minute} {self._kind} a minute are taken; ask again in {wait} seconds"
            )
            raise LimitedError(words, wait)
