"""The web application: the API, the case pages and the Gradio chat in one FastAPI app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Request
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from chatbot.engine import Engine
from chatbot.settings import Settings
from chatbot.web.access import BodyLimit, Headers
from chatbot.web.api import ErrorOut, add_error_handlers, make_router
from chatbot.web.render import render_case
from chatbot.web.words import choose_language

STATIC = Path(__file__).parent / "static"
_CASE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def create_app(engine: Engine, settings: Settings) -> FastAPI:
    """Return the whole application over one engine; nothing of the engine is loaded here."""
    from chatbot.web.chat import mount_chat

    app = FastAPI(
        title="Casebook",
        version="0.1.0",
        description="Questions to the CCCME collection of green-development cases, answered with "
        "verbatim quotations whose citations are checked.",
        root_path=settings.root_path,
        docs_url=None,  # both load their scripts from elsewhere
        redoc_url=None,
    )
    add_error_handlers(app)
    app.include_router(make_router(engine))
    _add_case_pages(app, engine)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    mount_chat(app, engine, settings)
    # Without it Gradio reflects any origin, with credentials; no other site may read answers.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(BodyLimit)
    app.add_middleware(Headers)
    return app


def _add_case_pages(app: FastAPI, engine: Engine) -> None:
    @app.get(
        "/cases/{case_id}",
        response_class=HTMLResponse,
        responses={404: {"model": ErrorOut}, 422: {"model": ErrorOut}, 503: {"model": ErrorOut}},
    )
    def case_page(
        request: Request,
        case_id: Annotated[str, PathParameter(max_length=64)],
        lang: str | None = None,
    ) -> HTMLResponse:
        """Return a case as a page; `#c<start>-<end>` marks those characters of the document."""
        view = engine.case(case_id)
        language = choose_language(lang, request.headers)
        page = render_case(
            view.case, view.document, view.passages, language, base_path(request.scope)
        )
        return HTMLResponse(
            page, headers={"Content-Security-Policy": _CASE_POLICY, "Vary": "Accept-Language"}
        )


def base_path(scope: Scope) -> str:
    """Return the path below which the application is served, with a slash at its end."""
    return str(scope.get("root_path", "")).rstrip("/") + "/"
