"""An OpenAI-compatible endpoint on loopback that does what a test wants, faults first of all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Notes each request and lets the server's script answer it."""

    protocol_version = "HTTP/1.1"
    server: ScriptedEndpoint

    def do_POST(self) -> None:
        """Read the whole request, then follow the script."""
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.asked.append((self.path, dict(self.headers), json.loads(body)))
        self.server.script(self)

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


Script = Callable[[Handler], None]


class ScriptedEndpoint(ThreadingHTTPServer):
    """One script for every request; `asked` holds path, headers and body of each."""

    daemon_threads = True

    def __init__(self, script: Script) -> None:
        """Take a free port."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.stop = threading.Event()  # ends scripts that have no end
        self.left = threading.Event()  # such a script found its reader gone

    @property
    def url(self) -> str:
        """The address to configure."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, *arguments: object) -> None:
        """A reader that leaves in the middle is what many tests are about."""


def event(text: str = "", reason: str | None = None) -> bytes:
    """Return one event of a stream of completions."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def begin(handler: Handler, status: int = 200, kind: str = "text/event-stream") -> None:
    """Send the head of a response whose end is that of the connection."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.end_headers()


def say(*pieces: str) -> Script:
    """Return a script that streams the pieces and ends as the contract says."""
    return send(*(event(piece) for piece in pieces), event(reason="stop"), b"data: [DONE]\n\n")


def send(*pieces: bytes, status: int = 200, kind: str = "text/event-stream") -> Script:
    """Return a script that sends these bytes as the body and closes."""

    def script(handler: Handler) -> None:
        begin(handler, status, kind)
        for piece in pieces:
            handler.wfile.write(piece)

    return script


def answer(status: int, *headers: tuple[str, str], body: bytes = b"{}") -> Script:
    """Return a script that answers with a status, headers and a JSON body."""

    def script(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in (("Content-Type", "application/json"), *headers):
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return script


def repeat(piece: bytes, pause: float = 0.0) -> Script:
    """Return a script that sends a piece again and again until its reader is gone."""

    def script(handler: Handler) -> None:
        begin(handler)
        try:
            while not handler.server.stop.wait(pause):
                handler.wfile.write(piece)
        except OSError:
            handler.server.left.set()

    return script


def be_silent(begun: bool) -> Script:
    """Return a script that says nothing, before its head or behind it, until it is stopped."""

    def script(handler: Handler) -> None:
        if begun:
            begin(handler)
        handler.server.stop.wait(60)

    return script


@contextmanager
def serving(script: Script) -> Iterator[ScriptedEndpoint]:
    """Serve a script on a free port of loopback."""
    endpoint = ScriptedEndpoint(script)
    thread = threading.Thread(target=endpoint.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.stop.set()
        endpoint.shutdown()
        thread.join(60)
        endpoint.server_close()


def rows_of(asked: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Return the JSON that the last message of a request holds."""
    found: dict[str, Any] = json.loads(asked[-1]["content"])
    return found
