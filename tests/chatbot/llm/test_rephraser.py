"""chatbot.llm.rephraser: another question for the search, or none; never anything longer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.llm.endpoint import Endpoint, EndpointLimits
from chatbot.llm.rephraser import LONGEST, Rephraser
from chatbot.llm.restating import EndpointError, Message
from tests.scripted_endpoint import be_silent, rows_of, say, serving

ASKED = ["How many people benefit from the Padma Water Plant?", "Since 2019?"]
WHOLE = "Who built the Padma Water Plant?"


class Scripted:
    """A model that says one thing, and notes what it was asked."""

    def __init__(self, said: str) -> None:
        """Take what it says; nothing means that it does not come."""
        self.said = said
        self.asked: list[Sequence[Message]] = []

    def __call__(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """Say it."""
        assert schema["properties"] == {"question": {"type": "string"}}
        self.asked.append(messages)
        if not self.said:
            raise EndpointError("away")
        return self.said


def form(question: object) -> str:
    """Return the form, filled in."""
    return json.dumps({"question": question})


def test_a_follow_up_is_made_whole() -> None:
    """The model sees the reader's last questions; what it says comes on one line."""
    model = Scripted(form(" Who built\n the Padma\u202e Water Plant? "))
    asked = [f"Question {at}?" for at in range(9)] + ASKED
    assert Rephraser(model).make_whole(asked, "Who built it?") == WHOLE
    told = rows_of(model.asked[0])
    assert told == {"before": asked[-4:], "last": "Who built it?"}


@pytest.mark.parametrize(
    "said",
    [
        "", "Who?", form(""), form("?!"), form(7), form(["Who?"]), form("who " * 200), "{}",
        '{"question": "Who?", "why": ""}', form("Who built the plant of 1999?"), "null",
    ],
    ids=range(11),
)  # fmt: skip
def test_a_question_stays_as_it_is(said: str, caplog: pytest.LogCaptureFixture) -> None:
    """Where nothing comes, or nonsense, something too long or a number that nobody said."""
    assert Rephraser(Scripted(said)).make_whole(ASKED, "Who built it?") == "Who built it?"
    assert "built" not in caplog.text


def test_numbers_that_were_asked_may_stand() -> None:
    """Those of the questions before it, however their thousands are marked."""
    whole = "Who built the Padma Water Plant in 2019 for 3,000 people?"
    made = Rephraser(Scripted(form(whole))).make_whole(ASKED, "Who built it for 3000 people?")
    assert made == whole


def test_nobody_is_asked_in_vain() -> None:
    """A first question and a long one stay as they are."""
    model = Scripted(form(WHOLE))
    long = "who " * 500
    assert Rephraser(model).make_whole([], "Who built it?") == "Who built it?"
    assert Rephraser(model).make_whole(ASKED, long) == long
    assert Rephraser(model).translate(long, "zh") == ""
    assert model.asked == []


def test_a_question_is_translated() -> None:
    """Into the language that is told; a few words in Latin letters may be of any."""
    model = Scripted(form("谁建了帕德玛水厂？"))
    assert Rephraser(model).translate(WHOLE, "zh") == "谁建了帕德玛水厂？"
    assert rows_of(model.asked[0])["language"].startswith("Chinese")
    assert Rephraser(Scripted(form(WHOLE))).translate("谁建了帕德玛水厂？", "en") == WHOLE
    assert Rephraser(Scripted(form("Padma"))).translate("帕德玛", "en") == "Padma"


@pytest.mark.parametrize("said", ["", WHOLE, form(WHOLE), form("—"), form("谁" * 401)])
def test_no_translation_is_nothing(said: str) -> None:
    """Where nothing comes, nonsense, another language or too much."""
    assert Rephraser(Scripted(said)).translate(WHOLE, "zh") == ""


@given(st.text(max_size=80) | st.text(max_size=500).map(form))
def test_any_words_give_a_question(said: str) -> None:
    """Of bounded length, on one line, with a letter or a digit, or the one that was there."""
    for made in (
        Rephraser(Scripted(said)).make_whole(ASKED, "Who built it?"),
        Rephraser(Scripted(said)).translate(WHOLE, "en") or "none",
    ):
        assert len(made) <= LONGEST
        assert made == " ".join(made.split())
        assert any(map(str.isalnum, made))
        made.encode()  # no half of a pair


def test_over_an_endpoint() -> None:
    """A stream is read as a form; silence leaves the question."""
    with serving(say(form(WHOLE))) as server:
        model = Rephraser(Endpoint(server.url, "small").complete)
        assert model.make_whole(ASKED, "Who built it?") == WHOLE
    with serving(be_silent(begun=False)) as server:
        model = Rephraser(Endpoint(server.url, "small", limits=EndpointLimits(0.3, 1.0)).complete)
        assert model.make_whole(ASKED, "Who built it?") == "Who built it?"
