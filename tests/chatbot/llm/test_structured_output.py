"""chatbot.llm.structured_output: a model that failed is left alone, and the log says so once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from chatbot.llm.chooser import Chooser
from chatbot.llm.endpoint import CrowdedError
from chatbot.llm.rephraser import Rephraser
from chatbot.llm.restating import EndpointError, Message
from chatbot.llm.structured_output import LIMITS, REST, Breaker, RestError
from index.reader.cosine import CosineReader
from tests.clock import Clock
from tests.reading import ENCODER, make_query, make_text

QUESTION = make_query("When was the red bridge built?")
TEXTS = [make_text(QUESTION, ["The red bridge was built in 1999."])]


class Model:
    """A model that says or raises one thing after the other, and counts how often it is asked."""

    def __init__(self, *turns: str | EndpointError) -> None:
        """Take what it says or raises; the last one stays."""
        self.turns = list(turns)
        self.asked = 0

    def __call__(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """Say or raise it."""
        del messages, schema
        self.asked += 1
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if isinstance(turn, EndpointError):
            raise turn
        return turn


def test_a_model_that_failed_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its rest is over; then it is asked again."""
    clock, model = Clock(), Model(EndpointError("away"), "{}")
    monkeypatch.setattr("chatbot.llm.structured_output.time", SimpleNamespace(monotonic=clock))
    breaker = Breaker(model)
    with pytest.raises(EndpointError, match="away"):
        breaker([], {})
    for _ in range(3):
        with pytest.raises(RestError, match="less than 30 seconds ago"):
            breaker([], {})
    assert model.asked == 1
    clock.now += REST
    assert breaker([], {}) == "{}"
    assert breaker([], {}) == "{}"


@pytest.mark.parametrize("turn", ["no form", CrowdedError("4 questions are there already")])
def test_nonsense_and_other_questions_are_no_such_failure(turn: str | EndpointError) -> None:
    """The next question is put to the model."""
    model = Model(turn)
    rephraser = Rephraser(Breaker(model))
    for _ in range(3):
        assert rephraser.translate("red bridge", "zh") == ""
    assert model.asked == 3


def test_the_log_says_once_that_it_is_away(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever asks first; the others take what they have without a word."""
    caplog.set_level(logging.INFO)
    breaker = Breaker(Model(EndpointError("away")))
    inner = CosineReader(ENCODER)
    plain = inner.read(QUESTION, TEXTS)
    for _ in range(2):
        assert Rephraser(breaker).make_whole(["Who?"], "And then?") == "And then?"
        assert Chooser(inner, breaker).read(QUESTION, TEXTS).confidence == plain.confidence
    [record] = caplog.records
    assert record.getMessage() == "no question by the language model: away"


def test_three_forms_leave_time_for_a_search() -> None:
    """Of a question's half minute."""
    from chatbot.answers.deadline import LIMIT

    assert 3 * LIMITS.total <= LIMIT - 5
