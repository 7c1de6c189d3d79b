"""The web: the HTTP contract, case pages, the chat and the editor's page, as one application."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chatbot.desk import Desk
    from chatbot.engine import Engine
    from chatbot.settings import Settings


def create_app(engine: Engine, settings: Settings, desk: Desk | None = None) -> FastAPI:
    """Return the application; nothing is asked of the engine before the first request.

    `settings.root_path` is the prefix under which a proxy serves it. The editor's page is there
    where a desk is given and `settings.editor_token` opens it; uploads wait in `settings.var`.
    """
    from fastapi import FastAPI
    from fastapi.responses import FileResponse
    from starlette.middleware.cors import CORSMiddleware
    from starlette.staticfiles import StaticFiles

    from chatbot.web import failures
    from chatbot.web.access import Guard
    from chatbot.web.api import make_router
    from chatbot.web.chat import STATIC, mount_chat
    from chatbot.web.editor.door import Door
    from chatbot.web.editor.view import mount_editor
    from chatbot.web.front import FrontPage

    root = settings.root_path
    app = FastAPI(
        title="Casebook",
        summary="Answers about green-development cases, quoted word for word",
        version="0.1.0",
        docs_url=None,  # both load their script from another site
        redoc_url=None,
    )
    failures.install(app)
    app.include_router(make_router(engine, root))

    @app.get("/favicon.ico", include_in_schema=False)
    async def icon() -> FileResponse:
        return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")

    app.mount("/web", StaticFiles(directory=STATIC), name="web")
    sessions = mount_editor(app, engine, desk, settings) if desk and settings.editor_token else None
    mount_chat(app, engine, settings)  # last, for it answers at every path
    # The last added is the outermost. Allowing no origin also keeps Gradio from allowing every one.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(FrontPage, root_path=root)
    if sessions is not None:
        app.add_middleware(Door, sessions=sessions, root_path=root)
    app.add_middleware(Guard, root_path=root)
    return app
