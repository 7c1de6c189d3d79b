"""chatbot.llm.restating: what a model writes is shown only where its quotation bears it."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answers.answer import Answer, Mode
from chatbot.engine import Engine
from chatbot.llm.endpoint import Endpoint, EndpointLimits
from chatbot.llm.restating import (
    SENTENCES,
    Complete,
    EndpointError,
    Message,
    can_write,
    read_sentences,
)
from index.encoder.encoder import Encoder
from index.storage.publish import Releases
from tests.fakes import BENEFIT, FakeEngine
from tests.scripted_endpoint import Script, repeat, rows_of, say, serving

KEY = "sk-secret-0123456789"
QUESTION = "How many people benefit from the Padma Water Plant?"
GOOD = "The Padma Water Plant benefits approximately 3 million people. [1]"


def engine_of(releases: Releases, encoder: Encoder, complete: Complete) -> Engine:
    """Return an engine over the report with a language model."""
    return Engine(releases, lambda: encoder, complete=complete)


def write(
    releases: Releases, encoder: Encoder, text: str, question: str = QUESTION
) -> tuple[Answer, Answer]:
    """Return the quotations to a question, and the same with what a model says to it."""
    engine = engine_of(releases, encoder, lambda _: text)
    answer = engine.ask(question)
    return answer, engine.write(answer)


def written_in(answer: Answer) -> list[str]:
    """Return the sentences that a model wrote."""
    return [part.text for part in answer.parts if part.kind == "written"]


def test_good_sentences_stand_before_the_quotations(
    report_releases: Releases, real_encoder: Encoder
) -> None:
    """The label says who wrote them, each has its number, and no quotation is missing."""
    answer, written = write(report_releases, real_encoder, GOOD)
    assert (answer.mode, written.mode) == ("extractive", "generative")
    assert written.parts[0].text.startswith("Summarised by a language model")
    assert written_in(written) == ["The Padma Water Plant benefits approximately 3 million people."]
    assert written.parts[2:] == answer.parts
    assert written.citations == answer.citations
    assert written.elapsed_ms >= answer.elapsed_ms
    assert "3 million people. [1]" in written.text


@pytest.mark.parametrize("mode", ["nearest", "absent", "about", "generative"])
def test_only_an_answer_is_written_over(mode: Mode) -> None:
    """A sentence over what is merely near would make an answer of it."""
    answer = FakeEngine().ask(QUESTION, language="en")
    assert can_write(answer)
    assert not can_write(replace(answer, mode=mode, found=mode not in ("nearest", "absent")))
    near = FakeEngine().ask("Was a hospital built in Lauteye Village?")
    assert near.outcome == "nearest"
    assert not can_write(near)


def test_a_chinese_reader_gets_chinese_sentences(
    report_releases: Releases, real_encoder: Encoder
) -> None:
    """The quotation stays English, its restatement is in the question's language."""
    text = "帕德玛水厂项目使约300万人受益，显著改善了当地居民的饮用水水质。[1]"
    _, written = write(report_releases, real_encoder, text, "帕德玛水厂惠及多少人？")
    assert written_in(written) == [text.removesuffix("[1]")]
    assert "引文" in written.parts[0].text
    _, english = write(report_releases, real_encoder, GOOD, "帕德玛水厂惠及多少人？")
    assert english.mode == "extractive"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am sorry, I cannot help with that.",
        "The Padma Water Plant benefits approximately 3 million people.",
        "The Padma Water Plant benefits approximately 3 million people. [9]",
        "The Padma Water Plant benefits approximately 3 million people. [0]",
        "The Padma Water Plant benefits approximately 3 million people. [1][2]",
        "The Padma Water Plant benefits approximately 5 million people. [1]",
        "The Padma Water Plant does not benefit 3 million people. [1]",
        "The Padma Water Plant (https://evil.example) benefits 3 million people. [1]",
        "<img src=x onerror=alert(1)> benefits approximately 3 million people. [1]",
        "The Padma Water Plant benefits [3 million](http://evil.example) people. [1]",
        "Visit evil.example, which benefits approximately 3 million people. [1]",
        "Huawei built it. [1] It cost 9 dollars. [1] " + GOOD,
    ],
)
def test_bad_sentences_leave_the_answer_as_it_was(
    report_releases: Releases, real_encoder: Encoder, text: str
) -> None:
    """No citation, a wrong one, invented things, links, markup: the quotations answer alone."""
    answer, written = write(report_releases, real_encoder, text)
    assert replace(written, elapsed_ms=answer.elapsed_ms) == answer


def test_what_fails_is_struck_and_the_rest_shown(
    report_releases: Releases, real_encoder: Encoder
) -> None:
    """One invented number costs its own sentence where half of them or more hold."""
    text = f"{GOOD} It serves 77 villages. [1]"
    _, written = write(report_releases, real_encoder, text)
    assert len(written_in(written)) == 1
    assert "77" not in written.text


def test_what_is_not_found_is_not_written_about(
    report_releases: Releases, real_encoder: Encoder
) -> None:
    """No endpoint is asked where there is nothing to restate."""

    def fail(_: Sequence[Message]) -> str:
        raise AssertionError("asked")

    engine = engine_of(report_releases, real_encoder, fail)
    for question in ("What is the recipe for apple pie?", "Hello!"):
        answer = engine.ask(question)
        assert not engine.can_write(answer)
        assert engine.write(answer) == answer


def test_question_and_quotations_travel_as_data(
    report_releases: Releases, real_encoder: Encoder
) -> None:
    """The instructions are ours alone; what a reader or a document says stands in JSON."""
    asked: list[Sequence[Message]] = []

    def complete(messages: Sequence[Message]) -> str:
        asked.append(messages)
        return GOOD

    engine = engine_of(report_releases, real_encoder, complete)
    question = f'{QUESTION} "}}]'
    answer = engine.ask(question)
    written = engine.write(answer)
    (messages,) = asked
    assert [each["role"] for each in messages] == ["system", "user"]
    assert "Padma" not in messages[0]["content"]
    material = json.loads(messages[1]["content"])
    assert material["question"] == question
    assert material["quotations"][0]["words"] == answer.citations[0].quote
    assert written.mode == "generative"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (say("The Padma Water Plant benefits approximately ", "3 million people. [1]"), True),
        (repeat(b": wait\n\n", 0.05), False),
    ],
)
def test_through_a_real_endpoint(
    report_releases: Releases,
    real_encoder: Encoder,
    caplog: pytest.LogCaptureFixture,
    script: Script,
    said: bool,
) -> None:
    """Words come over the wire; an endpoint that hangs costs its time, one line and no answer."""
    limits = EndpointLimits(first=60, total=60 if said else 1.0)
    with serving(script) as server, caplog.at_level(logging.DEBUG, "casebook"):
        complete = Endpoint(server.url, "small", KEY, limits).complete
        engine = engine_of(report_releases, real_encoder, complete)
        answer = engine.ask(QUESTION)
        written = engine.write(answer)
        assert rows_of(server.asked[0][2]["messages"])["question"] == QUESTION
    assert (written.mode == "generative") is said
    assert BENEFIT in written.text
    lines = [record.getMessage() for record in caplog.records if record.name == "casebook"]
    assert lines == (
        [] if said else ["no sentences from the language model: no end after 1 seconds"]
    )
    assert KEY not in caplog.text


def test_a_release_that_is_gone_keeps_its_quotations(
    report_releases: Releases, real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another release went live meanwhile, nothing is written about the old one's words."""

    def fail(_: Sequence[Message]) -> str:
        raise EndpointError("not reached")

    engine = engine_of(report_releases, real_encoder, fail)
    answer = engine.ask(QUESTION)
    monkeypatch.setattr(engine._hold(), "id", "000000000000")
    assert replace(engine.write(answer), elapsed_ms=answer.elapsed_ms) == answer


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One thing. [1] Another thing [2].", [("One thing.", 1), ("Another thing.", 2)]),
        ("一件事。【1】另一件事[2]。", [("一件事。", 1), ("另一件事。", 2)]),
        ("- One thing. [1]\n- Another. [1]", [("One thing.", 1), ("Another.", 1)]),
        ("**One** thing. [1]", [("One thing.", 1)]),
        ("First. Second. [1]", [("First.", 0), ("Second.", 1)]),
        ("<think>No. [2]</think>One thing. [1]", [("One thing.", 1)]),
        ("One\u202e thing\u200b. [1]", [("One thing.", 1)]),
        ("One thing.", [("One thing.", 0)]),
        ("", []),
    ],
)
def test_sentences_are_read_with_their_numbers(text: str, sentences: list[tuple[str, int]]) -> None:
    """List marks, emphasis, thoughts and hidden characters go; what cites nothing has number 0."""
    assert read_sentences(text) == sentences


@given(st.text(max_size=400))
def test_any_words_can_be_read(text: str) -> None:
    """Nothing raises; a sentence that may hold is plain text of one line."""
    found = read_sentences(text)
    assert len(found) <= SENTENCES
    for words, number in found:
        assert "\n" not in words
        if number:
            assert not set("<>[]{}|`~\\\u202e") & set(words)
