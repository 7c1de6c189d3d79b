"""Members at the door: who may pass, and how a token becomes a session of the browser.

A token comes in the `Authorization` header, never in an address. A browser that opens a page cannot
send that header, so it posts the token to `/session` in a form: from the portal's page, or from the
widget's frame with `target=_blank`. The answer is a cookie and a redirect to the page. Each token
opens one session.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.web.error_responses import respond
from chatbot.web.security.limits import Caller, caller_at
from chatbot.web.security.members import (
    SESSION_LIFE,
    Keys,
    Member,
    check_token,
    open_session,
    seal_session,
)
from chatbot.web.security.shared_state import SharedState
from corpus.errors import (
    AccessError,
    TokenMissingError,
    TokenRefusedError,
)

# What holds nothing of the collection is open to everybody.
OPEN = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/favicon.ico", "/widget", "/widget.js"}
OPEN_BELOW = ("/web/", "/widget/", "/assets/", "/static/")
_NEXT = re.compile(
    r"(cases(/[A-Za-z0-9._~-]{1,200})?(\?lang=(en|zh))?(#c[0-9]{1,9}-[0-9]{1,9}(-[0-9a-f]{9,13})?)?)?"
)


class Members:
    """ASGI middleware that finds out who asks, and lets only members pass where `keys` are given.

    Who asks is `request.state.caller` further in. The editor's page, where it is `edited`, has a
    door of its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys | None,
        edited: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Wrap `app`; `clock` gives seconds since 1970."""
        self.app = app
        self.keys = keys
        self.edited = edited
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request of a member, or of anybody where that is enough."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        caller = caller_at(request.state.peer)
        path = local_path(request)
        if self.keys is None or self._is_open(path) or _exchanges(request):
            request.state.caller = caller
            await self.app(scope, receive, send)
            return
        try:
            member = identify(request, self.keys, self.clock())
        except AccessError as error:
            await respond(error)(scope, receive, send)
            return
        request.state.caller = Caller(f"member {member.id}", True, True)

        async def keep_private(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "no-store" not in headers.get("cache-control", ""):
                    headers["Cache-Control"] = "private, no-cache"
            await send(message)

        await self.app(scope, receive, keep_private)

    def _is_open(self, path: str) -> bool:
        edited = self.edited and (path == "/editor" or path.startswith("/editor/"))
        return edited or path in OPEN or path.startswith(OPEN_BELOW)


def identify(request: Request, keys: Keys, now: float) -> Member:
    """Return the member who asks, by the token in the header, else by the session's cookie.

    A cookie counts only for this site's own pages: what another site's page sends is not the
    member's wish. Raises TokenMissingError, TokenExpiredError or TokenRefusedError.
    """
    given = request.headers.getlist("authorization")
    bearers = [value[7:].strip() for value in given if value[:7].lower() == "bearer "]
    if len(given) > 1 and bearers:
        error = TokenRefusedError("send one Authorization header with one token")
        error.add_note("several Authorization headers")
        raise error
    if bearers:
        return check_token(bearers[0], keys, now)
    value = request.cookies.get(cookie_name(request), "")
    if request.headers.get("origin", own_origin(request)) == own_origin(request):
        member = open_session(value, keys, now)
        if member:
            return member
    missing = TokenMissingError("only members may ask; open Casebook from the member portal")
    missing.add_note("a session that is over or not ours" if value else "neither token nor session")
    raise missing


def make_router(
    root_path: str, keys: Keys | None, embed_origins: Sequence[str], shared_state: SharedState
) -> APIRouter:
    """Return the routes of `/session`; where everybody may ask, they just lead on."""
    router = APIRouter()

    @router.get("/session", include_in_schema=False)
    async def tell() -> Response:
        """Tell the chat that it may go on asking: without a session, no request comes this far."""
        return Response(status_code=204)

    @router.post("/session", include_in_schema=False)
    async def exchange(request: Request) -> Response:
        """Make a session of the form field `token`, and lead on to the case page in `next`."""
        try:
            fields = await _read_form(request)
            place = fields.get("next", "")
            if not _NEXT.fullmatch(place):
                raise HTTPException(422, "next: give a case's link, such as cases/padma#c10-20")
            answer = RedirectResponse(f"{root_path}/{place}", 303, {"Cache-Control": "no-store"})
            if keys is not None:
                _open(request, fields.get("token", ""), answer, keys)
        except AccessError as error:
            return respond(error)
        return answer

    def _open(request: Request, token: str, answer: Response, keys: Keys) -> None:
        origin = request.headers.get("origin")
        if origin not in (None, own_origin(request), *embed_origins):
            error = AccessError("this page may not send members here: see CASEBOOK_EMBED_ORIGINS")
            error.add_note("the form came from another origin, or from a page that hides its own")
            raise error
        if not token:
            raise TokenMissingError("token: the form brings none; open this from the member portal")
        now = time.time()
        member = check_token(token, keys, now)
        held = open_session(request.cookies.get(cookie_name(request), ""), keys, now)
        if held is None or held.id != member.id:  # else the token buys nothing
            if not shared_state.spend(
                member.token, member.expires + 60, now
            ):  # beyond any clock's skew
                error = TokenRefusedError("the token was used before; open this from the portal")
                error.add_note("it has opened a session already")
                raise error
            secure = request.url.scheme == "https"
            answer.set_cookie(
                cookie_name(request),
                seal_session(member, keys, now),
                SESSION_LIFE,
                path="/" if secure else root_path or "/",
                secure=secure,
                httponly=True,
                samesite="lax",
            )

    return router


def local_path(request: Request) -> str:
    """Return the path below the application's root."""
    path: str = request.scope["path"]
    return path.removeprefix(request.scope["root_path"])


def own_origin(request: Request) -> str:
    """Return this site's origin, as a browser writes it, under the name the request used."""
    return f"{request.url.scheme}://{request.headers.get('host', '').lower()}"


def cookie_name(request: Request) -> str:
    """Return the session cookie's name; with TLS, one that no other host or path can set."""
    return "__Host-casebook" if request.url.scheme == "https" else "casebook_session"


def _exchanges(request: Request) -> bool:
    return request.method == "POST" and local_path(request) == "/session"


async def _read_form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "send a form as application/x-www-form-urlencoded")
    try:
        text = (await request.body()).decode("utf-8")
        fields = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=8)
    except ValueError as error:
        raise HTTPException(422, "the form is not UTF-8, or has more than 8 fields") from error
    return {name: values[0] for name, values in fields.items()}
