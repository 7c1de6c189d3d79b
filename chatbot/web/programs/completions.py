"""The OpenAI protocol over the engine, so that chat clients made for it can ask a Casebook.

The last message of the role `user` is the question, those before it the conversation. An answer's
citations are annotations of its content, and its sources stand below it for clients that show none.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response, StreamingResponse

from chatbot.web.error_responses import REQUEST_ID, describe, make_response, report
from chatbot.web.programs import completion_records as records
from chatbot.web.programs.routing import expect_json, refuse_others
from chatbot.web.schemas import LONGEST_TURN, MOST_TURNS, AskBody, TurnBody

if TYPE_CHECKING:
    from chatbot.answers.answer import Answer
    from chatbot.web.programs.dispatcher import Dispatcher

_BYTES = 4  # of UTF-8 that count as a token
_SAYS = {
    400: "The request cannot be answered as it is",
    401: "Only members may ask, and the token is missing, expired or refused",
    404: "No such model",
    408: "The body did not come in time",
    413: "The body is larger than 512 KiB",
    415: "The body is not said to be JSON",
    421: "Casebook does not answer to that name",
    429: "This reader asks too much; `Retry-After` says when to ask again",
    500: "A fault inside Casebook",
    503: "No answer just now; `Retry-After` says when to ask again",
}


def make_router(dispatcher: Dispatcher) -> APIRouter:
    """Return the routes below `/v1/`."""
    router = APIRouter()
    started = int(time.time())
    entry = records.ModelEntry(
        id=records.MODEL, object="model", created=started, owned_by="casebook"
    )

    @router.post(
        "/v1/chat/completions",
        response_model=records.Completion,
        dependencies=[Depends(expect_json)],
        responses={
            200: {
                "description": "The answer",
                "content": {
                    "text/event-stream": {
                        "schema": {"type": "string", "description": "Chunks, as the protocol says"}
                    }
                },
            },
            **_errors(*_SAYS),
        },
    )
    async def complete(body: records.CompletionBody, request: Request) -> Response:
        """Answer the last message with quotations, or say that the collection does not."""
        if body.model != records.MODEL:
            return _refuse_model()
        if body.stream_options and not body.stream:
            words = "stream_options: only where stream is true"
            return make_response(422, "bad_request", words, param="stream_options")
        asked = [message.content for message in body.messages if message.role == "user"]
        if not asked:
            words = "messages: none has the role user, so nothing is asked"
            return make_response(422, "bad_request", words, param="messages")
        before = [each for each in asked[:-1] if len(each) <= LONGEST_TURN][-MOST_TURNS:]
        turns = [TurnBody(role="user", content=each) for each in before]
        ask = AskBody(question=asked[-1], history=turns)
        root, read = str(request.base_url), _count("".join(asked))
        if not body.stream:
            answer = await dispatcher.ask(request.state.caller, ask)
            completion = {
                **_begin("chat.completion"),
                "choices": [{
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": "".join(_spell(answer, root)),
                        "refusal": None,
                        "annotations": _annotate(answer, root),
                    },
                    "logprobs": None,
                    "finish_reason": "stop",
                }],
                "usage": _sum_up(read, answer, root),
                "casebook": answer.to_json(),
            }  # fmt: skip
            return Response(orjson.dumps(completion), media_type="application/json")
        # What can be refused is refused with its status, before the stream's own is sent.
        await dispatcher.check(request.state.caller, ask)
        usage = bool(body.stream_options and body.stream_options.include_usage)
        following = dispatcher.follow(request.state.caller, ask)
        return StreamingResponse(
            _stream(following, root, read if usage else None),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    @router.get("/v1/models", responses=_errors(401, 421))
    async def models() -> records.ModelList:
        """Return the one model that there is."""
        return records.ModelList(object="list", data=[entry])

    @router.get(
        "/v1/models/{model}",
        response_model=records.ModelEntry,
        responses=_errors(400, 401, 404, 421),
    )
    async def model(
        model: Annotated[str, Path(max_length=200)],
    ) -> records.ModelEntry | Response:
        """Return the model, by its name."""
        return entry if model == records.MODEL else _refuse_model()

    refuse_others(router, ("/v1/{path:path}",))
    return router


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    body = records.CompletionErrorBody
    said: dict[int | str, dict[str, Any]] = {
        each: {"model": body, "description": _SAYS[each]} for each in statuses
    }
    # Without it FastAPI names its own error of 422, which never leaves: in this protocol it is 400.
    return {**said, "default": {"model": body, "description": "Any other error"}}


def _refuse_model() -> Response:
    words = f"no such model: use {records.MODEL}"
    return make_response(404, "model_not_found", words, param="model")


def _spell(answer: Answer, root: str) -> list[str]:
    """Return the content in pieces, the sources last; each a paragraph where Markdown is read."""
    return [*answer.deltas(), *(f"\n\n{line}" for line in answer.list_sources(root))]


def _annotate(answer: Answer, root: str) -> list[dict[str, Any]]:
    """Return an annotation for each quotation and each written sentence, without its marks."""
    cited = {citation.number: citation for citation in answer.citations}
    annotations = []
    end = 0
    for part, piece in zip(answer.parts, answer.deltas(), strict=True):
        end += len(piece)
        if not part.citation:
            continue
        last = end - len(f" [{part.citation}]") - (part.kind == "quote")
        citation = cited[part.citation]
        place = {
            "start_index": last - len(part.text),
            "end_index": last,
            "url": f"{root}{citation.link}",
            "title": citation.case,
        }
        annotations.append({"type": "url_citation", "url_citation": place})
    return annotations


def _count(text: str) -> int:
    return -(-len(text.encode("utf-8")) // _BYTES)


def _sum_up(read: int, answer: Answer, root: str) -> dict[str, int]:
    said = _count("".join(_spell(answer, root)))
    return {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said}


def _begin(kind: str) -> dict[str, Any]:
    """Return what a completion and each of a stream's chunks begin with."""
    return {
        "id": f"chatcmpl-{REQUEST_ID.get()}",
        "object": kind,
        "created": int(time.time()),
        "model": records.MODEL,
    }


async def _stream(
    following: AsyncGenerator[Answer | None], root: str, read: int | None
) -> AsyncIterator[str]:
    """Yield the chunks of a stream; `read` counts what was read, where the usage is asked for."""
    head = _begin("chat.completion.chunk") | ({} if read is None else {"usage": None})

    def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _event({**head, "choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""})
    try:
        async with aclosing(following) as answers:
            async for answer in answers:
                if answer is None:
                    yield ": writing\n\n"  # a comment, which no client shows
                    continue
                for piece in _spell(answer, root):
                    yield chunk({"content": piece})
                told = {"annotations": _annotate(answer, root)}
                yield chunk(told, "stop", casebook=answer.to_json())
                if read is not None:
                    yield _event({**head, "choices": [], "usage": _sum_up(read, answer, root)})
    except Exception as error:  # noqa: BLE001 - the status is sent; the stream must say it
        status, code, message = report(error)
        yield _event(describe(code, message, status))
        return
    yield "data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> str:
    return f"data: {orjson.dumps(data).decode()}\n\n"
