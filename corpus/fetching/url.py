"""Where a web address leads: taken apart, judged, and named; asks no network."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from corpus.errors import DocumentError, Message

PORTS = {"http": 80, "https": 443}
_LONGEST = 2000  # characters of an address
_LONGEST_NAME = 100  # bytes of a file stem, so that suffixes fit into what file systems take
_SHOWN = 200  # characters of an address in a message

_ODD = re.compile(r"[\s\x00-\x1f\x7f\\\ud800-\udfff]")
_USER = re.compile(r"^([a-z+.-]+://)?[^/?#]*@", re.IGNORECASE)
_SECOND = ("ac", "co", "com", "edu", "gov", "net", "org")  # of endings such as .org.cn
_LEFT_OUT = re.compile(r"(?:/index)?(?:\.[a-z][a-z0-9]{1,4})?/?$", re.IGNORECASE)  # of a path

_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
# Kept for protocols, for carrying one kind of address in the other, or for documentation; what of
# these Python calls global differs from version to version.
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")
)


@dataclass(frozen=True, slots=True)
class Place:
    """An address taken apart, in lower case and ASCII where it has to be.

    `host` is a name or an IP address without brackets; `target` the path and query as they go over
    the wire. `address` is all of it, without a fragment.
    """

    address: str
    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The host as a Host header names it: in brackets where it needs them, with an odd port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parse_address(address: str) -> Place:
    """Take an address apart; raises DocumentError where it is none that can be fetched."""
    shown = show(address)
    wrong = Message("{name}: no web address; write it as https://www.example.org/page", name=shown)
    stripped = address.strip()
    if len(stripped) > _LONGEST or _ODD.search(stripped):
        raise DocumentError(wrong)
    try:
        url = parse_url(stripped)
    except LocationParseError as error:
        raise DocumentError(wrong) from error
    if url.scheme is None:
        raise DocumentError(wrong)
    if url.scheme not in PORTS:
        raise DocumentError("{name}: not of the web; give one with https: or http:", name=shown)
    if url.auth is not None:
        raise DocumentError(
            "{name}: holds a user name as well; give the address without it", name=shown
        )
    host = (url.host or "").strip("[]")
    if not host or host.startswith(".") or "%" in host:  # %: a zone of this machine's, or no name
        raise DocumentError(wrong)
    port = PORTS[url.scheme] if url.port is None else url.port
    return Place(url._replace(fragment=None).url, url.scheme, host, port, url.request_uri)


def lead_on(place: Place, location: str) -> Place:
    """Return where a Location header leads from a place; raises DocumentError as parse_address.

    From https to http is refused: what is fetched will be quoted as this source's words, and
    anyone on the way could have put other words into it.
    """
    words = location.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        joined = urljoin(place.address, words.strip().replace(" ", "%20"))
    except ValueError:  # brackets that hold no IPv6 address
        joined = words
    after = parse_address(joined)
    if place.scheme == "https" and after.scheme == "http":
        raise DocumentError(
            "{name}: leads from https: to {address}, where others can change "
            "the text on its way; give that address itself if it shall be read",
            name=show(place.address),
            address=show(after.address),
        )
    return after


def is_public(address: str) -> bool:
    """Tell whether an IP address is a global one of one host, with no other address inside.

    Where a network translates (NAT64), an IPv4 address comes behind its well-known prefix, and is
    what is judged.
    """
    found = ipaddress.ip_address(address)
    if found in _TRANSLATED and not getattr(found, "scope_id", None):
        found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    if not found.is_global or found.is_multicast:
        return False
    if isinstance(found, ipaddress.IPv6Address) and (found.scope_id or found not in _GLOBAL_6):
        return False
    return not any(found in network for network in _SPECIAL)


def name_place(place: Place) -> str:
    """Return a file stem for what stands at a place, of its host and path: `cccme-news-123`.

    The host's `www` and its ending, the path's file suffix and `index` are left out. A stem that
    had to be cut ends in a digest of the address.
    """
    labels = place.host.removeprefix("www.").rstrip(".").split(".")
    if place.target != "/" and len(labels) > 1 and not labels[-1].isdigit():
        second = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND
        labels = labels[: -2 if second else -1]
    path, _, query = place.target.partition("?")
    words = unquote(f"{'-'.join(labels)}-{_LEFT_OUT.sub('', path)}-{query}")
    stem = _hyphenate(unicodedata.normalize("NFKC", words).lower()) or "page"
    if len(stem.encode()) <= _LONGEST_NAME:
        return stem
    digest = hashlib.sha256(place.address.encode()).hexdigest()[:8]
    return f"{_hyphenate(stem.encode()[: _LONGEST_NAME - 9].decode(errors='ignore'))}-{digest}"


def show(words: str) -> str:
    """Return an address or a stranger's words as a message may hold them: short, no password."""
    plain = "".join(c if c.isprintable() else "?" for c in words.strip()[:_LONGEST])
    return _USER.sub(r"\1", plain)[:_SHOWN]


def _hyphenate(words: str) -> str:
    return "-".join(re.findall(r"[^\W_]+", words))
