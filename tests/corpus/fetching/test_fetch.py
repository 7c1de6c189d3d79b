"""fetch: pages are fetched from where they should, within limits, or refused in a line."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.errors import DocumentError
from corpus.fetching.fetch import LIMITS, Fetch, FetchLimits, fetch, resolve_host
from tests.web_server import (
    PUBLIC,
    Answer,
    WebServer,
    World,
    drip,
    lead,
    make_certificate,
    raw,
    say,
    serving,
)

SMALL = FetchLimits(connect=0.3, total=0.3, size=2**20, redirects=5)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.fixture
def server() -> Iterator[WebServer]:
    """A server on loopback, without pages yet."""
    with serving(WebServer()) as server:
        yield server


@pytest.fixture
def world(server: WebServer) -> World:
    """A world in which example.org is a public host at which the server answers."""
    return World(server.port, example_org=[[PUBLIC]])


def visit(
    world: World, limits: FetchLimits = LIMITS, context: ssl.SSLContext | None = None
) -> Fetch:
    """Return a visit in a world."""
    return Fetch(limits, world.resolve, world.dial, context)


def refuse(visit: Fetch, address: str, private: bool = False) -> str:
    """Return the line with which a fetch is refused."""
    with pytest.raises(DocumentError) as caught:
        visit.fetch(address, private)
    line = str(caught.value)
    assert "\n" not in line
    line.encode("utf-8")
    return line


def test_a_page_is_fetched(server: WebServer, world: World) -> None:
    """Bytes, type, address and name come back; the server is asked by name, at the checked IP."""
    server.pages["/news/1.html?a=b"] = say("水厂".encode("gbk"), kind="Text/HTML; charset=GBK")
    page = visit(world).fetch("http://example.org/news/1.html?a=b#part")
    assert page.address == "http://example.org/news/1.html?a=b"
    assert page.data == "水厂".encode("gbk")
    assert page.content_type == "text/html; charset=gbk"
    assert page.name == "example-news-1-a-b"
    assert server.asked == [("/news/1.html?a=b", "example.org")]
    assert world.dialled == [(PUBLIC, 80)]


def test_the_command_line_may_fetch_from_this_machine(server: WebServer) -> None:
    """With `private`, loopback and any port are allowed, through the function itself."""
    server.pages["/a.txt"] = say(b"words", kind="text/plain")
    page = fetch(f"http://127.0.0.1:{server.port}/a.txt", private=True)
    assert (page.data, page.content_type) == (b"words", "text/plain")
    assert server.asked == [("/a.txt", f"127.0.0.1:{server.port}")]


def test_no_proxy_of_the_environment_is_used(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would look up and connect on its own, past every check."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.pages["/"] = say()
    assert fetch(f"http://127.0.0.1:{server.port}/", private=True).data == b"<p>words</p>"


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost.", "[::1]", "0.0.0.0", "[::]", "2130706433", "0x7f.1", "127.1"),
        *("017700000001", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
        *("[::ffff:127.0.0.1]", "[::ffff:5db8:d70e]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
        *("inside.example.org", "half.example.org", "[fd00::1]"),
    ],
)
@pytest.mark.parametrize("way", ["given", "redirect"])
def test_private_addresses_are_refused(
    server: WebServer, world: World, host: str, way: str
) -> None:
    """Given or led to, in whatever writing, by number or name: no connection is made to them."""
    world.names |= {
        "localhost.": [["127.0.0.1", "::1"]],
        "inside.example.org": [["10.1.2.3"]],
        "half.example.org": [[PUBLIC, "127.0.0.1"]],
    }
    server.pages["/"] = lead(f"http://{host}/secret")
    address = f"http://{host}/secret" if way == "given" else "http://example.org/"
    line = refuse(visit(world), address)
    assert "is an address of this machine or of a private network; give a public one" in line
    assert ("http://example.org/: leads to http://" in line) == (way == "redirect")
    assert [ip for ip, _ in world.dialled] == [PUBLIC] * (way == "redirect")
    assert ("/secret", host) not in server.asked


def test_a_name_server_that_changes_its_mind_changes_nothing(
    server: WebServer, world: World
) -> None:
    """A host is looked up once, and the connection goes to what was checked."""
    world.names["example.org"] = [[PUBLIC], ["127.0.0.1"]]
    server.pages["/"] = say()
    visit(world).fetch("http://example.org/")
    assert world.looks == ["example.org"]
    assert world.dialled == [(PUBLIC, 80)]


def test_each_hop_is_checked_anew(server: WebServer, world: World) -> None:
    """The same name is looked up and judged again when a redirect leads to it."""
    world.names["example.org"] = [[PUBLIC], ["127.0.0.1"]]
    server.pages["/"] = lead("/b")
    assert "example.org is an address of this machine" in refuse(visit(world), "http://example.org")
    assert world.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize("target", ["http://127.0.0.1/b", "http://example.org:8080/b"])
def test_a_public_page_leads_to_no_private_one_even_for_the_command_line(
    server: WebServer, world: World, target: str
) -> None:
    """The editor chose the first address, not where a stranger's page leads."""
    server.pages["/"] = lead(target)
    line = refuse(visit(world), "http://example.org/", private=True)
    assert line.startswith("http://example.org/: leads to ")
    assert len(world.dialled) == 1


def test_a_private_page_leads_to_another_for_the_command_line(server: WebServer) -> None:
    """Within the editor's own network redirects work as elsewhere."""
    server.pages |= {"/": lead("/b"), "/b": say(b"there")}
    assert fetch(f"http://127.0.0.1:{server.port}/", private=True).data == b"there"


def test_other_ports_are_refused(world: World) -> None:
    """A web address must not reach another service of a host."""
    for port in (22, 25, 8080):
        assert "only 80 and 443" in refuse(visit(world), f"http://example.org:{port}/")
    assert world.looks == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: WebServer, world: World, status: int) -> None:
    """The page's address and name are those at the end."""
    server.pages |= {"/": lead("a/1", status), "/a/1": lead("../b", status), "/b": say(b"there")}
    page = visit(world).fetch("http://example.org/")
    assert (page.address, page.name, page.data) == ("http://example.org/b", "example-b", b"there")


def test_five_redirects_are_followed_and_no_more(server: WebServer, world: World) -> None:
    """A chain of five ends well, one of six and a circle do not."""
    server.pages |= {f"/{number}": lead(f"/{number + 1}") for number in range(6)}
    server.pages |= {"/6": say(), "/circle": lead("/circle")}
    assert visit(world).fetch("http://example.org/1").address == "http://example.org/6"
    assert "leads on more than 5 times" in refuse(visit(world), "http://example.org/0")
    server.asked.clear()
    assert "leads on more than 5 times" in refuse(visit(world), "http://example.org/circle")
    assert len(server.asked) == 6


@pytest.mark.parametrize("location", ["http://[", "ftp://a.org/", "file:///etc/passwd", "http://"])
def test_a_redirect_to_nothing_is_told(server: WebServer, world: World, location: str) -> None:
    """Where a server leads to nothing that can be fetched, that is one line."""
    server.pages["/"] = lead(location)
    refuse(visit(world), "http://example.org/")


@pytest.mark.parametrize(
    ("status", "mend"),
    [
        (404, "check the address"),
        (410, "check the address"),
        (401, "save the page"),
        (403, "save the page"),
        (429, "try again later"),
        (500, "try again later"),
        (503, "try again later"),
        (302, "try again later"),
        (304, "try again later"),
        (204, "try again later"),
        (206, "try again later"),
    ],
)
def test_a_status_that_is_no_page_is_told(
    server: WebServer, world: World, status: int, mend: str
) -> None:
    """The line has the number and what to do; a redirect to nowhere is one of them."""
    server.pages["/"] = say(b"", status)
    line = refuse(visit(world), "http://example.org/")
    assert f"http://example.org/: the server answers {status}; {mend}" in line


@pytest.mark.parametrize(
    "kind",
    [
        *("text/html", "TEXT/HTML ; charset=utf-8", "application/xhtml+xml", "text/plain"),
        *("text/markdown", "text/x-markdown", "application/pdf", "application/octet-stream", ""),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        *("application/x-pdf", "application/force-download", "application/msword"),
        *("multipart/related", "message/rfc822"),
    ],
)
def test_pages_texts_and_documents_are_taken(server: WebServer, world: World, kind: str) -> None:
    """What a reader may know is taken; what the server does not name is left to the readers."""
    server.pages["/"] = say(kind=kind)
    assert visit(world).fetch("http://example.org/").content_type == kind.lower()


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "image/png",
            "video/mp4",
            "application/zip",
            "application/json",
            "text/css",
            "audio/mpeg",
        ),
        *("application/x-msdownload", "text", "\x1b[2J", "a" * 9999, "text/html, image/png"),
    ],
)
def test_what_is_no_page_is_refused(server: WebServer, world: World, kind: str) -> None:
    """Images, videos, archives and nonsense are told by name, shortened and printable."""
    server.pages["/"] = say(kind=kind)
    line = refuse(visit(world), "http://example.org/")
    assert "and no page; give the address of a web page" in line
    assert line.isprintable()
    assert len(line) < 500


def test_an_unknown_host_is_told() -> None:
    """The system's own look-up says so too, for a label that no name can have."""

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    line = refuse(Fetch(resolve=unknown), "https://no.such.example/")
    assert "no host no.such.example is known; check the address and the network" in line
    assert "is known" in refuse(Fetch(), f"https://{'a' * 70}.example/")


def test_numbers_are_hosts_as_the_system_reads_them() -> None:
    """The look-up of the system turns every writing of an IP address into the plain one."""
    assert set(resolve_host("2130706433", 80)) == {"127.0.0.1"}
    assert set(resolve_host("0x7f.1", 80)) == {"127.0.0.1"}
    assert "an address of this machine" in refuse(Fetch(), "http://2130706433/")


def test_a_refused_connection_is_told() -> None:
    """Nothing listens there: the system's reason stands in the line."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = refuse(Fetch(), f"http://127.0.0.1:{port}/", private=True)
    assert "cannot be fetched (Connection refused); check the address" in line


def test_the_next_address_of_a_host_is_tried(server: WebServer, world: World) -> None:
    """A host with one dead address is reached at the other, and told as dead where both are."""
    other = "2606:2800:220:1::1"
    world.names["example.org"] = [[other, PUBLIC]]
    world.dead = {other}
    server.pages["/"] = say()
    visit(world).fetch("http://example.org/")
    assert world.dialled == [(other, 80), (PUBLIC, 80)]
    world.dead.add(PUBLIC)
    assert "cannot be fetched (Connection refused)" in refuse(visit(world), "http://example.org/")


@pytest.mark.parametrize(
    "answer",
    [
        drip(b"", b"H"),
        drip(OK, b"X-Drip: 1\r\n"),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(OK + b"\r\n", b"x"),
        drip(OK + b"Content-Length: 99999\r\n\r\n", b"x"),
        drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: 1\r\n"),
    ],
    ids=["status", "headers", "continue", "body", "length", "chunks", "trailers"],
)
def test_a_server_that_drips_is_left_on_time(
    server: WebServer, world: World, answer: Answer
) -> None:
    """Bytes that keep coming do not keep the fetch: it ends, and its connection with it."""
    server.pages["/"] = answer
    line = refuse(visit(world, SMALL), "http://example.org/")
    assert "takes more than 0.3 seconds; try again later" in line
    assert server.cut.wait(60)


def test_a_server_that_says_nothing_is_left_on_time(server: WebServer, world: World) -> None:
    """An open connection without a word is slow, not an error of the network."""
    server.pages["/"] = drip(b"", b"", pause=10)
    assert "takes more than 0.3 seconds" in refuse(visit(world, SMALL), "http://example.org/")


def test_a_name_server_that_says_nothing_is_left_on_time() -> None:
    """The time in all holds for the look-up too, and nothing is sent after it."""
    answered = threading.Event()
    ours, theirs = socket.socketpair()

    def resolve(host: str, port: int) -> list[str]:
        answered.wait(60)
        return [PUBLIC]

    line = refuse(Fetch(SMALL, resolve, lambda *_: ours), "http://example.org/")
    assert "takes more than 0.3 seconds" in line
    answered.set()
    with theirs:
        assert theirs.recv(1) == b""


def test_a_connection_that_is_not_taken_is_told(world: World) -> None:
    """The time to connect is a limit of its own."""

    def dial(address: tuple[str, int], seconds: float) -> socket.socket:
        assert seconds == LIMITS.connect
        raise TimeoutError("timed out")

    line = refuse(Fetch(resolve=world.resolve, dial=dial), "http://example.org/")
    assert "no answer within 10 seconds; check the address" in line


@pytest.mark.parametrize(
    "opening",
    [OK + b"\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"],
    ids=["unbounded", "chunked"],
)
def test_an_endless_body_is_cut(server: WebServer, world: World, opening: bytes) -> None:
    """More than the limit is refused as soon as it is read, and the connection ends."""
    piece = b"10000\r\n" + bytes(2**16) + b"\r\n" if b"chunked" in opening else bytes(2**16)
    server.pages["/"] = drip(opening, piece, pause=0)
    limits = FetchLimits(size=2**20)
    assert "more than 1 MiB; add a file" in refuse(visit(world, limits), "http://example.org/")
    assert server.cut.wait(60)


def test_a_body_of_just_the_limit_is_taken(server: WebServer, world: World) -> None:
    """The limit itself is allowed, one byte more is not."""
    server.pages |= {"/a": say(bytes(2**20)), "/b": say(bytes(2**20 + 1))}
    assert len(visit(world, FetchLimits(size=2**20)).fetch("http://example.org/a").data) == 2**20
    assert "more than 1 MiB" in refuse(
        visit(world, FetchLimits(size=2**20)), "http://example.org/b"
    )


def test_a_packed_page_is_unpacked(server: WebServer, world: World) -> None:
    """What a server packed comes back as it was."""
    server.pages["/"] = say(gzip.compress(b"words" * 9999), Content_Encoding="gzip")
    assert visit(world).fetch("http://example.org/").data == b"words" * 9999


@pytest.mark.parametrize(
    ("packed", "packing"),
    [
        (zlib.compress(b"words" * 9999), "deflate"),
        (zlib.compress(b"words" * 9999, wbits=-15), "deflate"),
        (gzip.compress(b"words" * 5000) + gzip.compress(b"words" * 4999), "x-gzip"),
        (gzip.compress(b"words" * 9999) + b"trailing", "gzip"),
    ],
)
def test_what_servers_mean_by_packing_is_unpacked(
    server: WebServer, world: World, packed: bytes, packing: str
) -> None:
    """Bare deflate, several members and what trails behind are read as browsers read them."""
    server.pages["/"] = say(packed, Content_Encoding=packing)
    assert visit(world).fetch("http://example.org/").data == b"words" * 9999


def test_a_page_that_leads_on_is_followed(server: WebServer, world: World) -> None:
    """A page that only leads on is a redirect, checked and counted as one; one with text is not."""
    there = b'<meta http-equiv="Refresh" content="0; URL=/there"><p>Go on.</p>'
    round_and_round = b'<meta http-equiv=refresh content="0;url=/round">'
    private = b'<meta http-equiv=refresh content="0;url=http://127.0.0.1/">'
    full = there + b"<p>" + b"The page has words of its own. " * 20
    server.pages |= {
        "/": say(there), "/there": say(b"<p>words</p>"), "/round": say(round_and_round),
        "/private": say(private), "/full": say(full),
    }  # fmt: skip
    assert visit(world).fetch("http://example.org/").address == "http://example.org/there"
    assert visit(world).fetch("http://example.org/full").data == full
    assert "leads on more than" in refuse(visit(world), "http://example.org/round")
    assert "leads to http://127.0.0.1/" in refuse(visit(world), "http://example.org/private")


def test_a_bomb_is_not_unpacked(server: WebServer, world: World) -> None:
    """A small body that unpacks to 64 MiB is refused without ever holding that much."""
    server.pages["/"] = say(gzip.compress(bytes(2**26), 1), Content_Encoding="gzip")
    tracemalloc.start()
    try:
        line = refuse(visit(world, FetchLimits(size=2**20)), "http://example.org/")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "more than 1 MiB" in line
    assert peak < 2**23


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip", "compress", "x" * 999])
def test_another_packing_is_refused(server: WebServer, world: World, packing: str) -> None:
    """What was not asked for is not guessed at."""
    server.pages["/"] = say(Content_Encoding=packing)
    assert "which is not read; save the page" in refuse(visit(world), "http://example.org/")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (say(b"no gzip", Content_Encoding="gzip"), "cannot be unpacked"),
        (
            say(gzip.compress(b"words" * 9999)[:60], Content_Encoding="gzip"),
            "breaks off before its",
        ),
        (say(zlib.compress(b"words" * 9999)[:60], Content_Encoding="deflate"), "breaks off before"),
        (say(b"", Content_Encoding="gzip"), "breaks off before its end"),
        (raw(OK + b"Content-Length: 99\r\n\r\nhalf"), "breaks off before its end"),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf"), "breaks off before its end"),
        (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nhalf\r\n"), "breaks off before its end"),
        (raw(), "cannot be fetched"),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "cannot be fetched"),
        (raw(OK + b"X: " + b"x" * 99999 + b"\r\n\r\n"), "cannot be fetched"),
        (raw(OK + b"X: x\r\n" * 200 + b"\r\n"), "cannot be fetched"),
        (raw(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "breaks off"),
    ],
    ids=[
        "gzip",
        "cut",
        "deflate",
        "none",
        "length",
        "chunk",
        "size",
        "nothing",
        "ssh",
        "line",
        "headers",
        "lengths",
    ],
)
def test_a_broken_answer_is_told(
    server: WebServer, world: World, answer: Answer, words: str
) -> None:
    """Half a page is never taken for a whole one, and noise is no page."""
    server.pages["/"] = answer
    line = refuse(visit(world), "http://example.org/")
    assert words in line
    assert line.isprintable()
    assert len(line) < 500


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Certificates by what they are for: a host, an IP address, and one that is over."""
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "over").mkdir()
    return {
        "example.org": make_certificate(folder, "example.org"),
        PUBLIC: make_certificate(folder, PUBLIC),
        "over": make_certificate(folder / "over", "example.org", days=-1),
    }


def secure(path: Path) -> ssl.SSLContext:
    """Return what a server needs to answer with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("host", ["example.org", "example.org.", PUBLIC])
def test_a_page_comes_over_tls(certificates: dict[str, Path], host: str) -> None:
    """The certificate is checked for the host that was asked, the connection goes to its IP."""
    path = certificates[host.rstrip(".")]
    context = secure(path)
    named: list[str | None] = []
    context.sni_callback = lambda _, name, __: named.append(name)
    with serving(WebServer(), context) as server:
        world = World(server.port, example_org=[[PUBLIC]])
        world.names["example.org."] = [[PUBLIC]]
        server.pages["/"] = say()
        trust = ssl.create_default_context(cafile=path)
        page = visit(world, context=trust).fetch(f"https://{host}/")
    assert page.data == b"<p>words</p>"
    assert world.dialled == [(PUBLIC, 443)]
    assert named == [None if host == PUBLIC else "example.org"]


@pytest.mark.parametrize(
    ("shown", "trusted", "host", "reason"),
    [
        ("example.org", "", "example.org", "self-signed certificate"),
        ("example.org", "example.org", "other.org", "Hostname mismatch"),
        ("example.org", "example.org", PUBLIC, "IP address mismatch"),
        ("over", "over", "example.org", "certificate has expired"),
    ],
)
def test_a_wrong_certificate_is_refused(
    certificates: dict[str, Path], shown: str, trusted: str, host: str, reason: str
) -> None:
    """Not trusted, for another host, or over: the page is not read, and the line says why."""
    with serving(WebServer(), secure(certificates[shown])) as server:
        world = World(server.port, example_org=[[PUBLIC]], other_org=[[PUBLIC]])
        server.pages["/"] = say()
        trust = ssl.create_default_context(cafile=certificates.get(trusted))
        line = refuse(visit(world, context=trust), f"https://{host}/")
    assert f"https://{host}/: its certificate does not hold for {host}" in line
    assert reason in line
    assert server.asked == []


def test_a_server_without_tls_is_told(server: WebServer, world: World) -> None:
    """https to a plain server is one line, not a hang."""
    assert "cannot be fetched" in refuse(visit(world), "https://example.org/")


def test_tls_that_never_begins_is_left_on_time(world: World) -> None:
    """A server that takes the connection and keeps silent costs the limit and no more."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        world.port = silent.getsockname()[1]
        line = refuse(visit(world, FetchLimits(connect=0.2, total=5)), "https://example.org/")
    assert "no answer within 0.2 seconds" in line


def test_a_drip_over_tls_is_left_on_time(certificates: dict[str, Path]) -> None:
    """The time in all holds over TLS as well, and the connection ends."""
    path = certificates["example.org"]
    with serving(WebServer(), secure(path)) as server:
        world = World(server.port, example_org=[[PUBLIC]])
        server.pages["/"] = drip(OK + b"\r\n", b"x")
        trust = ssl.create_default_context(cafile=path)
        line = refuse(visit(world, SMALL, trust), "https://example.org/")
        assert "takes more than 0.3 seconds" in line
        assert server.cut.wait(60)


def test_no_page_leads_from_https_to_http(certificates: dict[str, Path]) -> None:
    """The page behind such a redirect is not asked for."""
    path = certificates["example.org"]
    with serving(WebServer(), secure(path)) as server:
        world = World(server.port, example_org=[[PUBLIC]])
        server.pages["/"] = lead("http://example.org/b")
        trust = ssl.create_default_context(cafile=path)
        line = refuse(visit(world, context=trust), "https://example.org/")
    assert "leads from https: to http://example.org/b" in line
    assert world.dialled == [(PUBLIC, 443)]


def test_a_stranger_in_the_code_is_not_hidden(world: World) -> None:
    """An error that is not the page's reaches the caller as it is."""

    def dial(address: tuple[str, int], seconds: float) -> socket.socket:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Fetch(resolve=world.resolve, dial=dial).fetch("http://example.org/")
