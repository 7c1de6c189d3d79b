"""index.reading: sentences are read once, and no more are kept than may be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import reading
from index.reading import Readings, read


def _texts(row: int) -> list[str]:
    return [f"text {row} has words", f"and {row}"]


@given(asked=st.lists(st.integers(0, 9), max_size=30), most=st.integers(0, 4))
def test_a_reading_is_that_of_its_sentence(asked: list[int], most: int) -> None:
    """Kept or not, forgotten or not, a passage has its own sentences' readings, in their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "KEPT", most)
        readings = Readings()
        for row in asked:
            found = readings.read(row, lambda row=row: _texts(row))  # type: ignore[misc]
            assert found == tuple(map(read, _texts(row)))
            assert len(readings._kept) <= most


def test_a_kept_passage_is_not_read_again() -> None:
    """Its sentences are asked for once as long as they are kept."""
    readings, asked = Readings(), list[int]()

    def list_texts(row: int) -> list[str]:
        asked.append(row)
        return _texts(row)

    for _ in range(3):
        for row in (7, 1):
            readings.read(row, lambda row=row: list_texts(row))  # type: ignore[misc]
    assert asked == [7, 1]


def test_many_threads_may_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """While passages are forgotten by one thread, others still get theirs."""
    monkeypatch.setattr(reading, "KEPT", 3)
    readings = Readings()
    rows = [number % 9 for number in range(800)]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda row: readings.read(row, lambda: _texts(row)), rows)
        for row, sentences in zip(rows, found, strict=True):
            assert [one.text for one in sentences] == _texts(row)


def test_what_a_sentence_holds() -> None:
    """Its stems, their neighbours, and its signs."""
    one = read("It opened in 1999 near Dhaka.")
    assert one.length == 6
    assert one.stems == {"it", "opene", "in", "1999", "near", "dhaka"}
    assert one.pairs == {
        ("it", "opene"), ("opene", "in"), ("in", "1999"), ("1999", "near"), ("near", "dhaka"),
    }  # fmt: skip
    assert (one.signs.numbers, one.signs.names, one.signs.date) == (("1999",), ("dhaka.",), True)
    assert one.signs.leans
    assert not one.signs.reason
