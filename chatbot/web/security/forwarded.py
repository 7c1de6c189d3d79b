"""Who sent a request, and to which name: what of it can be believed.

A proxy's word counts only if its address is trusted. Headers that speak for a sender go no further
than this, whoever wrote them: Gradio would believe them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SPEAKS_FOR = (b"x-forwarded-", b"forwarded", b"x-real-ip", b"x-gradio-server")
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9_][a-z0-9._-]*))(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Peer:
    """The sender: its IP address (or what the socket calls it) and the scheme it used.

    `proxied`: a trusted proxy passed the request on. `local`: it came straight from this machine.
    """

    address: str
    scheme: str
    proxied: bool
    local: bool


def read_peer(scope: Scope, trusted: Sequence[Network]) -> Peer:
    """Return who sent a request, by its socket and what trusted proxies say.

    Of `X-Forwarded-For` the right-most address that is no trusted proxy counts; where all are, the
    left-most. An entry that is no address ends the reading. `Forwarded` is never read.
    """
    address = (scope.get("client") or ("", 0))[0]
    headers = Headers(scope=scope)
    nearest = _read_address(address)
    direct = not any(name.startswith(_SPEAKS_FOR) for name, _ in scope["headers"])
    if nearest is None or not _is_among(nearest, trusted):
        local = nearest is not None and nearest.is_loopback and direct
        return Peer(str(nearest or address), scope["scheme"], False, local)
    for entry in reversed(",".join(headers.getlist("x-forwarded-for")).split(",")):
        further = _read_address(entry.strip())
        if further is None:
            break
        nearest = further
        if not _is_among(nearest, trusted):
            break
    said = headers.get("x-forwarded-proto", "").strip().lower()
    scheme = said if said in ("http", "https") else scope["scheme"]
    return Peer(str(nearest), scheme, True, direct and nearest.is_loopback)


def name_network(address: str) -> str:
    """Return what counts as one sender: an IPv4 address, of IPv6 the /64 that one site has."""
    found = _read_address(address)
    if found is None:
        return address
    if found.version == 6:
        return str(ipaddress.IPv6Network((int(found), 64), strict=False))
    return str(found)


def is_among(address: str, networks: Sequence[Network]) -> bool:
    """Tell whether an address is in one of the networks."""
    found = _read_address(address)
    return found is not None and _is_among(found, networks)


def drop_claims(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return a request's headers without those that speak for its sender."""
    return [pair for pair in headers if not pair[0].startswith(_SPEAKS_FOR)]


def read_host(header: str) -> str | None:
    """Return the name in a Host header: lower case, without port, brackets and last dot.

    None where it says more, or less, than a name and a port; an empty header names nothing.
    """
    header = header.strip().lower()
    found = _HOST.fullmatch(header)
    if not found:
        return None if header else ""
    return found[1] or found[2].rstrip(".")


def knows_host(host: str | None, names: Sequence[str], proxied: bool) -> bool:
    """Tell whether Casebook answers to a name that `read_host` gave.

    A page that makes its own name resolve to this machine, to read it with a visitor's browser,
    sends that name: names have to be listed. Where none is, a trusted proxy chooses. An address
    cannot be made to resolve, and HTTP/1.0 may name nothing.
    """
    if host is None:
        return False
    if not host or host == "localhost" or host.endswith(".localhost") or _read_address(host):
        return True
    return host in names if names else proxied


def _read_address(text: str) -> Address | None:
    """Return an IP address, with or without a port; None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_among(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
