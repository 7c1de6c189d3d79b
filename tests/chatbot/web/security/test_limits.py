"""limits: how much one caller may ask, and all together, by a clock of the test's."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.engine import Engine
from chatbot.locales.interface import ERRORS
from chatbot.web.chat import reply
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


def ask(limits: Limits, caller: Caller = ANN) -> None:
    """Ask a question that is answered at once."""
    with limits.admit(caller):
        pass


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
    for pause in pauses:
        clock.now += pause / 4
        within = [each for each in admitted if clock.now - each < 60]
        if len(within) < rate:
            ask(limits)
            admitted.append(clock.now)
        else:
            with pytest.raises(LimitedError) as caught:
                ask(limits)
            assert within[0] + 60 <= clock.now + caught.value.wait < within[0] + 61


def test_questions_of_a_day_are_counted(clock: Clock) -> None:
    """The 2,001st of a day is refused until the day is over."""
    limits = Limits(30, clock)
    for _ in range(2000):
        ask(limits)
        clock.now += 2
    with pytest.raises(LimitedError, match="2000 questions a day") as caught:
        ask(limits)
    assert caught.value.wait == 86_400 - 4000
    clock.now += caught.value.wait
    ask(limits)


def test_questions_at_once_are_counted(clock: Clock) -> None:
    """A fifth waits for one of four to be answered, also where that one failed."""
    limits = Limits(30, clock)
    with ExitStack() as stack:
        for _ in range(AT_ONCE):
            stack.enter_context(limits.admit(ANN))
        with pytest.raises(LimitedError, match="4 questions are answered at once") as caught:
            ask(limits)
        assert caught.value.wait == 1
        ask(limits, BEN)
    with pytest.raises(ValueError, match="broken"), limits.admit(ANN):
        raise ValueError("broken")
    ask(limits)


def test_all_together_are_bounded(clock: Clock) -> None:
    """Beyond those at work and waiting, everybody is told to come back, unlimited callers too."""
    limits = Limits(30, clock)
    with ExitStack() as stack:
        for number in range(AT_WORK + WAITING):
            stack.enter_context(limits.admit(Caller(f"member {number}", True, True)))
        for caller in (ANN, HERE):
            with pytest.raises(BusyError, match="in a few seconds"):
                ask(limits, caller)
            with pytest.raises(BusyError):
                limits.check(caller)
    ask(limits)


def test_checking_counts_nothing(clock: Clock) -> None:
    """`check` raises what a question would meet and takes nothing from it."""
    limits = Limits(2, clock)
    for _ in range(10):
        limits.check(ANN)
    ask(limits)
    ask(limits)
    with pytest.raises(LimitedError):
        limits.check(ANN)


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
            limits.check(ANN)
    ask(Limits(4, clock, SharedState(path), "votes"))
    clock.now += 60
    ask(second)


def test_a_clock_that_is_put_back_shuts_nobody_out(clock: Clock) -> None:
    """What was asked at a time to come is not counted."""
    limits = Limits(1, clock)
    ask(limits)
    clock.now -= 500
    ask(limits)


def test_threads_count_together(clock: Clock) -> None:
    """Of forty questions asked by four threads, exactly thirty pass."""
    limits = Limits(30, clock)
    started = threading.Barrier(AT_ONCE)

    def ask_ten() -> int:
        started.wait(60)
        passed = 0
        for _ in range(10):
            with suppress(LimitedError):
                ask(limits)
                passed += 1
        return passed

    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(ask_ten) for _ in range(AT_ONCE)]
        assert sum(each.result() for each in asked) == 30
    assert not limits._at_once


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


def test_the_chat_says_that_it_is_enough(clock: Clock) -> None:
    """A question over the limit is a sentence on the page, and never reaches the engine."""
    engine, limits = FakeEngine(), Limits(1, clock)
    ask(limits)
    for language in ("en", "zh"):
        body = {"turn": 1, "question": "benefit", "interface": language}
        last = list(reply(cast("Engine", engine), body, "", limits.admit(ANN)))[-1]
        assert last["state"] == "failed"
        assert ERRORS[language]["limited"] in last["pieces"][0]
    assert engine.asked == []


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
    assert ERRORS["en"]["limited"] in json.dumps(ask_gradio(client, token))
    again = {"Authorization": f"Bearer {sign(jti='another')}"}
    check_limited(post(client, **again))
    other = {"Authorization": f"Bearer {sign(sub='member-8')}"}
    assert post(client, **other).status_code == 200
    assert client.get("/api/cases", headers=token).status_code == 200
    assert len(engine.asked) == 3


def ask_gradio(client: httpx.Client, headers: dict[str, str]) -> Any:
    """Ask as the page does, through Gradio's queue, and return the last update."""
    config = read_config(client.get("/", headers=headers).text)
    number = next(
        d["id"] for d in config["dependencies"] if d["targets"] and d["targets"][0][1] == "ask"
    )
    body = {"turn": 1, "question": "benefit", "history": [], "company": "", "interface": "en"}
    session = {"session_hash": "limits"}
    joined = {"data": [], "event_data": body, "fn_index": number, **session}
    client.post("/gradio_api/queue/join", json=joined, headers=headers).raise_for_status()
    with client.stream("GET", "/gradio_api/queue/data", params=session, headers=headers) as stream:
        for line in stream.iter_lines():
            if '"process_completed"' in line:
                return json.loads(line[5:])["output"]["data"][0]
    raise AssertionError("the stream ended early")


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
