"""The Model Context Protocol, asked with the SDK's own client: over HTTP, and a real process."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel

from chatbot.web import schemas as contract
from chatbot.web.programs.routing import mend_json
from corpus import errors
from index.storage.publish import Releases
from tests.conftest import MODELS
from tests.fake_portal import REQUIRED, sign
from tests.fakes import LIGHTS, LIGHTS_PHOTO, FakeEngine, serving

ROOT = Path(__file__).parents[4]
TOOLS = ["ask", "search", "list_cases", "get_case"]
JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "jsonrpc": "2.0", "id": 0, "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}  # fmt: skip


def with_client(place: Any, use: Callable[[Client], Awaitable[Any]], mode: Any = "auto") -> Any:
    """Return what a function does with a client of a server."""

    async def run() -> Any:
        async with Client(place, mode=mode) as client:
            return await use(client)

    return asyncio.run(run())


def call(place: Any, name: str, arguments: dict[str, Any], mode: Any = "auto") -> CallToolResult:
    """Return what a tool gives."""
    result = with_client(place, lambda client: client.call_tool(name, arguments), mode)
    assert isinstance(result, CallToolResult)
    return result


def read(result: CallToolResult) -> str:
    """Return the text of a result."""
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_tools_are_listed(address: str, mode: str) -> None:
    """With what they take and give, as the contract has it, and that they change nothing."""

    async def look(client: Client) -> Any:
        return client.server_info, (await client.list_tools()).tools

    info, tools = with_client(f"{address}/mcp", look, mode)
    assert info.name == "casebook"
    assert [tool.name for tool in tools] == TOOLS
    kinds: list[type[BaseModel]] = [
        contract.AnswerBody, contract.SearchBody, contract.CasesBody, contract.CaseBody,
    ]  # fmt: skip
    for tool, kind in zip(tools, kinds, strict=True):
        assert tool.output_schema["required"] == list(kind.model_fields)
        assert tool.input_schema["additionalProperties"] is False
        assert tool.annotations.read_only_hint


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_answer_is_that_of_the_api(address: str, mode: str) -> None:
    """The same record with the same citations, and a text with each source's address."""
    given = {"question": "solar", "filters": {"company": []}, "language": "en"}
    result = call(f"{address}/mcp", "ask", given, mode)
    assert not result.is_error
    told = httpx.post(f"{address}/api/ask", json=given).json()
    assert result.structured_content == told
    text = read(result)
    assert text.startswith(told["text"])
    for citation in told["citations"]:
        assert f"{address}/{citation['link']}" in text
    assert [each["quote"] for each in told["citations"]] == [LIGHTS, LIGHTS_PHOTO]


def test_what_comes_near_and_what_is_absent_are_told_apart(address: str) -> None:
    """The outcome is that of the API; an absent answer offers its nearest cases."""
    near = call(f"{address}/mcp", "ask", {"question": "Is there a hospital?"})
    absent = call(f"{address}/mcp", "ask", {"question": "apple pie"})
    assert near.structured_content["outcome"] == "nearest"
    assert read(near).startswith("The collection does not say this outright.")
    assert absent.structured_content["outcome"] == "absent"
    assert f"{address}/{absent.structured_content['nearest'][0]['link']}" in read(absent)


@pytest.mark.parametrize(
    ("name", "arguments", "path"),
    [
        ("search", {"q": "solar", "k": 3}, "/api/search?q=solar&k=3"),
        ("list_cases", {}, "/api/cases"),
        ("get_case", {"case_id": "{case}"}, "/api/cases/{case}"),
    ],
)
def test_the_other_tools_are_their_routes(
    address: str, engine: FakeEngine, name: str, arguments: dict[str, Any], path: str
) -> None:
    """The same records, and a text that has their words."""
    case = engine.entry.cases[1]
    given = {key: case.id if value == "{case}" else value for key, value in arguments.items()}
    result = call(f"{address}/mcp", name, given)
    assert result.structured_content == httpx.get(address + path.format(case=case.id)).json()
    if name != "search":
        assert case.title in read(result)
    else:
        assert " ".join(engine.entry.passages[0].text.split()) in read(result)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("ask", {}, "bad_request: question: field required"),
        ("ask", {"question": 7}, "bad_request: question: input should be a valid string"),
        ("ask", {"question": ""}, "bad_question: the question has no words"),
        ("ask", {"question": "?\n\0"}, "bad_question: the question has no words"),
        ("ask", {"question": "a" * 2001}, "bad_question: the question has 2001 characters"),
        ("ask", {"question": "a", "filters": {"company": ["X"]}}, "bad_filter: no case has"),
        ("ask", {"question": "a", "filters": {"x": ["X"]}}, "bad_filter: no filter 'x'"),
        ("ask", {"question": "a", "language": "fr"}, "bad_request: language: input should be"),
        ("ask", {"question": "a", "history": [{"role": "x"}] * 21}, "bad_request: history"),
        ("ask", {"question": "a", "more": "\n<script>"}, "bad_request: more: no such field"),
        ("search", {"q": "a", "k": 0}, "bad_request: k: input should be greater"),
        ("search", {"q": "a", "k": "many"}, "bad_request: k: input should be a valid integer"),
        ("list_cases", {"company": "X"}, "bad_request: company: no such field"),
        ("get_case", {"case_id": "../../etc"}, "not_found: no case '../../etc'"),
        ("get_case", {"case_id": "x" * 201}, "bad_request: case_id: string should have at most"),
    ],
)
def test_arguments_that_cannot_be_are_one_line(
    address: str, name: str, arguments: dict[str, Any], words: str
) -> None:
    """An error of the tool, which the model reads and can mend."""
    result = call(f"{address}/mcp", name, arguments)
    assert result.is_error
    assert result.structured_content is None
    assert read(result).startswith(words)
    assert "\n" not in read(result)


def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(address: str) -> None:
    """It names those that are."""

    async def fly(client: Client) -> None:
        with pytest.raises(MCPError, match="no tool 'fly': use one of ask, search"):
            await client.call_tool("fly", {})

    with_client(f"{address}/mcp", fly)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.NoReleaseError("nothing is published"), "no_release: nothing is published"),
        (errors.BusyError("too many"), "busy: too many"),
        (KeyError("secret"), "internal: something went wrong inside Casebook"),
    ],
)
def test_an_error_of_the_engine_is_one_line(
    address: str, engine: FakeEngine, error: Exception, words: str
) -> None:
    """A foreign exception's words never leave the server."""
    engine.error = error
    result = call(f"{address}/mcp", "ask", {"question": "solar"})
    assert result.is_error
    assert read(result).startswith(words)
    assert "secret" not in read(result)


def test_a_question_that_takes_too_long_is_given_up(address: str, engine: FakeEngine) -> None:
    """After the engine's limit, as everywhere."""
    engine.limit, engine.hold = 0.2, threading.Event()
    try:
        result = call(f"{address}/mcp", "ask", {"question": "solar"})
        assert read(result).startswith("slow: no answer after 0.2 seconds")
    finally:
        engine.hold.set()
        engine.hold = None


@pytest.mark.parametrize("version", [{}, {"MCP-Protocol-Version": "2026-07-28"}])
@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b"\xff", 400), (b"[" * 5000, 400), (b" " * 70_000, 413)],
)
def test_a_body_that_is_no_message_is_refused(
    address: str, body: bytes, status: int, version: dict[str, str]
) -> None:
    """Cut off, empty, in another encoding, deep, huge."""
    response = httpx.post(f"{address}/mcp", content=body, headers={**JSON, **version})
    assert response.status_code == status
    assert response.json()["error"]["message"]
    assert "Traceback" not in response.text


def test_pages_of_other_sites_are_refused(address: str) -> None:
    """By their origin, and where their name was made to lead here, by that name."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    for headers, status, code in (
        ({"Origin": "https://evil.example"}, 403, "forbidden"),
        ({"Origin": "null"}, 403, "forbidden"),
        ({"Host": "evil.example"}, 421, "wrong_host"),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421, "wrong_host"),
    ):
        response = httpx.post(f"{address}/mcp", json=body, headers={**JSON, **headers})
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)
        assert "access-control-allow-origin" not in response.headers
    own = httpx.post(f"{address}/mcp", json=body, headers={**JSON, "Origin": address})
    assert own.status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_nothing_is_kept_open(address: str, method: str) -> None:
    """There are no sessions to follow or to end, and so no streams that wait."""
    response = httpx.request(method, f"{address}/mcp", headers=JSON)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_members_ask_with_the_portals_token() -> None:
    """Without one nobody may; questions count in the member's account, and in the metrics."""
    engine = FakeEngine()
    with serving(engine, **REQUIRED, questions_per_minute=2) as address:
        bare = httpx.post(f"{address}/mcp", json=INITIALIZE, headers=JSON)
        assert (bare.status_code, bare.json()["error"]["code"]) == (401, "token_missing")

        async def ask(client: Client) -> list[CallToolResult]:
            asked = [await client.call_tool("ask", {"question": "solar"}) for _ in range(3)]
            return [*asked, await client.call_tool("list_cases", {})]

        async def run() -> list[CallToolResult]:
            headers = {"Authorization": f"Bearer {sign()}"}
            async with httpx2.AsyncClient(headers=headers) as http:
                transport = streamable_http_client(f"{address}/mcp", http_client=http)
                async with Client(transport) as client:
                    return await ask(client)

        first, second, third, cases = asyncio.run(run())
        assert [each.is_error for each in (first, second, cases)] == [False] * 3
        assert read(third).startswith("limited: 2 questions a minute are taken")
        told = httpx.get(f"{address}/metrics").text
        assert 'casebook_requests_total{route="/mcp",status="200"}' in told
        assert 'casebook_questions_total{outcome="answered"} 2.0' in told


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (rb'{"a": "x \ud83d"}', '{"a": "x \ufffd"}'),
        (rb'{"a": "\uDE00\ud83d\ude00"}', '{"a": "\ufffd\U0001f600"}'),
        (rb'{"a": "\\ud83d"}', r'{"a": "\\ud83d"}'),
        (b'{"a": "b"}', '{"a": "b"}'),
        (rb'{"a": "\ud83d', r'{"a": "\ud83d'),
        (b"[" * 5000 + rb"\ud83d", "[" * 5000 + r"\ud83d"),
    ],
)
def test_half_an_emoji_is_mended(text: bytes, mended: str) -> None:
    """What is no JSON stays as it is."""
    assert mend_json(text).decode() == mended


def test_half_an_emoji_is_accepted(address: str, engine: FakeEngine) -> None:
    """The SDK alone would take it for no JSON."""
    body = (
        rb'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", '
        rb'"arguments": {"question": "solar \ud83d"}}}'
    )
    response = httpx.post(f"{address}/mcp", content=body, headers=JSON)
    assert response.json()["result"]["isError"] is False
    assert engine.asked[0][0] == "solar \ufffd"


@pytest.mark.slow
def test_a_server_starts_without_the_sdk(server_process: None) -> None:
    """It takes a second to import, which only who asks by it waits for."""
    code = (
        "import sys, tempfile\n"
        "from pathlib import Path\n"
        "from chatbot.settings import Settings\n"
        "from chatbot.web import create_app\n"
        "from tests.fakes import FakeEngine\n"
        "create_app(FakeEngine(), Settings(var=Path(tempfile.mkdtemp())))\n"
        "print('mcp' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_the_program_serves_at_stdin_and_stdout(
    server_process: None, report_releases: Releases, tmp_path: Path
) -> None:
    """A real process, asked by the SDK's client from another folder: its answers are the API's."""
    var = tmp_path / "var"
    var.mkdir()
    (var / "models").symlink_to(MODELS)
    (var / "releases").symlink_to(report_releases.folder)
    arguments = [str(ROOT / "app.py"), "mcp", "--var", str(var)]
    given = StdioServerParameters(command=sys.executable, args=arguments, cwd=tmp_path)

    async def look(client: Client) -> Any:
        names = [tool.name for tool in (await client.list_tools()).tools]
        question = "How many people benefit from the Padma Water Plant?"
        return names, await client.call_tool("ask", {"question": question})

    names, result = with_client(stdio_client(given), look)
    assert names == TOOLS
    answer = contract.AnswerBody.model_validate(result.structured_content)
    assert answer.outcome == "answer"
    assert "3 million people" in read(result)
    assert "http://" not in read(result), "a program without an address gives none"


@pytest.mark.slow
def test_stdout_is_the_protocols_alone(server_process: None, tmp_path: Path) -> None:
    """Every line there is a message, whatever comes in and whatever is wrong."""
    arguments = [sys.executable, str(ROOT / "app.py"), "mcp", "--var", str(tmp_path)]

    def ask(number: int, question: str) -> bytes:
        params = {"name": "ask", "arguments": {"question": question}}
        message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
        return json.dumps(message).encode()

    lines = [
        json.dumps(INITIALIZE).encode(),
        b'{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        b"nonsense", b"[1]", b"\xff\xfe", b"[" * 5000,
        ask(1, "solar"),
        ask(2, "half an emoji \ud83d"),
    ]  # fmt: skip
    with subprocess.Popen(
        arguments, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"\n".join(lines) + b"\n")
        process.stdin.flush()
        heard: dict[Any, Any] = {}
        while not {0, 1, 2} <= heard.keys():
            message = json.loads(process.stdout.readline())
            heard[message.get("id")] = message
        process.stdin.close()
        assert process.wait(60) == 0
        assert process.stdout.read() == b""
        assert process.stderr
        logged = process.stderr.read().decode()
    assert heard[0]["result"]["serverInfo"]["name"] == "casebook"
    for number in (1, 2):
        told = heard[number]["result"]["content"][0]["text"]
        assert told == "no_release: nothing is published yet: run `./casebook build`"
    assert "Traceback" not in logged


@pytest.mark.slow
def test_a_signal_ends_the_program(server_process: None, tmp_path: Path) -> None:
    """At once, while its client holds the line open."""
    arguments = [sys.executable, str(ROOT / "app.py"), "mcp", "--var", str(tmp_path)]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.terminate()
        assert process.wait(20) == 143
        assert process.stderr
        assert process.stderr.read().decode().splitlines()[-1] == "casebook: stopped"
