"""The web: the HTTP contract, case pages, the chat and the editor's page, as one application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatbot import VERSION

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chatbot.answers.answer import Answer
    from chatbot.engine import Engine
    from chatbot.publishing.publisher import Publisher
    from chatbot.settings import Settings
    from chatbot.web.security.limits import Caller


def create_app(engine: Engine, settings: Settings, publisher: Publisher | None = None) -> FastAPI:
    """Return the application; nothing is asked of the engine before the first request.

    `settings.root_path` is the prefix under which a proxy serves it. The editor's page is there
    where a publisher is given and `settings.editor_token` opens it; uploads wait in `settings.var`,
    and so does what other processes that serve it have to know.
    Raises UsageError where members are required and their key cannot be used.
    """
    from fastapi import FastAPI
    from starlette.routing import Route

    from chatbot.publishing.asked_questions import AskedQuestions
    from chatbot.web import api
    from chatbot.web import error_responses as failures
    from chatbot.web import middleware as access
    from chatbot.web import static_files as files
    from chatbot.web.chat import STATIC, mount_chat
    from chatbot.web.editor.page import mount_editor
    from chatbot.web.metrics import Metrics
    from chatbot.web.pages import routes as pages
    from chatbot.web.programs import completions
    from chatbot.web.programs.dispatcher import Dispatcher
    from chatbot.web.programs.mcp_server import McpEndpoint
    from chatbot.web.security import session
    from chatbot.web.security.limits import VOTES_A_DAY, Limits
    from chatbot.web.security.members import read_keys
    from chatbot.web.security.shared_state import SharedState
    from chatbot.web.widget import assets as widget

    shared_state = SharedState(settings.var / "ledger.sqlite")
    keys = None
    if settings.members == "required":
        keys = read_keys(
            settings.member_key, settings.member_issuer, shared_state.secret("sessions")
        )
    limits = Limits(settings.questions_per_minute, shared_state=shared_state)
    asked = AskedQuestions(settings.var, settings.question_days)

    def note(answer: Answer, caller: Caller) -> None:
        asked.note(answer, sender=caller.id if caller.limited else "")

    metrics = Metrics(engine, limits, note)
    app = FastAPI(
        title="Casebook",
        summary="Answers about green-development cases, quoted word for word",
        version=VERSION,
        docs_url=None,  # both load their script from another site
        redoc_url=None,
    )
    failures.install(app)
    voting = Limits(
        settings.questions_per_minute, shared_state=shared_state, kind="votes", per_day=VOTES_A_DAY
    )
    dispatcher = Dispatcher(engine, limits, metrics)
    app.include_router(api.make_router(dispatcher, settings, voting, metrics))
    app.include_router(pages.make_router(dispatcher, settings.root_path))
    app.include_router(completions.make_router(dispatcher))
    app.router.routes.append(Route("/mcp", McpEndpoint(dispatcher)))
    app.include_router(
        session.make_router(settings.root_path, keys, settings.embed_origins, shared_state, limits)
    )
    app.include_router(widget.make_router(engine, settings.embed_origins))
    app.include_router(files.make_router(STATIC))
    editors = (
        mount_editor(app, engine, publisher, settings)
        if publisher and settings.editor_token
        else None
    )
    mount_chat(
        app, engine, settings, limits, metrics, dispatcher.queue
    )  # last: it answers at every path
    access.install(app, settings, keys, metrics, shared_state, editors)
    return app
