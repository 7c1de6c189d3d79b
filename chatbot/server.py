"""The server process: takes the port, prepares in the background, says when it can answer.

The page and `/healthz` answer while the encoder loads, and while a first release is built;
`/readyz` follows when a release is open and the encoder warm.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import ipaddress
import json
import logging
import resource
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from chatbot.engine import Engine
from chatbot.publishing.publisher import Publisher
from chatbot.settings import Settings
from chatbot.web.security.forwarded import is_among
from chatbot.web.security.traffic import Connections, OncePerMinute
from corpus.errors import UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

log = logging.getLogger("casebook")

HEAD = 10.0  # seconds in which the address and headers of a request have to come
_FILES = 4096  # open files that are asked for; what the system gives may be less
_OWN_FILES = 256  # of which connections leave so many for documents, vectors and the log
_AT_A_TIME = 32  # connections that the loop takes before it looks at requests again
_BACKLOG = 1024  # that may wait to be taken
_M_ARENA_MAX = -8  # mallopt(3)


def serve(
    engine: Engine,
    settings: Settings,
    prepare: Callable[[], None],
    say: Callable[[str], None],
    publisher: Publisher | None = None,
) -> int:
    """Serve until Ctrl-C or SIGTERM and return the exit code.

    The page and `/healthz` answer as soon as the web libraries are imported; meanwhile and after,
    in the background, `prepare` makes what is missing (a first release) and the encoder is loaded.
    `publisher` is what the editor's page works with. Raises UsageError where the port cannot be
    taken, which is tried before anything slow, and what the background raises, which ends the
    server.
    """
    listener = take_port(settings.host, settings.port)
    share_arena()
    try:
        started = time.perf_counter()
        made, stop = threading.Event(), threading.Event()

        def make_app() -> FastAPI:
            from chatbot.web import create_app  # seconds of imports, not needed by the other verbs

            app = create_app(engine, settings, publisher)
            made.set()
            return app

        config = uvicorn.Config(
            make_app,
            factory=True,
            http=cast("Any", partial(HttpProtocol, bound=bound_connections(settings))),
            log_level=settings.log_level if settings.log_level == "debug" else "warning",
            access_log=False,  # it would show what is asked; `Guard` has a line for each request
            backlog=_AT_A_TIME,
            ws="none",  # a connection that changes its protocol would be counted for ever
            server_header=False,
            root_path=settings.root_path,
            proxy_headers=False,  # whom to believe is decided in one place, security/forwarded.py
            timeout_graceful_shutdown=3,
        )
        server = _Server(config)
        address = describe_address(listener)
        failures: list[Exception] = []

        def work() -> None:
            try:
                prepare()
                engine.warm()
            except Exception as error:  # noqa: BLE001 - raised again by the main thread
                failures.append(error)
                server.should_exit = True
                return
            made.wait()
            say(
                f"Casebook answers on {address} "
                f"({time.perf_counter() - started:.0f} s); Ctrl-C ends it"
            )
            engine.follow(stop)

        say(f"Casebook is starting on {address}")
        threading.Thread(target=work, name="engine", daemon=True).start()
        logging.getLogger("uvicorn.error").addFilter(_is_no_ending)
        for seldom in ("uvicorn.error", "casebook.refused"):
            logging.getLogger(seldom).addFilter(OncePerMinute())
        with suppress(KeyboardInterrupt, SystemExit):
            server.run(sockets=[listener])
        stop.set()
        if failures:
            raise failures[0]
        say("Casebook has ended")
        return 0
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """uvicorn's server, which a thousand connections at once do not keep from its requests."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; the system holds more connections than are taken from it at a time."""
        await super().startup(sockets)
        for listener in sockets or []:
            listener.listen(_BACKLOG)


def _is_no_ending(record: logging.LogRecord) -> bool:
    """Tell whether a record is more than that a question was given up as the server ended."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def bound_connections(settings: Settings) -> Connections:
    """Return what counts connections: no more in all than there are files, and few of an address.

    A trusted proxy's are as many as they like; its readers are told apart by what it says of them.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    proxies = [ipaddress.ip_network(each) for each in settings.trusted_proxies]
    return Connections(files - _OWN_FILES, lambda address: is_among(address, proxies))


class HttpProtocol(H11Protocol):
    """HTTP as uvicorn reads it, within bounds: what it cannot read is refused as all else is.

    A connection over its address's bound is closed unread, and so is one whose next request does
    not come whole in time: uvicorn itself waits for the rest of a head for ever.
    """

    def __init__(self, *given: Any, bound: Connections | None = None, **named: Any) -> None:
        """Take what uvicorn gives, and what counts connections."""
        super().__init__(*given, **named)
        self._bound = bound or Connections(_FILES)
        self._counted: str | None = None  # the address under which this one is counted
        self._awaited: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head, or close at once."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if self._bound.take(address):
            self._counted = address
            self._await_head()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no longer."""
        self._stop_awaiting()
        if self._counted is not None:
            self._bound.give_back(self._counted)
            self._counted = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what is no whole head yet has its time from its first byte on."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_awaiting()
        elif self._awaited is None and not self.transport.is_closing():
            self._await_head()

    def _await_head(self) -> None:
        self._awaited = self.loop.call_later(HEAD, self._give_up)

    def _stop_awaiting(self) -> None:
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None

    def _give_up(self) -> None:
        self._awaited = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - in uvicorn's words
        """Answer what is no request, or one whose head has over 64 KiB, and hang up."""
        from starlette.datastructures import MutableHeaders

        from chatbot.web.error_responses import REQUEST_ID, describe
        from chatbot.web.security.security_headers import dress

        status = getattr(sys.exc_info()[1], "error_status_hint", 400)
        token = REQUEST_ID.set(uuid.uuid4().hex[:16])
        said = describe("bad_request", "this cannot be read as a request of HTTP/1.1")
        if status == 431:
            said = describe("too_large", "the address and headers have over 64 KiB; send less")
        body = json.dumps(said).encode()
        headers = MutableHeaders({"Content-Type": "application/json", "Connection": "close"})
        headers["Content-Length"] = str(len(body))
        headers["X-Request-Id"] = REQUEST_ID.get()
        dress(headers, "/api/", "http", ())
        REQUEST_ID.reset(token)
        for event in (
            h11.Response(status_code=status, headers=headers.raw),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def share_arena() -> None:
    """Have all threads take memory from one arena, where the C library is glibc.

    By default it gives eight to each core, and what a question's numbers were held in stays with
    the thread that read it: with eight questions at once the server took 877 MiB, and takes 539 at
    as many questions a second.
    """
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def take_port(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address; raises UsageError, naming it, where it cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where it sees TCP named: without, 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, UnicodeError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} on {host} is in use: end what uses it, or set CASEBOOK_PORT"
            ) from error
        raise UsageError(f"cannot serve on {host}:{port} ({error}): check CASEBOOK_HOST") from error
    return listener


def describe_address(listener: socket.socket) -> str:
    """Return the address a browser opens."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
