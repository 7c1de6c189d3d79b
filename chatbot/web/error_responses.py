"""What goes wrong, as HTTP: one status for every error of the tree, one shape for every body.

Knows nothing of routes. Programs get JSON, a browser that opens a page gets a page. An error's own
words leave the server, a foreign exception's never do: it
is logged with the request's id, and the reader is given that id.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, NamedTuple, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from chatbot.locales.interface import ERRORS, PAGES, SAME_SENTENCE, WORDS, explain
from chatbot.web.templates import render
from corpus import errors

log = logging.getLogger("casebook")

# The id of the request that this task works for; middleware.Guard sets it.
REQUEST_ID: ContextVar[str] = ContextVar("casebook_request_id", default="")

# Bad input is 422, what is not there 404, what may work later 503, and what cannot be the reader's
# doing 500; who is not known gets 401, who asks too much 429, who may not at all 403.
STATUS: dict[type[errors.CasebookError], int] = {
    errors.CasebookError: 500,
    errors.UsageError: 422,
    errors.QuestionError: 422,
    errors.FilterError: 422,
    errors.LibraryError: 500,
    errors.DocumentError: 500,
    errors.NoDocumentError: 500,
    errors.PackingError: 500,
    errors.ModelError: 503,
    errors.NotFoundError: 404,
    errors.ReleaseError: 503,
    errors.NoReleaseError: 503,
    errors.CorruptReleaseError: 503,
    errors.OutdatedReleaseError: 503,
    errors.ModelMismatchError: 503,
    errors.StoreError: 503,
    errors.BuildLockedError: 503,
    errors.GateError: 409,
    errors.CitationError: 500,
    errors.SlowError: 503,
    errors.AccessError: 403,
    errors.TokenMissingError: 401,
    errors.TokenExpiredError: 401,
    errors.TokenRefusedError: 401,
    errors.LimitedError: 429,
    errors.BusyError: 503,
}
# Whether the request is one of the OpenAI protocol, whose errors say more; `Guard` sets it too.
OPENAI: ContextVar[bool] = ContextVar("casebook_openai", default=False)


class Page(NamedTuple):
    """How a browser is told of an error: its language, the prefix of addresses, what it opened.

    `portal` is where a member signs in and is led back from; empty where nobody said.
    """

    language: str
    root: str
    path: str
    portal: str = ""


# The page that this request opens, None where it asks for data; set by middleware.Guard too.
PAGE: ContextVar[Page | None] = ContextVar("casebook_page", default=None)
_PAGES = ("/", "/cases")
_NO_PAGES = ("/api/", "/v1/", "/mcp", "/gradio_api/", "/openapi.json", "/healthz", "/readyz",
             "/metrics", "/editor", "/web/", "/widget")  # fmt: skip

INTERNAL = "something went wrong inside Casebook; the log tells more under this request id"
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "bad_content_type"}


def status_of(error: errors.CasebookError) -> int:
    """Return the HTTP status of an error: its class's, or the nearest base class's."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def describe(
    code: str, message: str, status: int = 500, param: str | None = None
) -> dict[str, dict[str, str | None]]:
    """Return the body of an error, `{"error": {"code", "message", "request_id"}}`.

    In the OpenAI protocol it has a `type`, by the status, and names the field at fault in `param`.
    """
    shown = message.encode("utf-8", "replace").decode("utf-8")  # without lone surrogates
    told: dict[str, str | None] = {"code": code, "message": shown, "request_id": REQUEST_ID.get()}
    if OPENAI.get():
        kind = "server_error" if status >= 500 else "invalid_request_error"
        told |= {"type": _TYPES.get(status, kind), "param": param}
    return {"error": told}


def make_response(
    status: int,
    code: str,
    message: str,
    headers: dict[str, str] | None = None,
    param: str | None = None,
) -> Response:
    """Return an error as a response, JSON or a page, which no cache keeps.

    A 503 asks to come back in 5 seconds, a 401 for a token. What is 422 elsewhere is 400 in the
    OpenAI protocol.
    """
    if status == 422 and OPENAI.get():
        status = 400
    usual = {503: {"Retry-After": "5"}, 401: {"WWW-Authenticate": "Bearer"}}.get(status, {})
    kept = {"Cache-Control": "no-store"}
    sent = {**kept, **usual, **(headers or {})}
    page = PAGE.get()
    if page:
        return HTMLResponse(_render_page(page, status, code, message), status, sent)
    return JSONResponse(describe(code, message, status, param), status, sent)


def opens_page(method: str, path: str, accept: str) -> bool:
    """Tell whether a request is a browser's that opens a page, by what it says that it accepts.

    Who accepts anything gets a page where pages are, and data elsewhere.
    """
    posted = method == "POST" and path == "/session"  # a form; the chat asks there by GET
    if path.startswith(_NO_PAGES) or (method not in ("GET", "HEAD") and not posted):
        return False
    if "text/html" in accept or "application/json" in accept:
        return "text/html" in accept
    return path in _PAGES or path.startswith("/cases/")


def _render_page(page: Page, status: int, code: str, message: str) -> str:
    """Return an error as a page: what cannot be shown, and what to do."""
    words = WORDS[page.language] | PAGES[page.language]
    if status == 401:
        key = "members_only"
        more = words["members_only_more" if code == "token_missing" else "members_again"]
    elif status == 404:
        key = "case_missing" if page.path.startswith("/cases/") else "page_missing"
        more = words[f"{key}_more"]
    elif status < 500 and status != 429:
        key, more = "page_refused", words["page_refused_more"]
    else:
        key, more = "page_failed", words["page_failed_more"]
        if SAME_SENTENCE.get(code, code) in ERRORS[page.language].keys() - {"internal"}:
            more = explain(code, page.language)
    told = {"title": words[key], "more": more, "closed": status == 401, "path": ""}
    told["portal"] = page.portal if status == 401 else ""
    reason = message if key == "page_refused" else ""
    where = {"language": page.language, "root": page.root}
    return render("message.html", reason=reason, request_id=REQUEST_ID.get(), **told, **where)


def respond(error: Exception) -> Response:
    """Return any exception as a response, reported; a limit says when it will be over."""
    wait = {"Retry-After": str(error.wait)} if isinstance(error, errors.LimitedError) else None
    return make_response(*report(error), headers=wait)


def report(error: Exception) -> tuple[int, str, str]:
    """Return status, code and message for any exception, and log what is not the reader's doing.

    Why somebody may not ask is logged too, from the error's notes.
    """
    if isinstance(error, errors.CasebookError):
        status = status_of(error)
        if isinstance(error, errors.AccessError):
            notes = "; ".join(getattr(error, "__notes__", [str(error)]))
            log.info("request %s: %s: %s", REQUEST_ID.get(), error.code, notes)
        elif status >= 500:
            log.error("request %s: %s: %s", REQUEST_ID.get(), error.code, error)
        return status, error.code, str(error)
    log.error("request %s failed", REQUEST_ID.get(), exc_info=error)
    return 500, "internal", INTERNAL


def explain_validation(details: list[dict[str, Any]]) -> str:
    """Return pydantic's findings as one line: the first three, without the reader's input."""
    lines = []
    for detail in details[:3]:
        place = ".".join(str(part) for part in detail["loc"] if part not in ("body", "query"))
        if detail["type"] == "json_invalid":
            reason = detail.get("ctx", {}).get("error", "")
            lines.append(f"the body is not JSON: {reason}, character {place}")
        elif detail["type"] == "extra_forbidden":
            lines.append(f"{place}: no such field")
        else:
            message = str(detail["msg"])
            lines.append(f"{place}: {message[:1].lower()}{message[1:]}" if place else message)
    more = len(details) - len(lines)
    text = "; ".join(lines) + (f"; and {more} more" if more else "")
    return " ".join(text.split())[:400]


def install(app: FastAPI) -> None:
    """Answer every exception that a route of `app` raises with the body of `describe`."""

    async def casebook(_: Request, error: errors.CasebookError) -> Response:
        return respond(error)

    async def invalid(_: Request, error: RequestValidationError) -> Response:
        details = cast("list[dict[str, Any]]", list(error.errors()))
        first = details[0]
        named = first["loc"][1:] if first["type"] != "json_invalid" else ()
        param = ".".join(str(part) for part in named) or None
        return make_response(422, "bad_request", explain_validation(details), param=param)

    async def plain(_: Request, error: HTTPException) -> Response:
        if error.status_code == 400:  # a body that is not UTF-8 cannot be parsed
            return make_response(422, "bad_request", "the body is not JSON in UTF-8")
        code = _CODES.get(error.status_code, "error")
        headers = dict(error.headers) if error.headers else None
        return make_response(error.status_code, code, " ".join(str(error.detail).split()), headers)

    handlers: dict[type[Exception], Callable[..., Awaitable[Response]]] = {
        errors.CasebookError: casebook,
        RequestValidationError: invalid,
        HTTPException: plain,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
