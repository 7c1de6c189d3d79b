"""index.storage.vectors against a NumPy dot product."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import CorruptReleaseError
from index.storage.vectors import Rows, RowsWriter, Vectors


def write_rows(rows: Vectors, path: Path) -> None:
    """Write rows in two parts."""
    writer = RowsWriter(path, rows.shape[1])
    writer.append(rows[:2])
    writer.append(rows[2:])
    writer.close()


def _rows(count: int, dimension: int = 8, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


@settings(max_examples=30)
@given(count=st.integers(1, 60), k=st.integers(1, 80), seed=st.integers(0, 1000))
def test_search_is_the_dot_product(
    tmp_path_factory: pytest.TempPathFactory, count: int, k: int, seed: int
) -> None:
    """The k nearest rows and their scores are those of the plain matrix product, best first."""
    path = tmp_path_factory.mktemp("rows") / "rows.faiss"
    rows, query = _rows(count, seed=seed), _rows(1, seed=seed + 1)[0]
    write_rows(rows, path)
    numbers, scores = Rows(path).search(query, k)
    truth = rows @ query
    order = np.lexsort((np.arange(count), -truth))[:k]
    assert numbers.tolist() == order.tolist()
    np.testing.assert_allclose(scores, truth[order], rtol=0, atol=1e-6)


def test_equal_rows_come_by_number(tmp_path: Path) -> None:
    """Rows with the same score are ordered by their number."""
    row = _rows(1)[0]
    write_rows(np.stack([row, -row, row, row]), tmp_path / "rows.faiss")
    numbers, _ = Rows(tmp_path / "rows.faiss").search(row, 4)
    assert numbers.tolist() == [0, 2, 3, 1]


def test_take_returns_the_rows_written(tmp_path: Path) -> None:
    """Rows come back bit for bit, in the order asked for, and none for no number."""
    rows = _rows(9)
    write_rows(rows, tmp_path / "rows.faiss")
    opened = Rows(tmp_path / "rows.faiss")
    assert (opened.take(np.array([7, 0, 7])) == rows[[7, 0, 7]]).all()
    assert opened.take(np.array([], np.int64)).shape == (0, 8)
    assert (opened.count, opened.dimension) == (9, 8)


@given(numbers=st.lists(st.integers(0, 8), max_size=12), first=st.integers(0, 8))
def test_comparing_is_the_dot_product(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], first: int
) -> None:
    """Scattered rows, repeated ones, neighbours and none: each product in the order asked for."""
    path = tmp_path_factory.mktemp("rows") / "rows.faiss"
    rows, query = _rows(9), _rows(1, seed=3)[0]
    write_rows(rows, path)
    opened = Rows(path)
    for asked in (np.array(numbers, np.int64), np.arange(first, 9)):
        products = opened.compare(asked, query)
        assert products.shape == (len(asked),)
        np.testing.assert_allclose(products, rows[asked] @ query, rtol=0, atol=1e-6)


def test_what_was_taken_outlives_the_file(tmp_path: Path) -> None:
    """Rows that were taken are their taker's: the file may be closed, and they may be changed."""
    rows = _rows(9)
    write_rows(rows, tmp_path / "rows.faiss")
    taken = Rows(tmp_path / "rows.faiss").take(np.arange(9))
    taken += 1
    assert (taken == rows + 1).all()
    assert (Rows(tmp_path / "rows.faiss").take(np.arange(9)) == rows).all()


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    """Writing the same rows twice writes the same file."""
    write_rows(_rows(5), tmp_path / "a")
    write_rows(_rows(5), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("data", [b"", b"not an index", b"IxFI" + bytes(40)])
def test_a_broken_file_is_named(tmp_path: Path, data: bytes) -> None:
    """A file that is no index is told by its name."""
    (tmp_path / "rows.faiss").write_bytes(data)
    with pytest.raises(CorruptReleaseError, match=r"rows\.faiss"):
        Rows(tmp_path / "rows.faiss")


@pytest.mark.parametrize("value", [0.0, 2.0, float("nan")])
def test_a_row_that_is_not_unit_any_more_is_told(tmp_path: Path, value: float) -> None:
    """Zeroed or of nonsense, whoever meets it says so; what is far off hides nothing."""
    rows, path = _rows(9), tmp_path / "rows.faiss"
    rows[4] = value
    write_rows(rows, path)
    opened, query = Rows(path), _rows(1, seed=3)[0]
    with pytest.raises(CorruptReleaseError, match=r"rows\.faiss: a row is not unit"):
        opened.take(np.arange(3, 6))
    assert len(opened.take(np.arange(4))) == 4
    if value != 2:
        for ask in (lambda: opened.search(query, 9), lambda: opened.compare(np.array([4]), query)):
            with pytest.raises(CorruptReleaseError, match="not unit"):
                ask()


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    """FAISS itself would say nothing of it."""
    writer = RowsWriter(Path("/dev/full"), 8)
    writer.append(_rows(20_000))
    with pytest.raises(OSError, match="No space"):
        writer.close()
