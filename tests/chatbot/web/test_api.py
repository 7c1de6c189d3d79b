"""The HTTP contract, on a real server on loopback."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from chatbot.answers.conversation import Turn
from chatbot.web import schemas as contract
from chatbot.web.error_responses import STATUS, status_of
from chatbot.web.middleware import BODY_LIMIT
from chatbot.web.security.limits import AT_WORK
from corpus import errors
from tests.clock import wait_until
from tests.fakes import BENEFIT, RELEASE, FakeEngine, serving

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """Give a client of the server."""
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


def read_error(response: httpx.Response, status: int, code: str) -> str:
    """Check an error's shape and return its message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = contract.ErrorBody.model_validate(response.json())
    assert set(response.json()) == {"error"}
    assert body.error.code == code
    assert body.error.request_id == response.headers["x-request-id"]
    assert "\n" not in body.error.message
    assert "Traceback" not in response.text
    return body.error.message


def read_events(text: str) -> list[tuple[str, Any]]:
    """Parse an event stream."""
    events = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n", 1)
        events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def test_a_question_is_answered_with_citations(client: httpx.Client) -> None:
    """The answer has every field of the contract, and its quotation is cited."""
    response = client.post("/api/ask", json={"question": "How many people benefit?"})
    assert response.status_code == 200
    answer = contract.AnswerBody.model_validate(response.json())
    assert set(response.json()) == set(contract.AnswerBody.model_fields)
    assert (answer.found, answer.outcome) == (True, "answer")
    assert answer.citations[0].quote == BENEFIT
    assert f"“{BENEFIT}” [1]" in answer.text
    assert answer.release == RELEASE


def test_the_engine_is_asked_what_the_request_says(
    client: httpx.Client, engine: FakeEngine
) -> None:
    """History, filters and language reach the engine as they were sent."""
    client.post(
        "/api/ask",
        json={
            "question": "benefit?",
            "history": [
                {"role": "user", "content": "before"},
                {"role": "assistant", "content": "then"},
            ],
            "filters": {"company": ["CAMCE"]},
            "language": "zh",
        },
    ).raise_for_status()
    turns = (Turn("user", "before"), Turn("assistant", "then"))
    assert engine.asked == [("benefit?", turns, {"company": ["CAMCE"]}, "zh")]


def test_what_the_collection_does_not_say_is_an_answer(client: httpx.Client) -> None:
    """Nothing found is a 200 with nearest cases and no citation."""
    response = client.post("/api/ask", json={"question": "铜的价格是多少？"})
    answer = contract.AnswerBody.model_validate(response.json())
    assert (response.status_code, answer.found, answer.citations) == (200, False, [])
    assert (answer.outcome, answer.mode) == ("absent", "absent")
    assert answer.nearest
    assert answer.language == "zh"


def test_what_comes_near_is_told_from_an_answer(client: httpx.Client) -> None:
    """Quoted and cited, and not found: who knows no `outcome` sees a refusal with its offers."""
    body = client.post("/api/ask", json={"question": "Is there a hospital?"}).json()
    answer = contract.AnswerBody.model_validate(body)
    assert set(body) == set(contract.AnswerBody.model_fields)
    assert (answer.outcome, answer.mode, answer.found) == ("nearest", "nearest", False)
    assert answer.nearest
    assert answer.suggestions
    assert answer.parts[0].kind == "words"
    assert answer.text.startswith("The collection does not say this outright. The nearest")
    quoted = {part.citation: part.text for part in answer.parts if part.kind == "quote"}
    assert quoted == {citation.number: citation.quote for citation in answer.citations}
    streamed = client.post("/api/ask", json={"question": "Is there a hospital?"}, headers=STREAM)
    events = read_events(streamed.text)
    assert [data["status"] for name, data in events if name == "status"] == ["searching"]
    assert events[-1] == ("answer", body)


def test_no_model_writes_over_what_is_near(client: httpx.Client, engine: FakeEngine) -> None:
    """A sentence would make an answer of it."""
    engine.written = ("There is a hospital.",)
    answer = client.post("/api/ask", json={"question": "Is there a hospital?"}).json()
    assert answer["mode"] == "nearest"
    assert "There is a hospital" not in answer["text"]


def test_the_contract_documents_the_outcome(client: httpx.Client) -> None:
    """Its three values and what they mean stand in `/openapi.json`, and it is always there."""
    schema = client.get("/openapi.json").json()["components"]["schemas"]["AnswerBody"]
    told = schema["properties"]["outcome"]
    assert told["enum"] == ["answer", "nearest", "absent"]
    assert all(f"`{value}`" in told["description"] for value in told["enum"])
    assert "outcome" in schema["required"]


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\udbff\\ud83d"])
def test_half_an_emoji_is_accepted(client: httpx.Client, engine: FakeEngine, half: str) -> None:
    """An answer that was cut inside one breaks no later question, and no vote; as U+FFFD."""
    headers = {"Content-Type": "application/json"}
    turns = (
        f'[{{"role": "user", "content": "{half}"}}, {{"role": "assistant", "content": "{half}"}}]'
    )
    body = f'{{"question": "solar {half}", "history": {turns}}}'
    response = client.post("/api/ask", content=body, headers=headers)
    assert response.status_code == 200, response.text
    question, history, _, _ = engine.asked[0]
    shown = question.removeprefix("solar ")
    assert set(shown) == {"\N{REPLACEMENT CHARACTER}"}
    assert [turn.content for turn in history] == [shown, shown]
    vote = f'{{"question": "{half}", "release": "fa4e", "vote": "up", "comment": "{half}"}}'
    assert client.post("/api/feedback", content=vote, headers=headers).status_code == 204
    body = f'{{"question": "solar", "filters": {{"company": ["{half}"]}}}}'
    told = read_error(client.post("/api/ask", content=body, headers=headers), 422, "bad_filter")
    assert "no case has company" in told


def test_a_stream_tells_its_status_then_pieces_then_the_answer(client: httpx.Client) -> None:
    """The pieces together are the answer's text, and the last event is the whole answer."""
    response = client.post("/api/ask", json={"question": "solar"}, headers=STREAM)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = read_events(response.text)
    assert events[0] == ("status", {"status": "searching"})
    assert [name for name, _ in events[1:-1]] == ["delta"] * 3
    name, answer = events[-1]
    assert name == "answer"
    assert set(answer) == set(contract.AnswerBody.model_fields)
    assert "".join(data["text"] for _, data in events[1:-1]) == answer["text"]


def test_a_stream_says_that_a_model_writes(client: httpx.Client, engine: FakeEngine) -> None:
    """Its sentences come first of all pieces, and in JSON as in the stream."""
    engine.written = ("Lights were given.",)
    response = client.post("/api/ask", json={"question": "solar"}, headers=STREAM)
    events = read_events(response.text)
    statuses = [data["status"] for name, data in events if name == "status"]
    assert (statuses[0], set(statuses[1:])) == ("searching", {"writing"})
    _, answer = events[-1]
    assert answer["mode"] == "generative"
    assert "".join(data["text"] for name, data in events if name == "delta") == answer["text"]
    assert answer["text"].index("Lights were given. [1]") < answer["text"].index("“")
    alone = client.post("/api/ask", json={"question": "solar"}).json()
    assert alone["parts"] == answer["parts"]


@pytest.mark.parametrize(
    "body", [{"question": " "}, {"question": "solar", "filters": {"company": ["Nobody"]}}]
)
def test_a_stream_that_cannot_begin_is_refused(
    client: httpx.Client, body: dict[str, object]
) -> None:
    """A question that cannot be asked has its status in a stream as well."""
    response = client.post("/api/ask", json=body, headers=STREAM)
    assert (response.status_code, set(response.json())) == (422, {"error"})


def test_the_status_comes_before_the_answer_is_there(
    client: httpx.Client, engine: FakeEngine
) -> None:
    """A reader of the stream hears something while the engine still works."""
    engine.hold = threading.Event()
    with client.stream("POST", "/api/ask", json={"question": "solar"}, headers=STREAM) as response:
        lines = response.iter_lines()
        assert next(lines) == "event: status"
        engine.hold.set()
        assert "event: answer" in list(lines)


@pytest.mark.parametrize(
    ("error", "code"),
    [(errors.NoReleaseError("nothing is published"), "no_release"), (KeyError("x"), "internal")],
)
def test_an_error_in_a_stream_is_its_last_event(
    client: httpx.Client, engine: FakeEngine, error: Exception, code: str
) -> None:
    """The stream ends with the error's body, without a traceback."""
    engine.error = error
    response = client.post("/api/ask", json={"question": "solar"}, headers=STREAM)
    name, body = read_events(response.text)[-1]
    assert name == "error"
    assert body["error"]["code"] == code
    assert body["error"]["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code", "says"),
    [
        (b'{"question": "x"', "application/json", 422, "bad_request", "not JSON"),
        (b"", "application/json", 422, "bad_request", "required"),
        (b"\xff\xfe{", "application/json", 422, "bad_request", "not JSON"),
        (b"[" * 30000, "application/json", 422, "bad_request", "not JSON"),
        (b"[]", "application/json", 422, "bad_request", "valid dictionary"),
        (b"{}", "application/json", 422, "bad_request", "question: field required"),
        (b'{"question": 7}', "application/json", 422, "bad_request", "question: input should be"),
        (b'{"question": "x", "histroy": []}', "application/json", 422, "bad_request", "histroy"),
        (b'{"question": "x", "history": [{"role": "system", "content": ""}]}',
         "application/json", 422, "bad_request", "history.0.role"),
        (b'{"question": "x", "filters": {"company": "CAMCE"}}',
         "application/json", 422, "bad_request", "filters.company"),
        (b'{"question": "", "language": "fr"}', "application/json", 422, "bad_request", "language"),
        (b'{"question": "\\ud800"}', "application/json", 422, "bad_question", "no words"),
        (b'{"question": "x", "\\ud800": 1}', "application/json", 422, "bad_request", "no such"),
        (b'{"question": "x"}', "text/plain", 415, "bad_content_type", "application/json"),
        (b'{"question": "x"}', "", 415, "bad_content_type", "application/json"),
        (b'{"question": " \\n "}', "application/json", 422, "bad_question", "no words"),
        (b'{"question": "x", "filters": {"colour": ["red"]}}',
         "application/json", 422, "bad_filter", "colour"),
        (b'{"question": "x", "filters": {"company": ["Nobody"]}}',
         "application/json", 422, "bad_filter", "Nobody"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_line(
    client: httpx.Client, content: bytes, kind: str, status: int, code: str, says: str
) -> None:
    """Every kind of broken body has its status, its code and a line that says what is wrong."""
    headers = {"Content-Type": kind} if kind else {}
    response = client.post("/api/ask", content=content, headers=headers)
    assert says in read_error(response, status, code)


def test_a_question_that_is_too_long_is_refused_by_its_length(client: httpx.Client) -> None:
    """Ten thousand characters, ASCII or not, are too many words, not too many bytes."""
    for letter in ("x", "案"):
        response = client.post("/api/ask", json={"question": letter * 10_000})
        assert "10000 characters" in read_error(response, 422, "bad_question")


@pytest.mark.parametrize("size", [BODY_LIMIT + 1, 40 * BODY_LIMIT])
def test_a_body_over_the_limit_is_not_read(
    client: httpx.Client, engine: FakeEngine, size: int
) -> None:
    """The limit holds with a declared length and without one, before anything is parsed."""
    headers = {"Content-Type": "application/json"}
    if size < 16 * BODY_LIMIT:
        response = client.post("/api/ask", content=b"x" * size, headers=headers)
        read_error(response, 413, "too_large")
        response = client.post("/api/ask", content=iter([b"x" * size]), headers=headers)
        read_error(response, 413, "too_large")
    else:  # sent after the head alone, whose declared length is enough to refuse it
        port = int(client.base_url.port or 0)
        import socket

        with socket.create_connection(("127.0.0.1", port), 10) as raw:
            raw.sendall(
                b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % size
            )
            assert raw.recv(100).startswith(b"HTTP/1.1 413")
    assert engine.asked == []


@pytest.mark.parametrize("path", ["/healthz", "/api/cases", "/cases", "/api/search?q=red"])
def test_a_head_is_what_a_get_begins_with(client: httpx.Client, path: str) -> None:
    """The same status and headers, and no body; where nothing is got, what is allowed is named."""
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    refused = client.head("/api/ask")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


def test_unusual_questions_are_questions(client: httpx.Client, engine: FakeEngine) -> None:
    """Emoji, markup, SQL and other scripts reach the engine as they are."""
    for question in ("🌱 green?", "<b>x</b>", "'; DROP TABLE cases; --", "ما هو؟", "a\u0000b"):
        response = client.post("/api/ask", json={"question": question})
        assert response.status_code == 200, response.text
        assert response.json()["question"] == question
    assert [asked[0] for asked in engine.asked][:2] == ["🌱 green?", "<b>x</b>"]


def test_search_returns_hits_with_their_evidence(client: httpx.Client) -> None:
    """A hit names its document's file, its case, and the characters it stands at."""
    body = client.get("/api/search", params={"q": "water", "k": 3}).json()
    found = contract.SearchBody.model_validate(body)
    assert [hit.rank for hit in found.hits] == [1, 2, 3]
    text = FakeEngine().entry.document.text
    for hit in found.hits:
        assert text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert hit.passage.document.endswith(".txt")
    assert set(body["hits"][0]) == {"rank", "score", "passage", "evidence"}
    assert set(body["hits"][0]["passage"]) == {
        "id", "document_id", "document", "case_id", "case", "start", "end", "text",
    }  # fmt: skip
    assert set(body["hits"][0]["evidence"]) == {
        "dense",
        "sentence",
        "lexical",
        "overlap",
        "translated",
    }


def test_search_gives_ten_hits_unless_told(client: httpx.Client) -> None:
    """`k` is ten by default and may be 100."""
    assert len(client.get("/api/search?q=water").json()["hits"]) == 10
    passages = len(FakeEngine().entry.passages)
    hits = client.get("/api/search?q=water&k=100").json()["hits"]
    assert len(hits) == min(100, passages)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "bad_request"), ("?q=x&k=0", "bad_request"), ("?q=x&k=101", "bad_request"),
        ("?q=x&k=ten", "bad_request"), ("?q=x&sort=up", "bad_request"), ("?q=%20", "bad_question"),
    ],
)  # fmt: skip
def test_a_bad_search_gets_one_clear_line(client: httpx.Client, query: str, code: str) -> None:
    """A missing or impossible parameter is named."""
    read_error(client.get("/api/search" + query), 422, code)


def test_the_cases_come_with_facets(client: httpx.Client) -> None:
    """Everything is counted over the cases, among which an introduction is none."""
    body = contract.CasesBody.model_validate(client.get("/api/cases").json())
    assert len(body.cases) == 5
    companies = {facet.value: facet.count for facet in body.facets.companies}
    assert companies == {"CAMCE": 1, "POWERCHINA": 2, "WeRide": 1}
    assert [(facet.value, facet.count) for facet in body.facets.languages] == [("en", 4)]
    assert [(facet.value, facet.count) for facet in body.facets.years] == [("2024", 4)]
    assert body.facets.sectors == body.facets.countries == []
    assert [(facet.value, facet.count) for facet in body.facets.documents] == [
        (body.cases[0].document_id, 4)
    ]


def test_the_cases_are_filtered(client: httpx.Client) -> None:
    """By whatever has a count, in any case of letters; nonsense is refused and nothing is found."""
    for query, wanted in (
        ({"company": "powerchina"}, 2), ({"year": "2024", "language": "en"}, 4),
        ({"year": "1999"}, 0), ({"sector": "<b>"}, 0), ({"country": "QQ"}, 0),
    ):  # fmt: skip
        body = contract.CasesBody.model_validate(client.get("/api/cases", params=query).json())
        assert len(body.cases) == wanted
        assert len(body.facets.companies) == 3
    for query in ({"year": "24"}, {"country": "Kenya"}, {"sector": "s" * 201}):
        read_error(client.get("/api/cases", params=query), 422, "bad_request")


def test_every_listed_case_can_be_read(client: httpx.Client) -> None:
    """A case's passages are the document's characters, and its page answers at its link."""
    text = FakeEngine().entry.document.text
    for case in contract.CasesBody.model_validate(client.get("/api/cases").json()).cases:
        body = client.get(f"/api/cases/{case.id}").json()
        assert "text" not in body["document"]
        for passage in contract.CaseBody.model_validate(body).passages:
            assert text[passage.start : passage.end] == passage.text
        assert client.get(f"/{case.link}").status_code == 200


@pytest.mark.parametrize("name", ["nothing", "%3Cscript%3E", "..%2f..%2fetc", "x" * 200])
def test_an_unknown_case_is_not_found(client: httpx.Client, name: str) -> None:
    """As JSON with its line, as a page in the reader's language, and never reflected as markup."""
    read_error(client.get(f"/api/cases/{name}"), 404, "not_found")
    if "%2f" in name:
        return
    page = client.get(f"/cases/{name}", headers={"Accept-Language": "zh"})
    assert page.status_code == 404
    assert "没有这个案例" in page.text
    assert "<script>" not in page.text


def test_an_endless_case_id_is_refused(client: httpx.Client) -> None:
    """An id longer than any could be is bad input."""
    for path in ("/api/cases/", "/cases/"):
        answer = client.get(path + "x" * 201, headers={"Accept": "application/json"})
        assert "case_id" in read_error(answer, 422, "bad_request")


def test_a_case_page_cannot_be_shown_while_nothing_is_published(
    client: httpx.Client, engine: FakeEngine
) -> None:
    """The page is a 503, not a missing case."""
    engine.error = errors.NoReleaseError("nothing is published")
    page = client.get("/cases/any")
    assert page.status_code == 503
    assert "has not been published yet" in page.text


def test_the_case_page_speaks_and_remembers_a_language(client: httpx.Client) -> None:
    """Accept-Language decides, `?lang=` wins, and what was chosen is kept in a cookie."""
    path = client.get("/api/cases").json()["cases"][1]["link"]
    assert '<html lang="zh-CN">' in client.get(path, headers={"Accept-Language": "zh-CN"}).text
    assert '<html lang="en">' in client.get(path, headers={"Accept-Language": "fr"}).text
    chosen = client.get(path, params={"lang": "zh"})
    assert '<html lang="zh-CN">' in chosen.text
    assert '<html lang="zh-CN">' in client.get(path, headers={"Accept-Language": "en"}).text
    client.cookies.clear()


def test_healthz_answers_whatever_the_engine_does(client: httpx.Client, engine: FakeEngine) -> None:
    """Alive is alive, without a release too."""
    engine.error = errors.NoReleaseError("nothing is published")
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


def test_readyz_says_why_it_is_not_ready(client: httpx.Client, engine: FakeEngine) -> None:
    """503 while there is no release or the encoder is cold, 200 when a question can be answered."""
    response = client.get("/readyz")
    assert response.status_code == 200
    assert contract.ReadyBody.model_validate(response.json()).reader == "small"
    engine.ready = False
    response = client.get("/readyz")
    assert response.status_code == 503
    assert contract.ReadyBody.model_validate(response.json()).message == "the encoder is loading"
    engine.error = errors.NoReleaseError("nothing is published")
    body = client.get("/readyz").json()
    assert (body["live"], body["message"]) == (False, "nothing is published")


def count_at_once(client: httpx.Client) -> int:
    """Return how many questions are at work or wait."""
    lines = client.get("/metrics").text.splitlines()
    return int(
        float(next(x for x in lines if x.startswith("casebook_questions_at_once")).split()[1])
    )


def test_a_question_over_its_time_gets_one_line(client: httpx.Client, engine: FakeEngine) -> None:
    """A 503 in its time, in a stream the last event; what has begun counts until it ends."""
    engine.hold, engine.limit = threading.Event(), 0.2
    responses = [
        client.post("/api/ask", json={"question": "solar"}),
        client.get("/api/search?q=solar"),
    ]
    for response in responses:
        assert "0.2 seconds" in read_error(response, 503, "slow")
        assert response.headers["retry-after"] == "5"
    streamed = client.post("/api/ask", json={"question": "solar"}, headers=STREAM)
    name, body = read_events(streamed.text)[-1]
    assert (name, body["error"]["code"]) == ("error", "slow")
    assert client.get("/healthz").status_code == 200
    assert count_at_once(client) == 3
    engine.hold.set()
    wait_until(lambda: count_at_once(client) == 0)
    assert client.post("/api/ask", json={"question": "solar"}).status_code == 200


def test_a_question_that_waits_in_vain_is_not_asked(
    client: httpx.Client, engine: FakeEngine
) -> None:
    """Nobody hears its answer, so no thread takes it up."""
    engine.hold, engine.limit = threading.Event(), 0.5
    with ThreadPoolExecutor(AT_WORK + 2) as pool:
        sent = [
            pool.submit(client.post, "/api/ask", json={"question": "solar"})
            for _ in range(AT_WORK + 2)
        ]
        assert {each.result().status_code for each in sent} == {503}
    wait_until(lambda: count_at_once(client) == AT_WORK)
    engine.hold.set()
    wait_until(lambda: count_at_once(client) == 0)
    assert len(engine.asked) == AT_WORK


def list_errors(kind: type[errors.CasebookError]) -> list[type[errors.CasebookError]]:
    """Return the class and every class below it."""
    return [kind, *(each for below in kind.__subclasses__() for each in list_errors(below))]


def test_no_error_of_the_tree_is_without_a_status() -> None:
    """Each class has its own line in the table, so a new one has to be decided on."""
    assert set(STATUS) == set(list_errors(errors.CasebookError))


@pytest.mark.parametrize("kind", list_errors(errors.CasebookError))
def test_every_error_of_the_engine_is_answered(
    client: httpx.Client, engine: FakeEngine, kind: type[errors.CasebookError]
) -> None:
    """Status by class, the error's own code and line, and a time to come back for a 503."""
    engine.error = kind("what\nis wrong, and the mend")
    status = status_of(engine.error)
    for response in (
        client.post("/api/ask", json={"question": "x"}),
        client.get("/api/search?q=x"),
        client.get("/api/cases"),
    ):
        assert read_error(response, status, kind.code) == "what is wrong, and the mend"
        assert ("retry-after" in response.headers) == (status in (429, 503))
        assert ("www-authenticate" in response.headers) == (status == 401)


def test_a_fault_keeps_its_words_inside(
    client: httpx.Client, engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """The reader gets a line and an id; the log has the same id and the traceback."""
    engine.error = ValueError("secret path /etc")
    with caplog.at_level(logging.ERROR, "casebook"):
        response = client.post("/api/ask", json={"question": "x"})
    assert "secret" not in response.text
    read_error(response, 500, "internal")
    record = next(r for r in caplog.records if r.exc_info)
    assert response.headers["x-request-id"] in record.getMessage()


def test_unknown_addresses_and_methods_are_said_to_be(client: httpx.Client) -> None:
    """Below `/api/` a wrong address is 404 and a wrong method 405, in the errors' shape."""
    read_error(client.get("/api/nothing"), 404, "not_found")
    response = client.get("/api/ask")
    assert "POST" in read_error(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


def test_a_request_keeps_the_id_it_came_with(client: httpx.Client) -> None:
    """A harmless id is taken over, any other is replaced."""
    given = client.get("/healthz", headers={"X-Request-Id": "proxy-12345678"})
    assert given.headers["x-request-id"] == "proxy-12345678"
    for bad in ("x", "a b c d e f g h", "x" * 65):
        answered = client.get("/healthz", headers={"X-Request-Id": bad}).headers["x-request-id"]
        assert answered != bad
        assert len(answered) == 16


def test_a_request_is_logged_without_its_question(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """One line with the address, the status and the id; the reader's words are not in it."""
    with caplog.at_level(logging.INFO, "casebook"):
        response = client.get("/api/search?q=private-words")
        wait_until(lambda: caplog.records)
    line = caplog.records[-1].getMessage()
    assert "'/api/search': 200" in line
    assert response.headers["x-request-id"] in line
    assert "private-words" not in caplog.text


def test_every_page_says_what_may_load(client: httpx.Client) -> None:
    """Each kind of response has its policy and is not to be guessed at."""
    case = client.get("/api/cases").json()["cases"][0]["link"]
    for path, policy in (
        ("/", "default-src 'self'"),
        ("/" + case, "default-src 'none'; script-src 'self'"),
        ("/cases/nothing", "default-src 'none'; script-src 'self'"),
        ("/api/cases", "default-src 'none'; frame-ancestors 'none'"),
        ("/web/chat.js", "default-src 'self'"),
    ):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith(policy), path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/api/cases", "/theme.css", "/gradio_api/app_id"])
def test_no_other_site_may_read_anything(client: httpx.Client, path: str) -> None:
    """No origin is allowed, neither by a request nor by one that asks beforehand."""
    for origin in ("https://evil.example", "http://localhost:3000", "null"):
        response = client.get(path, headers={"Origin": origin})
        assert "access-control-allow-origin" not in response.headers
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        response = client.options(path, headers=asked)
        assert "access-control-allow-origin" not in response.headers


def test_eight_questions_are_answered_at_once(client: httpx.Client, engine: FakeEngine) -> None:
    """Eight wait in the engine together, none behind another."""
    engine.hold = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(client.post, "/api/ask", json={"question": "benefit"}) for _ in range(8)
        ]
        wait_until(lambda: engine.waiting == 8)
        engine.hold.set()
        assert [each.result().status_code for each in asked] == [200] * 8
    assert engine.most_waiting == 8


def test_the_openapi_document_is_true(client: httpx.Client) -> None:
    """It lists exactly the contract's routes, each error with the error's record, and no other."""
    document = client.get("/openapi.json").json()
    routes = {
        (method.upper(), path): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert {key: sorted(operation["responses"]) for key, operation in routes.items()} == {
        ("POST", "/api/ask"): [
            "200", "401", "408", "413", "415", "421", "422", "429", "500", "503",
        ],
        ("POST", "/api/feedback"): [
            "204", "401", "408", "413", "415", "421", "422", "429", "500", "503",
        ],
        ("GET", "/api/search"): ["200", "401", "421", "422", "429", "500", "503"],
        ("GET", "/api/questions"): ["200", "401", "421", "422", "429", "500", "503"],
        ("GET", "/api/cases"): ["200", "401", "421", "422", "429", "500", "503"],
        ("GET", "/api/cases/{case_id}"): ["200", "401", "404", "421", "422", "429", "500", "503"],
        ("GET", "/cases"): ["200", "401", "421", "422", "429", "500", "503"],
        ("GET", "/cases/{case_id}"): ["200", "401", "404", "421", "422", "429", "500", "503"],
        ("POST", "/v1/chat/completions"): [
            "200", "400", "401", "404", "408", "413", "415", "421", "429", "500", "503", "default",
        ],
        ("GET", "/v1/models"): ["200", "401", "421", "default"],
        ("GET", "/v1/models/{model}"): ["200", "400", "401", "404", "421", "default"],
        ("GET", "/healthz"): ["200"],
        ("GET", "/readyz"): ["200", "503"],
        ("GET", "/metrics"): ["200", "404"],
    }  # fmt: skip
    for (_, path), operation in routes.items():
        for status, response in operation["responses"].items():
            kinds = response.get("content", {})
            if path.startswith("/api/") and status not in ("200", "204"):
                schema = kinds["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorBody"}, (path, status)
    assert set(routes["POST", "/api/ask"]["responses"]["200"]["content"]) == {
        "application/json", "text/event-stream",
    }  # fmt: skip
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_nothing_is_loaded_from_elsewhere_to_read_the_document(
    client: httpx.Client, path: str
) -> None:
    """The documentation pages that take their script from another site are off."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("prefix", ["", "/casebook"])
def test_it_works_below_a_path(prefix: str) -> None:
    """A proxy may strip the prefix or leave it: the pages answer, and their links hold it."""
    engine = FakeEngine()
    case = engine.entry.cases[1].id
    with serving(engine, "/casebook") as address, httpx.Client(base_url=address) as client:
        page = client.get(f"{prefix}/cases/{case}")
        assert 'href="/casebook/web/case.css"' in page.text
        assert 'href="/casebook/"' in page.text
        assert client.get(f"{prefix}/api/cases/{case}").status_code == 200
        assert client.get(f"{prefix}/web/case.js").status_code == 200
        home = client.get(f"{prefix}/")
        assert 'href="/casebook/web/chat.css"' in home.text
        assert client.get("/casebook").headers["location"] == "/casebook/"
