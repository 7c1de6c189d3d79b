"""index.inquiry: a question's names, what is asked of them, and the words that only ask."""

from __future__ import annotations

import numpy as np
import pytest

from index.inquiry import find_asked, inquire, keep_content
from index.publish import Releases
from index.release import Release
from tests.fake_encoder import FakeEncoder


@pytest.mark.parametrize(
    ("question", "content"),
    [
        (
            "How many people benefit from the Padma Water Plant?",
            "people benefit Padma Water Plant?",
        ),
        ("哪些企业捐赠了太阳能路灯？", "企业捐赠 太阳能路灯？"),
        ("What is it?", "What is it?"),
        ("Who?", "Who?"),
        ("The Who's it-girl", "Who's it-girl"),
    ],
)
def test_words_that_only_ask_are_left_out(question: str, content: str) -> None:
    """What is left is the subject; a question of nothing else stays whole."""
    assert keep_content(question) == content


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Which bridge did Ada build in Kano?", "Which bridge did build in ?"),
        ("What did Ada do in Kano?", "What did Ada do in Kano?"),
        ("Ada 在 Kano 做了什么？", "Ada 在 Kano 做了什么？"),
        ("Who is Ada?", "Who is Ada?"),
    ],
)
def test_what_is_asked_of_names(text: str, asked: str) -> None:
    """The rest of the question, or all of it where the rest has no word that asks for anything."""
    assert find_asked(text, ["Ada", "Kano"]) == asked


def test_a_question_is_read_as_the_texts_have_it(published: Releases, encoder: FakeEncoder) -> None:
    """With its names told apart from what is asked of them, and read once."""
    release = Release(published.path(published.live()))
    inquiry = inquire(release, encoder, "Which bridge did Ada build in Kano?")
    assert inquiry.names == ("Ada", "Kano")
    assert inquiry.held == {"Ada"}
    assert inquiry.asking == "Which bridge did build in Kano?"
    query = inquiry.query()
    assert query is inquiry.query()
    np.testing.assert_array_equal(query.vector, encoder.encode_queries([inquiry.text])[0])
