"""How much one address may send, whatever it asks for, and what the log tells of it.

Counted in memory, by each process for itself: what is too much is refused before anything is read
or looked up for it. Whoever asks from this machine itself is not limited, but for the number of
connections.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chatbot.web.security.forwarded import name_network
from chatbot.web.security.limits import Caller
from corpus.errors import LimitedError

# A page of Gradio's asks for some 60 files, once, and an answer for two or three requests.
BURST, PER_SECOND = 1000, 20.0  # requests of one address
AT_ONCE = 128  # requests of one address that are being answered, and its connections
TOO_MUCH = "too many requests come from your address; send fewer"
_ADDRESSES = 10_000  # remembered
_MESSAGES = 100  # remembered; those that a library writes without arguments
_MINUTE = 60.0

# What the log need not have for each connection or request: see `OncePerMinute`.
log = logging.getLogger("casebook.refused")


class Traffic:
    """The requests of each address; used from one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a clock in seconds."""
        self._clock = clock
        # By the generic cell rate algorithm, one time says it all: when a bucket is empty again.
        self._empty: dict[str, float] = {}
        self._at_once: Counter[str] = Counter()

    @contextmanager
    def admit(self, caller: Caller) -> Iterator[int]:
        """Count a request for as long as it is answered; gives the seconds until it may come.

        Zero: it may. Raises LimitedError where too many are being answered, the refused included.
        """
        if not caller.limited:
            yield 0
            return
        wait = self.count(caller)
        if self._at_once[caller.id] >= AT_ONCE:
            raise LimitedError(TOO_MUCH, 1)
        self._at_once[caller.id] += 1
        try:
            yield wait
        finally:
            self._at_once[caller.id] -= 1
            if not self._at_once[caller.id]:
                del self._at_once[caller.id]

    def count(self, caller: Caller, requests: int = 1) -> int:
        """Count requests that come at once; return the seconds until they may, 0 where they may."""
        if not caller.limited or not requests:
            return 0
        now = self._clock()
        empty = max(self._empty.pop(caller.id, now), now)
        wait = max(0, math.ceil(empty - now - (BURST - requests) / PER_SECOND))
        self._empty[caller.id] = empty if wait else empty + requests / PER_SECOND
        if len(self._empty) > _ADDRESSES:
            del self._empty[next(iter(self._empty))]  # the one that nobody has seen for longest
        return wait


class Connections:
    """The connections of each address; used from one event loop."""

    def __init__(self, most: int, is_trusted: Callable[[str], bool] = lambda _: False) -> None:
        """Take how many there may be in all, and which addresses are proxies, with many readers."""
        self._most = most
        self._is_trusted = is_trusted
        self._open: Counter[str] = Counter()

    def take(self, address: str) -> bool:
        """Count a new connection; False where there are too many already."""
        network = name_network(address)
        bound = self._most if self._is_trusted(address) else AT_ONCE
        if self._open[network] >= bound or self._open.total() >= self._most:
            log.warning("connections were refused: %s has too many", network)
            return False
        self._open[network] += 1
        return True

    def give_back(self, address: str) -> None:
        """Count a connection that `take` let in no longer."""
        network = name_network(address)
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]


class OncePerMinute(logging.Filter):
    """Lets a message through once a minute, whatever it is about, with a count of those before."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a clock in seconds."""
        super().__init__()
        self._clock = clock
        self._told: dict[str, tuple[float, int]] = {}  # message: when, and how many since

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is logged; one that is may end with a count."""
        now = self._clock()
        message = str(record.msg)
        when, since = self._told.get(message, (now - _MINUTE, 0))
        if now - when < _MINUTE:
            self._told[message] = (when, since + 1)
            return False
        if len(self._told) >= _MESSAGES:
            self._told.clear()
        self._told[message] = (now, 0)
        if since:
            record.msg = f"{message.rstrip()} (and {since} more in the minute before)"
        return True
