"""traffic: how much one address may send, and how little the log tells of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.web.security import traffic
from chatbot.web.security.limits import Caller
from chatbot.web.security.traffic import (
    AT_ONCE,
    BURST,
    PER_SECOND,
    Connections,
    OncePerMinute,
    Traffic,
)
from corpus.errors import LimitedError
from tests.fakes import FakeEngine, serving

EVE = Caller("198.51.100.7", False, True)
ANN = Caller("198.51.100.8", False, True)
HERE = Caller("127.0.0.1", False, False)


class Clock:
    """A clock that goes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def send(counted: Traffic, caller: Caller = EVE) -> int:
    """Send a request that is answered at once; return the seconds to wait."""
    with counted.admit(caller) as wait:
        return wait


def test_a_burst_passes_and_a_flood_does_not() -> None:
    """What is too much hears when to come again, and comes in then; all others come in always."""
    clock = Clock()
    counted = Traffic(clock)
    assert all(send(counted) == 0 for _ in range(BURST))
    assert send(counted) == 1
    assert send(counted, ANN) == send(counted, HERE) == 0
    clock.now += 1
    assert [send(counted) for _ in range(int(PER_SECOND) + 1)] == [0] * int(PER_SECOND) + [1]


def test_what_costs_more_counts_more() -> None:
    """Sixteen requests at once take a sixteenth of a burst; this machine's own are not counted."""
    clock = Clock()
    counted = Traffic(clock)
    assert all(counted.count(EVE, 16) == 0 for _ in range(BURST // 16))
    assert counted.count(EVE, 16) == 1
    assert counted.count(HERE, 16 * BURST) == counted.count(EVE, 0) == 0
    clock.now += 16 / PER_SECOND
    assert counted.count(EVE, 16) == 0


@given(st.lists(st.integers(0, 40), max_size=200))
def test_no_while_has_more_than_its_requests(pauses: list[int]) -> None:
    """Whenever they come, any stretch of time has at most the burst and what flows in beside it."""
    clock, came = Clock(), list[float]()
    counted = Traffic(clock)
    for pause in pauses:
        clock.now += pause / 8
        came += [clock.now for _ in range(50) if send(counted) == 0]
    for first in range(0, len(came), 37):
        assert len(came) - first <= BURST + 1 + PER_SECOND * (came[-1] - came[first])


def test_requests_at_once_are_bounded() -> None:
    """One address has so many in hand, as by streams that never end, and others are let in."""
    counted = Traffic()
    with ExitStack() as stack:
        for _ in range(AT_ONCE):
            stack.enter_context(counted.admit(EVE))
        with pytest.raises(LimitedError):
            send(counted)
        assert send(counted, ANN) == 0
    assert send(counted) == 0
    assert not counted._at_once


def test_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million senders take no more memory than some thousands."""
    monkeypatch.setattr(traffic, "_ADDRESSES", 10)
    counted = Traffic()
    for number in range(100):
        send(counted, Caller(str(number), False, True))
    assert list(counted._empty) == [str(number) for number in range(90, 100)]


def test_connections_are_bounded() -> None:
    """By address, of IPv6 by network, and in all; a trusted proxy brings many readers."""
    bound = Connections(AT_ONCE + 20, lambda address: address == "10.0.0.1")
    assert all(bound.take(f"2001:db8:1:2::{number:x}") for number in range(AT_ONCE))
    assert not bound.take("2001:db8:1:2:ffff::1")
    assert all(bound.take("10.0.0.1") for _ in range(20))
    assert not bound.take("198.51.100.7")
    bound.give_back("2001:db8:1:2:3::4")
    assert bound.take("198.51.100.7")
    assert not bound.take("10.0.0.1")
    for _ in range(20):
        bound.give_back("10.0.0.1")
    assert "10.0.0.1" not in bound._open


def test_the_log_tells_once_a_minute() -> None:
    """Of each message, whatever it is about, with how many there were; memory is bounded."""
    clock, told = Clock(), list[str]()
    logger = logging.getLogger("casebook.test.seldom")
    logger.addFilter(OncePerMinute(clock))

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    logger.addHandler(Keep())
    for number in range(50):
        logger.warning("refused: %s", number)
        logger.warning("unreadable")
    assert told == ["refused: 0", "unreadable"]
    clock.now += 60
    logger.warning("refused: %s", 99)
    assert told[2:] == ["refused: 99 (and 49 more in the minute before)"]
    for number in range(1000):
        logger.warning(f"message {number}")  # noqa: G004 - as a library may
    assert len(told) == 1003


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that lets an address have twenty requests."""
    monkeypatch.setattr(traffic, "BURST", 20)
    monkeypatch.setattr(traffic, "PER_SECOND", 0.1)
    monkeypatch.setattr("chatbot.web.middleware.SLOWED", 0.3)
    with serving(FakeEngine(), trusted_proxies=("127.0.0.1/32",)) as address:
        yield address


@pytest.mark.parametrize("path", ["/", "/api/cases", "/healthz", "/nothing", "/web/chat.js"])
def test_no_route_is_without_a_limit(address: str, path: str) -> None:
    """Whatever it asks for, one address hears 429, slowly; another is answered meanwhile."""
    eve, ann = (
        httpx.Client(
            base_url=address,
            timeout=60,
            headers={"X-Forwarded-For": each, "Accept": "application/json"},
        )
        for each in ("198.51.100.7", "2001:db8::1")
    )
    with eve, ann, ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(eve.get, path) for _ in range(60)]
        assert ann.get("/healthz").status_code == 200
        assert not all(each.done() for each in sent)
        answers = [each.result() for each in sent]
    refused = [each for each in answers if each.status_code == 429]
    assert 30 <= len(refused) <= 40
    assert refused[0].json()["error"]["code"] == "limited"
    assert int(refused[0].headers["Retry-After"]) >= 1


def test_a_large_body_counts_as_several_requests(address: str) -> None:
    """Half a megabyte takes as long to be read as sixteen small ones, whatever is wrong in it."""
    body = b'{"model": "casebook", "messages": [' + b"1," * 250_000 + b"1]}"
    said = {"X-Forwarded-For": "198.51.100.7", "Content-Type": "application/json"}
    with httpx.Client(base_url=address, timeout=60, headers=said) as eve:
        heard = [eve.post("/v1/chat/completions", content=body).status_code for _ in range(3)]
        assert heard == [400, 429, 429]
        said["X-Forwarded-For"] = "198.51.100.8"
        assert eve.get("/healthz", headers=said).status_code == 200


LISTS = b"[" + b"1," * 20_000 + b"1]"
MANY = b",".join(b'"%d": 1' % number for number in range(5000))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            b'{"model": "casebook", "messages": [], "modalities": %s}' % LISTS,
        ),
        ("/v1/chat/completions", b'{"model": "casebook", "messages": %s}' % LISTS),
        ("/v1/chat/completions", b"{%s}" % MANY),
        ("/api/ask", b'{"question": "Why?", "filters": {"company": %s}}' % LISTS),
        ("/api/ask", b'{"question": "Why?", "filters": {%s}}' % MANY),
        ("/api/ask", b'{"question": "Why?", "history": %s}' % LISTS),
        ("/api/ask", b'{"question": "Why?", "history": [{%s}]}' % MANY),
        ("/api/feedback", b"{%s}" % MANY),
    ],
)
def test_not_every_fault_of_a_body_is_told(server: tuple[FakeEngine, str], path: str, body: bytes
) -> None:  # fmt: skip
    """Twenty thousand wrong values are one: to look at each stops everybody for a second."""
    said = {"Content-Type": "application/json"}
    answer = httpx.post(server[1] + path, content=body, headers=said, timeout=60)
    assert answer.status_code in (400, 422)
    more = re.search(r"and ([0-9]+) more", answer.json()["error"]["message"])
    assert more is None or int(more[1]) < 100
