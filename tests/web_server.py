"""A web server on loopback that says what a test wants, and a world of names that leads to it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PUBLIC = "93.184.215.14"  # a global address; nothing connects to it, see World.dial


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the server's page of that path."""

    protocol_version = "HTTP/1.1"
    server: WebServer

    def do_GET(self) -> None:
        """Note the request and let the page answer it."""
        self.close_connection = True
        self.server.asked.append((self.path, self.headers.get("Host", "")))
        self.server.pages.get(self.path, missing)(self)

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


Answer = Callable[[Handler], None]


class WebServer(ThreadingHTTPServer):
    """Pages by path; `asked` notes path and Host header of each request, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        """Take a free port."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []
        self.stop = threading.Event()  # ends pages that have no end
        self.cut = threading.Event()  # such a page found its reader gone

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.server_port

    def handle_error(self, *arguments: object) -> None:
        """A reader that leaves in the middle is what many tests are about."""


def say(
    body: bytes = b"<p>words</p>", status: int = 200, kind: str = "text/html", **headers: str
) -> Answer:
    """Return a page of one body; an underscore in a header's name stands for a hyphen."""

    def answer(handler: Handler) -> None:
        handler.send_response(status)
        if kind:
            handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def lead(location: str, status: int = 302) -> Answer:
    """Return a page that leads on to another."""
    return say(b"", status, Location=location)


def raw(*pieces: bytes) -> Answer:
    """Return a page that writes these bytes over the connection and ends it."""

    def answer(handler: Handler) -> None:
        for piece in pieces:
            handler.wfile.write(piece)

    return answer


def drip(opening: bytes, piece: bytes, pause: float = 0.02) -> Answer:
    """Return a page that writes its opening, then a piece after each pause, for ever."""

    def answer(handler: Handler) -> None:
        try:
            handler.wfile.write(opening)
            while not handler.server.stop.wait(pause):
                handler.wfile.write(piece)
        except OSError:
            handler.server.cut.set()

    return answer


missing = say(b"", 404)


@contextmanager
def serving(server: WebServer, context: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    """Serve until the block ends, over TLS where a context is given."""
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        server.shutdown()
        thread.join(60)
        server.server_close()


class World:
    """Name servers and routes: what each look at a name answers, and where connections end.

    The last answer stays. `looks` and `dialled` note what was asked, in order. A connection to any
    address ends at `port` of loopback, but at the addresses in `dead`, which refuse it.
    """

    def __init__(self, port: int, **names: list[list[str]]) -> None:
        """Take the port and the answers; an underscore in a name stands for a dot."""
        self.port = port
        self.names = {name.replace("_", "."): list(answers) for name, answers in names.items()}
        self.dead: set[str] = set()
        self.looks: list[str] = []
        self.dialled: list[tuple[str, int]] = []

    def resolve(self, host: str, port: int) -> list[str]:
        """Answer from the names; an IP address in any writing is what the system makes of it."""
        self.looks.append(host)
        if host in self.names:
            answers = self.names[host]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(entry[4][0]) for entry in found]

    def dial(self, address: tuple[str, int], seconds: float) -> socket.socket:
        """Note the address and connect to the server."""
        self.dialled.append(address)
        if address[0] in self.dead:
            raise ConnectionRefusedError(111, "Connection refused")
        return socket.create_connection(("127.0.0.1", self.port), seconds)


def find_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def listens(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def make_certificate(folder: Path, host: str, days: int = 1) -> Path:
    """Write a self-signed certificate for a host, and its key, valid until `days` from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    try:
        known: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        known = x509.DNSName(host)
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([known]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
