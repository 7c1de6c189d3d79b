"""url: what an address is, whether an IP address is public, what a page is called."""

from __future__ import annotations

import ipaddress
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import DocumentError
from corpus.fetching.url import Place, is_public, lead_on, name_place, parse_address, show

PRIVATE = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/10", "80::/9", "100::/8", "200::/7", "400::/6", "800::/5", "1000::/4", "64:ff9b:1::/48"),
    *("64:ff9b::a00:0/104", "64:ff9b::7f00:0/104", "64:ff9b::c0a8:0/112", "64:ff9b::e000:0/99"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1"),
)


@pytest.mark.parametrize("network", PRIVATE)
@given(data=st.data())
def test_no_address_of_a_special_network_is_public(network: str, data: st.DataObject) -> None:
    """Loopback, private, link-local, shared, multicast, reserved and wrapped ones are refused."""
    block = ipaddress.ip_network(network)
    at = data.draw(st.integers(0, block.num_addresses - 1))
    assert not is_public(str(block[at]))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1"),
        *("64:ff9b::a00:1", "2002:7f00:1::", "2001:0:1::1", "fe80::1", "fe80::1%eth0", "fd00::1"),
        *("fec0::1", "ff02::1", "2606:2800:220:1::1%eth0", "64:ff9b::808:808%eth0"),
    ],
)
def test_the_well_known_special_addresses_are_not_public(address: str) -> None:
    """Each kind by an example, the cloud's metadata service and a zone of this machine included."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "93.184.215.14", "100.63.255.255", "100.128.0.0", "172.32.0.0", "11.0.0.0"),
        *("223.255.255.255", "2606:2800:220:1::1", "2001:4860:4860::8888", "240e::1"),
        *("64:ff9b::808:808", "64:ff9b::5db8:d70e"),  # what a network that translates makes of IPv4
    ],
)
def test_global_addresses_are_public(address: str) -> None:
    """Addresses beside the special networks are global ones."""
    assert is_public(address)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("http://example.org", Place("http://example.org", "http", "example.org", 80, "/")),
        (
            " HTTPS://Example.ORG:443/a/../b?q=1#part\n",
            Place("https://example.org:443/b?q=1", "https", "example.org", 443, "/b?q=1"),
        ),
        (
            "https://中国.cn/新闻.html",
            Place(
                "https://xn--fiqs8s.cn/%E6%96%B0%E9%97%BB.html", "https", "xn--fiqs8s.cn", 443,
                "/%E6%96%B0%E9%97%BB.html",
            ),
        ),
        ("http://[2606::1]:81/", Place("http://[2606::1]:81/", "http", "2606::1", 81, "/")),
    ],
)  # fmt: skip
def test_an_address_is_taken_apart(address: str, place: Place) -> None:
    """White space around and the fragment are dropped, names and paths made ASCII."""
    assert parse_address(address) == place


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        ("http://example.org/", "example.org"),
        ("https://example.org:443/", "example.org"),
        ("https://example.org:80/", "example.org:80"),
        ("http://[2606::1]:81/", "[2606::1]:81"),
    ],
)
def test_the_host_header_names_an_odd_port(address: str, authority: str) -> None:
    """The scheme's own port is left out."""
    assert parse_address(address).authority == authority


@pytest.mark.parametrize(
    "address",
    [
        *("", " ", "water", "example.org/page", "//example.org/", "/page", "http://", "http:///x"),
        *(
            "http://.org/",
            "http://exa mple.org/",
            "http://a\tb.org/",
            "http://a.org/\0",
            "http://[",
        ),
        *("http://a.org\\@b.org/", "http://h:99999/", "http://[fe80::1%25eth0]/", "http://a%00b/"),
        *("http://\ud800.org/", "http://a.org/" + "a" * 2000, "http://[1.2.3.4]/"),
    ],
)
def test_what_is_no_address_is_told(address: str) -> None:
    """The line says how an address is written."""
    with pytest.raises(DocumentError, match="no web address; write it as https://"):
        parse_address(address)


@pytest.mark.parametrize(
    "address",
    ["ftp://a.org/x", "file:///etc/passwd", "javascript:alert(1)", "gopher://a/", "localhost:80/"],
)
def test_another_scheme_is_refused(address: str) -> None:
    """Only the web is read: no file of the machine, no other service."""
    with pytest.raises(DocumentError, match="not of the web; give one with https: or http:"):
        parse_address(address)


@pytest.mark.parametrize("start", ["http://", "https://", "", "ftp://", "mailto:"])
def test_a_password_is_refused_and_not_shown(start: str) -> None:
    """The line of an address with a user name holds neither name nor password."""
    with pytest.raises(DocumentError) as caught:
        parse_address(f"{start}ada:secret@example.org/page")
    assert "ada" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "example.org/page" in str(caught.value)


@given(words=st.text() | st.text(string.printable).map("http://".__add__))
def test_any_words_are_a_place_or_one_line(words: str) -> None:
    """Whatever is typed is an address of the web or an error whose line can be printed."""
    try:
        place = parse_address(words)
    except DocumentError as error:
        line = str(error)
        place = None
    if place is None:
        assert line.isprintable()
        return
    assert place.scheme in ("http", "https")
    assert place.target.startswith("/")
    place.target.encode("ascii")
    place.authority.encode("ascii")
    assert parse_address(place.address) == place


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("/b", "http://example.org/b"),
        ("b?c#d", "http://example.org/a/b?c"),
        ("//other.org/x", "http://other.org/x"),
        ("https://other.org", "https://other.org"),
        ("/a b", "http://example.org/a%20b"),
        ("/新闻".encode().decode("latin-1"), "http://example.org/%E6%96%B0%E9%97%BB"),
        ("/caf\xe9", "http://example.org/caf%EF%BF%BD"),
    ],
)
def test_a_location_leads_on(location: str, address: str) -> None:
    """Relative ones count from the page; a header's bytes are UTF-8, blanks are mended."""
    assert lead_on(parse_address("http://example.org/a/"), location).address == address


@pytest.mark.parametrize("location", ["http://[", "ftp://a.org/", "http://a:b@c.org/"])
def test_a_location_that_is_no_address_is_refused(location: str) -> None:
    """A server cannot lead out of the web."""
    with pytest.raises(DocumentError):
        lead_on(parse_address("http://example.org/a/"), location)


def test_no_page_leads_from_https_to_http() -> None:
    """What is quoted as a source's words may not come over a line on which others can write."""
    place = parse_address("https://example.org/")
    with pytest.raises(DocumentError, match=r"from https: to http://example\.org/b, where"):
        lead_on(place, "http://example.org/b")
    assert lead_on(place, "https://example.org/b").address == "https://example.org/b"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://www.cccme.org.cn/news/123.html", "cccme-news-123"),
        ("https://www.cccme.org.cn", "cccme-org-cn"),
        ("https://www.cccme.org.cn/index.html", "cccme"),
        ("http://en.example.org/News/index.php?id=7&x=", "en-example-news-id-7-x"),
        ("https://a.com.cn/新闻/第1期.pdf", "a-新闻-第1期"),
        ("https://a.org/%2e%2e/%2fetc/passwd%00.txt", "a-etc-passwd"),
        ("https://a.org/v1.2", "a-v1-2"),
        ("http://127.0.0.1:8000/a.txt", "127-0-0-1-a"),
        ("http://localhost/a", "localhost-a"),
        ("http://[2606::1]/a", "2606-1-a"),
        ("http://[::]/", "page"),
        ("https://readme.com/", "readme-com"),
    ],
)
def test_a_place_has_a_safe_name(address: str, name: str) -> None:
    """A stem tells host and path, in letters, digits and hyphens."""
    assert name_place(parse_address(address)) == name


def test_long_names_are_cut_and_stay_apart() -> None:
    """Two long addresses that differ at the end have two names of at most 100 bytes."""
    names = {name_place(parse_address(f"https://a.org/{'水厂' * 60}/{n}")) for n in range(2)}
    assert len(names) == 2
    assert all(len(name.encode()) <= 100 for name in names)


@given(path=st.text(max_size=300))
def test_every_name_is_safe(path: str) -> None:
    """No name holds a dot, a slash, a blank or a control character, or begins with a hyphen."""
    try:
        place = parse_address("https://example.org/" + path)
    except DocumentError:
        return
    name = name_place(place)
    assert 0 < len(name.encode()) <= 100
    assert all(character.isalnum() or character == "-" for character in name)
    assert not name.startswith("-")


def test_what_is_shown_is_short_and_printable() -> None:
    """Words of a stranger cannot clear a screen or fill it."""
    assert show(" a\x1b[2J\u202e\nb ") == "a?[2J??b"
    assert len(show("a" * 9999)) == 200
