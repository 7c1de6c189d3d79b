"""Who is signed in at the editor's page: a token opens it, a random key in a cookie keeps it open.

Everything stands in memory and is bounded: a restart signs everybody out. Used from the event loop
alone, where nothing comes between a look and a change.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from chatbot.publishing.pending_uploads import PendingUploads
from chatbot.web.security.forwarded import name_network

IDLE = 30 * 60.0  # seconds without a request after which a session has ended
LONGEST = 8 * 3600.0  # seconds after which it has ended in any case
MOST = 64  # sessions at once; one more ends the one that rested longest
WINDOW = 60.0  # seconds in which wrong tries are counted
TRIES = 5  # of one address, or of one network of IPv6
REMEMBERED = 10_000  # addresses; whoever has more of them meets a token that no guess will find


class WrongTokenError(Exception):
    """The token is not the editor's."""


class TooManyTriesError(Exception):
    """Too many wrong tokens were tried; `wait` is the seconds until the next one is looked at."""

    def __init__(self, wait: int) -> None:
        """Keep how long to wait."""
        super().__init__(f"wait {wait} s")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Said:
    """What just happened, in a line, and what went wrong beside it."""

    line: str = ""
    kind: Literal["done", "trouble"] = "done"
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class Session:
    """One signed-in browser: when it began and was last used, and the documents that wait there.

    `said` is what the page that it is led to next shows first.
    """

    started: float
    used: float
    pending: PendingUploads = field(repr=False)
    said: Said = Said()


class Sessions:
    """The sessions, by the digest of their key, which itself is kept nowhere."""

    def __init__(
        self,
        token: str,
        make_pending: Callable[[], PendingUploads],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the token that opens the page, what makes a new session's uploads, and a clock."""
        self._token = token.encode("utf-8", "surrogateescape")
        self._make_pending = make_pending
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._wrong: dict[str, deque[float]] = {}  # when the last wrong tries of an address were

    def sign_in(self, token: str, address: str) -> str:
        """Return the key of a new session, 256 random bits in hexadecimal.

        Raises WrongTokenError, or TooManyTriesError where the address tried too many wrong ones
        within a minute; then even the right one is not looked at. Others' tries do not count.
        """
        address = name_network(address)
        now = self._clock()
        tries = self._wrong.get(address, deque(maxlen=TRIES))
        if len(tries) == TRIES and now - tries[0] < WINDOW:
            raise TooManyTriesError(max(1, math.ceil(tries[0] + WINDOW - now)))
        if not hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self._token):
            tries.append(now)
            self._wrong.pop(address, None)  # the last to try is the last to be forgotten
            self._wrong[address] = tries
            if len(self._wrong) > REMEMBERED:
                del self._wrong[next(iter(self._wrong))]
            raise WrongTokenError
        self.sweep()
        if len(self._sessions) >= MOST:
            self._end(min(self._sessions, key=lambda key: self._sessions[key].used))
        key = secrets.token_hex(32)
        self._sessions[_digest(key)] = Session(now, now, self._make_pending())
        return key

    def find(self, key: str, use: bool = True) -> Session | None:
        """Return the session of a key, None where there is none or it has ended.

        `use` tells that the editor did something; a page that only stays open does not.
        """
        self.sweep()
        session = self._sessions.get(_digest(key))
        if session is not None and use:
            session.used = self._clock()
        return session

    def sign_out(self, key: str) -> None:
        """End the session of a key, if there is one."""
        if _digest(key) in self._sessions:
            self._end(_digest(key))

    def close(self) -> None:
        """End every session."""
        for digest in list(self._sessions):
            self._end(digest)

    def sweep(self) -> None:
        """End the sessions that rested or lasted too long, and drop what waited in them."""
        now = self._clock()
        for digest, session in list(self._sessions.items()):
            if now - session.used >= IDLE or now - session.started >= LONGEST:
                self._end(digest)

    def _end(self, digest: str) -> None:
        self._sessions.pop(digest).pending.clear()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
