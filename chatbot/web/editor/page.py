"""The editor's pages as routes of the application: `/editor/en/…` and `/editor/zh/…`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from chatbot.locales import LANGUAGES
from chatbot.publishing.pending_uploads import Folder
from chatbot.publishing.publish_job import PublishJob
from chatbot.publishing.worklist import Worklist
from chatbot.web.editor import document_routes, question_routes, release_routes, worklist_routes
from chatbot.web.editor.actions import Actions
from chatbot.web.editor.session import Sessions
from chatbot.web.editor.visit import Shared, answer, refuse

if TYPE_CHECKING:
    from fastapi import FastAPI

    from chatbot.engine import Engine
    from chatbot.publishing.publisher import Publisher
    from chatbot.settings import Settings

ROUTES = (
    *document_routes.ROUTES,
    *release_routes.ROUTES,
    *question_routes.ROUTES,
    *worklist_routes.ROUTES,
    ("GET", "/{rest:path}", refuse),
)
_UPLOADS = 4  # at once, of 21 open files each
_EVERY = 60.0  # seconds between two looks for sessions that have ended


def mount_editor(
    app: FastAPI, engine: Engine, publisher: Publisher, settings: Settings
) -> Sessions:
    """Put the pages' routes into `app`; returns who is signed in.

    Only what `EditorAccess` lets through may reach them. The folder of uploads goes when `app`
    ends, and those of a session soon after it has ended.
    """
    folder = Folder(settings.var)
    sessions = Sessions(settings.editor_token, folder.make_pending)
    shared = Shared(
        {language: Actions(publisher, engine, language) for language in LANGUAGES},
        PublishJob(publisher),
        Worklist(settings.var, settings.question_days, publisher.encode_alike),
        folder.incoming,
        settings.root_path,
        asyncio.Semaphore(_UPLOADS),
    )
    for method, path, handler in ROUTES:
        app.router.add_route(f"/editor/{{language}}{path}", answer(shared, handler), [method])
    served = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        sweeping = asyncio.create_task(_sweep(sessions))
        async with served(app) as state:
            yield state
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
        sessions.close()
        folder.close()

    app.router.lifespan_context = lifespan
    return sessions


async def _sweep(sessions: Sessions) -> None:
    """End what rested too long, also where nobody comes to ask."""
    while True:
        await asyncio.sleep(_EVERY)
        sessions.sweep()
