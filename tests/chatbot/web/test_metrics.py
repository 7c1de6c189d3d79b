"""What Prometheus reads: the counts are right, the labels few, and nothing is told of anybody."""

from __future__ import annotations

import asyncio
import re
from typing import cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from chatbot.engine import Engine
from chatbot.web.metrics import Metrics, name_route
from chatbot.web.security.limits import Limits
from corpus.errors import NoReleaseError, QuestionError
from tests.chatbot.web.security.test_limits import ANN, ask_gradio
from tests.fake_portal import REQUIRED, sign
from tests.fakes import RELEASE, FakeEngine, serving

Samples = dict[tuple[str, tuple[str, ...]], float]


def read(client: httpx.Client) -> Samples:
    """Return the values of a server by name and labels, read as Prometheus reads them."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_and_questions_are_counted() -> None:
    """By route and status, by what became of them, from the API, its stream and the chat."""
    engine = FakeEngine()
    with serving(engine) as address, httpx.Client(base_url=address) as client:
        for question in ("benefit?", "apple pie?", "a hospital?", ""):
            client.post("/api/ask", json={"question": question})
        stream = {"Accept": "text/event-stream"}
        client.post("/api/ask", json={"question": "benefit?"}, headers=stream)
        assert ask_gradio(client, {})["state"] == "done"
        engine.error = NoReleaseError("nothing is published")
        client.post("/api/ask", json={"question": "benefit?"})
        client.get("/nothing/at/all")
        bare = read(client)
        engine.error = None
        found = read(client)
    assert not any(name == "casebook_release" for name, _ in bare)
    outcomes = {
        key[1][0]: value for key, value in found.items() if key[0].endswith("questions_total")
    }
    assert outcomes == {
        "answered": 3, "about": 0, "nearest": 1, "absent": 1, "refused": 1, "failed": 1
    }  # fmt: skip
    assert found["casebook_requests_total", ("/api/ask", "200")] == 4
    assert found["casebook_requests_total", ("/api/ask", "422")] == 1
    assert found["casebook_requests_total", ("/api/ask", "503")] == 1
    assert found["casebook_requests_total", ("other", "404")] == 1
    assert found["casebook_request_seconds_count", ("/api/ask",)] == 6
    assert found["casebook_question_seconds_count", ()] == 5
    assert found["casebook_release", (RELEASE,)] == 1
    assert found["casebook_ready", ()] == 1
    assert found["casebook_cases", ()] == len(engine.entry.cases)
    assert found["casebook_questions_at_once", ()] == 0
    assert found["process_resident_memory_bytes", ()] > 0


def test_what_is_at_work_is_seen() -> None:
    """Questions at this moment, and a server that is not ready."""
    engine, limits = FakeEngine(), Limits(30)
    engine.ready = False
    metrics = Metrics(cast("Engine", engine), limits)

    async def ask_twice() -> str:
        with await limits.admit(ANN), await limits.admit(ANN):
            return metrics.write().decode()

    told = asyncio.run(ask_twice())
    assert "casebook_questions_at_once 2.0" in told
    assert "casebook_ready 0.0" in told
    assert "casebook_questions_at_once 0.0" in metrics.write().decode()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(QuestionError("no words"), "refused"), (RuntimeError("a fault"), "failed")],
)
def test_an_error_is_counted_and_raised(error: Exception, outcome: str) -> None:
    """Whoever asked hears of it as without the count."""

    def ask() -> None:
        raise error

    metrics = Metrics(cast("Engine", FakeEngine()), Limits(30))
    with pytest.raises(type(error)):
        metrics.watch(ANN, ask)  # type: ignore[arg-type]
    assert f'casebook_questions_total{{outcome="{outcome}"}} 1.0' in metrics.write().decode()


def test_it_is_for_this_machine_alone() -> None:
    """Who comes through a proxy, or says so, finds nothing; with members, no token is needed."""
    settings = {**REQUIRED, "trusted_proxies": ("127.0.0.1/32",)}
    for chosen in ({}, settings):
        with serving(FakeEngine(), **chosen) as address, httpx.Client(base_url=address) as client:
            assert client.get("/metrics").status_code == 200
            for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
                for value in ("127.0.0.1", "198.51.100.7", "for=127.0.0.1"):
                    away = client.get("/metrics", headers={header: value})
                    assert away.status_code == 404
                    assert away.json()["error"]["code"] == "not_found"
            wrong = client.post("/metrics")
            assert wrong.status_code == 405
            assert "GET" in wrong.headers["allow"]
            if not chosen:  # a page whose name leads to this machine
                foreign = client.get("/metrics", headers={"Host": "evil.example"})
                assert foreign.status_code == 421


def test_nothing_is_told_of_anybody() -> None:
    """No member, address, question, path or token becomes a label or a value."""
    with serving(FakeEngine(), **REQUIRED) as address, httpx.Client(base_url=address) as client:
        token = sign(sub="mei@portal.example")
        said = {"Authorization": f"Bearer {token}"}
        client.post("/api/ask", json={"question": "benefit of a secret"}, headers=said)
        client.get("/api/search?q=secret", headers=said)
        for path in ("/secret", "/cases/secret", "/api/cases/secret", "/gradio_api/secret"):
            client.get(path, headers=said)
        text = client.get("/metrics").text
    assert not re.search(r"secret|mei|portal|127\.0\.0\.1|eyJ|member", text)


@given(st.text().map(lambda text: "/" + text))
def test_any_path_is_one_of_a_few_routes(path: str) -> None:
    """What a reader types cannot fill the memory."""
    assert name_route(path) in {
        "/", "/api/ask", "/api/search", "/api/feedback", "/api/cases", "/widget", "/widget.js",
        "/session", "/healthz", "/readyz", "/metrics", "/openapi.json", "/editor", "other",
        "/api/cases/…", "/cases/…", "/widget/…", "/web/…", "/editor/…", "/gradio_api/…",
    }  # fmt: skip
