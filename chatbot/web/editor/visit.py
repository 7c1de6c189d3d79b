"""One request of a signed-in editor, and how it is answered: a page, or the way to the next one.

A handler takes a `Visit` and returns a response. What it raises becomes a line: after a form, on
the page that the form stands on, which is the one above the address it is sent to; else on a page
of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from chatbot.locales.interface import EDITOR, count, tell
from chatbot.publishing.publish_job import PublishJob
from chatbot.publishing.worklist import Worklist
from chatbot.web.editor.access import UPLOAD
from chatbot.web.editor.actions import Actions
from chatbot.web.editor.session import Said, Session
from chatbot.web.editor.uploads import Form, read_fields, read_files
from chatbot.web.error_responses import status_of
from chatbot.web.pages.language import keep_language, read_language
from chatbot.web.templates import render
from corpus.errors import CasebookError, NotFoundError

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shared:
    """What all editors share: the actions in each language, publishing, the worklist, uploads.

    Uploads land in `incoming`; `uploading` bounds how many are taken at once, and so the open
    files.
    """

    actions: dict[str, Actions]
    job: PublishJob
    worklist: Worklist
    incoming: Path
    root: str
    uploading: asyncio.Semaphore


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, with what it sent, its session and its language."""

    shared: Shared
    request: Request
    form: Form = field(default_factory=Form)

    @property
    def session(self) -> Session:
        """Whose it is."""
        return cast("Session", self.request.state.editor)

    @property
    def language(self) -> str:
        """The language of the page."""
        return str(self.request.path_params["language"])

    @property
    def page(self) -> str:
        """The address below the language of the page, or of the one that a form stands on."""
        path = self.request.url.path.partition(f"/editor/{self.language}/")[2]
        return path.rpartition("/")[0] if self.request.method == "POST" else path

    @property
    def actions(self) -> Actions:
        """What may be done, told in the page's language."""
        return self.shared.actions[self.language]

    def ask(self, key: str) -> str:
        """Return a value of the address, empty where it has none."""
        return self.request.query_params.get(key, "")

    def read(self, key: str) -> str:
        """Return a field of the form, empty where it has none."""
        return self.form.fields.get(key, "")

    def render(self, name: str, **values: object) -> str:
        """Return a template in the page's language."""
        return render(
            f"editor/{name}.html",
            language=self.language,
            words=EDITOR[self.language],
            base=f"{self.shared.root}/editor/{self.language}",
            count=partial(count, language=self.language),
            tell=partial(tell, language=self.language),
            **values,
        )

    def show(
        self, name: str, task: str, status: int = 200, said: Said | None = None, **values: object
    ) -> Response:
        """Return a page; `task` is the one of the page's head that it belongs to.

        Says what just happened: `said`, or what was said on the way here, once.
        """
        if said is None:
            said, self.session.said = self.session.said, Said()
        alarm, live = self.actions.warn()
        query = [(key, text) for key, text in self.request.query_params.items() if key != "lang"]
        page = self.render(
            name, task=task, said=said, alarm=alarm, alarm_live=live, root=self.shared.root,
            here=quote(self.page), query="".join(f"{urlencode([pair])}&" for pair in query),
            **values,
        )  # fmt: skip
        return HTMLResponse(page, status)

    def switch(self) -> Response:
        """Send on to the same page in the language that the address asks for, and remember it."""
        query = [pair for pair in self.request.query_params.multi_items() if pair[0] != "lang"]
        asked = f"?{urlencode(query)}" if query else ""
        to = f"{self.shared.root}/editor/{read_language(self.request)}/{quote(self.page)}{asked}"
        response = RedirectResponse(to, 303)
        keep_language(self.request, response, self.shared.root)
        return response

    def lead(self, to: str, said: Said | None = None, query: Query = ()) -> Response:
        """Send on to a page, by its address below the language, to say there what happened."""
        if said is not None:
            self.session.said = said
        asked = f"?{urlencode(query)}" if query else ""
        address = f"{self.shared.root}/editor/{self.language}/{to}{asked}"
        return RedirectResponse(address, 303)

    def refuse(self, error: Exception) -> Response:
        """Return what a request gets that failed."""
        line = self.actions.explain(error)
        if self.request.method == "POST":
            query = self.request.query_params.multi_items()
            return self.lead(self.page, Said(line, "trouble"), query)
        status = status_of(error) if isinstance(error, CasebookError) else 500
        return self.show("message", "", status, Said(line, "trouble"))


Handler = Callable[[Visit], Response]
Route = tuple[str, str, Handler]  # method, address below the language, what answers


def refuse(visit: Visit) -> Response:
    """Say that there is no such page."""
    raise NotFoundError(visit.actions.words["no_page"])


def answer(shared: Shared, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return what serves a route: reads the form, has the handler answer in a thread."""

    async def serve(request: Request) -> Response:
        visit = Visit(shared, request)
        try:
            if request.method == "POST":
                visit = replace(visit, form=await _read(request, shared))
            elif "lang" in request.query_params:
                return visit.switch()
            return await run_in_threadpool(handler, visit)
        except Exception as error:  # noqa: BLE001 - the page must hear of it, in its own words
            return await run_in_threadpool(visit.refuse, error)
        finally:
            visit.form.close()

    return serve


async def _read(request: Request, shared: Shared) -> Form:
    path = request.url.path.removeprefix(shared.root)
    if UPLOAD.fullmatch(path):
        async with shared.uploading:
            return await read_files(request, shared.incoming)
    return await read_fields(request)
