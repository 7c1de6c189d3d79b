"""Files that are the same for everybody: compressed, kept by browsers, asked for again cheaply."""

from __future__ import annotations

import gzip
import re

import httpx
import pytest

from chatbot.web.static_files import accepts_gzip
from tests.fakes import FakeEngine

PATHS = ["/widget.js", "/widget", "/widget/000000000000/frame.js", "/web/chat.js", "/favicon.ico"]


@pytest.mark.parametrize("path", PATHS)
def test_a_file_comes_compressed_or_plain(plain_client: httpx.Client, path: str) -> None:
    """Both have the same bytes in the end, each its own tag, and caches are told of the two."""
    plain = plain_client.get(path, headers={"Accept-Encoding": "identity"})
    with plain_client.stream("GET", path, headers={"Accept-Encoding": "br, gzip"}) as packed:
        sent = b"".join(packed.iter_raw())
    head = plain_client.head(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(sent) == plain.content
    assert len(sent) < len(plain.content)
    for answer in (plain, packed):
        assert "accept-encoding" in re.split(r",\s*", answer.headers["vary"].lower())
    assert plain.headers["etag"] != packed.headers["etag"]
    assert plain.headers["cache-control"] == packed.headers["cache-control"]
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == packed.headers["etag"]
    assert int(head.headers["content-length"]) == len(sent)


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_is_known_is_not_sent_again(plain_client: httpx.Client, path: str) -> None:
    """The tag of what a browser has, and of nothing else, is answered with 304 and headers."""
    for encoding in ("identity", "gzip"):
        given = {"Accept-Encoding": encoding}
        first = plain_client.get(path, headers=given)
        tag = first.headers["etag"]
        for known in (tag, f'"other", W/{tag}', "*"):
            again = plain_client.get(path, headers={**given, "If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "cache-control", "vary", "content-security-policy"):
                assert again.headers[name] == first.headers[name]
        assert plain_client.get(path, headers={**given, "If-None-Match": '"x"'}).status_code == 200


def test_nothing_else_is_compressed(plain_client: httpx.Client) -> None:
    """Answers, cases and keys come plain: beside a secret, a length would tell."""
    plain_client.headers["Accept-Encoding"] = "gzip, br, zstd"
    asked = plain_client.post("/api/ask", json={"question": "benefit?"})
    case = FakeEngine().entry.cases[0].id
    for answer in (asked, *map(plain_client.get, ("/api/cases", f"/cases/{case}", "/widget/key"))):
        assert answer.status_code == 200
        assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("path", ["/web/chat.html", "/web/nothing.js", "/web/..%2fapi.py"])
def test_no_other_file_is_there(plain_client: httpx.Client, path: str) -> None:
    """Templates, code and whatever is not there are 404."""
    assert plain_client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True), ("GZIP;q=0.2", True), ("deflate, gzip ; q=1.0, br", True), ("*", True),
        ("", False), ("identity", False), ("gzip;q=0", False), ("gzip; q=0.000, *", False),
        ("*;q=0", False), ("x-gzip-like", False), ("br, *;q=0, gzip;q=0.5", True),
    ],
)  # fmt: skip
def test_a_browser_says_what_it_takes(header: str, taken: bool) -> None:
    """By name or by star, and never at a quality of zero."""
    assert accepts_gzip(header) is taken


def test_the_frame_costs_little_on_the_wire(plain_client: httpx.Client) -> None:
    """Compressed, the loader stays below 3 kB and the frame below 16 kB in all."""

    def weigh(path: str) -> int:
        with plain_client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            return sum(map(len, answer.iter_raw()))

    paths = re.findall(r'"(widget/\w+/frame\.\w+)"', plain_client.get("/widget").text)
    assert weigh("/widget.js") < 3000
    assert weigh("/widget") + sum(weigh(f"/{path}") for path in paths) < 16_000
