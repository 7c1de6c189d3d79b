"""What this process has done, as Prometheus reads it: counts and times, nothing of who or what.

Labels take a few fixed values, so that nothing which a reader sends can become one. Each process
counts for itself, from its start on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric

from chatbot.web.error_responses import status_of
from corpus.errors import CasebookError

if TYPE_CHECKING:
    from chatbot.answers.answer import Answer
    from chatbot.engine import Engine
    from chatbot.web.security.limits import Caller, Limits

TYPE = CONTENT_TYPE_PLAIN_0_0_4
# Seconds; a question takes some hundredths, a language model's answer up to 20.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_ROUTES = {
    "/", "/cases", "/api/ask", "/api/search", "/api/feedback", "/api/cases", "/api/questions",
    "/widget", "/widget.js", "/session", "/healthz", "/readyz", "/metrics", "/openapi.json",
    "/editor", "/mcp", "/v1/chat/completions", "/v1/models",
}  # fmt: skip
_BELOW = ("/v1/models/", "/api/cases/", "/cases/", "/widget/", "/web/", "/editor/", "/gradio_api/")


class Metrics:
    """The counts of one process; safe for threads."""

    def __init__(
        self,
        engine: Engine,
        limits: Limits,
        note: Callable[[Answer, Caller], None] = lambda *_: None,
    ) -> None:
        """Count from zero; the engine and the limits are looked at whenever somebody reads.

        `note` is shown every answer, and who asked.
        """
        self._note = note
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "casebook_requests", "Requests answered", ["route", "status"], registry=registry
        )
        self._spent = Histogram(
            "casebook_request_seconds", "Seconds until a request was answered whole", ["route"],
            buckets=_BUCKETS, registry=registry,
        )  # fmt: skip
        self._questions = Counter(
            "casebook_questions",
            "Questions: answered, about the collection itself, answered by what is nearest alone, "
            "absent from it, refused as they are, failed by a fault of Casebook's",
            ["outcome"],
            registry=registry,
        )
        self._thought = Histogram(
            "casebook_question_seconds", "Seconds until a question's quotations were found",
            buckets=_BUCKETS, registry=registry,
        )  # fmt: skip
        for outcome in ("answered", "about", "nearest", "absent", "refused", "failed"):
            self._questions.labels(outcome)
        registry.register(_Standing(engine, limits))
        ProcessCollector(registry=registry)

    def count(self, path: str, status: int, seconds: float) -> None:
        """Count a request; `path` is below the application's root."""
        route = name_route(path)
        self._requests.labels(route, str(status)).inc()
        self._spent.labels(route).observe(seconds)

    def watch(self, caller: Caller, ask: Callable[[], Answer]) -> Answer:
        """Return what `ask` returns to a caller, or raise what it raises, counted."""
        started = time.perf_counter()
        outcome = "failed"
        try:
            answer = ask()
            outcome = "answered" if answer.outcome == "answer" else answer.outcome
            if answer.mode == "about":
                outcome = "about"
            self._thought.observe(time.perf_counter() - started)
            self._note(answer, caller)
            return answer
        except CasebookError as error:
            outcome = "refused" if status_of(error) < 500 else "failed"
            raise
        finally:
            self._questions.labels(outcome).inc()

    def write(self) -> bytes:
        """Return all of it as Prometheus's text; may open a release, so it blocks."""
        return generate_latest(self._registry)


class _Standing:
    """How things stand at the moment of reading."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits

    def collect(self) -> Iterator[Metric]:
        """Yield what is live, and how many questions are at work or wait."""
        status = self._engine.status()
        for name, words, value in (
            ("questions_at_once", "Questions at work or waiting", self._limits.at_once()),
            ("ready", "1 where a release is open and the encoder warm", int(status.ready)),
            ("documents", "Documents of the release", status.documents),
            ("cases", "Cases of the release", status.cases),
            ("passages", "Passages of the release", status.passages),
        ):
            yield GaugeMetricFamily(f"casebook_{name}", words, value=value)
        live = GaugeMetricFamily("casebook_release", "The release served", labels=["release"])
        if status.live:
            live.add_metric([status.release], 1)
        yield live

    def describe(self) -> Iterator[Metric]:
        """Yield nothing, so that registering looks at nothing."""
        yield from ()


def name_route(path: str) -> str:
    """Return the route of a path, one of a few: what is no route of ours is `other`."""
    if path in _ROUTES:
        return path
    return next((start + "…" for start in _BELOW if path.startswith(start)), "other")
