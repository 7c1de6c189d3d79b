"""What of Gradio answers: the routes that the chat asks for, and no other.

Gradio has routes that read the machine's files, fetch addresses and pass requests on, and a new
version may have more of them. `GradioRoutes` stands before its application: what is on the list
passes, in these very words, and all else is 404.

A question to the chat is counted here, before Gradio has it: where it is too much, Gradio never
hears of it. What Gradio would fail at with a traceback, `QueueDoor` refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.web.error_responses import make_response, respond
from chatbot.web.security.limits import Limits
from corpus.errors import AccessError

_ROUTES = (
    r"(?:GET|HEAD) /",
    r"GET /theme\.css",
    r"GET /assets/[A-Za-z0-9_.-]+\.(?:css|js)",
    r"GET /static/js/iframeResizer\.contentWindow\.min\.js",
    r"GET /gradio_api/app_id",  # asked for until a lost server is back
    r"POST /gradio_api/queue/join",
    r"GET /gradio_api/queue/data",
)
_SESSION = re.compile(r"[A-Za-z0-9_-]{1,40}")
_ASKED = re.compile("|".join(_ROUTES))


class GradioRoutes:
    """ASGI middleware that lets through to Gradio's application what the chat asks for."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`, which is asked by HTTP alone."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"].removeprefix(scope["root_path"])
        if is_asked(scope["method"], path):
            await self.app(scope, receive, send)
        else:
            await make_response(404, "not_found", "no such page")(scope, receive, send)


class QueueDoor:
    """ASGI middleware before Gradio's queue, which it lets only questions into that may be asked.

    Further in, `request.state.held` is the question's place among those at once.
    """

    def __init__(self, app: ASGIApp, limits: Limits, is_known: Callable[[str], bool]) -> None:
        """Wrap `app`; `is_known` tells whether the queue has something for a page's session."""
        self.app = app
        self.limits = limits
        self.is_known = is_known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"].removeprefix(scope["root_path"])
        if path == "/gradio_api/queue/join":
            await self._join(Request(scope, receive), send)
        elif path == "/gradio_api/queue/data" and not self.is_known(_read_session(scope)):
            await make_response(404, "not_found", "no such session")(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _join(self, request: Request, send: Send) -> None:
        scope, receive = request.scope, request.receive
        body = await request.body()
        if not _is_join(body):
            words = "the queue takes what Casebook's page sends"
            await make_response(422, "bad_request", words)(scope, receive, send)
            return
        try:
            held: ExitStack = await self.limits.admit(request.state.caller)
        except AccessError as error:
            await respond(error)(scope, receive, send)
            return
        request.state.held = held

        async def look(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                held.close()
            await send(message)

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        try:
            await self.app(scope, again, look)
        except BaseException:
            held.close()
            raise


def _is_join(body: bytes) -> bool:
    """Tell whether a body is what a page joins the queue with, of the one function it has."""
    try:
        given: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(given, dict) or given.get("fn_index") != 0:
        return False
    session = given.get("session_hash")
    return isinstance(session, str) and _SESSION.fullmatch(session) is not None


def _read_session(scope: Scope) -> str:
    return Request(scope).query_params.get("session_hash", "")


def is_asked(method: str, path: str) -> bool:
    """Tell whether the chat asks for a path, without percents and below where Gradio is mounted."""
    return _ASKED.fullmatch(f"{method} {path}") is not None
