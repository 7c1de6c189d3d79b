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

from chatbot.publishing.pending_uploads import PendingUploads
from chatbot.web.security.forwarded import name_network

IDLE = 30 * 60.0  # seconds without a request after which a session has ended
LONGEST = 8 * 3600.0  # seconds after which it has ended in any case
MOST = 64  # sessions at once; one more ends the one that rested longest
WINDOW = 60.0  # seconds in which wrong tries are counted
TRIES = 5  # of one address, of IPv6 of one network; no other one's count
MOST_TRIES = 1000  # remembered


class WrongTokenError(Exception):
    """The token is not the editor's."""


class TooManyTriesError(Exception):
    """Too many wrong tokens were tried; `wait` is the seconds until the next one is looked at."""

    def __init__(self, wait: int) -> None:
        """Keep how long to wait."""
        super().__init__(f"wait {wait} s")
        self.wait = wait


@dataclass(slots=True)
class Session:
    """One signed-in browser: when it began and was last used, and the documents that wait there."""

    started: float
    used: float
    pending: PendingUploads = field(repr=False)


class Sessions:
    """The sessions, by the digest of their key, which itself is kept nowhere."""

    def __init__(
        self,
        token: str,
        make_tray: Callable[[], PendingUploads],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the token that opens the page, what makes a new session's uploads, and a clock."""
        self._token = token.encode("utf-8", "surrogateescape")
        self._make_tray = make_tray
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._wrong: deque[tuple[float, str]] = deque(maxlen=MOST_TRIES)  # when, from where

    def sign_in(self, token: str, address: str) -> str:
        """Return the key of a new session, 256 random bits in hexadecimal.

        Raises WrongTokenError, or TooManyTriesError where the address tried too many wrong ones
        within a minute; then even the right one is not looked at.
        """
        address = name_network(address)
        now = self._clock()
        while self._wrong and now - self._wrong[0][0] >= WINDOW:
            self._wrong.popleft()
        mine = [when for when, where in self._wrong if where == address]
        if len(mine) >= TRIES:
            raise TooManyTriesError(max(1, math.ceil(mine[-TRIES] + WINDOW - now)))
        if not hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self._token):
            self._wrong.append((now, address))
            raise WrongTokenError
        self._sweep(now)
        if len(self._sessions) >= MOST:
            self._end(min(self._sessions, key=lambda key: self._sessions[key].used))
        key = secrets.token_hex(32)
        self._sessions[_digest(key)] = Session(now, now, self._make_tray())
        return key

    def find(self, key: str, use: bool = True) -> Session | None:
        """Return the session of a key, None where there is none or it has ended.

        `use` tells that the editor did something; a page that only stays open does not.
        """
        now = self._clock()
        self._sweep(now)
        session = self._sessions.get(_digest(key))
        if session is not None and use:
            session.used = now
        return session

    def sign_out(self, key: str) -> None:
        """End the session of a key, if there is one."""
        if _digest(key) in self._sessions:
            self._end(_digest(key))

    def close(self) -> None:
        """End every session."""
        for digest in list(self._sessions):
            self._end(digest)

    def _sweep(self, now: float) -> None:
        for digest, session in list(self._sessions.items()):
            if now - session.used >= IDLE or now - session.started >= LONGEST:
                self._end(digest)

    def _end(self, digest: str) -> None:
        self._sessions.pop(digest).pending.clear()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
