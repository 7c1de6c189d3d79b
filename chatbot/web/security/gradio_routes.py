"""What of Gradio answers: the routes that the chat asks for, and no other.

Gradio has routes that read the machine's files, fetch addresses and pass requests on, and a new
version may have more of them. `GradioRoutes` stands before its application: what is on the list
passes, in these very words, and all else is 404.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.web.error_responses import make_response

_ROUTES = (
    r"(?:GET|HEAD) /",
    r"GET /theme\.css",
    r"GET /assets/[A-Za-z0-9_.-]+\.(?:css|js)",
    r"GET /static/js/iframeResizer\.contentWindow\.min\.js",
    r"GET /gradio_api/app_id",  # asked for until a lost server is back
    r"POST /gradio_api/queue/join",
    r"GET /gradio_api/queue/data",
)
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


def is_asked(method: str, path: str) -> bool:
    """Tell whether the chat asks for a path, without percents and below where Gradio is mounted."""
    return _ASKED.fullmatch(f"{method} {path}") is not None
