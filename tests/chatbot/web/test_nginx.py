"""examples/nginx: a real nginx with the shipped configuration, over TLS and below a path."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from chatbot.web.middleware import BODY_LIMIT
from tests.browser import opening_chromium
from tests.chatbot.web.security.test_limits import ask_gradio
from tests.clock import wait_until
from tests.fake_portal import REQUIRED, sign
from tests.fakes import BENEFIT, FakeEngine, read_config, serving
from tests.web_server import find_port, listens, make_certificate

EXAMPLE = Path(__file__).parents[3] / "examples" / "nginx"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
NAME = "portal.example"
LINK = f"cases/{FakeEngine().entry.cases[1].id}"


def write_configuration(folder: Path, port: int, *upstreams: str) -> None:
    """Write the shipped configuration with this machine's ports and files, in a bare nginx."""
    shipped = (EXAMPLE / "casebook.conf").read_text("utf-8")
    line = "    server 127.0.0.1:7860 fail_timeout=5s;\n"
    for old, new, times in (
        ("listen 443 ", f"listen 127.0.0.1:{port} ", 2),
        (line, "".join(line.replace("127.0.0.1:7860", each) for each in upstreams), 2),
        ("/etc/nginx/tls/portal.example", str(folder / "tls"), 2),
    ):
        assert shipped.count(old) == times, old
        shipped = shipped.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\n"
        f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{shipped}}}\n",
        "utf-8",
    )


@contextmanager
def proxying(folder: Path, port: int, *upstreams: str) -> Iterator[None]:
    """Run nginx on a port, before these servers, until the block ends."""
    assert NGINX, "no nginx: install nginx, which these tests start"
    both = make_certificate(folder, NAME)
    for name in ("tls.crt", "tls.key"):
        shutil.copy(both, folder / name)
    write_configuration(folder, port, *upstreams)
    command = [NGINX, "-p", str(folder), "-c", "nginx.conf", "-e", str(folder / "error.log")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as nginx:
        try:
            wait_until(lambda: listens(port) or nginx.poll() is not None)
            assert nginx.poll() is None, nginx.stderr and nginx.stderr.read()
            yield
        finally:
            nginx.terminate()


def reach(folder: Path, port: int, token: str) -> httpx.Client:
    """Return a client of Casebook behind nginx that trusts the certificate."""
    trust = ssl.create_default_context(cafile=folder / "tls.crt")
    return httpx.Client(
        transport=Named(verify=trust), base_url=f"https://{NAME}:{port}/casebook", timeout=30,
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def proxied(
    server_process: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[FakeEngine, int, Path]]:
    """A server for members below `/casebook`, behind nginx; its engine, nginx's port and folder."""
    folder, engine = tmp_path_factory.mktemp("nginx"), FakeEngine()
    port = find_port()
    with (
        serving(
            engine, "/casebook", **REQUIRED, trusted_proxies=("127.0.0.1/32",), hosts=(NAME,),
            embed_origins=("https://other.example",), questions_per_minute=200,
        ) as address,
        proxying(folder, port, address.removeprefix("http://")),
    ):  # fmt: skip
        yield engine, port, folder


class Named(httpx.HTTPTransport):
    """Connects to this machine whatever the address names, as if a name server had said so."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        here = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return super().handle_request(here)


@pytest.fixture
def client(proxied: tuple[FakeEngine, int, Path]) -> Iterator[httpx.Client]:
    """Give a client that trusts the certificate, with a member's token."""
    _, port, folder = proxied
    with reach(folder, port, sign()) as client:
        yield client


def test_the_chat_works_below_the_path(client: httpx.Client) -> None:
    """The page, everything that it loads, and a question through Gradio's queue."""
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"]
    loaded = set(re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg))"', page.text))
    assert "/casebook/web/chat.css" in loaded
    for address in [*loaded, "/casebook/web/chat.js"]:
        assert client.get(page.url.join(address)).status_code == 200, address
    assert read_config(page.text)["root"] == "/casebook"
    update = ask_gradio(client, {})
    assert update["state"] == "done"
    assert BENEFIT in update["pieces"][1]
    assert 'href="/casebook/cases/' in update["sources"]


def test_the_slash_is_added(client: httpx.Client) -> None:
    """The path alone leads to the chat."""
    answer = client.get(f"https://{NAME}:{client.base_url.port}/casebook")
    assert answer.status_code == 308
    assert answer.headers["location"].endswith("/casebook/")


def test_the_api_and_the_cases_work(client: httpx.Client) -> None:
    """JSON, a case's page with its styles, errors and the bound on a body come from Casebook."""
    assert client.post("/api/ask", json={"question": "benefit"}).json()["found"]
    page = client.get(f"/{LINK}")
    assert page.status_code == 200
    assert 'href="/casebook/web/case.css"' in page.text
    assert client.get("/web/case.css").status_code == 200
    assert client.get("/api/nothing").json()["error"]["code"] == "not_found"
    large = client.post("/api/ask", content=b"x" * max(BODY_LIMIT + 1, 2**21))  # nginx's own: 2**20
    assert large.json()["error"]["code"] == "too_large"


def test_a_stream_is_not_held_back(
    client: httpx.Client, proxied: tuple[FakeEngine, int, Path]
) -> None:
    """The first event arrives while the engine still works."""
    engine = proxied[0]
    engine.hold = threading.Event()
    stream = {"Accept": "text/event-stream"}
    with client.stream("POST", "/api/ask", json={"question": "benefit"}, headers=stream) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: status"
        engine.hold.set()
        assert "event: answer" in list(lines)
    engine.hold = None


def test_a_session_comes_through(client: httpx.Client) -> None:
    """The form of the portal's own page is taken, and its cookie is bound to the host."""
    token = client.headers.pop("Authorization").removeprefix("Bearer ")
    assert client.get("/api/cases").status_code == 401
    answer = client.post(
        "/session",
        data={"token": token, "next": LINK},
        headers={"Origin": f"https://{NAME}:{client.base_url.port}"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/casebook/{LINK}")
    assert answer.headers["set-cookie"].startswith("__Host-casebook=")
    assert client.get("/api/cases").status_code == 200
    assert client.get(answer.url.join(answer.headers["location"])).status_code == 200


def test_what_the_proxy_says_is_believed_and_what_it_passes_on_is_not(
    client: httpx.Client, proxied: tuple[FakeEngine, int, Path]
) -> None:
    """The scheme comes from nginx; a sender's own headers change neither scheme nor host."""
    said = {
        "X-Forwarded-Proto": "http",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "proto=http;host=evil.example",
    }
    answer = client.get("/", headers=said)
    assert read_config(answer.text)["root"] == "/casebook"
    assert answer.headers["strict-transport-security"]


def test_another_name_learns_nothing(proxied: tuple[FakeEngine, int, Path]) -> None:
    """A handshake for another name ends, and a request for one inside is refused by Casebook."""
    _, port, folder = proxied
    trust = ssl.create_default_context(cafile=folder / "tls.crt")
    trust.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        pytest.raises(ssl.SSLError, match=r"(?i)unrecognized"),
    ):
        trust.wrap_socket(raw, server_hostname="evil.example")


def test_the_widget_may_be_framed_and_the_chat_not(client: httpx.Client) -> None:
    """The policies that Casebook sets arrive whole, and nginx names no version."""
    widget = client.get("/widget").headers
    assert widget["content-security-policy"].endswith("'self' https://other.example")
    assert "x-frame-options" not in widget
    chat = client.get("/").headers
    assert chat["x-frame-options"] == "SAMEORIGIN"
    assert chat["server"] == "nginx"


@pytest.mark.browser
def test_the_widget_works_on_another_site(proxied: tuple[FakeEngine, int, Path]) -> None:
    """A page of another site loads the script, opens the frame and gets a streamed answer."""
    home = f"https://{NAME}:{proxied[1]}/casebook"
    page_html = f"""<!doctype html><title>Other</title><script src="{home}/widget.js"></script>
    <script>Casebook.setToken({sign()!r})</script>"""
    # The other page comes from no address, so the browser would guard this machine's from it.
    unguarded = "--disable-features=LocalNetworkAccessChecks"
    flags = [f"--host-resolver-rules=MAP {NAME} 127.0.0.1", unguarded]
    with opening_chromium(*flags) as browser:
        context = browser.new_context(ignore_https_errors=True)
        context.route(
            "https://other.example/**",
            lambda route: route.fulfill(body=page_html, content_type="text/html"),
        )
        page = context.new_page()
        page.goto("https://other.example/")
        page.locator("casebook-widget button").first.click()
        frame = page.frame_locator("casebook-widget iframe")
        frame.locator("#question").fill("How many benefit?")
        frame.locator("#question").press("Enter")
        expect(frame.locator("blockquote > p:not(.origin)")).to_contain_text(BENEFIT)
