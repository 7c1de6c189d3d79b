"""The routes of the pages: what an address asks for in, HTML out.

What goes wrong on the way is a page too, see `chatbot.web.error_responses`.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from chatbot.web.api import ERROR, SAYS, Schema
from chatbot.web.pages.case_page import render_case
from chatbot.web.pages.collection import MOST_HITS, CollectionQuery, render_collection, select
from chatbot.web.pages.language import keep_language, read_language
from chatbot.web.programs.dispatcher import Dispatcher
from chatbot.web.programs.routing import refuse_others
from index.reader.ranking import Hit

CaseId = Annotated[str, Path(max_length=200)]


def _responses(*statuses: int) -> Schema:
    """Describe errors: a page to a browser, and the contract's error to who takes JSON alone."""
    contents = {"text/html": {}, "application/json": {"schema": ERROR}}
    return {
        status: {"description": SAYS[status], "content": contents}
        for status in (401, 421, *statuses)
    }


def make_router(dispatcher: Dispatcher, root_path: str) -> APIRouter:
    """Return the routes; `root_path` is the prefix of every address."""
    engine = dispatcher.engine
    router = APIRouter()

    def answer(request: Request, html: str) -> Response:
        response = HTMLResponse(html)
        response.headers["Vary"] = "Accept-Language, Cookie"
        response.headers["Cache-Control"] = "no-cache"
        keep_language(request, response, root_path)
        return response

    @router.get("/cases", response_class=HTMLResponse, responses=_responses(422, 429, 500, 503))
    async def collection(query: Annotated[CollectionQuery, Query()], request: Request) -> Response:
        """Return the cases as a page, those that the fields leave; with `q` the passages found."""
        catalogue = await dispatcher.read(request.state.caller, engine.cases)
        hits: tuple[Hit, ...] | None = None
        if query.q.strip():
            left = [entry.case.id for entry in select(catalogue.entries, query)]
            filters = {"case_id": left} if query.wanted() else None
            hits = ()
            if left:
                search = (query.q, MOST_HITS, filters)
                hits = (await dispatcher.search(request.state.caller, *search)).hits
        language = read_language(request)
        show = partial(render_collection, catalogue, query, hits, language, root_path)
        return answer(request, await dispatcher.read(request.state.caller, show))

    @router.get(
        "/cases/{case_id}",
        response_class=HTMLResponse,
        responses=_responses(404, 422, 429, 500, 503),
    )
    async def case_page(
        case_id: CaseId,
        request: Request,
        lang: Annotated[str, Query(description="`en` or `zh`; kept in a cookie")] = "",  # noqa: ARG001
    ) -> Response:
        """Return one case as a page; `#c<start>-<end>` marks those characters of its document."""
        language = read_language(request)

        def show() -> str:
            return render_case(engine.case(case_id), engine.cases(), language, root_path)

        return answer(request, await dispatcher.read(request.state.caller, show))

    refuse_others(router, ("/cases", "/cases/{path:path}"))
    return router
