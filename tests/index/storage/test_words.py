"""index.storage.words: the share of a question's words by its formula, and broken folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.errors import CorruptReleaseError
from index.storage.words import K1, LENGTH, B, Group, Words, write_words

chunks_of_terms = st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=12)
groups_of_terms = st.lists(
    st.tuples(st.lists(st.integers(0, 40), max_size=4), st.floats(0, 9, width=32)), max_size=6
)


def write(chunks: Sequence[Sequence[int]], folder: Path) -> Words:
    """Index the terms of each chunk and open what was written."""
    flat = np.array([term for terms in chunks for term in terms], np.int64)
    write_words(flat, np.cumsum([0, *map(len, chunks)]), folder)
    return Words(folder)


def weigh(terms: Sequence[int], term: int) -> float:
    """Return how far a chunk of some terms meets one, by BM25's formula with a fixed length."""
    times = terms.count(term)
    return times / (times + K1 * (1 - B + B * len(terms) / LENGTH)) if times else 0.0


def share(chunks: Sequence[Sequence[int]], groups: Sequence[Group]) -> list[float]:
    """Return the share of each chunk by the formula: a group is met by its best term."""
    whole = sum(weight for _, weight in groups)
    if not whole:
        return [0.0] * len(chunks)
    return [
        sum(
            weight / whole * max((weigh(terms, term) for term in group), default=0.0)
            for group, weight in groups
        )
        for terms in chunks
    ]


@given(chunks=chunks_of_terms, groups=groups_of_terms)
@example(chunks=[], groups=[([1], 1.0)])
@example(chunks=[[], [5, 5], []], groups=[([5], 2.0), ([], 1.0)])
@example(chunks=[[], []], groups=[([5], 1.0)])
@example(chunks=[[1, 2], [2]], groups=[([2, 2, 1], 1.0), ([2], 0.5)])
def test_shares_are_their_formula(
    tmp_path_factory: pytest.TempPathFactory,
    chunks: list[list[int]],
    groups: list[tuple[list[int], float]],
) -> None:
    """Of terms in the chunks and not, once and repeated, alone and in groups, with and without."""
    words = write(chunks, tmp_path_factory.mktemp("words"))
    found = words.share(groups)
    assert len(found) == words.count == len(chunks)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, share(chunks, groups), rtol=1e-5, atol=1e-6)
    assert (found < 1).all()


@given(chunks=chunks_of_terms, terms=st.lists(st.integers(0, 40), max_size=4))
def test_what_holds_all_terms_is_found(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[list[int]], terms: list[int]
) -> None:
    """Every chunk that has every one of them, ascending; nothing is asked for, nothing is found."""
    found = write(chunks, tmp_path_factory.mktemp("words")).find_holding(terms)
    wanted = [row for row, held in enumerate(chunks) if terms and set(terms) <= set(held)]
    assert found.tolist() == wanted


@given(
    chunk=st.lists(st.integers(0, 9), max_size=20), others=chunks_of_terms, groups=groups_of_terms
)
def test_a_share_is_the_same_beside_others(
    tmp_path_factory: pytest.TempPathFactory,
    chunk: list[int],
    others: list[list[int]],
    groups: list[tuple[list[int], float]],
) -> None:
    """To the bit, whatever else is indexed."""
    alone = write([chunk], tmp_path_factory.mktemp("words")).share(groups)[0]
    beside = write([*others, chunk], tmp_path_factory.mktemp("words")).share(groups)[-1]
    assert alone == beside


@settings(max_examples=40)
@given(
    chunks=st.lists(st.lists(st.integers(0, 9), min_size=6, max_size=6), min_size=1, max_size=9),
    terms=st.lists(st.integers(0, 12), min_size=1, max_size=6, unique=True),
)
def test_shares_are_bm25_of_a_library(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[list[int]], terms: list[int]
) -> None:
    """bm25s's "lucene" gives the same, where its idf are the weights and all texts are as long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("index.storage.words.LENGTH", 6.0)
        words = write(chunks, tmp_path_factory.mktemp("words"))
    held = [sum(term in chunk for chunk in chunks) for term in terms]
    idf = [float(np.log1p((len(chunks) - h + 0.5) / (h + 0.5))) for h in held]
    found = words.share([([term], weight) for term, weight in zip(terms, idf, strict=True)])
    model = bm25s.BM25(method="lucene", k1=K1, b=B)
    model.index((chunks, {str(term): term for term in range(13)}), False, show_progress=False)
    wanted = model.get_scores_from_ids(terms) / sum(idf)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_large_numbers_stay_apart(tmp_path: Path) -> None:
    """Terms are numbers of 63 bits."""
    high = 2**63 - 1
    words = write([[high, 1], [high - 1]], tmp_path)
    assert words.find_holding([high]).tolist() == [0]
    assert words.find_holding([high - 1]).tolist() == [1]
    assert np.flatnonzero(words.share([([high - 1], 1.0)])).tolist() == [1]


def test_equal_chunks_give_equal_bytes(tmp_path: Path) -> None:
    """Indexing the same terms twice writes the same files."""
    for name in ("a", "b"):
        write([[3, 1, 3], [2], [1, 9]], tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) == 5
    for name in files:
        assert (
            tmp_path.joinpath("a", name).read_bytes() == tmp_path.joinpath("b", name).read_bytes()
        )


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("name", ["terms", "starts", "rows", "weights", "count"])
@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        _cut,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"nonsense"),
        lambda path: np.save(path, np.arange(2)),
    ],
)
def test_a_broken_folder_is_named(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    """A file that is missing, cut short, of nonsense or of another index is one line."""
    write([[1, 2], [3]], tmp_path / "words")
    damage(tmp_path / "words" / f"{name}.npy")
    with pytest.raises(CorruptReleaseError, match=r"words: .*build again") as caught:
        Words(tmp_path / "words")
    assert "\n" not in str(caught.value)


def test_a_folder_without_an_index_is_named(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(CorruptReleaseError, match="nowhere"):
        Words(tmp_path / "nowhere")
