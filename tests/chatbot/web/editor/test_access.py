"""chatbot.web.editor.access: what it lets through, and what it says to everybody else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from chatbot.engine import Engine
from chatbot.publishing.pending_uploads import PendingUploads
from chatbot.settings import Settings
from chatbot.web.editor import access as door
from chatbot.web.editor.access import EditorAccess
from chatbot.web.editor.session import IDLE, Session, Sessions
from chatbot.web.metrics import Metrics
from chatbot.web.middleware import Bodies, Guard
from chatbot.web.security.limits import Limits
from chatbot.web.security.traffic import Traffic
from tests.chatbot.web.editor.test_session import TOKEN
from tests.clock import Clock
from tests.fakes import FakeEngine

Ask = Callable[..., httpx.Response]
HTML = {"Accept": "text/html,*/*"}


class Inner:
    """What stands behind the door: notes what reached it and reads the body piece by piece."""

    def __init__(self) -> None:
        """Nothing reached it yet."""
        self.paths: list[str] = []
        self.visits: list[Session | None] = []
        self.largest = self.total = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200."""
        self.paths.append(scope["path"])
        self.visits.append(scope["state"].get("editor"))
        more = True
        while more:
            message = await receive()
            self.largest = max(self.largest, len(message.get("body", b"")))
            self.total += len(message.get("body", b""))
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})


@pytest.fixture
def sessions(clock: Clock, tmp_path: Path) -> Sessions:
    """Nobody signed in yet."""
    return Sessions(TOKEN, lambda: PendingUploads(tmp_path), clock)


@pytest.fixture
def inner() -> Inner:
    """What stands behind the door."""
    return Inner()


def client(
    inner: Inner, sessions: Sessions, root: str = "", base: str = "http://desk",
    address: str = "192.0.2.1",
) -> Ask:  # fmt: skip
    """Return what asks the guard, the door and what stands behind it."""
    settings = Settings(root_path=root, hosts=("desk",))
    metrics = Metrics(cast("Engine", FakeEngine()), Limits(30))
    traffic = Traffic()
    app = Guard(Bodies(EditorAccess(inner, sessions, root), traffic), settings, metrics, traffic)

    def ask(method: str, path: str, key: str = "", **more: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(app, client=(address, 1))
            cookies = {door.COOKIE: key} if key else {}
            async with httpx.AsyncClient(
                transport=transport, base_url=base, cookies=cookies
            ) as browser:
                return await browser.request(method, root + path, **more)

        return asyncio.run(run())

    return ask


@pytest.fixture
def ask(inner: Inner, sessions: Sessions) -> Ask:
    """Ask the door at the root."""
    return client(inner, sessions)


def test_the_form_opens_the_page(ask: Ask, sessions: Sessions) -> None:
    """The page needs no script; the cookie is for the editor alone and out of a script's reach."""
    page = ask("GET", "/editor/sign-in", headers=HTML)
    assert page.status_code == 200
    assert '<form method="post" action="/editor/sign-in">' in page.text
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    done = ask("POST", "/editor/sign-in", data={"token": f" {TOKEN}\n"})
    assert (done.status_code, done.headers["location"]) == (303, "/editor/")
    cookie = done.headers["set-cookie"]
    parts = cookie.split("; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/editor"} <= set(parts)
    assert not any(part.lower().startswith(("secure", "max-age", "expires")) for part in parts)
    key = done.cookies[door.COOKIE]
    assert len(bytes.fromhex(key)) == 32
    assert sessions.find(key)
    assert TOKEN not in done.text + page.text
    assert ask("GET", "/editor/sign-in", key).headers["location"] == "/editor/"


def test_the_cookie_is_secure_over_https_and_below_the_root(
    inner: Inner, sessions: Sessions
) -> None:
    """As the server says that the request came; the path is the proxy's."""
    ask = client(inner, sessions, "/casebook", "https://desk")
    cookie = ask("POST", "/editor/sign-in", data={"token": TOKEN}).headers["set-cookie"]
    assert {"Secure", "Path=/casebook/editor"} <= set(cookie.split("; "))
    ask("GET", "/editor/en/", ask("POST", "/editor/sign-in", data={"token": TOKEN}).cookies[
        door.COOKIE
    ])  # fmt: skip
    assert inner.paths == ["/casebook/editor/en/"]


def test_a_wrong_token_is_told_and_logged_without_it(
    ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """403, then 429 with how long to wait; what was typed is nowhere."""
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            wrong = ask("POST", "/editor/sign-in", data={"token": "wr0ng-and-typed"})
            assert wrong.status_code == 403
            assert "not the token" in wrong.text
            assert "set-cookie" not in wrong.headers
        many = ask("POST", "/editor/sign-in", data={"token": TOKEN})
    assert many.status_code == 429
    assert many.headers["retry-after"] == "60"
    assert "60 seconds" in many.text
    for typed in ("wr0ng-and-typed", TOKEN):
        assert typed not in wrong.text + many.text + caplog.text
    assert "192.0.2.1" in caplog.text


@pytest.mark.parametrize(
    "body", [b"", b"token", b"Token=" + TOKEN.encode(), b"\xff\xfe", b"token=%ff%00" * 2000]
)
def test_what_is_no_form_opens_nothing(ask: Ask, body: bytes) -> None:
    """Whatever is sent instead of a form is a wrong token."""
    sent = ask("POST", "/editor/sign-in", content=body)
    assert sent.status_code == 403
    assert "set-cookie" not in sent.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/editor"), ("POST", "/editor/"), ("PUT", "/editor/en"), ("HEAD", "/editor/zh"),
        ("GET", "/editor/en/"), ("HEAD", "/editor/zh/"), ("GET", "/editor/en/document"),
        ("GET", "/editor/en/publish/progress"), ("POST", "/editor/en/publish/start"),
        ("POST", "/editor/zh/upload"), ("GET", "/editor/en/nothing"),
    ],
)  # fmt: skip
def test_without_a_session_nothing_is_reached(
    ask: Ask, inner: Inner, path: str, method: str
) -> None:
    """401 as JSON for programs, the way to signing in for pages; the wrong key is none."""
    for key in ("", "0" * 64):
        answer = ask(method, path, key)
        assert answer.status_code == 401
        if method != "HEAD":
            assert answer.json()["error"]["code"] == "signed_out"
        page = ask(method, path, key, headers=HTML)
        assert page.status_code == 303
        assert page.headers["location"] == f"/editor/sign-in{'?ended' if key else ''}"
    assert inner.paths == []


def test_a_session_reaches_the_pages(ask: Ask, inner: Inner, sessions: Sessions) -> None:
    """And what it reaches knows whose it is."""
    key = sessions.sign_in(TOKEN, "a")
    for method, path in (("GET", ""), ("GET", "publish/progress"), ("POST", "upload")):
        answer = ask(method, f"/editor/en/{path}", key)
        assert answer.text == "inside"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert inner.visits[-1] is sessions.find(key)
    assert len(inner.paths) == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/editor/fr/"), ("GET", "/editor//en/"), ("GET", "/editor/nothing"),
        ("GET", "/editor/english/"), ("POST", "/editor/en%0a"), ("GET", "/editor/sign-out"),
        ("POST", "/editor/sign-out/x"),
    ],
)  # fmt: skip
def test_nothing_else_is_there(
    ask: Ask, inner: Inner, sessions: Sessions, method: str, path: str
) -> None:
    """Whoever is signed in or not."""
    for key in (sessions.sign_in(TOKEN, "a"), "0" * 64, ""):
        assert ask(method, path, key, headers=HTML).status_code == 404
    assert inner.paths == []


def test_a_session_that_ended_says_so(ask: Ask, sessions: Sessions, clock: Clock) -> None:
    """Watching keeps none open; the page for signing in tells why it is there."""
    key = sessions.sign_in(TOKEN, "a")
    clock.now += IDLE - 1
    assert ask("GET", "/editor/en/publish/progress", key).status_code == 200
    clock.now += 1
    answer = ask("GET", "/editor/en/", key, headers=HTML)
    assert answer.headers["location"] == "/editor/sign-in?ended"
    assert "session has ended" in ask("GET", "/editor/sign-in?ended", headers=HTML).text


def test_a_network_of_ipv6_is_one_address(inner: Inner, sessions: Sessions) -> None:
    """Whose tries count together; who comes from elsewhere still gets in."""
    for number in range(5):
        near = client(inner, sessions, address=f"2001:db8::{number}")
        assert near("POST", "/editor/sign-in", data={"token": "wrong"}).status_code == 403
    near = client(inner, sessions, address="2001:db8::ffff")
    assert near("POST", "/editor/sign-in", data={"token": TOKEN}).status_code == 429
    far = client(inner, sessions, address="2001:db8:0:1::1")
    assert far("POST", "/editor/sign-in", data={"token": TOKEN}).status_code == 303


def test_signing_out_takes_the_cookie(ask: Ask, sessions: Sessions) -> None:
    """The session is gone on both sides."""
    key = sessions.sign_in(TOKEN, "a")
    done = ask("POST", "/editor/sign-out", key)
    assert (done.status_code, done.headers["location"]) == (303, "/editor/sign-in")
    assert "Max-Age=0" in done.headers["set-cookie"]
    assert "Path=/editor" in done.headers["set-cookie"]
    assert sessions.find(key) is None


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False), ({"Origin": "http://desk"}, False), ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "none"}, False), ({"Origin": "http://evil"}, True),
        ({"Origin": "null"}, True), ({"Origin": ""}, True), ({"Origin": "http://desk:81"}, True),
        ({"Origin": "http://[evil"}, True), ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://desk"}, True),
    ],
)  # fmt: skip
def test_another_sites_page_can_do_nothing(
    ask: Ask, inner: Inner, sessions: Sessions, headers: dict[str, str], foreign: bool
) -> None:
    """Neither ask, upload, sign in nor sign out, even where the browser sends the cookie."""
    key = sessions.sign_in(TOKEN, "a")
    for path, data in (
        ("/editor/en/publish/start", {}), ("/editor/en/upload", {}),
        ("/editor/sign-in", {"token": TOKEN}), ("/editor/sign-out", {}),
    ):  # fmt: skip
        answer = ask("POST", path, key, headers=headers, data=data)
        assert (answer.status_code == 403) is foreign
    assert len(inner.paths) == (0 if foreign else 2)
    assert (sessions.find(key) is not None) is foreign


def test_the_language_is_chosen_and_kept(ask: Ask, sessions: Sessions) -> None:
    """By the address, the cookie of the chat, or the browser."""
    key = sessions.sign_in(TOKEN, "a")
    zh = {"Accept-Language": "zh-CN"}
    assert ask("GET", "/editor", key).headers["location"] == "/editor/en/"
    assert ask("GET", "/editor/", key, headers=zh).headers["location"] == "/editor/zh/"
    assert ask("GET", "/editor/en", key, headers=zh).headers["location"] == "/editor/en/"
    chosen = ask("GET", "/editor/?lang=zh", key)
    assert chosen.headers["location"] == "/editor/zh/"
    assert "casebook_language=zh" in chosen.headers["set-cookie"]
    page = ask("GET", "/editor/sign-in?lang=zh")
    assert '<html lang="zh-CN"' in page.text
    assert "casebook_language=zh" in page.headers["set-cookie"]
    odd = ask("GET", "/editor/?lang=%22%3E%3Cscript%3E", key)
    assert odd.headers["location"] == "/editor/en/"


def test_an_upload_is_passed_on_as_it_comes(inner: Inner, sessions: Sessions) -> None:
    """Never held whole; anything else of that size is refused before it is read."""
    piece, count = b"x" * 65536, 1024

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield piece

    ask = client(inner, sessions)
    key = sessions.sign_in(TOKEN, "a")
    assert ask("POST", "/editor/en/upload", key, content=stream()).text == "inside"
    assert (inner.total, inner.largest) == (len(piece) * count, len(piece))
    refused = ask("POST", "/editor/en/publish/start", key, content=stream())
    assert refused.status_code == 413
    assert len(inner.paths) == 1
