"""index.reader.features: every feature as it comes out by hand, of a chunk and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder.encoder import EncodedQuery, Vectors
from index.reader.features import FEATURES, describe, find_local, mark
from index.reader.protocol import Text
from index.reader.stemmed import Stemmed
from index.search.query import Query
from tests.reading import make_query, make_text

ALONG, ACROSS = (1.0, 0.0), (0.0, 1.0)  # of the question, and of what is asked of its names
ROOT = math.sqrt(0.5)


def unit(*rows: Iterable[float]) -> Vectors:
    """Return rows as the vectors of an encoder of width 2."""
    return np.array([list(row) for row in rows], np.float32)


def say(*stems: str, pairs: Iterable[tuple[str, str]] = (), numbers: Iterable[str] = ()) -> Stemmed:
    """Return a sentence of some stems."""
    return Stemmed(
        " ".join(stems), False, len(stems), frozenset(stems), frozenset(pairs), frozenset(numbers)
    )


# "a" weighs twice as much as "b" and "c"; a chunk in Chinese meets two words of three by weight.
QUERY = Query(
    "a b c of Ada, 1999 and 2,000", "en", ("a", "b", "c"), {"a": 2.0, "b": 1.0, "c": 1.0},
    ("Ada",), (), frozenset({"Ada"}), "a b c",
    {"zh": ((frozenset({"茶", "绿"}), 3.0), (frozenset({"桥"}), 1.0))}, {},
    lambda: EncodedQuery(unit(ALONG)[0], lambda _: unit(ACROSS)[0]),
)  # fmt: skip


def place(shape: tuple[list[str], ...], sentences: list[Stemmed], vectors: Vectors) -> Text:
    """Return a chunk of passages with the sentences and vectors that are given."""
    made = make_text(make_query("a"), *shape)
    return replace(
        made, sentences=tuple(sentences), vectors=vectors, nearness=vectors @ unit(ALONG)[0]
    )


ENGLISH = place(
    (["One.", "Two.", "Three."], ["Four."]),
    [
        say("a", "x", numbers=["1999"]), say("b", "c", pairs=[("b", "c"), ("x", "y")]),
        say("a", "a", "y", pairs=[("c", "b")]), say("c"),
    ],
    unit(ALONG, ACROSS, ACROSS, (0.6, 0.8)),
)  # fmt: skip
ENGLISH = replace(
    ENGLISH, lacking=0.5,
    candidate=replace(
        ENGLISH.candidate, score=0.9, dense=0.7, overlap=0.6, translated=0.1, language="en"
    ),
)  # fmt: skip
CHINESE = place(
    (["一。", "二。"], ["三。"]), [say("绿"), say("桥", "a"), say("水")], unit(ALONG, ALONG, ACROSS)
)
CHINESE = replace(
    CHINESE,
    candidate=replace(CHINESE.candidate, score=0.2, dense=0.3, translated=0.8, language="zh"),
)

TWO, ONE = math.log(4 / 2.5), math.log(4 / 1.5)  # of three sentences two have "a", one "b"
TYPICAL = [1 / math.sqrt(5), 2 / math.sqrt(5), 2 / math.sqrt(5)]  # cosines with the sum (1, 2)
BY_HAND = {
    "chunk": [9.0] * 4,
    "near": [10.0, 0.0, 0.0, 6.0],
    "near with the one before": [10.0, 10 * ROOT, 0.0, 6.0],
    "near with the next": [10 * ROOT, 0.0, 0.0, 6.0],
    "near beyond its passage": [20 / 3, -10 / 3, -10 / 3, 0.0],
    "near what is asked": [-10.0, 10.0, 10.0, 2.0],
    "typical of its passage": [*(10 * (each - sum(TYPICAL) / 3) for each in TYPICAL), 0.0],
    "words": [0.5, 0.5, 0.5, 0.25],
    "words with the one before": [0.5, 1.0, 1.0, 0.25],
    "words before": [0.0, 0.5, 0.5, 0.0],
    "local words": [TWO / 2, ONE / 2, TWO / 2, math.log(2 / 1.5) / 4],
    "common words": [1 / 3, 1 / 6, 1 / 3, 1 / 4],
    "words of its passage": [1.0, 1.0, 1.0, 0.25],
    "pairs": [0.0, 0.5 / 1.25, 0.0, 0.0],
    "tail": [0.0, 1.0, 0.0, 0.5],
    "translated": [0.0] * 4,
    "translated of its passage": [0.0] * 4,
    "first": [1.0, 0.0, 0.0, 1.0],
    "place": [0.0, 1 / 3, 2 / 3, 0.0],
    "length": [math.log(3), math.log(3), math.log(4), math.log(2)],
    "another language": [0.0] * 4,
    "dense of its chunk": [7.0] * 4,
    "words of its chunk": [0.6] * 4,
    "translated of its chunk": [0.1] * 4,
    "numbers lacking": [0.5] * 4,
    "numbers": [1.0, 0.0, 0.0, 0.0],
    "names": [1.0] * 4,
    "names lacking": [0.5] * 4,
    "words asked": [math.log(4) / 2] * 4,
    "unspaced": [0.0] * 4,
}
CHINESE_BY_HAND = {
    "chunk": [2.0] * 3,
    "words": [0.0, 0.5, 0.0],
    "translated": [0.75, 0.25, 0.0],
    "translated of its passage": [1.0, 1.0, 0.0],
    "another language": [1.0] * 3,
    "translated of its chunk": [0.8] * 3,
    "numbers lacking": [1.0] * 3,
    "names lacking": [0.0] * 3,
    "unspaced": [1.0] * 3,
}


def test_every_feature_has_its_oracle() -> None:
    """None is left out, and no other is counted."""
    assert tuple(BY_HAND) == FEATURES


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_is_what_it_is_by_hand(feature: str) -> None:
    """Of the sentences of two passages, the first of which stand beside each other."""
    [counted] = describe(QUERY, [ENGLISH])
    assert counted.shape == (4, len(FEATURES))
    assert counted.dtype == np.float32
    column = counted[:, FEATURES.index(feature)]
    assert column.tolist() == pytest.approx(BY_HAND[feature], abs=1e-5)


@pytest.mark.parametrize("feature", CHINESE_BY_HAND)
def test_another_language_is_met_by_translation(feature: str) -> None:
    """By the words that the question has there; those that are the same count as they are."""
    [_, counted] = describe(QUERY, [ENGLISH, CHINESE])
    column = counted[:, FEATURES.index(feature)]
    assert column.tolist() == pytest.approx(CHINESE_BY_HAND[feature], abs=1e-5)


def test_a_chunk_is_counted_alone() -> None:
    """What else was found, before it or behind it, changes nothing."""
    alone = [describe(QUERY, [text])[0] for text in (ENGLISH, CHINESE)]
    for texts, wanted in (
        ([ENGLISH, CHINESE], alone),
        ([CHINESE, ENGLISH, CHINESE], [alone[1], *alone]),
    ):
        for one, other in zip(describe(QUERY, texts), wanted, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_question_of_nothing_is_counted_too() -> None:
    """Without words, names and numbers nothing is lacking and nothing is met."""
    query = replace(QUERY, text="???", stems=(), weights={}, names=(), asking="???")
    [counted] = describe(query, [ENGLISH])
    told = dict(zip(FEATURES, counted.T.tolist(), strict=True))
    for name in ("words", "local words", "pairs", "tail", "numbers lacking", "names"):
        assert told[name] == [0.0] * 4
    assert told["near what is asked"] == [0.0] * 4  # it is the question itself
    assert told["near"] == pytest.approx(BY_HAND["near"])


def test_marks_tell_which_words_are_held() -> None:
    """One row for each text, in the order of the words."""
    marks = mark(["b", "a"], [frozenset({"a", "c"}), frozenset(), frozenset({"a", "b"})])
    assert marks.tolist() == [[0, 1], [0, 0], [1, 1]]
    assert mark([], [frozenset({"a"})]).shape == (1, 0)


def test_a_word_tells_sentences_apart_as_far_as_it_is_rare_among_them() -> None:
    """One that none or all of them hold tells nothing or little."""
    counts = np.array([[0.0, 1.0, 2.0, 4.0]])
    none, one, two, every = find_local(counts, np.array([[4.0]]))[0].tolist()
    assert none == 0
    assert one == pytest.approx(math.log(5 / 1.5))
    assert one > two > every > 0


@given(
    st.text(max_size=60),
    st.lists(
        st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4), min_size=1, max_size=4
    ),
)
def test_anything_is_counted(question: str, passages: list[list[str]]) -> None:
    """One finite row for each sentence, shares within their bounds."""
    query = make_query(question)
    texts = [make_text(query, *passages), make_text(query, ["茶叶在春天采摘。"])]
    for text, counted in zip(texts, describe(query, texts), strict=True):
        assert counted.shape == (len(text.sentences), len(FEATURES))
        assert np.isfinite(counted).all()
        for name in ("words", "words of its passage", "pairs", "tail", "place", "numbers lacking"):
            column = counted[:, FEATURES.index(name)]
            assert (column >= 0).all()
            assert (column <= 1 + 1e-5).all()
