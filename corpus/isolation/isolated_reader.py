"""Documents read in processes of their own, seen from the one that needs them."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from corpus.errors import DocumentError, Message
from corpus.isolation.limits import LIMITS, Limits, broken, too_slow
from corpus.isolation.wire import parse_reply, write_request
from corpus.library import Offer
from corpus.metadata import show
from corpus.readers import READERS, suffix_for
from corpus.records import Entry

_SERVER = (sys.executable, "-m", "corpus.isolation.fork_server")
_ROOT = Path(__file__).parents[2]
_FORMATS = tuple(READERS)
_LARGEST = 256 * 2**20  # bytes of a reply; 20 million signs of Chinese, escaped, are 120
_PIECE = 2**20  # bytes received at once
_GRACE = 10.0  # seconds in which the server, too, has to start and to kill what takes too long
_MOST = 1000  # documents that ended their process, each remembered
_REMEMBERED = 600.0  # seconds; then the machine may have more room or time


_Server = tuple[subprocess.Popen[bytes], socket.socket]  # and where it takes connections


class _DiedError(Exception):
    """The process ended without an answer."""


class IsolatedReader:
    """Reads documents, each in a process of its own; safe to share between threads.

    Documents read by several threads wait for each other no more than the machine makes them. The
    processes are forks of a server, which is started with the first document (.3 s), again where it
    died, and ends with this process. A document that ended its process is remembered for a while,
    so that whoever looks at a list of documents waits for it once.
    """

    def __init__(self, limits: Limits = LIMITS, server: tuple[str, ...] = _SERVER) -> None:
        """Take the limits of a document, and the command that starts the server."""
        self._limits = limits
        self._command = (*server, str(limits.seconds), str(limits.memory))
        self._lock = threading.Lock()
        self._servers: list[_Server] = []  # one, where it was started
        weakref.finalize(self, _end, self._servers)
        self._died: dict[str, tuple[float, Message]] = {}

    def __call__(self, offer: Offer, facts_sha256: str = "") -> Entry:
        """Read an offer as `read_entry` does, and raise what that raises.

        Raises DocumentError also where it takes more memory or time than the limits allow, or ends
        the process.
        """
        shown = show(offer.name)
        suffix = suffix_for(offer.data, shown)
        request = write_request(offer, facts_sha256)
        digest = hashlib.sha256(request).hexdigest()
        started = time.monotonic()
        last, why = self._died.get(digest, (-_REMEMBERED, Message("")))
        if started - last >= _REMEMBERED:
            try:
                return parse_reply(self._exchange(request, suffix), offer, facts_sha256)
            except (_DiedError, ValueError):
                over = time.monotonic() - started >= self._limits.seconds
                why = (too_slow if over else broken)(self._limits)
                self._remember(digest, why)
        raise DocumentError("{name}: {why}", name=shown, why=why)

    def _remember(self, digest: str, why: Message) -> None:
        with self._lock:
            self._died.pop(digest, None)
            self._died[digest] = time.monotonic(), why
            while len(self._died) > _MOST:
                del self._died[next(iter(self._died))]

    def close(self) -> None:
        """End the server and what it reads; another document starts a new one."""
        with self._lock:
            _end(self._servers)

    def _exchange(self, request: bytes, suffix: str) -> bytes:
        """Return the answer to a request; raises _DiedError where there is none."""
        ends = time.monotonic() + self._limits.seconds + _GRACE
        reply = bytearray()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._hand_over(theirs, suffix)
            try:
                ours.settimeout(ends - time.monotonic())
                ours.sendall(request)
                ours.shutdown(socket.SHUT_WR)
                while piece := ours.recv(_PIECE):
                    reply += piece
                    if len(reply) > _LARGEST:
                        raise _DiedError
                    ours.settimeout(max(ends - time.monotonic(), 0.001))
            except TimeoutError as error:  # the server should have killed it
                self.close()
                raise _DiedError from error
            except OSError as error:
                raise _DiedError from error
        if not reply:
            raise _DiedError
        return bytes(reply)

    def _hand_over(self, theirs: socket.socket, suffix: str) -> None:
        """Give the server a connection to read from, and start it first where it is not there."""
        number = bytes([_FORMATS.index(suffix)])
        with self._lock, theirs:
            for _ in range(2):
                if not self._servers:
                    self._servers.append(_start(self._command))
                try:
                    socket.send_fds(self._servers[0][1], [number], [theirs.fileno()])
                    return
                except OSError:
                    _end(self._servers)
        raise _DiedError


def _start(command: Sequence[str]) -> _Server:
    ours, theirs = socket.socketpair()
    with theirs:
        # In a group of its own, so that Ctrl-C ends whoever waits and not what is waited for; with
        # nothing of this process's settings, among which there are secrets.
        process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={
                "PYTHONPATH": os.pathsep.join([str(_ROOT), *filter(None, sys.path)]),
                "OPENBLAS_NUM_THREADS": "1",  # openpyxl imports NumPy, and threads do not fork
            },
            process_group=0,
        )
    return process, ours


def _end(servers: list[_Server]) -> None:
    while servers:
        process, control = servers.pop()
        control.close()
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
