"""Members at the door: who may pass, and how a token becomes a session of the browser.

A token comes in the `Authorization` header, never in an address. A browser that opens a page cannot
send that header, so it posts the token to `/session` in a form: from the portal's page, or from the
widget's frame with `target=_blank`. The answer is a cookie and a redirect to the page. Each token
opens one session.

`/session/end` ends what was opened: of the browser that asks, by its cookie, or of a member, by a
token of the portal's, where a browser keeps cookies from a page in a frame. Either way all sessions
of that member are over, on every process.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.locales import LANGUAGES
from chatbot.web.error_responses import respond
from chatbot.web.security.limits import Caller, Limits, caller_at
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
    rf"(cases(/[A-Za-z0-9._~-]{{1,200}})?(\?lang=({'|'.join(LANGUAGES)}))?"
    r"(#c[0-9]{1,9}-[0-9]{1,9}(-[0-9a-f]{9,13})?)?)?"
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
        shared_state: SharedState,
        edited: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Wrap `app`; `clock` gives seconds since 1970."""
        self.app = app
        self.keys = keys
        self.shared_state = shared_state
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
            member = await identify(request, self.keys, self.shared_state, self.clock())
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


async def identify(request: Request, keys: Keys, shared_state: SharedState, now: float) -> Member:
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
    if request.headers.get("origin", own_origin(request)) == own_origin(request):
        member = await _find_session(request, keys, shared_state, now)
        if member:
            return member
    value = request.cookies.get(cookie_name(request), "")
    missing = TokenMissingError("only members may ask; open Casebook from the member portal")
    missing.add_note("a session that is over or not ours" if value else "neither token nor session")
    raise missing


async def _find_session(
    request: Request, keys: Keys, shared_state: SharedState, now: float
) -> Member | None:
    """Return whose session the cookie holds; None where there is none, or it has ended."""
    member = open_session(request.cookies.get(cookie_name(request), ""), keys, now)
    if member is None or member.began <= await shared_state.find_end(member.id):
        return None
    return member


def make_router(
    root_path: str,
    keys: Keys | None,
    embed_origins: Sequence[str],
    shared_state: SharedState,
    limits: Limits,
) -> APIRouter:
    """Return the routes of `/session`; where everybody may ask, they just lead on."""
    router = APIRouter()

    @router.get("/session", include_in_schema=False)
    async def tell(request: Request) -> Response:
        """Tell the chat that it may go on asking, and as whom; else why it may not."""
        caller: Caller = request.state.caller
        try:
            await limits.check(caller)
            answer = Response(status_code=204)
        except AccessError as error:
            answer = respond(error)
        if caller.member:
            answer.headers["Casebook-Member"] = caller.id.removeprefix("member ")
        return answer

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
                await _open(request, fields.get("token", ""), answer, keys)
        except AccessError as error:
            return respond(error)
        return answer

    @router.get("/session/end", include_in_schema=False)
    async def end(request: Request) -> Response:
        """End the session of the browser that asks, and lead on to the portal's page in `next`."""
        answer = _lead_on(request, request.query_params.get("next", ""))
        if keys is not None:
            now = time.time()
            member = open_session(request.cookies.get(cookie_name(request), ""), keys, now)
            if member is not None:
                await shared_state.end_sessions(member.id, now, SESSION_LIFE)
        return answer

    @router.post("/session/end", include_in_schema=False)
    async def end_of_member(request: Request) -> Response:
        """End all sessions of the member for whom the portal signed the form field `token`."""
        try:
            fields = await _read_form(request)
            answer = _lead_on(request, fields.get("next", ""))
            if keys is not None:
                now = time.time()
                member = _read_token(request, fields.get("token", ""), keys, now)
                await shared_state.end_sessions(member.id, now, SESSION_LIFE)
        except AccessError as error:
            return respond(error)
        return answer

    def _lead_on(request: Request, place: str) -> Response:
        """Return what drops the cookie and leads to a page of the portal, or to the chat's own."""
        if place and _read_origin(place) not in embed_origins:
            raise HTTPException(422, "next: give a page of a site in CASEBOOK_EMBED_ORIGINS")
        answer = RedirectResponse(place or f"{root_path}/", 303, {"Cache-Control": "no-store"})
        _set_cookie(request, answer, "", 0)
        if keys is not None and not root_path:  # below a prefix the storage is not ours alone
            answer.headers["Clear-Site-Data"] = '"storage"'  # where the chat keeps conversations
        return answer

    def _read_token(request: Request, token: str, keys: Keys, now: float) -> Member:
        origin = request.headers.get("origin")
        if origin not in (None, own_origin(request), *embed_origins):
            error = AccessError("this page may not send members here: see CASEBOOK_EMBED_ORIGINS")
            error.add_note("the form came from another origin, or from a page that hides its own")
            raise error
        if not token:
            raise TokenMissingError("token: the form brings none; open this from the member portal")
        return check_token(token, keys, now)

    async def _open(request: Request, token: str, answer: Response, keys: Keys) -> None:
        now = time.time()
        member = _read_token(request, token, keys, now)
        held = await _find_session(request, keys, shared_state, now)
        if held is not None and held.id == member.id:  # the token buys nothing
            return
        until = member.expires + 60  # beyond any clock's skew
        if not await shared_state.spend(member.token, member.id, until, now):
            error = TokenRefusedError("the token was used before; open this from the portal")
            error.add_note("it has opened a session already")
            raise error
        _set_cookie(request, answer, seal_session(member, keys, now), SESSION_LIFE)

    def _set_cookie(request: Request, answer: Response, value: str, life: int) -> None:
        secure = request.url.scheme == "https"
        answer.set_cookie(
            cookie_name(request),
            value,
            life,
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
    """Tell whether a request makes or ends a session, which nobody needs one for."""
    path = local_path(request)
    return path == "/session/end" or (request.method == "POST" and path == "/session")


def _read_origin(address: str) -> str:
    """Return the origin of an address as browsers write it; empty where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    plain = address.isascii() and address.isprintable() and not set(address) & set(' \\"<>@')
    return f"{parts.scheme}://{parts.netloc}" if plain else ""


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
