"""A web address to the bytes behind it, for the editor.

An address, its name server and its server are hostile. For each hop the host is looked up once,
every IP address found has to be global, and the connection goes to one that was checked, so a name
server that changes its mind changes nothing; Host header and certificate check still go by the
name. Redirects are followed by hand and checked as the first address was. One thread does the work
and the caller waits for it, so the time in all holds against a server that drips bytes.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import Message as Headers
from http.client import HTTPException

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from corpus.errors import DocumentError, Message, PackingError
from corpus.fetching.packing import PACKINGS, unpack
from corpus.fetching.url import PORTS, Place, is_public, lead_on, name_place, parse_address, show
from corpus.readers.web.refusals import find_onward

_PIECE = 64 * 2**10  # bytes read at a time
_HEADERS = {
    "User-Agent": "Casebook",
    "Accept": "text/html, application/xhtml+xml, application/pdf, text/plain;q=0.9, */*;q=0.5",
    "Accept-Encoding": "gzip",
    "Connection": "close",
}
_MEDIA = (
    "",
    "text/html",
    "application/xhtml+xml",
    "text/plain",
    "text/markdown",
    "text/x-markdown",
    "text/xml",
    "application/xml",
    "application/pdf",
    "application/x-pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/octet-stream",
    "binary/octet-stream",
    "application/force-download",
    "application/x-force-download",
    "application/x-download",
    "application/download",
    "multipart/related",
    "message/rfc822",
    "application/x-mimearchive",
)  # what it is, is decided by its content
_CHECK, _LATER = Message("check the address"), Message("try again later")
_SAVE = Message("save the page in a browser and add the file")
_MENDS = {401: _SAVE, 403: _SAVE, 404: _CHECK, 410: _CHECK}  # of statuses; the others: later

Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[tuple[str, int], float], socket.socket]


@dataclass(frozen=True, slots=True)
class Page:
    """What stood at a web address.

    `address` is the final one, behind all redirects and without a fragment; `data` the body,
    unpacked; `content_type` the header in lower case with its parameters, such as
    `text/html; charset=gbk`, or empty. `name` is a file stem made from the address: letters, digits
    and hyphens, the same for the same address.
    """

    address: str
    data: bytes
    content_type: str
    name: str

    @property
    def charset(self) -> str:
        """The encoding that the server says the body has, empty where it does not say."""
        message = Headers()
        message["Content-Type"] = self.content_type
        return message.get_content_charset("")


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Seconds to connect to each of a host's addresses, seconds in all, bytes, redirects."""

    connect: float = 10.0
    total: float = 30.0
    size: int = 32 * 2**20
    redirects: int = 5


LIMITS = FetchLimits()


def fetch(address: str, private: bool = False) -> Page:
    """Fetch the page at a web address.

    `private` is for the command line, where the editor sits at the machine: private addresses and
    any port are allowed then, unless a public page leads there. Raises DocumentError, naming the
    address and the mend, for whatever is no page that can be read.
    """
    return Fetch().fetch(address, private)


def resolve_host(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host as the system knows them, the preferred first."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Fetch:
    """One fetch, made in a thread of its own so that the caller can leave it on time.

    The arguments are seams for the tests: limits, how a host is looked up, how a connection to an
    IP address is made, and what a certificate is checked with.
    """

    def __init__(
        self,
        limits: FetchLimits = LIMITS,
        resolve: Resolve = resolve_host,
        dial: Dial = socket.create_connection,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Take the limits and the seams."""
        self._limits = limits
        self._resolve = resolve
        self._dial = dial
        self._context = context
        self._socket: socket.socket | None = None
        self._left = threading.Event()

    def fetch(self, address: str, private: bool = False) -> Page:
        """Fetch one page; see the function of this name."""
        done: Future[Page] = Future()
        threading.Thread(target=self._work, args=(done, address, private), daemon=True).start()
        try:
            return done.result(self._limits.total)
        except TimeoutError as error:
            raise DocumentError(
                "{name}: takes more than {seconds} seconds; {later}, or {save}",
                name=show(address),
                seconds=f"{self._limits.total:g}",
                later=_LATER,
                save=_SAVE,
            ) from error
        finally:
            self._leave()

    def _leave(self) -> None:
        """End what the thread is at: a read that is fed byte by byte has no other end."""
        self._left.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _work(self, done: Future[Page], address: str, private: bool) -> None:
        try:
            done.set_result(self._follow(address, private))
        except BaseException as error:  # noqa: BLE001 - raised where the page is waited for
            done.set_exception(error)

    def _follow(self, address: str, private: bool) -> Page:
        place = parse_address(address)
        first = show(place.address)
        for hop in range(self._limits.redirects + 1):
            try:
                found = self._look_up(place, private)
                # Where a public page leads on to is not the editor's own choice.
                private = private and not all(map(is_public, found))
                page = self._get(place, found)
            except DocumentError as error:
                if hop:
                    raise DocumentError(
                        "{name}: leads to {error}", name=first, error=error
                    ) from error
                raise
            onward = find_onward(page.data) if isinstance(page, Page) else ""
            if isinstance(page, Page) and not onward:
                return page
            place = lead_on(place, onward) if isinstance(page, Page) else page
        raise DocumentError(
            "{name}: leads on more than {redirects} times; give the address it ends at, or {save}",
            name=first,
            redirects=self._limits.redirects,
            save=_SAVE,
        )

    def _look_up(self, place: Place, private: bool) -> Sequence[str]:
        """Return the addresses of a place's host; raises DocumentError where one is not allowed."""
        shown = show(place.address)
        if not private and place.port not in PORTS.values():
            raise DocumentError(
                "{name}: port {port}, and only 80 and 443 are read; {save}",
                name=shown,
                port=place.port,
                save=_SAVE,
            )
        try:
            found = self._resolve(place.host, place.port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that no name can have
            raise DocumentError(
                "{name}: no host {host} is known; {check} and the network",
                name=shown,
                host=show(place.host),
                check=_CHECK,
            ) from error
        if not private and not all(map(is_public, found)):
            raise DocumentError(
                "{name}: {host} is an address of this machine or of a private "
                "network; give a public one, or {save}",
                name=shown,
                host=show(place.host),
                save=_SAVE,
            )
        return found

    def _get(self, place: Place, found: Sequence[str]) -> Page | Place:
        """Return the page at a place, or the place that it leads on to."""
        shown = show(place.address)
        try:
            # The caller leaves first; this is for a thread that it could not reach.
            with closing(HTTPConnection(place.host, timeout=2 * self._limits.total)) as connection:
                self._connect(connection, place, found)
                headers = {"Host": place.authority, **_HEADERS}
                connection.request("GET", place.target, headers=headers, preload_content=False)
                with closing(connection.getresponse()) as response:
                    onward = response.get_redirect_location()
                    if onward:
                        return lead_on(place, onward)
                    kind = _check_response(response, shown)
                    return Page(place.address, self._read(response, shown), kind, name_place(place))
        except ssl.SSLCertVerificationError as error:
            raise DocumentError(
                "{name}: its certificate does not hold for {host} ({reason}); {check}, or {save}",
                name=shown,
                host=show(place.host),
                reason=error.verify_message,
                check=_CHECK,
                save=_SAVE,
            ) from error
        except TimeoutError as error:
            raise DocumentError(
                "{name}: no answer within {seconds} seconds; {check}, or {later}",
                name=shown,
                seconds=f"{self._limits.connect:g}",
                check=_CHECK,
                later=_LATER,
            ) from error
        except PackingError as error:
            raise DocumentError(
                "{name}: {error}; {later}, or {save}",
                name=shown,
                error=error,
                later=_LATER,
                save=_SAVE,
            ) from error
        except HTTPError as error:
            raise DocumentError(
                "{name}: breaks off before its end; {later}", name=shown, later=_LATER
            ) from error
        except (OSError, HTTPException, ValueError) as error:
            reason = show(getattr(error, "strerror", None) or str(error)) or type(error).__name__
            raise DocumentError(
                "{name}: cannot be fetched ({reason}); {check}, or {later}",
                name=shown,
                reason=reason,
                check=_CHECK,
                later=_LATER,
            ) from error

    def _connect(self, connection: HTTPConnection, place: Place, found: Sequence[str]) -> None:
        """Connect to the first of the IP addresses that takes the connection, and to no other."""
        connection.auto_open = 0  # never looks the host up again
        for number, address in enumerate(found, 1):
            try:
                dialled = self._dial((address, place.port), self._limits.connect)
                break
            except OSError:
                if number == len(found):
                    raise
        connection.sock = self._hold(dialled)
        if place.scheme == "https":
            context = self._context or ssl.create_default_context()
            name = place.host.rstrip(".")
            connection.sock = self._hold(context.wrap_socket(dialled, server_hostname=name))

    def _hold(self, connected: socket.socket) -> socket.socket:
        """Keep what `_leave` shuts down, unless the caller left in the meantime."""
        self._socket = connected
        if self._left.is_set():
            connected.close()
            raise TimeoutError
        return connected

    def _read(self, response: HTTPResponse, shown: str) -> bytes:
        """Return the body unpacked, piece by piece, so that a small one cannot become huge."""
        data = bytearray()
        packed = iter(lambda: response.read(_PIECE, decode_content=False), b"")
        for piece in unpack(packed, _find_packing(response)):
            data += piece
            if len(data) > self._limits.size:
                raise DocumentError(
                    "{name}: more than {size} MiB; add a file of the part that matters",
                    name=shown,
                    size=f"{self._limits.size / 2**20:g}",
                )
        return bytes(data)


def _find_packing(response: HTTPResponse) -> str:
    return response.headers.get("Content-Encoding", "").strip().lower()


def _check_response(response: HTTPResponse, shown: str) -> str:
    """Return a response's content type; raises DocumentError unless it carries a page."""
    status = response.status
    if status != 200:
        mend = _MENDS.get(status, Message("{later}, or {save}", later=_LATER, save=_SAVE))
        raise DocumentError(
            "{name}: the server answers {status}; {mend}", name=shown, status=status, mend=mend
        )
    kind = response.headers.get("Content-Type", "").strip().lower()
    if kind.partition(";")[0].strip() not in _MEDIA:
        raise DocumentError(
            "{name}: is {kind} and no page; give the address of a web page, a "
            "text, a PDF or a DOCX",
            name=shown,
            kind=show(kind),
        )
    packing = _find_packing(response)
    if packing not in PACKINGS:
        raise DocumentError(
            "{name}: packed as {packing}, which is not read; {save}",
            name=shown,
            packing=show(packing),
            save=_SAVE,
        )
    return kind
