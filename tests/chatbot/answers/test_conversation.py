"""chatbot.answers.conversation: what the reader asked before, as far as it is heard."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answers.conversation import Turn, clean_history, join_questions, list_asked


def test_what_was_asked_comes_last_first() -> None:
    """And never what Casebook answered, be it a question."""
    history = [
        Turn("user", "What did CAMCE build?"),
        Turn("assistant", "Who stole the bridge of Huawei?"),
        Turn("user", "When was it?"),
        Turn("user", "Why?"),
    ]
    assert list_asked(history) == ["Why?", "When was it?", "What did CAMCE build?"]
    assert list_asked([]) == list_asked(history[1:2]) == []


def test_what_is_long_ago_is_forgotten() -> None:
    """A conversation without end costs no more than its last turns."""
    history = [Turn("user", f"Question {number}?") for number in range(1000)]
    asked = list_asked(history)
    assert asked[0] == "Question 999?"
    assert 5 < len(asked) < 50


def test_what_was_asked_before_is_cleaned_as_a_question_is() -> None:
    """What could not be asked is left out; answers stay as they are."""
    long = "WeRide " * 1200
    history = [
        Turn("user", " What did\n\u202eCAMCE  build? "),
        Turn("assistant", long),
        Turn("user", long),
        Turn("user", "???"),
    ]
    assert clean_history(history) == [
        Turn("user", "What did CAMCE build?"),
        Turn("assistant", long),
    ]


@given(said=st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(max_size=50))))
def test_any_turns_can_be_heard(said: Sequence[tuple[str, str]]) -> None:
    """Whatever came before: what is heard was asked by the reader, and can be asked."""
    turns = [Turn("user" if role == "user" else "assistant", text) for role, text in said]
    asked = list_asked(clean_history(turns))
    words = [" ".join(text.split()) for role, text in said if role == "user"]
    assert len(asked) <= len(words)
    assert all(any(map(str.isalnum, one)) for one in asked)
    assert clean_history(clean_history(turns)) == clean_history(turns)


@pytest.mark.parametrize(
    ("subject", "joined"),
    [
        ("Tell me about Ada", "Tell me about Ada. When?"),
        ("Who is Ada?", "Who is Ada? When?"),
        ("Ada 是谁？", "Ada 是谁？ When?"),
        ('Who said "no."', 'Who said "no." When?'),
    ],
)
def test_a_question_after_another_is_its_own_sentence(subject: str, joined: str) -> None:
    """So its first word is no name for its capital."""
    assert join_questions(subject, "When?") == joined


def test_long_questions_are_joined_fast() -> None:
    """However many signs one ends with."""
    started = time.thread_time()
    for piece in ("a", "?", ".a", " ", "。”"):
        join_questions(piece * (200_000 // len(piece)), "When?")
    assert time.thread_time() - started < 2
