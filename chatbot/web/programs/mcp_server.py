"""The Model Context Protocol by its official SDK: the tools over HTTP at `/mcp`, and over stdio.

Over HTTP each request stands alone, so no client can leave sessions or open streams behind. The SDK
is imported by the first request: a server that nobody asks so starts without it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from chatbot import VERSION
from chatbot.web.error_responses import explain_validation, make_response, report, respond
from chatbot.web.metrics import Metrics
from chatbot.web.programs.dispatcher import Dispatcher
from chatbot.web.programs.routing import mend_json
from chatbot.web.programs.tools import Asker, Tool, list_tools
from chatbot.web.security.limits import Caller, Limits
from chatbot.web.security.session import own_origin
from corpus.errors import AccessError, CasebookError

if TYPE_CHECKING:
    from mcp.server import Server, ServerRequestContext
    from mcp.types import CallToolRequestParams, CallToolResult, ListToolsResult

    from chatbot.engine import Engine

log = logging.getLogger("casebook")

_INSTRUCTIONS = (
    "A collection of green-development cases of CCCME's members. Quote what the tools return word "
    "for word and give the citation; where the outcome is `nearest` or `absent`, say that the "
    "collection does not say it."
)
_HERE = Caller("stdio", False, False)  # whoever started the program sits at this machine


class McpEndpoint:
    """The ASGI application at `/mcp`."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        """Take what asks the engine."""
        self._dispatcher = dispatcher
        self._server: Server[Any] | None = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; pages of other sites are refused, whatever name they resolve to."""
        request = Request(scope)
        if request.method != "POST":
            words, allow = "use POST here", {"Allow": "POST"}
            await make_response(405, "method_not_allowed", words, allow)(scope, receive, send)
            return
        if request.headers.get("origin", own_origin(request)) != own_origin(request):
            error = AccessError("pages of other sites may not ask here")
            error.add_note("another origin asked at /mcp")
            await respond(error)(scope, receive, send)
            return

        server = await run_in_threadpool(self._open)
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        # Hosts and origins are checked by now: see `middleware.Guard`, and above.
        manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    def _open(self) -> Server[Any]:
        with self._lock:
            if self._server is None:
                self._server = make_server(self._dispatcher)
            return self._server


def make_server(dispatcher: Dispatcher) -> Server[Any]:
    """Return the SDK's server of the tools; takes the second that importing it takes."""
    from mcp.server import Server
    from mcp.shared.exceptions import MCPError
    from mcp.types import INVALID_PARAMS, CallToolResult, ListToolsResult, TextContent

    tools = {tool.name: tool for tool in list_tools(dispatcher)}
    listed = ListToolsResult(tools=[_describe(tool) for tool in tools.values()])

    def fail(message: str) -> CallToolResult:
        return CallToolResult(content=[TextContent(type="text", text=message)], is_error=True)

    async def tell(_: ServerRequestContext[Any], __: Any) -> ListToolsResult:
        return listed

    async def call(
        context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        tool = tools.get(params.name)
        if tool is None:
            words = f"no tool {params.name[:40]!r}: use one of {', '.join(tools)}"
            raise MCPError(INVALID_PARAMS, words)
        request: Request | None = context.request
        asker = Asker(request.state.caller if request else _HERE, _find_root(request))
        try:
            arguments = tool.arguments.model_validate(params.arguments or {})
            done = await tool.run(asker, arguments)
        except ValidationError as error:
            return fail(f"bad_request: {explain_validation(_list(error))}")
        except Exception as error:  # noqa: BLE001 - the model has to hear of it, in one line
            _, code, message = report(error)
            return fail(f"{code}: {message}")
        return CallToolResult(
            content=[TextContent(type="text", text=done.text)], structured_content=done.data
        )

    return Server(
        "casebook",
        version=VERSION,
        title="Casebook",
        instructions=_INSTRUCTIONS,
        on_list_tools=tell,
        on_call_tool=call,
    )


def serve_stdio(engine: Engine) -> None:
    """Serve the client at standard input and output until it closes its end.

    Standard output is the protocol's alone: what anything else writes there meanwhile goes to
    standard error. The encoder is loaded in the background, as clients wait for the first answer
    of a server for seconds only.
    """
    limits = Limits(1)  # who sits at this machine has no limit
    dispatcher = Dispatcher(engine, limits, Metrics(engine, limits))

    async def run() -> None:
        server = make_server(dispatcher)
        from mcp.server.stdio import stdio_server

        async def read_lines() -> AsyncIterator[str]:
            while line := await asyncio.to_thread(sys.stdin.buffer.readline):
                yield mend_json(line).decode("utf-8", "replace")

        lines: Any = read_lines()
        async with stdio_server(stdin=lines) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    threading.Thread(target=_warm, args=(engine,), daemon=True).start()
    asyncio.run(run())


def _end(number: int, _: Any) -> None:
    """End the process: a thread waits for standard input, and no signal reaches that one."""
    os.write(2, b"casebook: stopped\n")
    os._exit(128 + number)


def _warm(engine: Engine) -> None:
    try:
        engine.warm()
    except CasebookError as error:  # the first tool that is called says it too
        log.warning("not ready: %s", error)


def _describe(tool: Tool) -> Any:
    from mcp.types import Tool as ListedTool
    from mcp.types import ToolAnnotations

    return ListedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.result.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(
            read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
    )


def _list(error: ValidationError) -> list[dict[str, Any]]:
    return [dict(each) for each in error.errors()]


def _find_root(request: Request | None) -> str:
    return str(request.base_url) if request else ""
