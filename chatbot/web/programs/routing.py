"""What the routes of every protocol share: bodies that have to be JSON, and what has no route."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def mend_json(data: bytes) -> bytes:
    """Return JSON with U+FFFD for half a character, as a cut may have left of an emoji.

    What is no JSON, stays as it is.
    """
    if data.isascii() and b"\0" not in data and b"\\ud" not in data.lower():
        return data  # neither half a character nor UTF-16, which JSON may come in
    try:
        text = json.dumps(json.loads(data), ensure_ascii=False)
    except (ValueError, RecursionError):
        return data
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


async def expect_json(request: Request) -> None:
    """Refuse a body that is not said to be JSON, which a foreign page could send unasked.

    As a coroutine, which costs no thread: others go through the pool, a fifth of a millisecond.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "send the body as Content-Type: application/json")


def refuse_others(router: APIRouter, paths: Sequence[str]) -> None:
    """Refuse what is sent to `paths` and no route of a router takes; last, for it takes it all.

    Else the chat's page would answer, which is mounted at every path.
    """

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

    for path in paths:
        router.add_api_route(path, elsewhere, methods=_METHODS, include_in_schema=False)
