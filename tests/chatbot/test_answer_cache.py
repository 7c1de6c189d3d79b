"""chatbot.answer_cache: equal questions are answered from memory, and others never."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from chatbot import answer_cache as module
from chatbot.answer_cache import RecentAnswers, make_key
from chatbot.answers.conversation import Turn
from chatbot.engine import Engine
from corpus.errors import CitationError, FilterError
from corpus.library import Library
from index.build import build
from index.encoder.encoder import Vectors
from index.storage.publish import Releases
from tests.fake_encoder import FakeEncoder

QUESTION = "When was the red bridge built?"


class Noting(FakeEncoder):
    """An encoder that notes its questions, and fails while it is told to."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        super().__init__()
        self.asked: list[str] = []
        self.broken = False

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Note and encode, or fail."""
        self.asked += texts
        if self.broken:
            raise MemoryError("no room")
        return super().encode_queries(texts)


@pytest.fixture
def noting(small_reader: None) -> Noting:
    """An encoder with nothing asked."""
    return Noting()


@pytest.fixture
def small(published: Releases, noting: Noting) -> Engine:
    """An engine over the small library."""
    return Engine(published, lambda: noting)


def test_an_equal_question_is_answered_from_memory(small: Engine, noting: Noting) -> None:
    """The second answer is the first, but for the time it took."""
    first, second = small.ask(QUESTION), small.ask(QUESTION)
    assert first.found
    assert replace(second, elapsed_ms=first.elapsed_ms) == first
    assert noting.asked == [QUESTION]


def test_whatever_changes_an_answer_is_another_question() -> None:
    """Release, words, history, filters and language each make another name."""
    turn, reply = Turn("user", "What of tea?"), Turn("assistant", "It is green.")
    base = make_key("a", QUESTION, [turn, reply], {"company": ["x", "y"]}, "en")
    others = {
        make_key("b", QUESTION, [turn, reply], {"company": ["x", "y"]}, "en"),
        make_key("a", QUESTION + " ", [turn, reply], {"company": ["x", "y"]}, "en"),
        make_key("a", QUESTION, [reply, turn], {"company": ["x", "y"]}, "en"),
        make_key("a", QUESTION, [turn], {"company": ["x", "y"]}, "en"),
        make_key("a", QUESTION, [Turn("assistant", turn.content), reply], {"company": ["x"]}, "en"),
        make_key("a", QUESTION, [turn, reply], {"company": ["x, y"]}, "en"),
        make_key("a", QUESTION, [turn, reply], {"language": ["x", "y"]}, "en"),
        make_key("a", QUESTION, [turn, reply], None, "en"),
        make_key("a", QUESTION, [turn, reply], {"company": ["x", "y"]}, "zh"),
        make_key("a", QUESTION, [turn, reply], {"company": ["x", "y"]}, None),
    }
    assert len(others | {base}) == 11
    assert make_key("a", QUESTION, [turn, reply], {"company": ["y", "x"]}, "en") == base
    assert make_key("a", "lone \ud800 surrogate", [], None, None)


def test_a_new_release_is_asked_anew(
    small: Engine,
    library: Library,
    published: Releases,
    noting: Noting,
    write: Callable[[str, str], None],
) -> None:
    """What was answered from one release is not the answer of the next."""
    first = small.ask(QUESTION)
    write("more.txt", "More\n\nThe green bridge was built in 2001 by Grace.\n")
    build(library, published, noting)
    second = small.ask(QUESTION)
    assert first.release != second.release == published.live()
    assert len(noting.asked) == 2


def test_what_failed_is_not_kept(small: Engine, noting: Noting) -> None:
    """After a failure the same question is searched for again, and a bad filter refused again."""
    noting.broken = True
    with pytest.raises(MemoryError):
        small.ask(QUESTION)
    noting.broken = False
    assert small.ask(QUESTION).found
    for _ in range(2):
        with pytest.raises(FilterError):
            small.ask(QUESTION, filters={"company": ["Nobody"]})


def test_an_answer_from_memory_is_checked(small: Engine, published: Releases) -> None:
    """Its quotations are compared with their documents once more on the way out."""
    given = small.ask(QUESTION)
    forged = replace(given, citations=(replace(given.citations[0], quote="Built in 1066."),))
    small._recent.keep(make_key(published.live(), QUESTION, (), None, None), forged)
    with pytest.raises(CitationError):
        small.ask(QUESTION)


def test_no_more_are_kept_than_may_be(small: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer that nobody has asked for longest goes first."""
    monkeypatch.setattr(module, "KEPT", 2)
    recent, answer = RecentAnswers(), small.ask(QUESTION)
    recent.keep("a", answer)
    recent.keep("b", answer)
    assert recent.find("a") is answer
    recent.keep("c", answer)
    assert [recent.find(key) is answer for key in "abc"] == [True, False, True]
