"""Gradio's page made Casebook's: its own title, language, styles and first paint.

Gradio serves an HTML document with its own name and addresses of its site in the head. `FrontPage`
rewrites that document on its way out, and nothing else. Where Gradio's document changes, a rewrite
that no longer matches leaves it as it is.

`KeptFiles` keeps Gradio's own files as they went out: packing one takes up to 13 ms of the loop
that everybody waits for, and a page asks for some 60 of them.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.locales.interface import TAGS, WORDS
from chatbot.web.pages.language import keep_language, read_language
from chatbot.web.templates import render

_FOREIGN = re.compile(
    r'<meta\s+(?:property="og:|name="twitter:)[^<>]*+>\s*|<link rel="manifest"[^<>]*+>\s*'
)
_HTML = re.compile(r"<html\s+lang=\"[^\"]*\"")
_BODY = re.compile(r"<body[^<>]*+>")
_FILE = re.compile(r"/(?:assets/.+|static/.+|theme\.css)", re.DOTALL)
_MOST_KEPT = 32 * 1024 * 1024  # bytes; all of Gradio's files, packed and plain, are 10 MB


def rewrite(html: str, language: str, root: str) -> str:
    """Return Gradio's document with Casebook's head, in an interface language."""
    told = {"words": WORDS[language], "language": language, "root": root}
    head, boot = render("head.html", **told), render("boot.html", **told)
    html = _FOREIGN.sub("", html)
    html = _HTML.sub(f'<html lang="{TAGS[language]}"', html, count=1)
    html = _BODY.sub(lambda match: match[0] + boot, html, count=1)
    return html.replace("</head>", head + "</head>", 1)


class FrontPage:
    """ASGI middleware that rewrites the document of the chat."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        """Wrap `app`, served under `root_path`."""
        self.app = app
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and the document rewritten."""
        path = scope["path"].removeprefix(self.root_path) if scope["type"] == "http" else ""
        if path != "/":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        language = read_language(request)
        # Asked for plainly, or it would come compressed; Gradio makes other pages of a query.
        plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        start: Message = {}
        chunks: list[bytes] = []

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            chunks.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            body = b"".join(chunks)
            answered = MutableHeaders(scope=start)
            if answered.get("content-type", "").startswith("text/html"):
                body = rewrite(body.decode("utf-8"), language, self.root_path).encode()
                answered["Content-Length"] = str(len(body))
                answered["Cache-Control"] = "no-cache"
                answered["Vary"] = "Accept-Language, Cookie"
                chosen = Response()
                keep_language(request, chosen, self.root_path)
                for cookie in chosen.headers.getlist("set-cookie"):
                    answered.append("set-cookie", cookie)
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app({**scope, "headers": plain, "query_string": b""}, receive, collect)


class KeptFiles:
    """ASGI middleware before Gradio's files, which stay the same as long as the process runs."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app
        self._kept: dict[tuple[str, bytes], tuple[Message, bytes]] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path, headers = scope["path"].removeprefix(scope["root_path"]), Headers(scope=scope)
        whole = not any(name in headers for name in ("range", "if-none-match", "if-modified-since"))
        if scope["method"] != "GET" or not whole or not _FILE.fullmatch(path):
            await self.app(scope, receive, send)
            return
        accepted = headers.get("accept-encoding", "")
        packing = next((way for way in (b"br", b"gzip") if way.decode() in accepted), b"identity")
        kept = self._kept.get((path, packing))
        if kept is None:
            kept = await self._read(scope, receive, packing)
            if kept[0]["status"] == 200 and self._size + len(kept[1]) <= _MOST_KEPT:
                self._size += len(kept[1])
                self._kept[path, packing] = kept
        start, body = kept
        await send({**start, "headers": list(start["headers"])})  # who comes next puts more there
        await send({"type": "http.response.body", "body": body})

    async def _read(self, scope: Scope, receive: Receive, packing: bytes) -> tuple[Message, bytes]:
        start: Message = {}
        chunks: list[bytes] = []

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            else:
                chunks.append(message.get("body", b""))

        other = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        asked = {**scope, "headers": [*other, (b"accept-encoding", packing)]}
        await self.app(asked, receive, collect)
        return start, b"".join(chunks)
