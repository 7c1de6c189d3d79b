"""What every request passes, in this order, from the outermost.

    Guard        an id, who sent it and to which name, how much its address may send
                 (`security/traffic.py`), security headers, a line in the log, a count
    ApiOrigins   which other sites' pages may call `/api/`
    Members      who asks, and whether only members may (`security/session.py`)
    Bodies       a bound on the body, in bytes and in time
    EditorAccess who is signed in at the editor's page, where there is one (`editor/access.py`)
    FrontPage    Gradio's page made ours (`gradio_page.py`)
    CORS         no other site may read anything else: without it Gradio allows every one

All of them wrap the whole application. Before Gradio's part stands one more, `GradioRoutes`, which
knows what of it answers at all (`security/gradio_routes.py`).
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.web.editor.access import UPLOAD, EditorAccess
from chatbot.web.error_responses import (
    OPENAI,
    PAGE,
    REQUEST_ID,
    Page,
    make_response,
    opens_page,
    respond,
)
from chatbot.web.gradio_page import FrontPage
from chatbot.web.pages.language import read_language
from chatbot.web.programs.routing import mend_json
from chatbot.web.security.forwarded import Peer, drop_claims, knows_host, read_host, read_peer
from chatbot.web.security.limits import caller_at
from chatbot.web.security.security_headers import dress
from chatbot.web.security.session import Members
from chatbot.web.security.traffic import TOO_MUCH, Traffic
from chatbot.web.security.traffic import log as refused
from corpus.errors import LimitedError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chatbot.settings import Settings
    from chatbot.web.editor.session import Sessions
    from chatbot.web.metrics import Metrics
    from chatbot.web.security.members import Keys
    from chatbot.web.security.shared_state import SharedState

log = logging.getLogger("casebook")

BODY_LIMIT = 64 * 1024  # bytes; the longest question with its history is far below
# Chat clients send the whole conversation along, answers and all, and some their instructions.
LONGER = {"/v1/chat/completions": 512 * 1024}
COUNTED = 32 * 1024  # bytes of a body that count as one more request
PATIENCE = 30  # seconds in which a body has to come
SLOWED = 1.0  # seconds before an address that sends too much hears so
_DRAINED = 1024 * 1024  # read of a body that is too large, so that its sender hears why
_ASKING = ("/api/", "/v1/", "/mcp")
# Where HEAD is answered as GET is: the contract's routes, none of which is a stream to GET.
_HEADED = ("/api/", "/v1/", "/mcp", "/cases", "/healthz", "/readyz", "/metrics", "/openapi.json")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def install(
    app: FastAPI,
    settings: Settings,
    keys: Keys | None,
    metrics: Metrics,
    shared_state: SharedState,
    editors: Sessions | None = None,
) -> None:
    """Wrap `app` in all of them.

    `keys` check members' tokens, None where everybody may ask; `shared_state` knows whose sessions
    have ended; `editors` are signed in at the
    editor's page, None where there is no such page.
    """
    root = settings.root_path
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(FrontPage, root_path=root)
    if editors is not None:
        app.add_middleware(EditorAccess, sessions=editors, root_path=root)
    traffic = Traffic()
    app.add_middleware(Bodies, traffic=traffic)
    app.add_middleware(Members, keys=keys, shared_state=shared_state, edited=editors is not None)
    app.add_middleware(ApiOrigins, origins=settings.embed_origins)
    # The last added is the outermost.
    app.add_middleware(Guard, settings=settings, metrics=metrics, traffic=traffic)


def _read_method(method: str, path: str) -> str:
    """Return GET for HEAD, whose answer the server sends without its body."""
    return "GET" if method == "HEAD" and path.startswith(_HEADED) else method


class Guard:
    """ASGI middleware around the application, which a proxy may serve under `root_path`.

    A proxy may strip the prefix or leave it, and the server may have put it before the path itself:
    the application sees `root_path` once, whichever it was. Further in, `client`, `scheme` and
    `request.state.peer` say what can be believed of the sender.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, metrics: Metrics, traffic: Traffic
    ) -> None:
        """Wrap `app`; every request is counted."""
        self.app = app
        self.metrics = metrics
        self.root_path = settings.root_path
        self.embed_origins = settings.embed_origins
        self.own_name = settings.host.lower()
        self.names = settings.hosts
        self.trusted = [ipaddress.ip_network(each) for each in settings.trusted_proxies]
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; any exception becomes a 500 without its words."""
        if scope["type"] == "websocket":  # nothing here speaks it
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        token = REQUEST_ID.set(request_id)
        started = time.perf_counter()
        path = self._strip(scope["path"])
        protocol = OPENAI.set(path.startswith("/v1/"))
        page = PAGE.set(self._read_page(scope, headers, path))
        peer = read_peer(scope, self.trusted)
        inner = {
            **scope,
            "client": (peer.address, 0),
            "scheme": peer.scheme,
            "headers": drop_claims(scope["headers"]),
            "path": self.root_path + path,
            "method": _read_method(scope["method"], path),
            "root_path": self.root_path,
            "state": {**scope.get("state", {}), "peer": peer},
        }
        status = 0

        async def finish(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answered = MutableHeaders(scope=message)
                answered["X-Request-Id"] = request_id
                dress(answered, path, peer.scheme, self.embed_origins)
            await send(message)

        counted = True
        try:
            with self.traffic.admit(caller_at(peer)) as wait:
                if wait:
                    await asyncio.sleep(SLOWED)  # so that a flood comes no faster
                    raise LimitedError(TOO_MUCH, wait)
                await self._serve(inner, receive, finish, peer)
        except LimitedError as error:  # what is refused further in is an answer already
            counted = False
            refused.warning("requests were refused: %s sends too many", peer.address)
            wait_for = {"Retry-After": str(error.wait), "Connection": "close"}
            answer = make_response(429, error.code, str(error), wait_for)
            await answer(inner, receive, finish)
        except asyncio.CancelledError:  # the server ends, and gives up what still takes its time
            if not status:
                words = "Casebook is being stopped; ask again in a minute"
                await make_response(503, "busy", words)(inner, receive, finish)
            raise
        except Exception as error:  # noqa: BLE001 - the last place that can keep its words inside
            answer = respond(error)
            if not status:
                await answer(inner, receive, finish)
        finally:
            spent = time.perf_counter() - started
            self.metrics.count(path, status, spent)
            level = logging.INFO if path.startswith(_ASKING) and counted else logging.DEBUG
            caller = inner["state"].get("caller")
            who = f", {caller.id}" if caller and caller.member else ""
            line = "%s %r: %d in %.0f ms, request %s%s"
            log.log(level, line, scope["method"], path[:200], status, spent * 1000, request_id, who)
            PAGE.reset(page)
            OPENAI.reset(protocol)
            REQUEST_ID.reset(token)

    def _read_page(self, scope: Scope, headers: Headers, path: str) -> Page | None:
        if not opens_page(scope["method"], path, headers.get("accept", "")):
            return None
        return Page(read_language(Request(scope)), self.root_path, path)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, peer: Peer) -> None:
        host = read_host(Headers(scope=scope).get("host", ""))
        if host != self.own_name and not knows_host(host, self.names, peer.proxied):
            words = "Casebook has another name here: add this one to CASEBOOK_HOSTS"
            await make_response(421, "wrong_host", words)(scope, receive, send)
        elif scope["method"] not in _METHODS:  # TRACE and what nobody has heard of
            allow = {"Allow": ", ".join(_METHODS)}
            words = f"use one of {allow['Allow']}"
            await make_response(405, "method_not_allowed", words, allow)(scope, receive, send)
        elif scope["path"] == self.root_path:  # `/casebook` itself: its addresses need the slash
            await RedirectResponse(self.root_path + "/")(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _strip(self, path: str) -> str:
        for _ in range(2):
            if self.root_path and (path == self.root_path or path.startswith(self.root_path + "/")):
                path = path.removeprefix(self.root_path)
        return path


class ApiOrigins:
    """ASGI middleware that lets pages of other sites call `/api/`, with a token but no cookie."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        """Wrap `app`; each origin is exact."""
        self.app = app
        self.allowing = CORSMiddleware(
            app,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        below = scope["type"] == "http" and scope["path"].startswith(scope["root_path"] + "/api/")
        await (self.allowing if below else self.app)(scope, receive, send)


class Bodies:
    """ASGI middleware that reads a body whole, if it is small enough and comes soon enough.

    A large one counts as several requests: to read what is in it takes as long.
    """

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        """Wrap `app`; `traffic` has counted the request itself."""
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or UPLOAD.fullmatch(
            path
        ):  # the editor's page bounds uploads as it reads
            await self.app(scope, receive, send)
            return
        most = LONGER.get(path, BODY_LIMIT)
        more = _read_length(scope, most) // COUNTED
        wait = self.traffic.count(caller_at(scope["state"]["peer"]), more)
        if wait:
            await asyncio.sleep(SLOWED)
            raise LimitedError(TOO_MUCH, wait)
        try:
            async with asyncio.timeout(PATIENCE):
                body = await _read_body(scope, receive, most)
        except TimeoutError:
            words = f"the body did not come within {PATIENCE} seconds; send it again"
            close = {"Connection": "close"}
            await make_response(408, "slow", words, close)(scope, receive, send)
            return
        if body is None:
            words = f"the body has more than {most // 1024} KiB; send less"
            await make_response(413, "too_large", words)(scope, receive, send)
            return
        kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            body = mend_json(body)
        await self.app(scope, _replay(body, receive), send)


def _read_length(scope: Scope, most: int) -> int:
    """Return how long a body says that it is, up to `most`; one that does not say is as long."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return most
    length = headers.get("content-length", "0")
    return min(int(length), most) if length.isdecimal() else most


async def _read_body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """Return the whole body, or None where it has over `most` bytes."""
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return b""
    length = Headers(scope=scope).get("content-length", "0")
    if length.isdigit() and int(length) > _DRAINED:
        return None
    chunks: list[bytes] = []
    size = 0
    while size <= _DRAINED:
        message = await receive()
        if message["type"] != "http.request":
            break
        size += len(message.get("body", b""))
        if size <= most:
            chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(chunks) if size <= most else None


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
