"""The door of the editor's page: nothing below `/editor` is reached without a session.

`EditorAccess` wraps the whole application inside `middleware.Guard`. It serves the page for signing
in, ends sessions, sends to the page of one's language, refuses requests that another site's page
makes, and lets through what is on the page's list in `gradio_routes`. The application finds a
`Visit` in the scope of what was let through.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.locales.interface import COOKIE as LANGUAGE_COOKIE
from chatbot.locales.interface import Language, choose_language
from chatbot.web.editor.session import Session, Sessions, TooManyTriesError, WrongTokenError
from chatbot.web.editor.sign_in import SIGN_IN_POLICY, render_sign_in
from chatbot.web.error_responses import REQUEST_ID, make_response
from chatbot.web.security.gradio_routes import is_asked

log = logging.getLogger("casebook")

COOKIE = "casebook_editor"
VISIT = "casebook.visit"  # the key of a scope under which a Visit stands
LARGEST_FILE = 64 * 2**20  # bytes of one file
MOST_FILES = 20  # at once
_LARGEST_UPLOAD = MOST_FILES * LARGEST_FILE + 2**20  # bytes of a body, its boundaries included
_LONGEST_FORM = 4096  # bytes

_LEADING = ("/editor", "/editor/", "/editor/en", "/editor/zh")
_PAGE = re.compile(r"/editor/(?:en|zh)(/.*)", re.DOTALL)
UPLOAD = re.compile(r"/editor/(?:en|zh)/gradio_api/upload")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that was let in: whose it is, and its id."""

    session: Session
    request_id: str


class _TooLargeError(Exception):
    """A body is larger than an upload may be."""


class EditorAccess:
    """ASGI middleware around the application, served under `root_path`."""

    def __init__(self, app: ASGIApp, sessions: Sessions, root_path: str = "") -> None:
        """Wrap `app`."""
        self.app = app
        self.sessions = sessions
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is at or below `/editor`, and pass on everything else."""
        path = scope["path"].removeprefix(self.root_path) if scope["type"] == "http" else ""
        if path == "/editor" or path.startswith("/editor/"):
            await self._serve(Request(scope, receive), path, send)
        else:
            await self.app(scope, receive, send)

    async def _serve(self, request: Request, path: str, send: Send) -> None:
        scope, receive = request.scope, request.receive

        async def dress(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if path.startswith("/editor/sign-"):
                    headers["Content-Security-Policy"] = SIGN_IN_POLICY
                if "/assets/" not in path:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        reading = scope["method"] in ("GET", "HEAD")
        if not reading and _is_foreign(request.headers):
            words = "the request comes from a page of another site; use the editor's own page"
            await make_response(403, "cross_site", words)(scope, receive, dress)
            return
        key = request.cookies.get(COOKIE, "")
        page = _PAGE.fullmatch(path)
        asked = page is not None and is_asked("editor", scope["method"], page[1])
        if path == "/editor/sign-in":
            response = await self._sign_in(request, key)
        elif path == "/editor/sign-out" and scope["method"] == "POST":
            response = self._sign_out(request, key)
        elif not asked and path not in _LEADING:
            response = make_response(404, "not_found", "no such page")
        elif (session := self._find(key, path)) is None:
            response = self._refuse(request)
        elif asked:
            inner = {**scope, VISIT: Visit(session, REQUEST_ID.get())}
            await self._pass(inner, receive, dress, path)
            return
        else:
            response = self._lead(request, path)
        await response(scope, receive, dress)

    def _find(self, key: str, path: str) -> Session | None:
        """Return the session; a page that only stays open sends heartbeats, which are no use."""
        return self.sessions.find(key, use="/heartbeat/" not in path)

    async def _pass(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        if not UPLOAD.fullmatch(path):
            await self.app(scope, receive, send)
            return
        size = 0
        length = Headers(scope=scope).get("content-length", "0")
        too_large = length.isdigit() and int(length) > _LARGEST_UPLOAD

        async def count() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > _LARGEST_UPLOAD:
                raise _TooLargeError
            return message

        if not too_large:
            try:
                await self.app(scope, count, send)
            except _TooLargeError:
                too_large = True
        if too_large:
            words = f"{MOST_FILES} files of {LARGEST_FILE // 2**20} MiB are the most; send fewer"
            await make_response(413, "too_large", words)(scope, receive, send)

    async def _sign_in(self, request: Request, key: str) -> Response:
        language, chosen = self._choose(request)
        if request.method in ("GET", "HEAD"):
            if self.sessions.find(key) is not None:
                return RedirectResponse(f"{self.root_path}/editor/", 303)
            ended = "ended" in request.query_params
            page = render_sign_in(language, self.root_path, "signed_out" if ended else "")
            return self._keep(HTMLResponse(page), language, chosen)
        if request.method != "POST":
            return make_response(405, "method_not_allowed", "use GET or POST", {"Allow": "GET"})
        form = parse_qs((await request.body())[:_LONGEST_FORM].decode("utf-8", "replace"))
        address = request.client.host if request.client else ""
        try:
            made = self.sessions.sign_in(form.get("token", [""])[0].strip(), address)
        except WrongTokenError:
            log.warning("the editor's page was refused to %s: a wrong token", address)
            return HTMLResponse(render_sign_in(language, self.root_path, "wrong_token"), 403)
        except TooManyTriesError as error:
            log.warning("the editor's page was refused to %s: too many tries", address)
            page = render_sign_in(language, self.root_path, "too_many_tries", error.wait)
            return HTMLResponse(page, 429, {"Retry-After": str(error.wait)})
        self.sessions.sign_out(key)
        response = RedirectResponse(f"{self.root_path}/editor/", 303)
        self._set_key(response, request, made, None)
        return response

    def _sign_out(self, request: Request, key: str) -> Response:
        self.sessions.sign_out(key)
        response = RedirectResponse(f"{self.root_path}/editor/sign-in", 303)
        self._set_key(response, request, "", 0)
        return response

    def _set_key(self, response: Response, request: Request, key: str, age: int | None) -> None:
        response.set_cookie(
            COOKIE, key, max_age=age, path=f"{self.root_path}/editor", httponly=True,
            samesite="strict", secure=request.url.scheme == "https",
        )  # fmt: skip

    def _refuse(self, request: Request) -> Response:
        """Send a page to sign in, and tell everything else that nobody is signed in."""
        wants_page = "text/html" in request.headers.get("accept", "")
        if request.method in ("GET", "HEAD") and wants_page:
            ended = "?ended" if COOKIE in request.cookies else ""
            return RedirectResponse(f"{self.root_path}/editor/sign-in{ended}", 303)
        words = "nobody is signed in, or the session has ended: sign in at /editor/sign-in"
        return make_response(401, "signed_out", words)

    def _lead(self, request: Request, path: str) -> Response:
        """Send to the page in the editor's language, and remember a language that was chosen."""
        language, chosen = self._choose(request)
        if path in ("/editor/en", "/editor/zh"):
            language = "en" if path == "/editor/en" else "zh"
        response = RedirectResponse(f"{self.root_path}/editor/{language}/", 303)
        return self._keep(response, language, chosen)

    def _choose(self, request: Request) -> tuple[Language, bool]:
        asked = request.query_params.get("lang")
        language = choose_language(
            asked, request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")
        )
        return language, asked is not None

    def _keep(self, response: Response, language: str, chosen: bool) -> Response:
        if chosen:
            response.set_cookie(
                LANGUAGE_COOKIE, language, max_age=31_536_000, path=self.root_path or "/",
                samesite="lax",
            )  # fmt: skip
        return response


def _is_foreign(headers: Headers) -> bool:
    """Tell whether a browser says that another site's page made the request.

    Sec-Fetch-Site is in what a browser sends to a safe origin, Origin in the rest; who sends
    neither is no browser, and nobody's cookie is sent unasked.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return not urlsplit(origin).netloc or urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True
