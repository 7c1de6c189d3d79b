"""benchmarks.train: what is fitted, and what is grouped for it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.train import Examples, fit, fit_both, judge
from index.ranker import FEATURES, MIXTURES, OF_PASSAGES

WIDTH, KINDS = len(FEATURES), len(MIXTURES)


def _examples() -> Examples:
    """Two questions of two and of one passages: three, two and two sentences."""
    features = np.zeros((7, WIDTH), np.float32)
    features[:, FEATURES.index("chunk")] = [2, 2, 2, 1, 1, 3, 3]
    features[:, FEATURES.index("words of its passage")] = [0.1] * 3 + [0.9] * 2 + [0.5] * 2
    features[:, FEATURES.index("another language")] = [0] * 5 + [1] * 2
    features[:, FEATURES.index("near")] = [1, 5, 2, 3, 4, 6, 7]
    return Examples(
        "set",
        features,
        np.eye(KINDS, dtype=np.float32)[[0] * 5 + [2] * 2],
        np.array([0, 0, 0, 0, 1, 1, 0], bool),
        np.array([0, 5, 7]),
        np.array([0, 1]),
        np.array([0, 0, 0, 1, 1, 2, 2]),
        np.array([0, 0, 0, 1, 1, 1, 1], bool),
    )


def test_passages_are_their_best_sentences_and_their_own_evidence() -> None:
    """One row for each passage, by the weights of the question's kind; right where it is about."""
    weights = np.zeros((WIDTH, KINDS), np.float32)
    weights[FEATURES.index("near")] = [1.0, 0.0, 10.0]
    grouped = _examples().group(weights)
    assert OF_PASSAGES == ("chunk", "words of its passage", "another language", "best sentence")
    wanted = np.array([[2, 0.1, 0, 5], [1, 0.9, 0, 4], [3, 0.5, 1, 70]])
    np.testing.assert_allclose(grouped.features, wanted, rtol=1e-6)
    assert grouped.starts.tolist() == [0, 2, 3]
    assert grouped.right.tolist() == [False, True, True]
    assert grouped.mixtures.argmax(axis=1).tolist() == [0, 0, 2]
    assert judge(grouped, np.ones((4, KINDS), np.float32)).tolist() == [False, True]


def test_questions_are_taken_with_their_passages() -> None:
    """The second question alone has its own sentences, articles and passage."""
    one = _examples().take(np.array([False, True]))
    assert (one.starts.tolist(), one.articles.tolist()) == ([0, 2], [1])
    assert one.group(np.zeros((WIDTH, KINDS), np.float32)).right.tolist() == [True]


def test_what_is_right_comes_to_be_first() -> None:
    """Weights fitted on a few questions put their right sentence and passage first."""
    one = _examples()
    sentences, passages = fit_both([one])
    assert sentences.shape == (WIDTH, KINDS)
    assert judge(one.group(sentences), passages).tolist() == [True, True]
    np.testing.assert_array_equal(fit([one]), sentences)


@pytest.mark.parametrize("question", [0, 1])
def test_a_question_without_an_answer_teaches_nothing(question: int) -> None:
    """It is left out, as if it had not been asked."""
    one = _examples()
    kept = np.arange(2) != question
    rows = np.repeat(np.arange(2) == question, [5, 2])
    silent = Examples(
        one.name, one.features, one.mixtures, one.right & ~rows, one.starts, one.articles,
        one.passages, one.about,
    )  # fmt: skip
    np.testing.assert_allclose(fit([silent]), fit([one.take(kept)]), atol=1e-6)
