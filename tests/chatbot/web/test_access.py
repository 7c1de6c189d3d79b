"""Who may embed and who may ask, on a real server: origins, names, proxies, tokens, sessions."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Scope

from chatbot.engine import Engine
from chatbot.settings import Settings
from chatbot.web import create_app
from chatbot.web import middleware as access
from chatbot.web.metrics import Metrics
from chatbot.web.middleware import BODY_LIMIT, Guard
from chatbot.web.security.forwarded import Peer, drop_claims, knows_host, read_host, read_peer
from chatbot.web.security.limits import Limits
from chatbot.web.security.session import OPEN_BELOW
from chatbot.web.security.traffic import Traffic
from tests.clock import wait_until
from tests.fake_portal import ISSUER, PRIVATE, REQUIRED, public_pem, sign
from tests.fakes import FakeEngine, serving

PORTAL = "https://portal.example"
TRUSTED = [ipaddress.ip_network("10.0.0.0/24"), ipaddress.ip_network("127.0.0.1/32")]
CASE = FakeEngine().entry.cases[1].id
OPEN = ["/healthz", "/readyz", "/web/base.css", "/web/chat.js", "/favicon.ico", "/openapi.json"]
CLOSED = [
    "/api/cases", f"/api/cases/{CASE}", "/api/search?q=water", "/api/nothing", "/session",
    "/config", "/gradio_api/info", "/gradio_api/queue/data?session_hash=x", "/gradio_api/file=/etc",
    "/gradio_api/heartbeat/x", "/theme.css", "/nothing", "/%2e%2e/api/cases", "/API/cases",
    "/web", "/webx/", "/session/", "/widget/../api/cases",
]  # fmt: skip


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    """Servers: open to all, for members and behind a proxy, and with no setting but a path."""
    with ExitStack() as stack:
        proxied: dict[str, Any] = {"trusted_proxies": ("127.0.0.1/32",)}
        embedded: dict[str, Any] = {"embed_origins": (PORTAL, "http://localhost:3000")}
        yield {
            "open": stack.enter_context(serving(FakeEngine(), **embedded)),
            "closed": stack.enter_context(
                serving(FakeEngine(), **embedded, **proxied, **REQUIRED, questions_per_minute=1000)
            ),
            "alone": stack.enter_context(serving(FakeEngine(), "/casebook")),
        }


@pytest.fixture
def client(addresses: dict[str, str]) -> Iterator[httpx.Client]:
    """Give a client of the server that is open to all."""
    with httpx.Client(base_url=addresses["open"], timeout=30) as client:
        yield client


@pytest.fixture
def members(addresses: dict[str, str]) -> Iterator[httpx.Client]:
    """Give a client of the server for members, without a token."""
    with httpx.Client(base_url=addresses["closed"], timeout=30) as client:
        yield client


def bear(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def read_code(response: httpx.Response, status: int) -> str:
    """Check a refusal's shape and return its code."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"code", "message", "request_id"}
    assert "\n" not in error["message"]
    if status == 401:
        assert response.headers["www-authenticate"] == "Bearer"
    return str(error["code"])


# Who may embed


@pytest.mark.parametrize("server", ["open", "closed", "alone"])
def test_only_the_widget_is_framed_by_other_sites(addresses: dict[str, str], server: str) -> None:
    """The listed origins frame the widget, nobody else does, and nothing else is framed at all."""
    with httpx.Client(base_url=addresses[server]) as client:
        for path in ("/", f"/cases/{CASE}", "/web/base.css", "/nothing", "/theme.css", "/session"):
            headers = client.get(path).headers
            assert re.search(r"frame-ancestors 'self'$", headers["content-security-policy"]), path
            assert headers["x-frame-options"] == "SAMEORIGIN"
        for path in ("/api/cases", "/openapi.json", "/healthz"):
            headers = client.get(path).headers
            assert headers["content-security-policy"].endswith("frame-ancestors 'none'"), path
            assert headers["x-frame-options"] == "DENY"
        widget = client.get("/widget").headers
        policy = widget["content-security-policy"].rpartition("; ")[2]
        if server == "alone":
            assert policy == "frame-ancestors 'self'"
            assert widget["x-frame-options"] == "SAMEORIGIN"
        else:
            assert policy == f"frame-ancestors 'self' {PORTAL} http://localhost:3000"
            assert "x-frame-options" not in widget


@pytest.mark.parametrize("path", ["/", "/web/chat.js", "/api/cases", "/nothing", "/casebook"])
def test_every_response_is_dressed(addresses: dict[str, str], path: str) -> None:
    """Pages, files, data, errors and redirects have the security headers, and name no software."""
    with httpx.Client(base_url=addresses["alone"]) as client:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
            headers = client.request(method, path).headers
            for name in (
                "content-security-policy", "permissions-policy", "referrer-policy",
                "cross-origin-opener-policy", "x-frame-options", "x-request-id",
            ):  # fmt: skip
                assert headers[name], (method, name)
            assert headers["x-content-type-options"] == "nosniff"
            assert "server" not in headers
            assert "x-powered-by" not in headers
            assert "strict-transport-security" not in headers


@pytest.mark.parametrize("origin", [PORTAL, "http://localhost:3000"])
@pytest.mark.parametrize("server", ["open", "closed"])
def test_a_listed_site_calls_the_api(addresses: dict[str, str], server: str, origin: str) -> None:
    """It may send a token and JSON, and reads answers and refusals, but never with cookies."""
    with httpx.Client(base_url=addresses[server]) as client:
        before = client.options(
            "/api/ask",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, content-type",
            },
        )
        assert before.status_code == 200
        assert before.headers["access-control-allow-origin"] == origin
        assert "Authorization" in before.headers["access-control-allow-headers"]
        for response in (
            before,
            client.get("/api/cases", headers={"Origin": origin, **bear(sign())}),
            client.get("/api/cases", headers={"Origin": origin, **bear("x")}),
            client.post("/api/ask", content=b"x" * (BODY_LIMIT + 1), headers={"Origin": origin}),
        ):
            assert response.headers["access-control-allow-origin"] == origin
            assert "Origin" in response.headers["vary"]
            assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "null", "https://portal.example.evil.example", "https://evil.example", "http://portal.example",
        "https://portal.example:444", "https://PORTAL.example", "https://portal.example/", "*", "",
        "http://localhost", "https://xportal.example",
    ],
)  # fmt: skip
def test_any_other_site_may_not(client: httpx.Client, origin: str) -> None:
    """An origin that is not exactly listed reads nothing, with and without asking beforehand."""
    for path in (
        "/api/cases",
        "/api/ask",
        "/",
        "/theme.css",
        "/gradio_api/app_id",
        f"/cases/{CASE}",
    ):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        for response in (
            client.get(path, headers={"Origin": origin}),
            client.options(path, headers=asked),
        ):
            assert "access-control-allow-origin" not in response.headers, path


@pytest.mark.parametrize(
    "path", ["/", "/theme.css", "/gradio_api/app_id", f"/cases/{CASE}", "/healthz"]
)
def test_a_listed_site_reads_nothing_but_the_api(client: httpx.Client, path: str) -> None:
    """Gradio's routes and the pages are for this site's own scripts."""
    for headers in ({}, {"Access-Control-Request-Method": "GET"}):
        response = client.options(path, headers={"Origin": PORTAL, **headers})
        assert "access-control-allow-origin" not in response.headers
    assert "access-control-allow-origin" not in client.get(path, headers={"Origin": PORTAL}).headers


# Under which name


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("casebook.example", "casebook.example"), ("CaseBook.Example.:8080", "casebook.example"),
        ("127.0.0.1:7860", "127.0.0.1"), ("[::1]:7860", "::1"), ("[::1]", "::1"), ("", ""),
        ("localhost:1", "localhost"), ("a_b.example", "a_b.example"), ("::1", None), (":1", None),
        ("a:b:c", None), ("[", None), ("[::1]x", None), ("localhost:", None), ("a..:65536x", None),
        ("localhost:x@evil.example", None), ("localhost/evil", None), ("localhost?", None),
        ("localhost:1#", None), ("localhost\\evil", None), ("localhost,evil", None), (".", None),
        ("lo calhost", None), ("ｌocalhost", None), ("localhost\n", "localhost"),
    ],
)  # fmt: skip
def test_a_host_header_names_a_host(header: str, host: str | None) -> None:
    """Without port, brackets, last dot and capitals; what says more than that names nothing."""
    assert read_host(header) == host


@pytest.mark.parametrize(
    ("host", "names", "proxied", "known"),
    [
        ("localhost", (), False, True), ("a.localhost", (), False, True),
        ("127.0.0.1", ("a.example",), False, True), ("::1", (), False, True), ("", (), False, True),
        ("evil.example", (), False, False), ("evil.example", (), True, True),
        ("evil.example", ("a.example",), True, False), ("a.example", ("a.example",), False, True),
        ("xa.example", ("a.example",), True, False), ("0x7f.1", (), False, False),
        ("localhost.evil.example", (), False, False), ("evillocalhost", (), False, False),
        ("127.0.0.1.evil.example", (), False, False), (None, (), True, False),
    ],
)  # fmt: skip
def test_names_are_listed_or_passed_on_by_a_proxy(
    host: str | None, names: tuple[str, ...], proxied: bool, known: bool
) -> None:
    """Addresses and localhost always; others if listed, or if none is and a proxy passes it."""
    assert knows_host(host, names, proxied) == known


def test_a_foreign_name_is_refused(client: httpx.Client, members: httpx.Client) -> None:
    """A page that resolves its own name to this machine reads nothing, on any route."""
    for path in ("/", "/api/cases", "/healthz", "/theme.css", "/web/chat.js"):
        foreign = {"Host": "rebound.evil.example", "Accept": "application/json"}
        response = client.get(path, headers=foreign)
        assert read_code(response, 421) == "wrong_host"
        assert response.headers["x-content-type-options"] == "nosniff"
    assert client.get("/healthz", headers={"Host": "LOCALHOST:9"}).status_code == 200
    assert members.get("/healthz", headers={"Host": "casebook.example"}).status_code == 200


# Whom to believe about the sender


def make_scope(client: str | None, scheme: str = "http", **headers: str) -> Scope:
    """Return what a server hands over."""
    pairs = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    return {
        "type": "http", "scheme": scheme, "headers": pairs,
        "client": (client, 5) if client is not None else None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "peer"),
    [
        (make_scope("198.51.100.7"), Peer("198.51.100.7", "http", False, False)),
        (make_scope("127.0.0.2"), Peer("127.0.0.2", "http", False, True)),
        (make_scope("::1"), Peer("::1", "http", False, True)),
        (make_scope("::ffff:127.0.0.2"), Peer("127.0.0.2", "http", False, True)),
        (make_scope("127.0.0.1"), Peer("127.0.0.1", "http", True, True)),
        (make_scope(None), Peer("", "http", False, False)),
        (make_scope("testclient"), Peer("testclient", "http", False, False)),
        # one that is not trusted
        (make_scope("198.51.100.7", x_forwarded_for="10.0.0.1", x_forwarded_proto="https"),
         Peer("198.51.100.7", "http", False, False)),
        (make_scope("127.0.0.2", x_forwarded_for="127.0.0.1"),
         Peer("127.0.0.2", "http", False, False)),
        (make_scope("127.0.0.2", forwarded="for=1.2.3.4"),
         Peer("127.0.0.2", "http", False, False)),
        # one that is
        (make_scope("10.0.0.9", x_forwarded_for="198.51.100.7", x_forwarded_proto="https"),
         Peer("198.51.100.7", "https", True, False)),
        (make_scope("10.0.0.9", x_forwarded_for="1.1.1.1, 198.51.100.7, 10.0.0.3"),
         Peer("198.51.100.7", "http", True, False)),
        (make_scope("10.0.0.9", x_forwarded_for="10.0.0.5, 10.0.0.3"),
         Peer("10.0.0.5", "http", True, False)),
        (make_scope("10.0.0.9", x_forwarded_for="127.0.0.1"),
         Peer("127.0.0.1", "http", True, False)),
        (make_scope("10.0.0.9", x_forwarded_for="198.51.100.7:5000"),
         Peer("198.51.100.7", "http", True, False)),
        (make_scope("10.0.0.9", x_forwarded_for="[2001:db8::1]:5000"),
         Peer("2001:db8::1", "http", True, False)),
        (make_scope("10.0.0.9", x_forwarded_for="1.1.1.1, unknown"),
         Peer("10.0.0.9", "http", True, False)),
        (make_scope("10.0.0.9", x_forwarded_for="1.1.1.1\nx, 10.0.0.3"),
         Peer("10.0.0.3", "http", True, False)),
        (make_scope("10.0.0.9", x_forwarded_for=""), Peer("10.0.0.9", "http", True, False)),
        (make_scope("10.0.0.9", x_forwarded_proto="javascript"),
         Peer("10.0.0.9", "http", True, False)),
        (make_scope("10.0.0.9", "https", x_forwarded_proto="https, http"),
         Peer("10.0.0.9", "https", True, False)),
        (make_scope("10.0.0.9", forwarded="for=198.51.100.7;proto=https"),
         Peer("10.0.0.9", "http", True, False)),
    ],
)  # fmt: skip
def test_a_sender_is_who_trusted_proxies_say(scope: Scope, peer: Peer) -> None:
    """The right-most address that is no trusted proxy counts; others' words never do."""
    assert read_peer(scope, TRUSTED) == peer


@given(st.lists(st.text("0123456789.:[]abc, \x00é", max_size=20), max_size=5), st.booleans())
def test_no_header_makes_a_sender_of_this_machine(entries: list[str], trusted: bool) -> None:
    """Whatever a header says, who sent it does not become this machine itself, nor rubbish."""
    client = "10.0.0.9" if trusted else "198.51.100.7"
    headers = [(b"x-forwarded-for", entry.encode()) for entry in entries]
    peer = read_peer({**make_scope(client), "headers": headers}, TRUSTED)
    assert not peer.local
    assert ipaddress.ip_address(peer.address)
    assert trusted or peer.address == client


def test_headers_that_speak_for_a_sender_go_no_further() -> None:
    """Gradio makes addresses of some of them; none reaches it."""
    kept = (b"host", b"a")
    said = [
        (name, b"x")
        for name in (
            b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-prefix",
            b"forwarded", b"x-real-ip", b"x-gradio-server",
        )
    ]  # fmt: skip
    assert drop_claims([*said, kept]) == [kept]


def test_tls_is_kept_once_it_is_there(client: httpx.Client, members: httpx.Client) -> None:
    """Strict transport security follows a trusted proxy's word, and nobody else's."""
    said = {"X-Forwarded-Proto": "https"}
    assert members.get("/healthz", headers=said).headers["strict-transport-security"]
    assert "strict-transport-security" not in client.get("/healthz", headers=said).headers


# Who may ask


@pytest.mark.parametrize("path", OPEN)
def test_what_holds_nothing_of_the_collection_is_open(members: httpx.Client, path: str) -> None:
    """Health, styles, scripts and the contract need no token."""
    assert members.get(path).status_code == 200


@pytest.mark.parametrize("path", CLOSED)
def test_everything_else_needs_a_token(members: httpx.Client, path: str) -> None:
    """The API, Gradio's routes and whatever is not there: 401 before anything is looked at."""
    for method in ("GET", "POST", "PUT", "DELETE"):
        if (method, path) != ("POST", "/session"):
            assert read_code(members.request(method, path), 401) == "token_missing"
    assert read_code(members.get(path, params={"token": sign()}), 401) == "token_missing"


@pytest.mark.parametrize(
    ("path", "language", "words"),
    [
        ("/", "en", "Please open it from the member portal"),
        ("/", "zh-CN", "请从会员门户打开"),
        (f"/cases/{CASE}", "en", "Please open it from the member portal"),
        (f"/cases/{CASE}?lang=zh", "en", "请从会员门户打开"),
        ("/cases/nothing", "zh", "请从会员门户打开"),
        ("/cases?q=water", "en", "Please open it from the member portal"),
    ],
)
def test_a_page_says_how_to_come_in(
    members: httpx.Client, path: str, language: str, words: str
) -> None:
    """Whoever opens a page without a session reads where to go, and no word of the cases."""
    page = members.get(path, headers={"Accept-Language": language})
    assert page.status_code == 401
    assert words in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["www-authenticate"] == "Bearer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-request-id"] in page.text
    assert "Padma" not in page.text


def test_a_member_uses_everything(members: httpx.Client) -> None:
    """With a token the page, the cases, the API and its stream are there, and kept from caches."""
    headers = bear(sign())
    for path in ("/", f"/cases/{CASE}", "/api/cases", "/theme.css"):
        response = members.get(path, headers=headers)
        assert response.status_code == 200
        assert response.headers["cache-control"] in ("no-store", "private, no-cache")
    answer = members.post("/api/ask", json={"question": "benefit"}, headers=headers)
    assert answer.json()["found"]
    stream = {**headers, "Accept": "text/event-stream"}
    assert (
        "event: answer"
        in members.post("/api/ask", json={"question": "benefit"}, headers=stream).text
    )


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"", "token_missing"), (b"Bearer", "token_missing"), (b"Basic dTpw", "token_missing"),
        (b"bearer x.y.z", "token_refused"), (b"Bearer 7", "token_refused"),
        (b"Bearer \xff\xfe.\xe6\xa1\x88.\x80", "token_refused"), (b"Bearer a b", "token_refused"),
        (b"Bearer " + b"A" * 9000, "token_refused"),
    ],
)  # fmt: skip
def test_a_header_that_is_no_token_is_refused(
    members: httpx.Client, value: bytes, code: str
) -> None:
    """Other schemes count as no token; bytes, blanks and length make none either."""
    raw = [(b"Authorization", value)]
    assert read_code(members.get("/api/cases", headers=raw), 401) == code


def list_routes(routes: Iterable[Any], below: str = "") -> Iterator[tuple[str, str]]:
    """Yield the method and path of each route, of mounted applications too."""
    for route in routes:
        path = below + str(getattr(route, "path", ""))
        inner: Any = getattr(route, "original_router", None) or getattr(route, "app", None)
        if not getattr(route, "methods", None):
            yield from list_routes(getattr(inner, "routes", ()), path)
        for method in getattr(route, "methods", None) or ():
            yield method, re.sub(r"\{[^}]*\}", "x", path)


@pytest.mark.slow
def test_no_route_of_gradio_is_forgotten(members: httpx.Client, tmp_path: Path) -> None:
    """Every route there is, whoever added it, needs a token, but for what is meant to be open."""
    app = create_app(cast("Engine", FakeEngine()), Settings(var=tmp_path, **REQUIRED))
    routes = set(list_routes(app.routes))
    assert len([path for _, path in routes if "/gradio_api/" in path]) > 20
    assert {path for _, path in routes} >= {"/api/ask", "/api/cases/x", "/cases/x", "/config"}
    open_ones = {
        path for method, path in routes if members.request(method, path).status_code != 401
    }
    meant = {
        "/healthz", "/readyz", "/metrics", "/openapi.json", "/favicon.ico", "/session",
        "/session/end", "/widget", "/widget.js",
    }  # fmt: skip
    assert {path for path in open_ones if not path.startswith(OPEN_BELOW)} == meant


def test_an_expired_token_is_told_from_a_bad_one(members: httpx.Client) -> None:
    """The widget asks the portal for a new token in the one case."""
    late = sign(time.time() - 400)
    assert read_code(members.get("/api/cases", headers=bear(late)), 401) == "token_expired"
    bad = sign(aud="other")
    assert read_code(members.get("/api/cases", headers=bear(bad)), 401) == "token_refused"


def test_two_tokens_are_none(members: httpx.Client) -> None:
    """What a proxy and Casebook might read differently is refused, whatever the second says."""
    good = b"Bearer " + sign().encode()
    for second in (good, b"Bearer x", b"Basic eDp5"):
        raw = [(b"Authorization", good), (b"Authorization", second)]
        assert read_code(members.get("/api/cases", headers=raw), 401) == "token_refused"


def test_a_body_has_to_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends it drop by drop hears 408, and nothing waits for the rest."""
    monkeypatch.setattr(access, "PATIENCE", 0)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def never(*_: object) -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nothing waits that long")

    peer = Peer("198.51.100.7", "http", False, False)
    scope = {**make_scope("198.51.100.7"), "method": "POST", "state": {"peer": peer}}
    asyncio.run(access.Bodies(never, Traffic())(scope, never, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 408
    assert b'"slow"' in sent[1]["body"]


def test_a_megabyte_of_token_ends_the_request(members: httpx.Client) -> None:
    """The server takes no header of that size; the next request is served."""
    port = int(members.base_url.port or 0)
    with socket.create_connection(("127.0.0.1", port), 10) as raw:
        raw.sendall(b"GET /api/cases HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ")
        answered = b""
        with suppress(ConnectionError):  # it may be closed while more is sent
            for _ in range(1000):
                raw.sendall(b"A" * 1000)
            answered = raw.recv(4000)
        assert not answered or answered.startswith(b"HTTP/1.1 431")
    assert members.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 70_000, 431, "too_large"),
        (b"GET /" + b"a" * 70_000, 431, "too_large"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, "bad_request"),
    ],
    ids=["header", "address", "tls", "no header", "length"],
)
def test_what_is_no_request_is_refused_like_everything_else(
    members: httpx.Client, sent: bytes, status: int, code: str
) -> None:
    """The same body and the same headers, though no route ever saw it."""
    with socket.create_connection(("127.0.0.1", int(members.base_url.port or 0)), 10) as raw:
        raw.sendall(sent)
        answered = b""
        with suppress(ConnectionError):  # it may be closed while something is left unread
            while more := raw.recv(4000):
                answered += more
    head, _, body = answered.decode().partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status}")
    headers = httpx.Headers([line.split(": ", 1) for line in head.split("\r\n")[1:]])  # type: ignore[arg-type]
    error = json.loads(body)["error"]
    assert error["code"] == code
    assert error["request_id"] == headers["x-request-id"]
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_the_log_knows_why_and_not_who(
    members: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """One line says which check failed, none has the token, the subject or a line of its own."""
    forged = "x\nERROR casebook: hacked"
    tokens = [sign(sub=forged), sign(aud="elsewhere"), sign(), sign(sub="Ann Secret"), "rubbish"]
    with caplog.at_level(logging.DEBUG, "casebook"):
        for token in tokens:
            members.get("/api/cases", headers=bear(token))
        members.post("/session", data={"token": tokens[3]})
        wait_until(lambda: caplog.text.count(" in ") >= 6)
    assert "token_refused: InvalidAudienceError" in caplog.text
    assert "sub has characters that cannot be printed" in caplog.text
    assert re.search(r"'/api/cases': 200 .*, member [0-9a-f]{16}$", caplog.text, re.MULTILINE)
    for secret in (*tokens, "hacked", "Ann Secret", "member-7", "elsewhere", "127.0.0.1"):
        assert secret not in caplog.text
    for token in tokens[:4]:
        assert token.split(".")[2] not in caplog.text


def test_a_websocket_is_closed(members: httpx.Client) -> None:
    """Nothing here speaks it, so nobody needs a token for it."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def never(*_: object) -> None:
        raise AssertionError("a websocket reached the application")

    metrics = Metrics(cast("Engine", FakeEngine()), Limits(30))
    guard = Guard(never, Settings(), metrics, Traffic())
    calling = guard({"type": "websocket"}, never, send)  # type: ignore[arg-type]
    with pytest.raises(StopIteration):
        calling.send(None)
    assert sent == [{"type": "websocket.close", "code": 1008}]


# How a browser comes in


def come_in(client: httpx.Client, token: str, place: str = "", **headers: str) -> httpx.Response:
    """Post a token as a form does."""
    return client.post("/session", data={"token": token, "next": place}, headers=headers)


def test_a_token_opens_a_session(members: httpx.Client) -> None:
    """The answer is the chat, with a cookie for an hour that opens what a token does."""
    response = come_in(members, sign(jti="opens"), Origin=PORTAL)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("casebook_session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=3600"} <= set(cookie.split("; "))
    assert "member-7" not in cookie
    for path in ("/", f"/cases/{CASE}", "/api/cases", "/theme.css"):
        assert members.get(path).status_code == 200, path
    assert members.get("/session").status_code == 204
    assert members.post("/api/ask", json={"question": "benefit"}).status_code == 200


def test_a_session_over_tls_is_bound_to_this_host(members: httpx.Client) -> None:
    """The cookie's name lets no other host set it, and it goes over TLS alone."""
    told = {"X-Forwarded-Proto": "https", "Host": "casebook.example"}
    response = come_in(members, sign(jti="tls"), **told, Origin="https://casebook.example")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-casebook=")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    value = cookie.partition("=")[2].partition(";")[0]
    named = {**told, "Cookie": f"__Host-casebook={value}"}
    assert members.get("/api/cases", headers=named).status_code == 200
    plain = {**told, "Cookie": f"casebook_session={value}"}
    assert read_code(members.get("/api/cases", headers=plain), 401) == "token_missing"


def test_a_token_opens_one_session(members: httpx.Client) -> None:
    """A second browser cannot use it; the one that has the session goes on with it."""
    token = sign(jti="once")
    assert come_in(members, token).status_code == 303
    again = come_in(members, token, f"cases/{CASE}#c10-20")
    assert again.headers["location"] == f"/cases/{CASE}#c10-20"
    assert "set-cookie" not in again.headers
    kept = members.cookies
    members.cookies = httpx.Cookies()
    assert read_code(come_in(members, token), 401) == "token_refused"
    page = come_in(members, token, accept="text/html")
    assert page.status_code == 401
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert "expired" in page.text
    assert members.get("/api/cases", headers=bear(token)).status_code == 200
    members.cookies = kept
    assert come_in(members, sign(sub="member-8")).headers["set-cookie"]  # another member


@pytest.mark.parametrize(
    "place",
    [
        "",
        "cases",
        "cases?lang=zh",
        "cases?company=A%26B&year=2024",
        "?q=%E8%8C%B6",
        "cases/abc",
        f"cases/{CASE}#c0-5",
        f"cases/{CASE}#c0-5-3e03c7a1b",
        f"cases/{CASE}?lang=zh#c10-200",
        "cases/a.b-c_~",
    ],
)
def test_a_session_leads_to_a_case(members: httpx.Client, place: str) -> None:
    """The citation's own link is where the new tab goes."""
    assert come_in(members, sign(jti=place), place).headers["location"] == f"/{place}"


@pytest.mark.parametrize(
    "place",
    [
        "/", "//evil.example", "https://evil.example", "/cases/a", "\\evil.example", "cases/",
        "cases/../api/cases", "cases/a/b", "cases/a#x", "cases/a?x=//evil.example", "cases/a?x=<b>",
        "javascript:alert(1)", "cases/a\r\nSet-Cookie: a=b", "cases/a#c1-2\n", "@evil.example",
        "cases/a#c1-2-x", "cases?q=a b",
        "cases/%2e%2e", "cases/案例", "api/cases", "cases/" + "x" * 201, " cases/a", "cases/a#c1-",
    ],
)  # fmt: skip
def test_a_session_leads_nowhere_else(members: httpx.Client, place: str) -> None:
    """Not to another site, not to another route, and no line into the headers."""
    response = come_in(members, sign(), place)
    assert read_code(response, 422) == "error"
    assert "location" not in response.headers
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://portal.example"])
def test_another_site_cannot_send_a_member(members: httpx.Client, origin: str) -> None:
    """Nobody is made somebody else by a form on a foreign page, with whatever token."""
    response = come_in(members, sign(), Origin=origin)
    assert response.status_code == 403
    assert "set-cookie" not in response.headers


def test_a_cookie_counts_for_this_sites_own_pages(members: httpx.Client) -> None:
    """A page of another site, a listed one too, does not ask with a member's cookie."""
    come_in(members, sign(jti="own"))
    for origin in (PORTAL, "https://evil.example", "null", "http://127.0.0.1:1"):
        response = members.get("/api/cases", headers={"Origin": origin})
        assert read_code(response, 401) == "token_missing"
    own = str(members.base_url).rstrip("/")
    assert members.get("/api/cases", headers={"Origin": own}).status_code == 200


def test_a_session_that_is_not_ours_is_none(members: httpx.Client) -> None:
    """Made up, changed, or with a token that is refused beside it."""
    come_in(members, sign(jti="ours"))
    name, value = next(iter(members.cookies.items()))
    members.cookies.clear()
    for bad in ("x", value[:-1] + ("0" if value[-1] != "0" else "1"), "0" * 16 + value[16:], ""):
        response = members.get("/api/cases", headers={"Cookie": f"{name}={bad}"})
        assert read_code(response, 401) == "token_missing"
    both = {"Cookie": f"{name}={value}", **bear("x.y.z")}
    assert read_code(members.get("/api/cases", headers=both), 401) == "token_refused"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 401),
        (b"token=", "application/x-www-form-urlencoded", 401),
        (b"token=x.y.z", "application/x-www-form-urlencoded", 401),
        (b"token=%FF", "application/x-www-form-urlencoded", 422),
        (b"\xff", "application/x-www-form-urlencoded", 422),
        (b"&".join(b"a=1" for _ in range(9)), "application/x-www-form-urlencoded", 422),
        (b'{"token": "x"}', "application/json", 415),
        (b"x", "", 415),
        (b"token=" + b"A" * 1_000_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_a_form_that_is_none_is_refused(
    members: httpx.Client, content: bytes, kind: str, status: int
) -> None:
    """Another type, too many fields, too many bytes, no text, no token."""
    headers = {"Content-Type": kind} if kind else {}
    response = members.post("/session", content=content, headers=headers)
    assert response.status_code == status
    assert "set-cookie" not in response.headers


def test_where_everybody_may_ask_the_form_leads_on(addresses: dict[str, str]) -> None:
    """The portal's form and the widget's links work before and after members are required."""
    with httpx.Client(base_url=addresses["alone"]) as client:
        response = come_in(client, "whatever", "cases/abc#c1-2")
        assert response.headers["location"] == "/casebook/cases/abc#c1-2"
        assert "set-cookie" not in response.headers
        assert client.get("/session").status_code == 204


def test_a_public_key_does_as_well() -> None:
    """With a PEM in the settings the portal's private key stays with the portal."""
    settings = {**REQUIRED, "member_key": public_pem("ES256")}
    with (
        serving(FakeEngine(), "/casebook", **settings) as address,
        httpx.Client(base_url=address) as client,
    ):
        assert PRIVATE["ES256"]
        token = sign(algorithm="ES256", iss=ISSUER)
        assert client.get("/casebook/api/cases", headers=bear(token)).status_code == 200
        assert read_code(client.get("/casebook/api/cases"), 401) == "token_missing"
        response = come_in(client, token)
        assert response.headers["location"] == "/casebook/"
        assert "Path=/casebook" in response.headers["set-cookie"]
        assert client.get("/casebook/").status_code == 200
