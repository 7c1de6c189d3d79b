"""What every request passes: an id, a bound on its body, security headers, a line in the log.

`Guard` wraps the whole application, Gradio's part too. It decides nothing about who may ask.
"""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.web.editor.door import UPLOAD
from chatbot.web.failures import REQUEST_ID, make_response, report

log = logging.getLogger("casebook")

BODY_LIMIT = 64 * 1024  # bytes; the longest question with its history is far below
_DRAINED = 16 * BODY_LIMIT  # read of a body that is too large, so that its sender hears why
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = ("/healthz", "/readyz")

# Gradio's page compiles its templates and inlines its settings; nothing it loads is foreign.
CHAT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
EDITOR_POLICY = CHAT_POLICY.replace("frame-ancestors 'self'", "frame-ancestors 'none'")
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"


class Guard:
    """ASGI middleware around the application; `root_path` is the prefix a proxy serves it under.

    A proxy may strip the prefix or leave it, and the server may have put it before the path itself:
    the application sees `root_path` once, whichever it was.
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        """Wrap `app`."""
        self.app = app
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; any exception becomes a 500 without its words."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        token = REQUEST_ID.set(request_id)
        started = time.perf_counter()
        path = self._strip(scope["path"])
        status = 0

        async def dress(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _dress(MutableHeaders(scope=message), request_id, path)
            await send(message)

        try:
            await self._serve(scope, receive, dress, path)
        except Exception as error:  # noqa: BLE001 - the last place that can keep its words inside
            answer = report(error)
            if not status:
                await make_response(*answer)(scope, receive, dress)
        finally:
            spent = (time.perf_counter() - started) * 1000
            level = logging.INFO if path.startswith("/api/") else logging.DEBUG
            line = "%s %r: %d in %.0f ms, request %s"
            log.log(level, line, scope["method"], path[:200], status, spent, request_id)
            REQUEST_ID.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        if not path:  # `/casebook` itself: relative addresses need the slash
            await RedirectResponse(self.root_path + "/")(scope, receive, send)
            return
        inner = {**scope, "path": self.root_path + path, "root_path": self.root_path}
        if UPLOAD.fullmatch(path):  # not held in memory: the door bounds it while it is read
            await self.app(inner, receive, send)
            return
        body = await _read_body(scope, receive)
        if body is None:
            words = f"the body has more than {BODY_LIMIT // 1024} KiB; send less"
            await make_response(413, "too_large", words)(scope, receive, send)
            return
        await self.app(inner, _replay(body, receive), send)

    def _strip(self, path: str) -> str:
        for _ in range(2):
            if self.root_path and (path == self.root_path or path.startswith(self.root_path + "/")):
                path = path.removeprefix(self.root_path)
        return path


def _dress(headers: MutableHeaders, request_id: str, path: str) -> None:
    headers["X-Request-Id"] = request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")
    policy = CHAT_POLICY
    if path.startswith("/cases/"):
        policy = PAGE_POLICY
    elif path.startswith("/editor"):
        policy = EDITOR_POLICY
    elif path.startswith(("/api/", "/openapi.json", *_QUIET)):
        policy = DATA_POLICY
        headers.setdefault("Cache-Control", "no-store")
    elif path.startswith("/web/"):
        headers.setdefault("Cache-Control", "no-cache")  # asked for again, and answered with 304
    headers.setdefault("Content-Security-Policy", policy)


async def _read_body(scope: Scope, receive: Receive) -> bytes | None:
    """Return the whole body, or None where it is over the limit."""
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
        if size <= BODY_LIMIT:
            chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(chunks) if size <= BODY_LIMIT else None


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
