"""The routes of the HTTP contract: requests in, the engine asked, its records out as JSON.

Questions go through the dispatcher; what else the engine tells is asked for in a thread, as its
methods block. What may be wrong with a request, and how that is said, stands in
`error_responses.py`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from chatbot.answers.answer import Answer
from chatbot.publishing.feedback import Vote, VoteLog
from chatbot.publishing.offered_questions import OfferedQuestions
from chatbot.web import schemas as contract
from chatbot.web.error_responses import describe, report
from chatbot.web.health import add_health
from chatbot.web.programs.dispatcher import Dispatcher
from chatbot.web.programs.records import describe_case, describe_cases, describe_hits
from chatbot.web.programs.routing import expect_json, refuse_others
from chatbot.web.security.limits import Caller, Limits
from corpus.errors import BusyError
from corpus.library import QUESTIONS

if TYPE_CHECKING:
    from chatbot.settings import Settings
    from chatbot.web.metrics import Metrics

log = logging.getLogger("casebook.refused")
Schema = dict[int | str, dict[str, Any]]
CaseId = Annotated[str, Path(max_length=200)]
SAYS = {
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
ERROR = {"$ref": "#/components/schemas/ErrorBody"}
_STREAM = """Events with JSON as their data: `status` (`{"status": "searching"}`, and while a
language model works `writing` every few seconds), then a `delta` (`{"text": ...}`) for each piece
of the answer's text, then `answer` (as in JSON); or `error` (as in an error's body) and nothing
after it."""


def _errors(*statuses: int) -> Schema:
    """Describe errors; 401 and 421 can meet every route that shows the collection."""
    return {
        status: {"model": contract.ErrorBody, "description": SAYS[status]}
        for status in sorted({*statuses, 401, 421})
    }


def make_router(
    dispatcher: Dispatcher, settings: Settings, voting: Limits, metrics: Metrics
) -> APIRouter:
    """Return the routes; votes are kept in the folder that `settings` name.

    The dispatcher's limits count questions and `voting` counts votes, which so cost no question.
    """
    engine = dispatcher.engine
    router = APIRouter()
    votes = VoteLog(settings.var, settings.vote_days)
    offered = OfferedQuestions(engine, settings.reports / QUESTIONS)
    with suppress(OSError):  # a vote will tell
        votes.sweep()

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
        caller: Caller = request.state.caller
        if "text/event-stream" in request.headers.get("accept", "").lower():
            # What can be refused is refused with its status, before the stream's own is sent.
            await dispatcher.check(caller, body)
            return StreamingResponse(
                _stream(dispatcher.follow(caller, body)),
                media_type="text/event-stream",
                headers={"X-Accel-Buffering": "no"},
            )
        answer = await dispatcher.ask(caller, body)
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
        with await voting.admit(caller):
            try:
                await run_in_threadpool(votes.append, Vote(**body.model_dump(), member=member))
            except OSError as error:
                log.error("a vote cannot be kept: %s", error.strerror)
                raise BusyError("the vote cannot be kept just now; try again later") from error
        return Response(status_code=204)

    @router.get("/api/search", responses=_errors(422, 429, 500, 503))
    async def search(
        query: Annotated[contract.SearchQuery, Query()], request: Request
    ) -> contract.SearchBody:
        """Return the passages nearest to a question, the best first."""
        return describe_hits(await dispatcher.search(request.state.caller, query.q, query.k))

    @router.get("/api/questions", responses=_errors(422, 429, 500, 503))
    async def questions(
        query: Annotated[contract.OfferQuery, Query()], request: Request
    ) -> contract.OfferBody:
        """Return questions that are answered, for readers who do not know what to ask."""
        offer = partial(offered.offer, query.language, query.company, query.case)
        made = await dispatcher.read(request.state.caller, offer)
        return contract.OfferBody(**asdict(made))

    @router.get("/api/cases", responses=_errors(422, 429, 500, 503))
    async def cases(
        query: Annotated[contract.CasesQuery, Query()], request: Request
    ) -> contract.CasesBody:
        """Return every case, or those that have each value; and what all can be filtered by."""
        catalogue = await dispatcher.read(request.state.caller, engine.cases)
        return describe_cases(catalogue, query.wanted())

    @router.get("/api/cases/{case_id}", responses=_errors(404, 422, 429, 500, 503))
    async def case(case_id: CaseId, request: Request) -> contract.CaseBody:
        """Return one case with its passages."""
        found = await dispatcher.read(request.state.caller, partial(engine.case, case_id))
        return describe_case(found)

    add_health(router, engine, metrics)

    refuse_others(router, ("/api/{path:path}", "/healthz", "/readyz", "/metrics"))
    return router


async def _stream(following: AsyncGenerator[Answer | None]) -> AsyncIterator[str]:
    yield _event("status", {"status": "searching"})
    try:
        async with aclosing(following) as answers:
            async for made in answers:
                if made is None:
                    yield _event("status", {"status": "writing"})
                    continue
                for piece in made.deltas():
                    yield _event("delta", {"text": piece})
                yield _event("answer", made.to_json())
    except Exception as error:  # noqa: BLE001 - the status is sent; the stream must say it
        _, code, message = report(error)
        yield _event("error", describe(code, message))


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {orjson.dumps(data).decode()}\n\n"
