"""index.inquiry: a question's names, what is asked of them, and the words that only ask."""

from __future__ import annotations

import json

import numpy as np
import pytest

from corpus.library import Library
from index.build import build
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


def test_names_in_signs_make_no_names_of_words(
    library: Library, releases: Releases, encoder: FakeEncoder
) -> None:
    """An English question stays one, though what its names are put as has more of Chinese."""
    groups = [["SANY", "三一重工"], ["Brazil", "巴西"]]
    (library.folder / "glossary.json").write_text(json.dumps(groups), "utf-8")
    (library.folder / "sany.txt").write_text("三一重工的卡车在巴西运行。\n", "utf-8")
    build(library, releases, encoder)
    release = Release(releases.path(releases.live()))
    inquiry = inquire(release, encoder, "Does SANY work in Brazil?")
    assert inquiry.text == "Does 三一重工 work in 巴西?"
    assert inquiry.names == ("三一重工", "巴西")
