"""How the server is: alive, ready, and in numbers, which are for this machine alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from chatbot.web import schemas as contract
from chatbot.web.metrics import TYPE, Metrics

if TYPE_CHECKING:
    from chatbot.engine import Engine


def add_health(router: APIRouter, engine: Engine, metrics: Metrics) -> None:
    """Add the three routes to a router."""

    @router.get("/healthz")
    async def healthz() -> contract.HealthBody:
        """Tell that the process answers."""
        return contract.HealthBody(status="alive")

    @router.get(
        "/readyz",
        response_model=contract.ReadyBody,
        responses={
            503: {"model": contract.ReadyBody, "description": "Not yet; `message` says why"}
        },
    )
    async def readyz() -> Response:
        """Tell whether a release is open and the encoder warm."""
        status = await run_in_threadpool(engine.status)
        ready = status.ready
        return JSONResponse(
            asdict(status), 200 if ready else 503, {} if ready else {"Retry-After": "2"}
        )

    @router.get(
        "/metrics",
        response_class=PlainTextResponse,
        responses={
            404: {
                "description": "Asked from another machine",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}
                },
            }
        },
    )
    async def read_metrics(request: Request) -> Response:
        """Return counts and times for Prometheus, to this machine alone."""
        if not request.state.peer.local:
            raise HTTPException(404, "only the machine itself may ask for this")
        return Response(await run_in_threadpool(metrics.write), media_type=TYPE)
