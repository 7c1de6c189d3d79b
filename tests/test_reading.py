"""index.reading: sentences are read once, and no more are kept than may be."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import reading
from index.reading import Readings, read
from tests.fake_encoder import FakeEncoder


class Noting(FakeEncoder):
    """An encoder that notes which texts it splits."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.split: list[str] = []

    def split_subwords(self, texts: Sequence[str]) -> list[list[int]]:
        """Note and split."""
        self.split += texts
        return super().split_subwords(texts)


def _texts(row: int) -> list[str]:
    return [f"text {row} has words", f"and {row}"]


@given(
    asked=st.lists(st.lists(st.integers(0, 9), max_size=5, unique=True), max_size=8),
    most=st.integers(0, 4),
)
def test_a_reading_is_that_of_its_sentence(asked: list[list[int]], most: int) -> None:
    """Kept or not, forgotten or not, a passage has its own sentences' readings, in their order."""
    encoder = FakeEncoder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "KEPT", most)
        readings = Readings()
        for rows in asked:
            found = readings.read(encoder, rows, [_texts(row) for row in rows])
            for row, sentences in zip(rows, found, strict=True):
                split = encoder.split_subwords(_texts(row))
                assert list(sentences) == list(map(read, _texts(row), split))
            assert len(readings._kept) <= most


def test_a_kept_passage_is_not_read_again() -> None:
    """Its sentences are split once as long as they are kept."""
    encoder, readings = Noting(), Readings()
    for _ in range(3):
        readings.read(encoder, [7, 1], [_texts(7), _texts(1)])
    assert encoder.split == [*_texts(7), *_texts(1)]


def test_many_threads_may_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """While passages are forgotten by one thread, others still get theirs."""
    monkeypatch.setattr(reading, "KEPT", 3)
    encoder, readings = FakeEncoder(), Readings()
    asked = [[number % 9, 9 + number % 2] for number in range(400)]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda rows: readings.read(encoder, rows, list(map(_texts, rows))), asked)
        for rows, each in zip(asked, found, strict=True):
            assert [[one.text for one in sentences] for sentences in each] == list(
                map(_texts, rows)
            )


def test_what_a_sentence_holds() -> None:
    """Its sub-words, their neighbours, its stems and its signs."""
    one = read("It opened in 1999 near Dhaka.", [4, 5, 4])
    assert (one.length, one.subwords) == (3, frozenset({4, 5}))
    assert one.pairs == frozenset({(4, 5), (5, 4)})
    assert one.stems == {"it", "opene", "in", "1999", "near", "dhaka"}
    assert (one.signs.numbers, one.signs.names, one.signs.date) == (("1999",), ("dhaka.",), True)
    assert one.signs.leans
    assert not one.signs.reason
