"""limits: how much one caller may ask, and all together, by a clock of the test's."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.web.security.forwarded import Peer
from chatbot.web.security.limits import (
    AT_ONCE,
    AT_WORK,
    WAITING,
    Caller,
    Limits,
    caller_at,
)
from chatbot.web.security.shared_state import SharedState
from corpus.errors import BusyError, LimitedError
from tests.clock import Clock
from tests.fake_portal import REQUIRED, sign
from tests.fakes import FakeEngine, read_config, serving

ANN = Caller("member ann", True, True)
BEN = Caller("member ben", True, True)
HERE = Caller("127.0.0.1", False, False)


async def put(limits: Limits, caller: Caller = ANN) -> None:
    """Ask a question that is answered at once."""
    with await limits.admit(caller):
        pass


def ask(limits: Limits, caller: Caller = ANN) -> None:
    """Ask a question that is answered at once, in a loop of its own."""
    asyncio.run(put(limits, caller))


def test_questions_of_a_minute_are_counted(clock: Clock) -> None:
    """The 31st within a minute is refused with the seconds to wait, and then admitted."""
    limits = Limits(30, clock)
    for _ in range(30):
        ask(limits)
        clock.now += 1
    with pytest.raises(LimitedError, match="30 questions a minute") as caught:
        ask(limits)
    assert caught.value.wait == 30
    ask(limits, BEN)
    clock.now += 30
    ask(limits)
    with pytest.raises(LimitedError):
        ask(limits)


@given(st.lists(st.integers(0, 160), max_size=80), st.integers(1, 6))
def test_no_minute_has_more_than_its_questions(pauses: list[int], rate: int) -> None:
    """However the questions are spread, a minute before one holds `rate`, or it is admitted."""
    clock = Clock()
    limits = Limits(rate, clock)
    admitted: list[float] = []

    async def run() -> None:
        for pause in pauses:
            clock.now += pause / 4
            within = [each for each in admitted if clock.now - each < 60]
            if len(within) < rate:
                await put(limits)
                admitted.append(clock.now)
            else:
                with pytest.raises(LimitedError) as caught:
                    await put(limits)
                assert within[0] + 60 <= clock.now + caught.value.wait < within[0] + 61

    asyncio.run(run())


def test_questions_of_a_day_are_counted(clock: Clock) -> None:
    """The 2,001st of a day is refused until the next one begins, which UTC says."""
    limits = Limits(30, clock)

    async def run() -> None:
        for _ in range(2000):
            await put(limits)
            clock.now += 2

    asyncio.run(run())
    with pytest.raises(LimitedError, match="2000 questions a day") as caught:
        ask(limits)
    assert caught.value.wait == 86_400 - 5000
    clock.now += caught.value.wait
    ask(limits)


def test_questions_at_once_are_counted(clock: Clock) -> None:
    """A fifth waits for one of four to be answered, also where that one failed."""
    limits = Limits(30, clock)

    async def run() -> None:
        with ExitStack() as stack:
            for _ in range(AT_ONCE):
                stack.enter_context(await limits.admit(ANN))
            with pytest.raises(LimitedError, match="4 questions are answered at once") as caught:
                await put(limits)
            assert caught.value.wait == 1
            await put(limits, BEN)
        with pytest.raises(ValueError, match="broken"), await limits.admit(ANN):
            raise ValueError("broken")
        await put(limits)
        assert limits.at_once() == 0

    asyncio.run(run())


def test_a_place_that_nobody_gives_back_is_free_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question that is lost on its way, as by a browser that leaves, blocks for a while only."""
    monkeypatch.setattr("chatbot.web.security.limits._LONGEST", 0.05)
    limits = Limits(30, clock)

    async def run() -> None:
        for _ in range(AT_ONCE):
            await limits.admit(ANN)
        with pytest.raises(LimitedError):
            await put(limits)
        await asyncio.sleep(0.1)
        await put(limits)
        assert limits.at_once() == 0

    asyncio.run(run())


def test_all_together_are_bounded(clock: Clock) -> None:
    """Beyond those at work and waiting, everybody is told to come back, unlimited callers too."""
    limits = Limits(30, clock)

    async def run() -> None:
        with ExitStack() as stack:
            for number in range(AT_WORK + WAITING):
                caller = Caller(f"member {number}", True, True)
                stack.enter_context(await limits.admit(caller))
            for caller in (ANN, HERE):
                with pytest.raises(BusyError, match="in a few seconds"):
                    await put(limits, caller)
                with pytest.raises(BusyError):
                    await limits.check(caller)
        await put(limits)

    asyncio.run(run())


def test_checking_counts_nothing(clock: Clock) -> None:
    """`check` raises what a question would meet and takes nothing from it."""
    limits = Limits(2, clock)
    for _ in range(10):
        asyncio.run(limits.check(ANN))
    ask(limits)
    ask(limits)
    with pytest.raises(LimitedError):
        asyncio.run(limits.check(ANN))


def test_this_machine_is_not_counted(clock: Clock) -> None:
    """Its own user asks as much as the server can answer."""
    limits = Limits(1, clock)
    for _ in range(100):
        ask(limits, HERE)


def test_what_is_remembered_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers that nobody has seen for long are forgotten, those that asked last are not."""
    monkeypatch.setattr("chatbot.web.security.shared_state.CALLERS", 10)
    limits = Limits(1, clock)
    for number in range(30):
        clock.now += 0.01
        ask(limits, Caller(str(number), False, True))
    for number in range(20, 30):
        with pytest.raises(LimitedError):
            ask(limits, Caller(str(number), False, True))
    ask(limits, Caller("19", False, True))


def test_processes_count_together(clock: Clock, tmp_path: Path) -> None:
    """Two servers of one folder allow no more than one, questions and votes apart."""
    path = tmp_path / "ledger.sqlite"
    first, second = (Limits(4, clock, SharedState(path)) for _ in range(2))
    for limits in (first, second, first, second):
        ask(limits)
    for limits in (first, second):
        with pytest.raises(LimitedError):
            asyncio.run(limits.check(ANN))
    ask(Limits(4, clock, SharedState(path), "votes"))
    clock.now += 60
    ask(second)


def test_a_clock_that_is_put_back_shuts_nobody_out(clock: Clock) -> None:
    """What was asked at a time to come is not counted."""
    limits = Limits(1, clock)
    ask(limits)
    clock.now -= 500
    ask(limits)


@pytest.mark.parametrize(
    ("address", "id"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("/run/socket", "/run/socket"),
        ("", ""),
    ],
)
def test_an_address_is_a_caller(address: str, id: str) -> None:
    """Of IPv6 the network counts, of whose addresses one site has all."""
    assert caller_at(Peer(address, "http", False, False)) == Caller(id, False, True)
    assert not caller_at(Peer(address, "http", False, True)).limited


def post(client: httpx.Client, **headers: str) -> httpx.Response:
    """Ask a question over HTTP."""
    return client.post("/api/ask", json={"question": "benefit"}, headers=headers)


def check_limited(response: httpx.Response) -> None:
    """Check a refusal: status, code, one sentence, and when to come back."""
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "limited"
    assert "\n" not in response.json()["error"]["message"]
    assert 1 <= int(response.headers["retry-after"]) <= 60


@pytest.fixture
def serve() -> Any:
    """Serve with settings, until the test is over."""
    with ExitStack() as stack:

        def start(**settings: Any) -> tuple[FakeEngine, httpx.Client]:
            engine = FakeEngine()
            address = stack.enter_context(serving(engine, **settings))
            return engine, stack.enter_context(httpx.Client(base_url=address, timeout=30))

        yield start


Serve = Callable[..., tuple[FakeEngine, httpx.Client]]


def test_a_member_is_limited_wherever_they_ask_from(serve: Serve) -> None:
    """The API, its stream, search and the chat count together, for each member apart."""
    engine, client = serve(**REQUIRED, questions_per_minute=3)
    token = {"Authorization": f"Bearer {sign()}"}
    assert post(client, **token).status_code == 200
    assert client.get("/api/search?q=water", headers=token).status_code == 200
    assert ask_gradio(client, token)["state"] == "done"
    stream = {**token, "Accept": "text/event-stream"}
    for response in (
        post(client, **token),
        post(client, **stream),
        client.get("/api/search?q=water", headers=token),
    ):
        check_limited(response)
    check_limited(join_gradio(client, token))
    check_limited(client.get("/session", headers=token))
    again = {"Authorization": f"Bearer {sign(jti='another')}"}
    check_limited(post(client, **again))
    other = {"Authorization": f"Bearer {sign(sub='member-8')}"}
    assert post(client, **other).status_code == 200
    assert client.get("/api/cases", headers=token).status_code == 200
    assert len(engine.asked) == 3


def join_gradio(
    client: httpx.Client, headers: dict[str, str], session: str = "limits"
) -> httpx.Response:
    """Send a question as the page does."""
    body = {"turn": 1, "question": "benefit", "history": [], "company": "", "interface": "en"}
    joined = {"data": [], "event_data": body, "fn_index": 0, "session_hash": session}
    return client.post("/gradio_api/queue/join", json=joined, headers=headers)


def ask_gradio(client: httpx.Client, headers: dict[str, str]) -> Any:
    """Ask as the page does, through Gradio's queue, and return the last update."""
    config = read_config(client.get("/", headers=headers).text)
    (number,) = [
        d["id"] for d in config["dependencies"] if d["targets"] and d["targets"][0][1] == "ask"
    ]
    assert number == 0  # the only one that the door lets pass
    join_gradio(client, headers).raise_for_status()
    session = {"session_hash": "limits"}
    with client.stream("GET", "/gradio_api/queue/data", params=session, headers=headers) as stream:
        for line in stream.iter_lines():
            if '"process_completed"' in line:
                return json.loads(line[5:])["output"]["data"][0]
    raise AssertionError("the stream ended early")


def test_the_chats_queue_counts_at_its_door(serve: Serve) -> None:
    """Of a hundred joins of one reader four get in, and others are answered meanwhile."""
    engine, client = serve(trusted_proxies=("127.0.0.1/32",))
    engine.hold = threading.Event()
    rude, kind = ({"X-Forwarded-For": f"198.51.100.{number}"} for number in (7, 8))
    statuses = [join_gradio(client, rude, f"page{n}").status_code for n in range(100)]
    assert (statuses.count(200), statuses.count(429)) == (AT_ONCE, 100 - AT_ONCE)
    assert join_gradio(client, kind).status_code == 200
    engine.hold.set()
    assert ask_gradio(client, kind)["state"] == "done"


@pytest.fixture(scope="module")
def proxied() -> Iterator[httpx.Client]:
    """A client that says who sends, of one server for many tests."""
    with (
        serving(FakeEngine(), trusted_proxies=("127.0.0.1/32",)) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("sender", "body"),
    list(enumerate([
        b"", b"{", b"[]", b"null", b"{}", b'{"data": [], "fn_index": 0}',
        b'{"data": [], "fn_index": 999, "session_hash": "x"}',
        b'{"data": [], "fn_index": 0, "session_hash": ["x"]}',
        b'{"data": [], "fn_index": 0, "session_hash": "' + b"x" * 60_000 + b'"}',
        b'{"data": {}, "fn_index": 0, "session_hash": "x"}',
        b'{"data": [], "fn_index": 0, "session_hash": "x", "trigger_id": 1e99}',
    ])),
)  # fmt: skip
def test_what_no_page_sends_is_refused(
    proxied: httpx.Client, sender: int, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It is no fault of Casebook's, leaves no place taken, and no traceback in the log."""
    headers = {"X-Forwarded-For": f"198.51.100.{sender}", "Content-Type": "application/json"}
    for _ in range(AT_ONCE + 1):
        response = proxied.post("/gradio_api/queue/join", content=body, headers=headers)
        assert response.status_code == 422
    assert proxied.get("/gradio_api/queue/data?session_hash=nobody").status_code == 404
    assert not [record for record in caplog.records if record.exc_info]
    assert ask_gradio(proxied, {"X-Forwarded-For": f"198.51.100.{sender}"})["state"] == "done"


def test_an_address_is_limited_and_another_is_not(serve: Serve) -> None:
    """Where everybody may ask, what a trusted proxy says of the sender is counted."""
    _, client = serve(questions_per_minute=2, trusted_proxies=("127.0.0.1/32",))
    for number in range(2):
        sent = {"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.7"}  # the first is made up
        assert post(client, **sent).status_code == 200
    check_limited(post(client, **{"X-Forwarded-For": "198.51.100.7"}))
    check_limited(post(client, **{"X-Forwarded-For": "127.0.0.1, 198.51.100.7"}))
    assert post(client, **{"X-Forwarded-For": "198.51.100.8"}).status_code == 200


def test_a_proxy_that_is_not_trusted_speaks_for_nobody(serve: Serve) -> None:
    """Addresses made up by the sender are one address."""
    _, client = serve(questions_per_minute=2)
    for number in range(2):
        assert post(client, **{"X-Forwarded-For": f"192.0.2.{number}"}).status_code == 200
    check_limited(post(client, **{"X-Forwarded-For": "192.0.2.9"}))
    for _ in range(4):
        assert post(client).status_code == 200  # this machine itself


def test_a_server_that_is_full_says_so_at_once(serve: Serve) -> None:
    """Eight are at work, 64 wait, and the next hears 503; the cases can be read meanwhile."""
    engine, client = serve()
    engine.hold = threading.Event()
    with ThreadPoolExecutor(AT_WORK + WAITING + 1) as pool:
        asked = [pool.submit(post, client) for _ in range(AT_WORK + WAITING + 1)]
        done, waiting = wait(asked, 60, FIRST_COMPLETED)
        response = done.pop().result()
        assert response.status_code == 503
        assert client.get("/api/cases").status_code == 200
        assert client.get("/readyz").status_code == 200
        engine.hold.set()
        assert {each.result().status_code for each in waiting} == {200}
    assert response.json()["error"]["code"] == "busy"
    assert response.headers["retry-after"] == "5"
    assert engine.most_waiting == AT_WORK
    assert post(client).status_code == 200
