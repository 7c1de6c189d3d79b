"""The Gradio view: one function over `Engine.ask`, and the only importer of gradio.

The page is one `gr.HTML`, from a template and a script of `static/`. The script triggers `ask` with
a question; each update that `reply` yields becomes the component's value, and the script puts what
is new of it on the page. Updates are cumulative, so one that the browser skips loses nothing. The
server keeps no conversation: the page sends the turns before a question along with it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool

from chatbot.answers.conversation import Turn
from chatbot.answers.question_input import LENGTH
from chatbot.locales import Language
from chatbot.locales.interface import (
    COOKIE,
    ERRORS,
    SAME_SENTENCE,
    TAGS,
    WORDS,
    explain,
)
from chatbot.web.error_responses import report
from chatbot.web.gradio_page import KeptFiles
from chatbot.web.rendering import (
    render_error,
    render_offers,
    render_pieces,
    render_sources,
    render_verdict,
    render_written,
)
from chatbot.web.schemas import MOST_TURNS, Refusing, TurnBody
from chatbot.web.security.fair_queue import FairQueue, measure_question
from chatbot.web.security.gradio_routes import GradioRoutes, QueueDoor
from chatbot.web.security.limits import AT_WORK, WAITING, Limits
from chatbot.web.templates import render

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chatbot.answers.answer import Answer
    from chatbot.engine import Engine
    from chatbot.settings import Settings
    from chatbot.web.metrics import Metrics

STATIC = Path(__file__).with_name("static")
Update = dict[str, Any]
Watch = Callable[[Callable[[], "Answer"]], "Answer"]
_START = """import(`${props.root}/web/chat.js`).then(
    ({start}) => start(element, props, trigger, watch, "ask"))"""
PAGES = 256  # whose updates Gradio holds; more than there are questions at once

# What gradio takes from the environment only. It would also sum up every event it has seen with
# pandas after each one, for a monitoring page that is off.
_GRADIO = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9),
}


class ChatBody(Refusing):
    """What the page sends with a question; `turn` numbers its place on the page."""

    turn: int = Field(ge=1, le=100_000)
    question: str
    history: list[TurnBody] = Field(default=[], max_length=MOST_TURNS)
    company: str = Field(default="", max_length=500)
    interface: Language = "en"


def _open_gradio() -> Any:
    """Return the module, set up to call nobody; takes the seconds that importing it takes."""
    os.environ.update(_GRADIO)
    # It would import the SDK of the Model Context Protocol for servers of its own, of which there
    # is none here: a second at the start of every process, and 24 MB of it.
    modules: dict[str, Any] = sys.modules
    unasked = "mcp" not in modules
    if unasked:
        modules["mcp"] = None
    try:
        import gradio
    finally:
        if unasked:
            del modules["mcp"]

    # It would read the address of a page's parts out of each request, and whatever headers that
    # has: the path where the page is mounted is enough for a browser.
    gradio.route_utils.get_root_url = lambda root_path, **_: root_path or "/"
    gradio.processing_utils.async_ssrf_protected_get = _fetch_nothing
    make = gradio.routes.App.create_app

    def make_finished(blocks: Any, **given: Any) -> Any:
        return make(blocks, **given) if getattr(blocks, "exited", False) else None

    # It would make an application at every step of making a page, and throw it away.
    blocks_module: Any = gradio.blocks
    blocks_module.App = SimpleNamespace(create_app=make_finished)
    return gradio


async def _fetch_nothing(url: str) -> NoReturn:  # noqa: ARG001 - in Gradio's words
    """Stand for what Gradio would download a file with that a page names by its address."""
    raise ValueError("a page's files are those that it uploads")


def mount_chat(
    app: FastAPI,
    engine: Engine,
    settings: Settings,
    limits: Limits,
    metrics: Metrics,
    queue: FairQueue,
) -> None:
    """Mount the chat at `/` of `app`."""

    async def run() -> None:
        _mount(app, engine, settings, limits, metrics, queue)

    try:
        asyncio.get_running_loop()
    except RuntimeError:  # without a loop, gradio leaves one open for each lock
        asyncio.run(run())
    else:
        _mount(app, engine, settings, limits, metrics, queue)


def _mount(
    app: FastAPI,
    engine: Engine,
    settings: Settings,
    limits: Limits,
    metrics: Metrics,
    queue: FairQueue,
) -> None:
    gr = _open_gradio()

    async def ask(event: Any, request: Any) -> AsyncIterator[Update]:
        state = request.request.state
        with state.held as held:
            turns = Turns(
                lambda work, cost: queue.run(state.caller, work, engine.limit, cost, held),
                queue.run_beside,
            )
            watch = partial(metrics.watch, state.caller)
            async for update in reply(engine, event._data, settings.root_path, turns, watch):
                yield update
        forget_pages(blocks._queue)

    # gradio looks for these very classes among the annotations to pass what the page has sent
    ask.__annotations__ = {"event": gr.EventData, "request": gr.Request}
    root = settings.root_path
    with gr.Blocks(
        title="Casebook", analytics_enabled=False, fill_width=True, fill_height=True
    ) as blocks:
        page = gr.HTML(
            html_template=render("chat.html", root=root),
            js_on_load=_START,
            apply_default_css=False,
            elem_id="casebook",
            words=WORDS,
            errors=ERRORS,
            same=SAME_SENTENCE,
            tags=TAGS,
            limit=LENGTH,
            cookie=COOKIE,
            root=root,
        )
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        # In Gradio's own queue nobody waits: who is next is for the fair one to say.
        page.ask(ask, None, page, concurrency_limit=None, trigger_mode="multiple", **private)
    blocks.max_threads = AT_WORK + WAITING
    blocks.queue(max_size=AT_WORK + WAITING, api_open=False)
    sessions: Any = blocks._queue.pending_messages_per_session
    sessions.max_size = PAGES
    # Everything is off that the page does not need; what no setting turns off, `GradioRoutes` holds
    # back.
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=root,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        max_file_size=1,
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
    )
    mounted: Any = app.router.routes[-1]
    mounted.app.add_middleware(KeptFiles)
    mounted.app.add_middleware(
        QueueDoor, limits=limits, is_known=lambda session: session in sessions
    )
    mounted.app.add_middleware(GradioRoutes)  # the last added is the outermost


def forget_pages(queue: Any) -> None:
    """Drop what Gradio's queue keeps for ever: a set for each page whose updates it has dropped."""
    held = queue.pending_event_ids_session
    for session in held.keys() - queue.pending_messages_per_session.keys():
        del held[session]


@dataclass(frozen=True, slots=True)
class Turns:
    """How what takes its time is run: what costs so many characters, and what waits elsewhere."""

    run: Callable[[Callable[[], Any], int], Awaitable[Any]]
    run_beside: Callable[[Callable[[], Any]], Awaitable[Any]]


async def reply(
    engine: Engine, data: Any, root: str, turns: Turns, watch: Watch = lambda ask: ask()
) -> AsyncIterator[Update]:
    """Yield the states of one turn: working, then the answer piece by piece, then done or failed.

    Every update holds the whole turn so far. The engine is asked by `turns` and `watch`. Never
    raises: what goes wrong is a sentence of the interface, with a way to ask again.
    """
    try:
        body = ChatBody.model_validate(data)
    except ValidationError:
        yield _fail(
            {"turn": data.get("turn", 0) if isinstance(data, dict) else 0}, "internal", "en"
        )
        return
    update: Update = {
        "turn": body.turn,
        "state": "working",
        "notice": "searching",
        "written": "",
        "pieces": [],
        "offers": "",
        "sources": "",
        "plain": "",
        "release": "",
        "outcome": "",
        "language": "",
    }
    try:
        ready = (await run_in_threadpool(engine.status)).ready
        yield update if ready else {**update, "notice": "warming"}
        history = [Turn(turn.role, turn.content) for turn in body.history]
        filters = {"company": [body.company]} if body.company else None

        def ask() -> tuple[Answer, list[Update]]:
            answer = watch(lambda: engine.ask(body.question, history, filters))
            if engine.can_write(answer):  # the quotations are there to read while the model works
                pieces = render_pieces(answer, body.turn)
                return answer, [{**update, "notice": "writing", "pieces": pieces}]
            return answer, list(_show(answer, update, body, root))

        def write(answer: Answer) -> list[Update]:
            return list(_show(engine.write(answer), update, body, root))

        answer, updates = await turns.run(ask, measure_question(body.question, history))
        for each in updates:
            yield each
        if engine.can_write(answer):
            for each in await turns.run_beside(partial(write, answer)):
                yield each
    except Exception as error:  # noqa: BLE001 - the page must hear of it, in its own words
        _, code, _ = report(error)
        if code == "bad_question" and len(body.question) > LENGTH:
            code = "too_long"
        yield _fail(update, code, body.interface)


def _show(answer: Answer, update: Update, body: ChatBody, root: str) -> Iterator[Update]:
    verdict = render_verdict(answer, body.interface, bool(body.company))
    pieces = [verdict] * bool(verdict) + render_pieces(answer, body.turn)
    for end in range(1, len(pieces)):
        yield {**update, "notice": "", "pieces": pieces[:end]}
    yield {
        **update,
        "state": "done",
        "notice": "",
        "written": render_written(answer, body.turn),
        "pieces": pieces,
        "offers": render_offers(answer, body.interface, root, bool(body.company)),
        "sources": render_sources(answer, body.turn, body.interface, root),
        "plain": answer.text,
        "release": answer.release,
        "outcome": answer.outcome,
        "language": answer.language,
    }


def _fail(update: Update, code: str, language: str) -> Update:
    sentence = render_error(explain(code, language), code, language)
    nothing = {"notice": "", "written": "", "offers": "", "sources": "", "plain": ""}
    return {**update, **nothing, "state": "failed", "pieces": [sentence]}
