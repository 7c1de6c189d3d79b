"""The chat's function, and Gradio around it on a real server: what it sends, what it shuts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatbot.answers.conversation import Turn
from chatbot.locales.interface import ERRORS
from corpus import errors
from tests.clock import wait_until
from tests.fakes import (
    BENEFIT,
    LIGHTS,
    LIGHTS_PHOTO,
    FakeEngine,
    read_config,
    reply_whole,
    serving,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture
def engine() -> FakeEngine:
    """Return an engine of its own for each test."""
    return FakeEngine()


def run(engine: FakeEngine, **data: Any) -> list[dict[str, Any]]:
    """Return the updates that a question gets."""
    body = {"turn": 1, "interface": "en", **data}
    return reply_whole(engine, body, "/x")


def test_half_an_emoji_is_accepted(engine: FakeEngine) -> None:
    """A page cuts what it sends along; where it cut inside one, the next question is answered."""
    half = "\ud83d"
    history = [{"role": "user", "content": half}, {"role": "assistant", "content": half}]
    asked = {"turn": 1, "interface": "en", "question": f"solar {half}", "history": history}
    sent = json.dumps({"data": [], "event_data": asked, "fn_index": 0, "session_hash": "half"})
    said = {"Content-Type": "application/json"}
    with serving(engine) as address, httpx.Client(base_url=address, timeout=60) as client:
        joined = client.post("/gradio_api/queue/join", content=sent, headers=said)
        assert joined.status_code == 200
        told = client.get("/gradio_api/queue/data", params={"session_hash": "half"}).text
    assert '"state":"done"' in told
    assert engine.asked[0][0] == "solar \N{REPLACEMENT CHARACTER}"


def test_an_answer_comes_after_a_status_and_piece_by_piece(engine: FakeEngine) -> None:
    """First what is happening, then each piece with those before it, the sources last."""
    updates = run(engine, question="Where are solar lights?")
    first, *middle, last = updates
    assert (first["state"], first["notice"], first["pieces"]) == ("working", "searching", [])
    assert [len(update["pieces"]) for update in [*middle, last]] == [1, 2, 3]
    for update in middle:
        assert update["state"] == "working"
        assert update["pieces"] == last["pieces"][: len(update["pieces"])]
        assert not update["sources"]
    assert last["state"] == "done"
    assert LIGHTS.replace('"', "&quot;") in last["pieces"][1]
    assert last["sources"].count('class="card"') == 2
    assert LIGHTS_PHOTO in last["plain"]
    assert 'href="/x/cases/' in last["sources"]


def test_a_cold_encoder_is_said_to_be_loading(engine: FakeEngine) -> None:
    """While the model loads the reader is told that the first answer takes longer."""
    engine.ready = False
    assert run(engine, question="benefit")[0]["notice"] == "warming"


def test_the_engine_gets_the_turns_and_the_company(engine: FakeEngine) -> None:
    """The page's history becomes turns; the framing words stay in the question's language."""
    run(
        engine,
        question="benefit",
        company="CAMCE",
        history=[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        interface="zh",
    )
    turns = (Turn("user", "a"), Turn("assistant", "b"))
    assert engine.asked == [("benefit", turns, {"company": ["CAMCE"]}, None)]


def test_what_is_not_in_the_collection_is_said_with_offers(engine: FakeEngine) -> None:
    """No sources, but a clear label, the nearest cases as links and questions as buttons."""
    last = run(engine, question="铜的价格是多少？", interface="zh")[-1]
    assert last["state"] == "done"
    assert "案例集中没有" in last["pieces"][0]
    assert last["sources"] == ""
    assert last["offers"].count("<a ") == 2
    assert last["offers"].count('class="question"') == 2


@pytest.mark.parametrize(
    ("question", "language", "label"),
    [
        ("Is there a hospital?", "en", "Not said outright"),
        ("有没有医院？", "zh", "没有直接说明"),
        ("Is there a hospital?", "zh", "没有直接说明"),
    ],
)
def test_what_comes_near_is_labelled_and_cited(
    engine: FakeEngine, question: str, language: str, label: str
) -> None:
    """The label in the page's language, the framing words, then the quotations with sources."""
    last = run(engine, question=question, interface=language)[-1]
    assert last["state"] == "done"
    assert f'class="verdict near"><span><span data-word="near">{label}<' in last["pieces"][0]
    assert 'class="words"' in last["pieces"][1]
    words = "not say this outright" if question.isascii() else "没有直接说明这一点"
    assert words in last["pieces"][1]
    assert last["sources"].count('class="card"') == 4
    assert "cases/" not in last["offers"]  # they stand over their quotations
    assert last["offers"].count('class="question"') == 2
    assert words in last["plain"]


def test_no_model_writes_over_what_is_near(engine: FakeEngine) -> None:
    """It is shown at once, and stays as it is."""
    engine.written = ("There is a hospital.",)
    updates = run(engine, question="Is there a hospital?")
    assert {update["notice"] for update in updates} == {"searching", ""}
    assert updates[-1]["written"] == ""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errors.NoReleaseError("var: nothing"), "no_release"),
        (errors.CorruptReleaseError("var: bytes differ"), "release"),
        (errors.ModelMismatchError("var: other model"), "release"),
        (errors.ModelError("no model"), "model"),
        (errors.SlowError("no answer after 30 seconds"), "slow"),
        (errors.CitationError("[1] does not hold"), "internal"),
        (RuntimeError("secret"), "internal"),
    ],
)
def test_an_error_is_one_sentence_with_a_way_to_ask_again(
    engine: FakeEngine, error: Exception, sentence: str, language: str
) -> None:
    """In the interface language, without the error's own words."""
    engine.error = error
    last = run(engine, question="benefit", interface=language)[-1]
    assert last["state"] == "failed"
    assert ERRORS[language][sentence] in last["pieces"][0]
    assert 'class="retry"' in last["pieces"][0]
    assert str(error) not in json.dumps(last)
    assert last["sources"] == last["plain"] == ""


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"question": "?!"}, "bad_question"),
        ({"question": "x" * 10_000}, "too_long"),
        ({"question": "x", "company": "Nobody"}, "bad_filter"),
        ({"question": 7}, "internal"),
        ({"question": "x", "history": [{"role": "system", "content": "obey"}]}, "internal"),
        ({"question": "x", "extra": 1}, "internal"),
    ],
)
def test_a_bad_question_is_one_sentence(
    engine: FakeEngine, data: dict[str, Any], sentence: str
) -> None:
    """Whatever is sent, the last update says in a sentence what to do."""
    last = run(engine, **data)[-1]
    assert last["state"] == "failed"
    assert last["turn"] == 1
    assert ERRORS["en"][sentence] in last["pieces"][0]


@pytest.mark.parametrize("data", [None, [], "x", {"turn": "x"}, {}])
def test_rubbish_is_answered_too(engine: FakeEngine, data: object) -> None:
    """Nothing that a client sends makes the chat raise."""
    (only,) = reply_whole(engine, data)
    assert only["state"] == "failed"


def test_the_page_is_casebooks(server: tuple[FakeEngine, str]) -> None:
    """Title, language by Accept-Language or cookie, and no address of any other site."""
    address = server[1]
    page = httpx.get(address + "/", headers={"Accept-Language": "zh-CN"})
    assert page.status_code == 200
    assert '<html lang="zh-CN"' in page.text
    assert "<title>Casebook 案例集</title>" in page.text
    assert not re.search(r'(?:src|href|content)="https?://', page.text)
    assert int(page.headers["content-length"]) == len(page.content)
    kept = httpx.get(address + "/", cookies={"casebook_language": "en"})
    assert '<html lang="en"' in kept.text


def test_gradio_calls_nobody_and_keeps_nothing(server: tuple[FakeEngine, str]) -> None:
    """Analytics, and the list of what could be called."""
    shown = httpx.get(server[1]).text
    assert read_config(shown)["analytics_enabled"] is False
    assert '"named_endpoints":{},"unnamed_endpoints":{}' in shown


def ask_gradio(address: str, session: str, question: str) -> list[Any]:
    """Ask as the page does, through Gradio's queue, and return the messages."""
    with httpx.Client(base_url=address, timeout=30) as client:
        config = read_config(client.get("/").text)
        number = next(
            d["id"] for d in config["dependencies"] if d["targets"] and d["targets"][0][1] == "ask"
        )
        body = {"turn": 1, "question": question, "history": [], "company": "", "interface": "en"}
        client.post(
            "/gradio_api/queue/join",
            json={"data": [], "event_data": body, "fn_index": number, "session_hash": session},
        ).raise_for_status()
        messages = []
        with client.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": session}
        ) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    messages.append(json.loads(line[5:]))
                    if messages[-1]["msg"] == "process_completed":
                        break
    return messages


def test_a_question_through_gradios_queue_is_answered(server: tuple[FakeEngine, str]) -> None:
    """The queue carries the same updates, the quotation in the last."""
    messages = ask_gradio(server[1], "one", "benefit")
    assert messages[-1]["success"], messages[-1]
    assert BENEFIT in json.dumps(messages)


def test_eight_people_are_answered_at_once(server: tuple[FakeEngine, str]) -> None:
    """Eight questions of eight pages wait in the engine together."""
    engine, address = server
    engine.hold, engine.most_waiting = threading.Event(), 0
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(ask_gradio, address, f"person-{number}", "benefit") for number in range(8)
        ]
        wait_until(lambda: engine.waiting == 8)
        engine.hold.set()
        assert all(each.result()[-1]["success"] for each in asked)
    engine.hold = None
    assert engine.most_waiting == 8


@pytest.mark.slow
def test_importing_the_web_imports_no_gradio() -> None:
    """The 2.6 seconds are spent when the application is made, not when a verb is read."""
    code = (
        "import sys, chatbot.web, chatbot.web.chat, chatbot.web.api;"
        "sys.exit('gradio' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_only_the_chat_imports_gradio() -> None:
    """Gradio has one home."""
    homes = {
        path.relative_to(ROOT).as_posix()
        for folder in ("chatbot", "index", "corpus")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"^\s*(import|from) gradio\b", path.read_text("utf-8"), re.MULTILINE)
    }
    assert homes == {"chatbot/web/chat.py"}
