"""index.lexical against BM25 written as its formula."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import CorruptReleaseError
from index.lexical import K1, B, Lexical
from index.lexical import write_lexical as write_flat

texts_of_words = st.lists(
    st.lists(st.integers(0, 30), min_size=1, max_size=20), min_size=1, max_size=12
)


def write_lexical(texts: list[list[int]], folder: Path) -> None:
    """Index the sub-words of each text."""
    flat = np.array([word for text in texts for word in text], np.int32)
    write_flat(flat, np.cumsum([0, *map(len, texts)]), folder)


def _idf(texts: Sequence[Sequence[int]], term: int) -> float:
    held = sum(term in text for text in texts)
    return math.log(1 + (len(texts) - held + 0.5) / (held + 0.5))


def _naive_bm25(texts: Sequence[Sequence[int]], query: Sequence[int]) -> list[float]:
    mean = sum(map(len, texts)) / len(texts)
    scores = []
    for text in texts:
        counts = Counter(text)
        score = 0.0
        for term in query:
            if counts[term]:
                weight = counts[term] + K1 * (1 - B + B * len(text) / mean)
                score += _idf(texts, term) * counts[term] / weight
        scores.append(score)
    return scores


@settings(max_examples=40, deadline=None)
@given(texts=texts_of_words, query=st.lists(st.integers(0, 40), max_size=8))
def test_scores_are_bm25(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[int]], query: list[int]
) -> None:
    """Every score is that of the formula, for words in the texts and not, once and repeated."""
    folder = tmp_path_factory.mktemp("lexical")
    write_lexical(texts, folder)
    scores = Lexical(folder).match(query).scores
    np.testing.assert_allclose(scores, _naive_bm25(texts, query), rtol=1e-4, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(texts=texts_of_words, query=st.lists(st.integers(0, 40), max_size=8))
def test_overlap_is_the_share_of_rare_words(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[int]], query: list[int]
) -> None:
    """Overlap is the idf of the distinct words a text holds over that of all."""
    folder = tmp_path_factory.mktemp("lexical")
    write_lexical(texts, folder)
    lexical = Lexical(folder)
    whole = sum(_idf(texts, term) for term in set(query))
    truth = [
        sum(_idf(texts, term) for term in set(query) & set(text)) / whole if whole else 0.0
        for text in texts
    ]
    np.testing.assert_allclose(lexical.match(query).overlap, truth, rtol=1e-4, atol=1e-5)
    shares = [_idf(texts, term) / whole for term in sorted(set(query))]
    np.testing.assert_allclose(lexical.weigh(query), shares, rtol=1e-4, atol=1e-5)
    holding = [row for row, text in enumerate(texts) if query and set(query) <= set(text)]
    assert lexical.find_holding(query).tolist() == holding


def test_equal_texts_give_equal_bytes(tmp_path: Path) -> None:
    """Indexing the same texts twice writes the same files."""
    for name in ("a", "b"):
        write_lexical([[3, 1, 3], [2], [1, 9]], tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files
    assert all(
        (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        for name in files
    )


def test_a_broken_folder_is_named(tmp_path: Path) -> None:
    """A folder without an index, or with a cut one, is told by its name."""
    with pytest.raises(CorruptReleaseError, match="lexical"):
        Lexical(tmp_path / "lexical")
    write_lexical([[1, 2]], tmp_path / "lexical")
    (tmp_path / "lexical" / "terms.npy").write_bytes(b"")
    with pytest.raises(CorruptReleaseError, match="lexical"):
        Lexical(tmp_path / "lexical")


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(st.lists(st.integers(3, 12), min_size=1, max_size=8), min_size=1, max_size=9),
    query=st.lists(st.integers(0, 14), min_size=1, max_size=6),
)
def test_scores_are_those_of_a_library(texts: list[list[int]], query: list[int]) -> None:
    """bm25s's variant "lucene" gives the same numbers."""
    vocabulary = {str(term): term for term in range(15)}
    model = bm25s.BM25(method="lucene", k1=K1, b=B)
    model.index((texts, vocabulary), False, show_progress=False)
    with tempfile.TemporaryDirectory() as folder:
        write_lexical(texts, Path(folder))
        scores = Lexical(Path(folder)).match(query).scores
    np.testing.assert_allclose(scores, model.get_scores_from_ids(query), rtol=1e-4, atol=1e-6)


def test_texts_without_words_are_indexed_too(tmp_path: Path) -> None:
    """One of them among others, and nothing else: nobody's question finds any."""
    cases: list[list[list[int]]] = [[[], [5, 5], []], [[], []]]
    for number, texts in enumerate(cases):
        write_lexical(texts, tmp_path / str(number))
        found = Lexical(tmp_path / str(number)).match([5])
        assert found.scores.shape == (len(texts),)
        assert np.flatnonzero(found.scores).tolist() == [i for i, text in enumerate(texts) if text]
        assert Lexical(tmp_path / str(number)).weigh([5]).tolist() == [1.0]
