"""What of Gradio answers: the routes that Casebook's two pages ask for, and no other.

Gradio has routes that read the machine's files, fetch addresses and pass requests on, and a new
version may have more of them. `GradioRoutes` stands before each of its applications, wherever it is
mounted: what is on its page's list passes, in these very words, and all else is 404. `EditorAccess`
reads the same list, so that an editor's session makes no difference to what is not on it.
"""

from __future__ import annotations

import re
from typing import Literal

from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.web.error_responses import make_response

Page = Literal["chat", "editor"]

_CHAT = (
    r"(?:GET|HEAD) /",
    r"GET /theme\.css",
    r"GET /assets/[A-Za-z0-9_.-]+\.(?:css|js)",
    r"GET /static/js/iframeResizer\.contentWindow\.min\.js",
    r"GET /gradio_api/app_id",  # asked for until a lost server is back
    r"POST /gradio_api/queue/join",
    r"GET /gradio_api/queue/data",
)
_EDITOR = (
    *_CHAT,
    r"GET /gradio_api/heartbeat/[a-z0-9]{1,32}",
    r"POST /gradio_api/upload",
    r"GET /gradio_api/upload_progress",
)
_ASKED = {"chat": re.compile("|".join(_CHAT)), "editor": re.compile("|".join(_EDITOR))}


class GradioRoutes:
    """ASGI middleware that lets through to Gradio's application what its page asks for."""

    def __init__(self, app: ASGIApp, page: Page) -> None:
        """Wrap `app`, which serves `page` and is asked by HTTP alone."""
        self.app = app
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"].removeprefix(scope["root_path"])
        if is_asked(self.page, scope["method"], path):
            await self.app(scope, receive, send)
        else:
            await make_response(404, "not_found", "no such page")(scope, receive, send)


def is_asked(page: Page, method: str, path: str) -> bool:
    """Tell whether a page asks for a path, without percents and below where Gradio is mounted."""
    return _ASKED[page].fullmatch(f"{method} {path}") is not None
