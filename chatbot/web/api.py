"""The routes of the HTTP contract: requests in, the engine asked, its records out as JSON or HTML.

The engine's methods block, so each runs in a thread and several questions are answered at once; no
reader waits for one longer than the engine's limit. What may be wrong with a request, and how that
is said, stands in `error_responses.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import Match

from chatbot.answers.answer import Answer
from chatbot.answers.conversation import Turn
from chatbot.answers.deadline import give_up
from chatbot.locales.interface import COOKIE, Language, choose_language
from chatbot.publishing.feedback import Vote, VoteLog
from chatbot.web import schemas as contract
from chatbot.web.case_page import render_case, render_missing
from chatbot.web.error_responses import REQUEST_ID, describe, report
from chatbot.web.health import add_health
from chatbot.web.security.limits import AT_WORK, Caller, Limits
from corpus.errors import CasebookError, NotFoundError

if TYPE_CHECKING:
    from chatbot.answers.catalogue import CaseEntry, CaseView, SearchResult
    from chatbot.engine import Engine
    from chatbot.settings import Settings
    from chatbot.web.metrics import Metrics

T = TypeVar("T")
Schema = dict[int | str, dict[str, Any]]
CaseId = Annotated[str, Path(max_length=200)]
_SAYS = {
    401: "Only members may ask, and the token is missing, expired or refused",
    404: "No such case",
    408: "The body did not come in time",
    413: "The body is larger than 64 KiB",
    415: "The body is not said to be JSON",
    421: "Casebook does not answer to that name",
    422: "The request cannot be answered as it is",
    429: "This reader asks too much; `Retry-After` says when to ask again",
    500: "A fault inside Casebook",
    503: "No release can be used, the encoder cannot be loaded, too many questions wait, or an "
    "answer takes too long",
}
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_ERROR = {"$ref": "#/components/schemas/ErrorBody"}
_STREAM = """Events with JSON as their data: `status` (`{"status": "searching"}`, and while a
language model works `writing` every few seconds), then a `delta` (`{"text": ...}`) for each piece
of the answer's text, then `answer` (as in JSON); or `error` (as in an error's body) and nothing
after it."""
_BEAT = 3.0  # seconds between two `writing`, so that no proxy takes the stream for dead


def _errors(*statuses: int) -> Schema:
    """Describe errors; 401 and 421 can meet every route that shows the collection."""
    return {
        status: {"model": contract.ErrorBody, "description": _SAYS[status]}
        for status in sorted({*statuses, 401, 421})
    }


async def expect_json(request: Request) -> None:
    """Refuse a body that is not said to be JSON, which a foreign page could send unasked.

    As a coroutine, which costs no thread: others go through the pool, a fifth of a millisecond.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "send the body as Content-Type: application/json")


def ask_engine(engine: Engine, metrics: Metrics, body: contract.AskBody) -> Answer:
    """Ask what a request's body says; blocks, raises as `Engine.ask` does."""
    history = [Turn(turn.role, turn.content) for turn in body.history]
    return metrics.watch(lambda: engine.ask(body.question, history, body.filters, body.language))


async def wait_for(work: Future[T], limit: float, held: ExitStack) -> T:
    """Return what work in a thread gives; raises SlowError where that takes over `limit` seconds.

    Work that nobody waits for any longer is taken out of the line. Where it has begun it goes on,
    as no thread can be ended, and what is `held` for it is let go when it ends.
    """
    waiting = asyncio.wrap_future(work)
    try:
        await asyncio.wait([waiting], timeout=limit)
        if waiting.done():
            return waiting.result()
        raise give_up(limit)
    finally:
        if not waiting.done():
            waiting.cancel()
            rest = held.pop_all()
            work.add_done_callback(lambda _: rest.close())


def make_router(
    engine: Engine, settings: Settings, limits: Limits, voting: Limits, metrics: Metrics
) -> APIRouter:
    """Return the routes, bound to an engine; `settings` say the prefix of every address.

    `limits` count questions and `voting` counts votes, which so cost no question.
    """
    router = APIRouter()
    root_path = settings.root_path
    votes = VoteLog(settings.var)
    # Questions have threads of their own, so that waiting ones keep nobody from the cases.
    threads = ThreadPoolExecutor(AT_WORK, "question")

    async def take_turn(held: ExitStack, caller: Caller, ask: Callable[..., T], *given: Any) -> T:
        held.enter_context(limits.admit(caller))
        return await wait_for(threads.submit(ask, *given), engine.limit, held)

    @router.post(
        "/api/ask",
        response_model=contract.AnswerBody,
        dependencies=[Depends(expect_json)],
        responses={
            200: {
                "description": "The answer",
                "content": {
                    "text/event-stream": {"schema": {"type": "string", "description": _STREAM}}
                },
            },
            **_errors(408, 413, 415, 422, 429, 500, 503),
        },
    )
    async def ask(body: contract.AskBody, request: Request) -> Response:
        """Answer a question with quotations, or say that the collection does not."""
        caller, given = request.state.caller, (engine, metrics, body)
        if "text/event-stream" in request.headers.get("accept", "").lower():
            # What can be refused is refused with its status, before the stream's own is sent.
            limits.check(caller)
            await run_in_threadpool(engine.check, body.question, body.filters)
            return StreamingResponse(
                _stream(engine, lambda held: take_turn(held, caller, ask_engine, *given)),
                media_type="text/event-stream",
                headers={"X-Accel-Buffering": "no"},
            )
        with ExitStack() as held:
            answer = await take_turn(held, caller, ask_engine, *given)
            if engine.can_write(answer):
                answer = await run_in_threadpool(engine.write, answer)
        return Response(orjson.dumps(answer.to_json()), media_type="application/json")

    @router.post(
        "/api/feedback",
        status_code=204,
        dependencies=[Depends(expect_json)],
        responses=_errors(408, 413, 415, 422, 429, 500, 503),
    )
    async def feedback(body: contract.VoteBody, request: Request) -> Response:
        """Keep a vote on an answer, or on one of its quotations."""
        caller: Caller = request.state.caller
        member = caller.id.removeprefix("member ") if caller.member else ""
        with voting.admit(caller):
            await run_in_threadpool(votes.append, Vote(**body.model_dump(), member=member))
        return Response(status_code=204)

    @router.get("/api/search", responses=_errors(422, 429, 500, 503))
    async def search(
        query: Annotated[contract.SearchQuery, Query()], request: Request
    ) -> contract.SearchBody:
        """Return the passages nearest to a question, the best first."""
        with ExitStack() as held:
            found = await take_turn(held, request.state.caller, engine.search, query.q, query.k)
        return _describe_hits(found)

    @router.get("/api/cases", responses=_errors(500, 503))
    async def cases() -> contract.CasesBody:
        """Return every case, and what they can be filtered by."""
        catalogue = await run_in_threadpool(engine.cases)
        return contract.CasesBody(
            cases=[_summarise(entry) for entry in catalogue.entries],
            facets=_count(catalogue.entries),
            release=catalogue.release,
        )

    @router.get("/api/cases/{case_id}", responses=_errors(404, 422, 500, 503))
    async def case(case_id: CaseId) -> contract.CaseBody:
        """Return one case with its passages."""
        return _describe_case(await run_in_threadpool(engine.case, case_id))

    # A refusal of the request itself is JSON here too, what a reader meets is a page.
    page: Schema = {
        status: {"description": _SAYS[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in (421, 422)
    }
    for status in (401, 404, 500, 503):
        page[status] = {"description": _SAYS[status], "content": {"text/html": {}}}

    @router.get("/cases/{case_id}", response_class=HTMLResponse, responses=page)
    async def case_page(
        case_id: CaseId,
        request: Request,
        lang: Annotated[str | None, Query(description="`en` or `zh`; kept in a cookie")] = None,
    ) -> Response:
        """Return one case as a page; `#c<start>-<end>` marks those characters of its document."""
        language = read_language(request, lang)
        try:
            view = await run_in_threadpool(engine.case, case_id)
        except CasebookError as error:
            status = report(error)[0]
            failed = not isinstance(error, NotFoundError)
            html = render_missing(language, root_path, REQUEST_ID.get(), failed)
            return HTMLResponse(html, status, {"Cache-Control": "no-store"})
        response = HTMLResponse(render_case(view, language, root_path))
        response.headers["Vary"] = "Accept-Language, Cookie"
        response.headers["Cache-Control"] = "no-cache"
        if lang in ("en", "zh"):
            response.set_cookie(COOKIE, lang, 31_536_000, path=root_path or "/", samesite="lax")
        return response

    add_health(router, engine, metrics)

    async def elsewhere(request: Request) -> Response:
        """Refuse an address that the contract does not have, or a method that it has not there."""
        allowed: set[str] = set()
        for route in router.routes:
            told = getattr(route, "include_in_schema", False)
            if told and route.matches(request.scope)[0] is not Match.NONE:
                allowed |= getattr(route, "methods", set())
        if allowed:
            methods = ", ".join(sorted(allowed))
            raise HTTPException(405, f"use {methods} here", {"Allow": methods})
        raise HTTPException(404, "no such address: see /openapi.json")

    for path in ("/api/{path:path}", "/cases/{path:path}", "/healthz", "/readyz", "/metrics"):
        router.add_api_route(path, elsewhere, methods=_METHODS, include_in_schema=False)
    return router


def read_language(request: Request, asked: str | None) -> Language:
    """Return the interface language of a request."""
    accepted = request.headers.get("accept-language")
    return choose_language(asked, request.cookies.get(COOKIE), accepted)


async def _stream(
    engine: Engine, ask: Callable[[ExitStack], Awaitable[Answer]]
) -> AsyncIterator[str]:
    yield _event("status", {"status": "searching"})
    try:
        with ExitStack() as held:
            answer = await ask(held)
            if engine.can_write(answer):
                writing = asyncio.ensure_future(run_in_threadpool(engine.write, answer))
                while not writing.done():
                    yield _event("status", {"status": "writing"})
                    await asyncio.wait([writing], timeout=_BEAT)
                answer = writing.result()
    except Exception as error:  # noqa: BLE001 - the status is sent; the stream must say it
        _, code, message = report(error)
        yield _event("error", describe(code, message))
        return
    for piece in answer.deltas():
        yield _event("delta", {"text": piece})
    yield _event("answer", answer.to_json())


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {orjson.dumps(data).decode()}\n\n"


def _describe_hits(found: SearchResult) -> contract.SearchBody:
    hits = []
    for hit in found.hits:
        passage = hit.passage
        body = contract.PassageBody(
            id=passage.id,
            document_id=hit.document.id,
            document=hit.document.name,
            case_id=hit.case.id,
            case=hit.case.title,
            start=passage.start,
            end=passage.end,
            text=passage.text,
        )
        evidence = contract.EvidenceBody(**asdict(hit.evidence))
        hits.append(
            contract.HitBody(rank=hit.rank, score=hit.score, passage=body, evidence=evidence)
        )
    return contract.SearchBody(hits=hits, release=found.release)


def _summarise(entry: CaseEntry) -> contract.CaseSummary:
    case, document = entry.case, entry.document
    return contract.CaseSummary(
        id=case.id,
        title=case.title,
        company=case.company,
        kind=case.kind,
        document_id=document.id,
        document=document.name,
        language=document.language,
        source=document.source or document.publisher,
        published=document.published,
        url=document.url,
        link=f"cases/{case.id}",
    )


def _count(entries: tuple[CaseEntry, ...]) -> contract.Facets:
    companies = Counter(entry.case.company for entry in entries if entry.case.company)
    languages = Counter(entry.document.language for entry in entries)
    documents = Counter(entry.document.id for entry in entries)
    known = {entry.document.id: entry.document for entry in entries}
    return contract.Facets(
        companies=_facets(companies),
        languages=_facets(languages),
        documents=[
            contract.DocumentFacet(
                value=key, count=documents[key], name=each.name, title=each.title
            )
            for key, each in known.items()
        ],
    )


def _facets(counts: Counter[str]) -> list[contract.Facet]:
    ordered = sorted(counts.items(), key=lambda item: item[0].casefold())
    return [contract.Facet(value=value, count=count) for value, count in ordered]


def _describe_case(view: CaseView) -> contract.CaseBody:
    case, document = view.case, view.document
    facts = asdict(document)
    del facts["text"]
    return contract.CaseBody(
        id=case.id,
        title=case.title,
        company=case.company,
        kind=case.kind,
        start=case.start,
        end=case.end,
        link=f"cases/{case.id}",
        document=contract.DocumentBody(**facts),
        passages=[
            contract.CasePassage(id=p.id, kind=p.kind, start=p.start, end=p.end, text=p.text)
            for p in view.passages
        ],
        release=view.release,
    )
