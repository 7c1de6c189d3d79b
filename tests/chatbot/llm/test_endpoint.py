"""endpoint: the words come whole and in time, or one error says why; the key stays here."""

from __future__ import annotations

import gzip
import threading

import pytest

from chatbot.llm.endpoint import AT_ONCE, LIMITS, Endpoint, EndpointLimits
from chatbot.llm.restating import EndpointError
from tests.scripted_endpoint import (
    Handler,
    Script,
    answer,
    be_silent,
    event,
    repeat,
    say,
    send,
    serving,
)

KEY = "sk-secret-0123456789"
SILENT = EndpointLimits(first=0.3, total=60)
SHORT = EndpointLimits(first=60, total=0.6)
MESSAGES = [{"role": "user", "content": "水?"}]


def ask(script: Script, limits: EndpointLimits = LIMITS) -> str:
    """Return what the endpoint says that follows a script."""
    with serving(script) as server:
        return Endpoint(server.url, "small", KEY, limits).complete(MESSAGES)


def fail(script: Script, limits: EndpointLimits = LIMITS) -> str:
    """Return the line with which a script's endpoint fails; the key is nowhere in it."""
    with pytest.raises(EndpointError) as caught:
        ask(script, limits)
    error: BaseException | None = caught.value
    while error is not None:
        assert KEY not in repr(error)
        error = error.__cause__
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_pieces_of_a_stream_are_joined() -> None:
    """The request is a chat completion with the key as its bearer; the text comes whole."""
    with serving(say("Three ", "million", " 人。")) as server:
        assert Endpoint(server.url + "/", "small", KEY).complete(MESSAGES) == "Three million 人。"
        path, headers, body = server.asked[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert (body["model"], body["stream"], body["messages"]) == ("small", True, MESSAGES)
    assert body["temperature"] == 0
    assert body["max_tokens"] > 0


def test_without_a_key_none_is_sent() -> None:
    """A model on the same machine asks for none."""
    with serving(say("ok")) as server:
        assert Endpoint(f"{server.url}/chat/completions", "small").complete(MESSAGES) == "ok"
        path, headers, _ = server.asked[0]
    assert path == "/v1/chat/completions"
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    "pieces",
    [
        (event("a"), event("b"), event(reason="stop")),
        (event("a"), event("b", "length"), b"data: [DONE]\n\n"),
        (b": comment\r\n\r\n", event("ab").replace(b"\n", b"\r\n"), b"data:[DONE]\r\n\r\n"),
        (event("ab")[:9], event("ab")[9:], b"event: x\nid: 1\n", b"data: [DONE]\n\n"),
        (event("ab"), b'data: {"choices": [], "usage": {"total_tokens": 9}}\n\ndata: [DONE]\n\n'),
        (b'data: {"choices": [{"delta": null}]}\n\n', event("ab"), b"data: [DONE]\n\n"),
    ],
)
def test_streams_of_several_servers_are_read(pieces: tuple[bytes, ...]) -> None:
    """Comments, other line ends, pieces cut anywhere, a count of tokens, no last word."""
    assert ask(send(*pieces)) == "ab"


def _cut(handler: Handler) -> None:
    """Promise more bytes than come."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(event("Three"))


def _hang_up(handler: Handler) -> None:
    handler.connection.close()


def _pack(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()
    handler.wfile.write(gzip.compress(event("a" * 1000) * 100_000))


FAULTS: dict[str, tuple[Script, str]] = {
    "too many requests": (answer(429, ("Retry-After", "9")), "status 429"),
    "a fault inside": (answer(500, body=f'{{"error": "{KEY}"}}'.encode()), "status 500"),
    "a wrong key": (answer(401, body=KEY.encode()), "status 401"),
    "a redirect": (answer(307, ("Location", "http://127.0.0.1:9/v1")), "status 307"),
    "no stream": (answer(200, body=b'{"choices": []}'), "no stream"),
    "a page": (send(b"<h1>hello</h1>", kind="text/html"), "no stream"),
    "not JSON": (send(b"data: {broken\n\n"), "contract"),
    "other JSON": (send(b"data: [1]\n\n"), "contract"),
    "a number for text": (send(b'data: {"choices": [{"delta": {"content": 1}}]}\n\n'), "contract"),
    "deep JSON": (send(b"data: " + b"[" * 100_000 + b"\n\n"), "contract"),
    "not UTF-8": (send(b'data: {"a": "\xff"}\n\n'), "contract"),
    "an error as event": (send(event("Three"), b'data: {"error": {"code": 1}}\n\n'), "an error"),
    "stopped by a filter": (send(event("Three"), event(reason="content_filter")), "was stopped"),
    "broken off": (send(event("Three"), event(" million")), "broke off"),
    "cut within an event": (send(event("Three"), event(" million")[:-20]), "broke off"),
    "nothing": (send(), "broke off"),
    "fewer bytes than promised": (_cut, "connection failed"),
    "hung up": (_hang_up, "connection failed"),
    "a gzip bomb": (_pack, "packed"),
    "one token of 10 MB": (send(event("a" * 10 * 2**20)), "bytes"),
    "no line end for 10 MB": (send(b"data: " + b"a" * 10 * 2**20), "bytes"),
    "a long text": (say(*["word "] * 2000), "characters"),
    "endless": (repeat(event("word ")), "characters"),
    "endless comments": (repeat(b": x\n" * 1000), "bytes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_whole_answer_is_an_error(fault: str) -> None:
    """Every fault is one line that names its kind and repeats no word of the endpoint."""
    script, words = FAULTS[fault]
    assert words in fail(script)


@pytest.mark.parametrize("begun", [False, True])
def test_a_silent_endpoint_is_left(begun: bool) -> None:
    """Silence before or behind the head ends with the time until the first byte."""
    assert fail(be_silent(begun), SILENT) == "silent for 0.3 seconds"


def test_a_dripping_endpoint_is_left() -> None:
    """Bytes that come in time singly do not hold the answer longer than the time in all."""
    with serving(repeat(b":\n", 0.05)) as server:
        with pytest.raises(EndpointError, match=r"no end after 0\.6 seconds"):
            Endpoint(server.url, "small", KEY, SHORT).complete(MESSAGES)
        assert server.left.wait(60)  # the stream was closed


def test_nobody_there_is_an_error() -> None:
    """A port that nothing listens on, a name that nothing has."""
    with serving(say("ok")) as server:
        gone = server.url
    for url in (gone, "http://casebook.invalid/v1"):
        with pytest.raises(EndpointError, match="connection failed"):
            Endpoint(url, "small", KEY).complete(MESSAGES)


def test_a_redirect_is_not_followed() -> None:
    """The key goes to the address that was configured and to no other."""
    with serving(say("stolen")) as thief:
        location = ("Location", thief.url + "/chat/completions")
        assert "status 307" in fail(answer(307, location))
        assert thief.asked == []


def test_a_proxy_of_the_environment_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint is asked directly, whatever the environment names."""
    with serving(say("stolen")) as thief:
        monkeypatch.setenv("HTTP_PROXY", thief.url)
        monkeypatch.setenv("ALL_PROXY", thief.url)
        assert ask(say("ok")) == "ok"
        assert thief.asked == []


def test_a_crowd_is_turned_away() -> None:
    """Beyond AT_ONCE questions the next is told so at once, and has its turn when they are done."""
    gate, inside = threading.Event(), threading.Semaphore(0)

    def wait(handler: Handler) -> None:
        inside.release()
        gate.wait(60)
        say("ok")(handler)

    with serving(wait) as server:
        endpoint = Endpoint(server.url, "small", KEY)
        said: list[str] = []
        crowd = [
            threading.Thread(target=lambda: said.append(endpoint.complete(MESSAGES)))
            for _ in range(AT_ONCE)
        ]
        for one in crowd:
            one.start()
        for _ in crowd:
            assert inside.acquire(timeout=60)
        with pytest.raises(EndpointError, match="4 questions"):
            endpoint.complete(MESSAGES)
        gate.set()
        for one in crowd:
            one.join(60)
        assert said == ["ok"] * AT_ONCE
        assert endpoint.complete(MESSAGES) == "ok"


def test_a_key_is_shown_nowhere() -> None:
    """Not by the object, and not by an error about its own header."""
    endpoint = Endpoint("http://127.0.0.1:9/v1", "small", KEY + "\n")
    assert KEY not in repr(endpoint)
    with pytest.raises(EndpointError) as caught:
        endpoint.complete(MESSAGES)
    assert KEY not in str(caught.value)
    assert caught.value.__suppress_context__


SCHEMA = {"type": "array", "items": {"type": "integer"}}


def _know(*kinds: str | None, status: int = 400) -> Script:
    """Return a script of a server that knows these kinds of response format and no other."""

    def script(handler: Handler) -> None:
        body = handler.server.asked[-1][2]
        kind = body.get("response_format", {}).get("type")
        (say("[1]") if kind in kinds else answer(status))(handler)

    return script


@pytest.mark.parametrize("status", [400, 422, 500])
@pytest.mark.parametrize(
    ("kinds", "tries"), [(("json_schema",), 1), (("json_object", None), 2), ((None,), 3)]
)
def test_a_schema_is_asked_for_as_the_server_knows_it(
    kinds: tuple[str | None, ...], tries: int, status: int
) -> None:
    """In one way after the other until one is taken, which then comes first."""
    with serving(_know(*kinds, status=status)) as server:
        endpoint = Endpoint(server.url, "small", KEY)
        assert endpoint.complete(MESSAGES, SCHEMA) == "[1]"
        assert len(server.asked) == tries
        assert endpoint.complete(MESSAGES, SCHEMA) == "[1]"
        assert len(server.asked) == tries + 1
        form = server.asked[-1][2].get("response_format")
    wanted = {
        1: {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        },
        2: {"type": "json_object", "schema": SCHEMA},
        3: None,
    }
    assert form == wanted[tries]


def test_a_server_that_refuses_everything_is_an_error() -> None:
    """Each way is tried once; another status than a refusal ends it at once; so does no schema."""
    with serving(answer(422)) as server:
        endpoint = Endpoint(server.url, "small", KEY)
        for schema, tries in ((SCHEMA, 3), (None, 1)):
            with pytest.raises(EndpointError, match="status 422"):
                endpoint.complete(MESSAGES, schema)
            assert len(server.asked) == tries
            server.asked.clear()
        server.script = answer(503)
        with pytest.raises(EndpointError, match="status 503"):
            endpoint.complete(MESSAGES, SCHEMA)
        assert len(server.asked) == 1
