"""The door of the editor's page: nothing below `/editor` is reached without a session.

`EditorAccess` wraps the whole application inside `middleware.Guard`. It serves the page for signing
in, ends sessions, sends to the page of one's language, refuses requests that another site's page
makes, and lets the rest through to the pages, which find the session in `request.state.editor`.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.locales import LANGUAGES
from chatbot.locales.interface import EDITOR
from chatbot.web.editor.session import Session, Sessions, TooManyTriesError, WrongTokenError
from chatbot.web.error_responses import make_response
from chatbot.web.pages.language import keep_language, read_language
from chatbot.web.templates import render

log = logging.getLogger("casebook")

COOKIE = "casebook_editor"
_LONGEST_FORM = 4096  # bytes

_LEADING = ("/editor", "/editor/", *(f"/editor/{each}" for each in LANGUAGES))
_PAGE = re.compile(rf"/editor/(?:{'|'.join(LANGUAGES)})/.*", re.DOTALL)
# What the page for signing in loads and where its form goes is here; nothing runs in it.
SIGN_IN_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
UPLOAD = re.compile(rf"/editor/(?:{'|'.join(LANGUAGES)})/upload")  # whose body is read as it comes


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
                MutableHeaders(scope=message)["Cache-Control"] = "no-store"
            await send(message)

        reading = scope["method"] in ("GET", "HEAD")
        key = request.cookies.get(COOKIE, "")
        response: Response
        if not reading and _is_foreign(request.headers):
            words = "the request comes from a page of another site; use the editor's own page"
            response = make_response(403, "cross_site", words)
        elif path == "/editor/sign-in":
            response = await self._sign_in(request, key)
        elif path == "/editor/sign-out" and scope["method"] == "POST":
            response = self._sign_out(request, key)
        elif path not in _LEADING and not _PAGE.fullmatch(path):
            response = make_response(404, "not_found", "no such page")
        elif (session := self._find(key, path)) is None:
            response = self._refuse(request)
        elif path in _LEADING:
            response = self._lead(request, path)
        else:
            inner = {**scope, "state": {**scope.get("state", {}), "editor": session}}
            await self.app(inner, receive, dress)
            return
        await response(scope, receive, dress)

    def _find(self, key: str, path: str) -> Session | None:
        """Return the session; a page that only watches publishing does nothing with it."""
        return self.sessions.find(key, use=not path.endswith("/publish/progress"))

    async def _sign_in(self, request: Request, key: str) -> Response:
        language = read_language(request)
        if request.method in ("GET", "HEAD"):
            if self.sessions.find(key) is not None:
                return RedirectResponse(f"{self.root_path}/editor/", 303)
            ended = "ended" in request.query_params
            response = self._show_sign_in(language, "signed_out" if ended else "")
            keep_language(request, response, self.root_path)
            return response
        if request.method != "POST":
            return make_response(405, "method_not_allowed", "use GET or POST", {"Allow": "GET"})
        form = parse_qs((await request.body())[:_LONGEST_FORM].decode("utf-8", "replace"))
        address = request.client.host if request.client else ""
        try:
            made = self.sessions.sign_in(form.get("token", [""])[0].strip(), address)
        except WrongTokenError:
            log.warning("the editor's page was refused to %s: a wrong token", address)
            return self._show_sign_in(language, "wrong_token", 403)
        except TooManyTriesError as error:
            log.warning("the editor's page was refused to %s: too many tries", address)
            response = self._show_sign_in(language, "too_many_tries", 429, error.wait)
            response.headers["Retry-After"] = str(error.wait)
            return response
        self.sessions.sign_out(key)
        response = RedirectResponse(f"{self.root_path}/editor/", 303)
        self._set_key(response, request, made, None)
        return response

    def _show_sign_in(
        self, language: str, problem: str, status: int = 200, wait: int = 0
    ) -> Response:
        """Return the page for signing in; `problem` is the key of what went wrong."""
        words = EDITOR[language]
        said = words[problem].format(seconds=wait) if problem else ""
        page = render(
            "editor/sign_in.html", language=language, words=words, root=self.root_path, said=said
        )
        return HTMLResponse(page, status, {"Content-Security-Policy": SIGN_IN_POLICY})

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
        if "text/html" in request.headers.get("accept", ""):
            ended = "?ended" if COOKIE in request.cookies else ""
            return RedirectResponse(f"{self.root_path}/editor/sign-in{ended}", 303)
        words = "nobody is signed in, or the session has ended: sign in at /editor/sign-in"
        return make_response(401, "signed_out", words)

    def _lead(self, request: Request, path: str) -> Response:
        """Send to the page in the editor's language, and remember a language that was chosen."""
        asked = path.removeprefix("/editor/")
        language = asked if asked in LANGUAGES else read_language(request)
        response = RedirectResponse(f"{self.root_path}/editor/{language}/", 303)
        keep_language(request, response, self.root_path)
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
