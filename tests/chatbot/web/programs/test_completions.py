"""The OpenAI protocol, asked with the client that its makers ship, on a real server."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletion

from chatbot.answers.conversation import Turn
from chatbot.web import schemas as contract
from chatbot.web.middleware import LONGER
from chatbot.web.programs.completion_records import Completion, CompletionErrorBody
from chatbot.web.security.limits import AT_ONCE
from corpus import errors
from tests.fake_portal import REQUIRED, sign
from tests.fakes import BENEFIT, LIGHTS, LIGHTS_PHOTO, FakeEngine, serving

SOLAR: Any = [{"role": "user", "content": "solar"}]


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    """Give a client that asks once."""
    with openai.OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, messages: Any = SOLAR, **more: Any) -> ChatCompletion:
    """Return an answer, whole."""
    made = client.chat.completions.create(**{"model": "casebook", "messages": messages, **more})
    assert isinstance(made, ChatCompletion)
    return made


def refuse(client: openai.OpenAI, messages: Any = SOLAR, **more: Any) -> openai.APIStatusError:
    """Return the refusal of a request, its body checked."""
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client, messages, **more)
    error = caught.value
    body = CompletionErrorBody.model_validate(error.response.json()).error
    assert body.request_id == error.response.headers["x-request-id"] == error.request_id
    assert "\n" not in body.message
    return error


def test_an_answer_is_a_completion(client: openai.OpenAI, address: str) -> None:
    """Its annotations cut each quotation out of the content, and lead to its page."""
    made = ask(client)
    Completion.model_validate(made.model_dump(exclude_unset=True))
    choice = made.choices[0]
    content = choice.message.content or ""
    assert (made.object, made.model, choice.finish_reason) == (
        "chat.completion",
        "casebook",
        "stop",
    )
    cited = [each.url_citation for each in choice.message.annotations or []]
    assert [content[each.start_index : each.end_index] for each in cited] == [LIGHTS, LIGHTS_PHOTO]
    assert all(each.url.startswith(f"{address}/cases/") for each in cited)
    assert f" · {cited[0].url}\n" in content, "who shows no annotations shows the sources"
    answer = contract.AnswerBody.model_validate(made.model_dump()["casebook"])
    assert [each.quote for each in answer.citations] == [LIGHTS, LIGHTS_PHOTO]
    assert content.startswith(answer.text)
    page = httpx.get(cited[0].url.partition("#")[0])
    assert page.status_code == 200


def test_written_sentences_are_cited_too(client: openai.OpenAI, engine: FakeEngine) -> None:
    """Those of a language model point to the quotation that they were checked against."""
    engine.written = ("They got lamps 💡.",)
    message = ask(client).choices[0].message
    first = (message.annotations or [])[0].url_citation
    assert (message.content or "")[first.start_index : first.end_index] == "They got lamps 💡."


def test_the_usage_adds_up(client: openai.OpenAI) -> None:
    """What was read and what was said, together the total."""
    usage = ask(client).usage
    assert usage
    assert usage.prompt_tokens == 2
    assert usage.completion_tokens > 50
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_the_last_message_of_the_user_is_the_question(
    client: openai.OpenAI, engine: FakeEngine
) -> None:
    """Those before it are the conversation; of the rest nothing is asked."""
    ask(client, [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": [{"type": "text", "text": "solar"}]},
        {"role": "assistant", "content": None},
        {"role": "tool", "tool_call_id": "1", "content": "7"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        {"role": "user", "content": [
            {"type": "text", "text": "How many"}, {"type": "text", "text": "benefit?"},
        ]},
        {"role": "assistant", "content": "So many:"},
    ])  # fmt: skip
    assert engine.asked == [("How many\nbenefit?", (Turn("user", "solar"),), {}, None)]


def test_a_long_conversation_keeps_its_end(client: openai.OpenAI, engine: FakeEngine) -> None:
    """The last turns are read; one that is too long to be a question is left out."""
    many = [{"role": "user", "content": f"solar {number}"} for number in range(60)]
    many[58]["content"] = "x" * 9000
    ask(client, many)
    turns = [turn.content for turn in engine.asked[0][1]]
    assert turns == [f"solar {number}" for number in range(38, 58)]


def test_what_changes_nothing_is_passed_over(client: openai.OpenAI) -> None:
    """Chat clients send temperatures, tools and more."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    made = ask(
        client, temperature=0.2, max_tokens=5, stop=["."], seed=1, user="u", tools=[tool],
        tool_choice="auto", n=1, response_format={"type": "text"}, extra_body={"mine": [1]},
    )  # fmt: skip
    assert made.choices[0].message.content


@pytest.mark.parametrize(
    ("more", "param", "words"),
    [
        ({"n": 2}, "n", "should be 1"),
        ({"logprobs": True}, "logprobs", "should be False"),
        ({"tool_choice": "required"}, "tool_choice", "'none' or 'auto'"),
        ({"response_format": {"type": "json_object"}}, "response_format.type", "'text'"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "only where stream"),
        ({"messages": []}, "messages", "at least 1"),
        ({"messages": [{"role": "system", "content": "a"}]}, "messages", "role user"),
        ({"messages": [{"role": "king", "content": "a"}]}, "messages.0.role", "'user'"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content", "valid string"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages.0.content",
            "only parts of the type text",
        ),
        ({"messages": [{"role": "user", "content": ["a"]}]}, "messages.0.content", "only parts"),
        ({"messages": [{"role": "user", "content": "?!"}]}, None, "has no words"),
        ({"messages": [{"role": "user", "content": "a" * 2001}]}, None, "2001 characters"),
        ({"messages": "solar"}, "messages", "valid list"),
        ({"messages": [SOLAR[0]] * 2001}, "messages", "at most 2000"),
        ({"model": 7}, "model", "valid string"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_is_one_line(
    client: openai.OpenAI, more: dict[str, Any], param: str | None, words: str, stream: bool
) -> None:
    """A field that asks for what a quotation cannot be, or that is wrong, is named."""
    if stream and "stream_options" in more:
        return
    error = refuse(client, **({"stream": True} if stream else {}), **more)
    assert isinstance(error, openai.BadRequestError)
    assert (error.type, error.param) == ("invalid_request_error", param)
    assert words in error.body["message"]  # type: ignore[index]


def test_another_model_is_not_there(client: openai.OpenAI) -> None:
    """The one that is there is listed, and found by its name."""
    error = refuse(client, model="gpt-5")
    assert isinstance(error, openai.NotFoundError)
    assert (error.code, error.param) == ("model_not_found", "model")
    assert [each.id for each in client.models.list()] == ["casebook"]
    assert client.models.retrieve("casebook").id == "casebook"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-5")


@pytest.mark.parametrize(
    ("error", "kind", "code", "words"),
    [
        (errors.SlowError("too long"), openai.InternalServerError, "slow", "server_error"),
        (errors.NoReleaseError("none"), openai.InternalServerError, "no_release", "server_error"),
        (errors.LimitedError("too much", 7), openai.RateLimitError, "limited", "rate_limit_error"),
        (KeyError("secret"), openai.InternalServerError, "internal", "server_error"),
    ],
)
def test_an_error_of_the_engine_has_the_protocols_shape(
    client: openai.OpenAI, engine: FakeEngine, error: Exception, kind: type, code: str, words: str
) -> None:
    """In one piece by its status, in a stream as its last event."""
    engine.error = error
    refused = refuse(client)
    assert isinstance(refused, kind)
    assert (refused.code, refused.type) == (code, words)
    assert "secret" not in refused.response.text
    with pytest.raises(openai.APIError) as caught:
        list(client.chat.completions.create(model="casebook", messages=SOLAR, stream=True))
    assert (caught.value.code, caught.value.type) == (code, words)


def test_a_stream_is_the_answer_in_pieces(client: openai.OpenAI) -> None:
    """The pieces together are the content; the last has the annotations, and then the usage."""
    whole = ask(client)
    chunks: list[Any] = list(
        client.chat.completions.create(
            model="casebook", messages=SOLAR, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    said = "".join(each.choices[0].delta.content or "" for each in chunks[:-1])
    assert said == whole.choices[0].message.content
    assert [each.choices[0].finish_reason for each in chunks[:-1]][-2:] == [None, "stop"]
    told = chunks[-2].model_dump()
    assert told["choices"][0]["delta"]["annotations"] == [
        each.model_dump() for each in whole.choices[0].message.annotations or []
    ]
    assert told["casebook"]["outcome"] == "answer"
    assert (chunks[-1].choices, chunks[-1].usage) == ([], whole.usage)
    assert len({each.id for each in chunks}) == 1


def test_a_stream_without_usage_ends_with_its_reason(
    client: openai.OpenAI, engine: FakeEngine
) -> None:
    """No usage unless it is asked for; while a model writes, comments keep the line open."""
    engine.written = ("They got lamps.",)
    chunks: list[Any] = list(
        client.chat.completions.create(model="casebook", messages=SOLAR, stream=True)
    )
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert not any(each.usage for each in chunks)
    assert "They got lamps. [1]" in "".join(e.choices[0].delta.content or "" for e in chunks)


def test_coroutines_ask_as_well(address: str) -> None:
    """Several at once, and by a stream."""

    async def run() -> tuple[list[Any], str]:
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="any") as client:
            create = client.chat.completions.create
            messages: Any = SOLAR
            made = [create(model="casebook", messages=messages) for _ in range(3)]
            stream = await create(model="casebook", messages=messages, stream=True)
            said = [each.choices[0].delta.content or "" async for each in stream]
            return await asyncio.gather(*made), "".join(said)

    made, said = asyncio.run(run())
    assert [each.choices[0].message.content for each in made] == [said] * 3


@pytest.mark.parametrize("text", [b"solar \\ud83d", b"\\ude00 solar", b"solar \\uDBFF\\uDBFF"])
def test_half_an_emoji_is_accepted(address: str, engine: FakeEngine, text: bytes) -> None:
    """In the question and before it: a client may have cut there."""
    message = b'{"role": "user", "content": "' + text + b'"}'
    body = b'{"model": "casebook", "messages": [' + message + b", " + message + b"]}"
    response = httpx.post(
        f"{address}/v1/chat/completions", content=body,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert response.status_code == 200, response.text
    question, turns, _, _ = engine.asked[0]
    assert "\ufffd" in question
    assert turns == (Turn("user", question),)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("DELETE", "/v1/models", 405, "method_not_allowed"),
        ("POST", "/v1/embeddings", 404, "not_found"),
        ("POST", "/v1/chat/completions", 415, "bad_content_type"),
    ],
)
def test_other_addresses_answer_in_the_same_shape(
    address: str, method: str, path: str, status: int, code: str
) -> None:
    """Also what no route takes, or what is not said to be JSON."""
    response = httpx.request(method, address + path, content=b"{}" if method == "POST" else None)
    error = CompletionErrorBody.model_validate(response.json()).error
    assert (response.status_code, error.code) == (status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_request"),
        (b"\xff", 400, "bad_request"),
        (b"[" * 5000, 400, "bad_request"),
        (b" " * (LONGER["/v1/chat/completions"] + 1), 413, "too_large"),
    ],
)
def test_a_body_that_is_none_is_one_line(address: str, body: bytes, status: int, code: str) -> None:
    """Cut off, in another encoding, deep, huge."""
    response = httpx.post(
        f"{address}/v1/chat/completions", content=body,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    error = CompletionErrorBody.model_validate(response.json()).error
    assert (response.status_code, error.code, error.type) == (
        status, code, "invalid_request_error",
    )  # fmt: skip


def test_other_sites_may_not_read_it(address: str) -> None:
    """Only `/api/` is open to the sites that are named."""
    origin = {"Origin": "https://portal.example"}
    with serving(FakeEngine(), embed_origins=("https://portal.example",)) as open_to:
        for place in (address, open_to):
            asked = httpx.options(
                f"{place}/v1/models", headers={**origin, "Access-Control-Request-Method": "GET"}
            )
            read = httpx.get(f"{place}/v1/models", headers=origin)
            for response in (asked, read):
                assert "access-control-allow-origin" not in response.headers


def test_members_ask_with_the_portals_token() -> None:
    """As the key of the client; without one, or too often, the client hears why."""
    with (
        serving(FakeEngine(), **REQUIRED, questions_per_minute=2) as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key=sign(), max_retries=0) as member,
    ):
        for key in ("none", sign(exp=1)):
            stranger = member.with_options(api_key=key)
            error = refuse(stranger)
            assert isinstance(error, openai.AuthenticationError)
            assert error.type == "authentication_error"
            with pytest.raises(openai.AuthenticationError):
                stranger.models.list()
        assert ask(member).choices
        assert ask(member, [{"role": "user", "content": "benefit"}]).choices
        limited = refuse(member)
        assert isinstance(limited, openai.RateLimitError)
        assert int(limited.response.headers["retry-after"]) > 0
        api = httpx.post(
            f"{address}/api/ask",
            json={"question": "solar"},
            headers={"Authorization": f"Bearer {sign()}"},
        )
        assert api.status_code == 429, "one account for all protocols"


def test_questions_count_at_the_door() -> None:
    """Those at work at once are bounded for a member, whichever protocol asks."""
    engine = FakeEngine()
    engine.hold = threading.Event()
    with serving(engine, **REQUIRED) as address, httpx.Client(base_url=address) as client:
        headers = {"Authorization": f"Bearer {sign()}"}
        body = {"model": "casebook", "messages": SOLAR}
        held = [
            threading.Thread(
                target=httpx.post, args=(f"{address}/v1/chat/completions",),
                kwargs={"json": body, "headers": headers, "timeout": 30},
            )
            for _ in range(AT_ONCE)
        ]  # fmt: skip
        for thread in held:
            thread.start()
        while f"casebook_questions_at_once {AT_ONCE}.0" not in client.get("/metrics").text:
            time.sleep(0.01)
        refused = client.post("/v1/chat/completions", json=body, headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "limited")
        engine.hold.set()
        for thread in held:
            thread.join(20)


def test_metrics_count_them(client: openai.OpenAI, address: str) -> None:
    """By their route, and the question by its outcome."""
    ask(client, [{"role": "user", "content": BENEFIT}])
    told = httpx.get(f"{address}/metrics").text
    assert 'casebook_requests_total{route="/v1/chat/completions",status="200"}' in told
    assert 'casebook_questions_total{outcome="answered"}' in told


def test_a_question_that_takes_too_long_is_given_up(
    client: openai.OpenAI, engine: FakeEngine
) -> None:
    """After the engine's limit the client hears so."""
    engine.limit, engine.hold = 0.2, threading.Event()
    try:
        error = refuse(client)
        assert (error.status_code, error.code) == (503, "slow")
        assert json.loads(error.response.text)["error"]["message"].startswith("no answer after")
    finally:
        engine.hold.set()
        engine.hold = None
