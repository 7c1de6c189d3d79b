"""A small member portal that shows Casebook to its members: what a webmaster has to do, whole.

    .venv/bin/python examples/portal/portal.py --language zh --attribute data-theme=dark

starts a Casebook for the portal's members, at CASEBOOK_PORT where that is set, and then the portal;
with `--casebook https://...` it shows one that runs already. `--language` and `--attribute` are for
the widget's tag. Members sign in with a password; a page asks `POST /casebook-token` for a token,
which the portal signs for whoever is signed in, and hands it to the widget. Needs PyJWT and nothing
else.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import html
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import urlopen

import jwt

FOLDER = Path(__file__).parent
TOKEN_LIFE = 300  # seconds; Casebook takes at most 600
SESSION_LIFE = 8 * 3600  # seconds
# A portal keeps its members in a database. These two stand in docs/widget.md.
MEMBERS = {"mei": "harbour-crane-17", "jonas": "solar-village-42"}
NEWS = [
    ("12 March", "Working group on green development", "Its notes are with the secretariat."),
    ("3 March", "Ask the case collection", "In English or Chinese: press the button below."),
]
EVENTS = [
    ("May", "Meeting of the working group", "On water, and on measuring what a project leaves."),
    ("June", "Open day", "Members show what they build to students of engineering."),
]
PAGES = {"/": ("Members’ news", "News", NEWS), "/events": ("Events", "Events", EVENTS)}
_SALT = secrets.token_bytes(16)


def hash_password(password: str) -> bytes:
    """Return what is kept of a password."""
    return hashlib.scrypt(password.encode(), salt=_SALT, n=2**13, r=8, p=1)


class Portal(ThreadingHTTPServer):
    """The portal's server: its members, who is signed in, and the key it signs tokens with."""

    daemon_threads = True

    def __init__(self, port: int, casebook: str, key: str, attributes: str = "") -> None:
        """Bind `localhost`; `casebook` is Casebook's address, `attributes` go into its tag."""
        super().__init__(("127.0.0.1", port), Handler)
        self.origin = f"http://localhost:{self.server_address[1]}"
        self.casebook = casebook.rstrip("/")
        self.key = key
        self.attributes = attributes
        self.life = TOKEN_LIFE
        self.passwords = {name: hash_password(password) for name, password in MEMBERS.items()}
        self.sessions: dict[str, tuple[str, float]] = {}  # id: member, end

    def sign_in(self, name: str, password: str) -> str:
        """Return a new session's id, or nothing."""
        known = self.passwords.get(name, b"")
        if not hmac.compare_digest(known, hash_password(password)):
            return ""
        session = secrets.token_urlsafe(32)
        self.sessions[session] = (name, time.time() + SESSION_LIFE)
        return session

    def member_of(self, session: str) -> str:
        """Return who is signed in, or nothing."""
        name, end = self.sessions.get(session, ("", 0.0))
        return name if end > time.time() else ""

    def sign_token(self, name: str) -> str:
        """Return a token for Casebook: who asks, on whose word, for whom, until when."""
        now = int(time.time())
        claims = {
            "iss": self.origin,
            "aud": "casebook",
            "sub": name,
            "iat": now,
            "exp": now + self.life,
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(claims, self.key, "HS256")

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of browsers that leave."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """One request to the portal."""

    server: Portal

    def do_GET(self) -> None:
        """Serve a page, or the portal's own script or style."""
        path = urlsplit(self.path).path
        if path in ("/portal.js", "/portal.css"):
            kind = "text/javascript" if path.endswith("js") else "text/css"
            self._send((FOLDER / path[1:]).read_bytes(), kind)
        elif path not in PAGES:
            self._send(b"There is no such page.", "text/plain", 404)
        elif not self._member():
            self._show("Sign in", _SIGN_IN.format(next=html.escape(self._next())))
        else:
            title, _, entries = PAGES[path]
            wanted = html.escape(self._next())
            casebook = html.escape(self.server.casebook)
            chat = _CHAT.format(casebook=casebook, next=wanted) if path == "/" else ""
            self._show(title, "".join(_ENTRY.format(*entry) for entry in entries) + chat)

    def do_POST(self) -> None:
        """Sign in or out, or give the page a token."""
        if self.headers.get("Origin") != self.server.origin:
            self._send(b"This comes from another site.", "text/plain", 403)
            return
        fields = parse_qs(self.rfile.read(min(int(self.headers["Content-Length"] or 0), 4096)))
        if self.path == "/sign-in":
            name, password, wanted = (
                fields.get(key, [b""])[0].decode("utf-8", "replace")
                for key in (b"name", b"password", b"next")
            )
            session = self.server.sign_in(name, password)
            if session:
                back = f"/?next={quote(wanted, safe='')}" if wanted else "/"
                self._lead(back, session, SESSION_LIFE)
            else:
                form = _SIGN_IN.format(next=html.escape(wanted))
                self._show("Sign in", f'<p role="alert">That is not right.</p>{form}', 403)
        elif self.path == "/sign-out":
            self.server.sessions.pop(self._session(), None)
            here = quote(f"{self.server.origin}/", safe="")
            # By way of Casebook, so that the chat is signed out as well.
            self._lead(f"{self.server.casebook}/session/end?next={here}", "", 0)
        elif self.path == "/casebook-token" and self._member():
            self._send(self.server.sign_token(self._member()).encode(), "text/plain")
        else:
            self._send(b"Nobody is signed in.", "text/plain", 401)

    def _next(self) -> str:
        """Return where in Casebook a member wants to go; Casebook takes what is its own."""
        return parse_qs(urlsplit(self.path).query).get("next", [""])[0]

    def _session(self) -> str:
        morsel = SimpleCookie(self.headers.get("Cookie", "")).get("portal")
        return morsel.value if morsel else ""

    def _member(self) -> str:
        return self.server.member_of(self._session())

    def _lead(self, place: str, session: str, life: int) -> None:
        self.send_response(303)
        self.send_header("Location", place)
        cookie = f"portal={session}; Max-Age={life}; Path=/; HttpOnly; SameSite=Lax"
        self.send_header("Set-Cookie", cookie)
        self.end_headers()

    def _show(self, title: str, body: str, status: int = 200) -> None:
        name = html.escape(self._member())
        address = html.escape(self.server.casebook)
        here = urlsplit(self.path).path
        links = " ".join(
            f'<a href="{path}"{" aria-current=page" * (path == here)}>{label}</a>'
            for path, (_, label, _) in PAGES.items()
        )
        top = _TOP.format(name=name, links=links) if name else ""
        page = (
            (FOLDER / "page.html")
            .read_text("utf-8")
            .format(
                title=title,
                top=top,
                body=body,
                member=name,
                casebook=address,
                attributes=self.server.attributes,
            )
        )
        self._send(page.encode(), "text/html", status)

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        casebook = self.server.casebook
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        # The widget needs its script and its frame; the form is for the chat in a tab of its own.
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src 'self' {casebook}; frame-src {casebook}; "
            "style-src 'self'; img-src data:; connect-src 'self'; "
            f"form-action 'self' {casebook}; base-uri 'none'",
        )
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


_ENTRY = '<article class="card"><p class="date">{}</p><h2>{}</h2><p>{}</p></article>'
_TOP = """<nav>{links}</nav>
<form class="member" method="post" action="/sign-out">{name} <button>Sign out</button></form>"""
_CHAT = """<form class="card chat" method="post" action="{casebook}/session" target="_blank"
rel="noopener"><h2>Room to read</h2><p>The same chat as a page of its own.</p>
<input type="hidden" name="token"><input type="hidden" name="next" value="{next}">
<button>Open Casebook</button></form>"""
_SIGN_IN = """<form class="card narrow" method="post" action="/sign-in">
<input type="hidden" name="next" value="{next}">
<label>Name <input name="name" autocomplete="username" required></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form>
<p>To try it: mei with harbour-crane-17, or jonas with solar-village-42.</p>"""


def read_key(path: Path) -> str:
    """Return the key that the portal and Casebook share; the first start makes one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def set_up(portal: Portal, key: Path) -> dict[str, str]:
    """Return the settings of a Casebook for the portal's members."""
    return {
        "CASEBOOK_EMBED_ORIGINS": portal.origin,
        "CASEBOOK_MEMBERS": "required",
        "CASEBOOK_MEMBER_ISSUER": portal.origin,
        "CASEBOOK_MEMBER_KEY": str(key.resolve()),
        "CASEBOOK_PORTAL": f"{portal.origin}/",
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the portal until Ctrl-C, and a Casebook beside it unless there is one."""
    parser = argparse.ArgumentParser(description="A member portal that shows Casebook")
    parser.add_argument("--casebook", help="the address of one that runs (default: start one)")
    parser.add_argument("--port", type=int, default=8000, help="of the portal (default 8000)")
    parser.add_argument("--key", type=Path, default=FOLDER / "portal.key", help="file of the key")
    parser.add_argument("--language", choices=("auto", "en", "zh"), help="of the widget")
    parser.add_argument(
        "--attribute", action="append", default=[], metavar="NAME=VALUE",
        help="of the widget's tag, such as data-theme=dark; may be repeated",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    if given.language:
        given.attribute.append(f"data-language={given.language}")
    for each in given.attribute:
        if not re.fullmatch(r"data-[a-z-]{1,40}=.{0,500}", each):
            parser.error(f"--attribute: {each!r} is not as data-theme=dark")
    pairs = (each.split("=", 1) for each in given.attribute)
    attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in pairs)
    try:
        casebook = given.casebook or f"http://127.0.0.1:{find_port()}"
    except ValueError:
        parser.error("CASEBOOK_PORT is not a port; give a number up to 65535")
    if not re.fullmatch(r"https?://[^\s;,'\"<>/]+(/[^\s;,'\"<>]*)?", casebook):
        parser.error(f"--casebook: {casebook!r} is not an address such as http://host:7860")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        portal = Portal(given.port, casebook, read_key(given.key), attributes)
    except OverflowError:
        parser.error(f"--port {given.port}: give a number up to 65535")
    except OSError as error:
        parser.exit(
            1, f"port {given.port} cannot be taken ({error.strerror}): give another --port\n"
        )
    settings = set_up(portal, given.key)
    with portal, ExitStack() as stack, suppress(KeyboardInterrupt):
        if given.casebook:
            lines = " ".join(f"{name}={value}" for name, value in settings.items())
            print(f"Casebook has to run with {lines}", flush=True)
        elif not start_casebook(stack, casebook, settings):
            parser.exit(1, "Casebook has not started, so there is nothing to show\n")
        name, password = next(iter(MEMBERS.items()))
        print(f"Open {portal.origin} and sign in as {name} with {password}", flush=True)
        portal.serve_forever()
    print("The portal has ended")


def find_port() -> int:
    """Return what CASEBOOK_PORT says, else 7860, or a free port where that is taken.

    As it is by `make run`. Raises ValueError where the variable is no port.
    """
    asked = os.environ.get("CASEBOOK_PORT", "").strip()
    if asked:
        if not 0 < int(asked) < 65536:
            raise ValueError(asked)
        return int(asked)
    for port in (7860, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no port of this machine is free")


def start_casebook(stack: ExitStack, casebook: str, settings: dict[str, str]) -> bool:
    """Start a Casebook that ends with `stack`; return whether it can be asked, once it can."""
    port = casebook.rpartition(":")[2]
    command = [sys.executable, str(FOLDER.parents[1] / "app.py"), "serve", "--port", port]
    started = stack.enter_context(subprocess.Popen(command, env={**os.environ, **settings}))  # noqa: S603
    stack.callback(started.terminate)
    while started.poll() is None:
        with suppress(OSError), urlopen(f"{casebook}/readyz", timeout=5):  # noqa: S310
            return True
        time.sleep(0.5)
    return False


if __name__ == "__main__":
    main()
