"""corpus.tables: rows of tables as they are read, with the header of each column."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from corpus.tables import Said, spell_rows

TABLE = [
    "Year | Diesel (litres) | Containers\n\n",
    "2020 | 1,497,000 | 68,900\n\n",
    "2021 | 702,000 | 80,400",
]


def test_a_row_is_read_with_its_headers() -> None:
    """The first row is the header, and no fact; the others have its cells before theirs."""
    assert spell_rows(TABLE) == [
        Said("Year | Diesel (litres) | Containers", header=True),
        Said("Year: 2020 | Diesel (litres): 1,497,000 | Containers: 68,900"),
        Said("Year: 2021 | Diesel (litres): 702,000 | Containers: 80,400"),
    ]


def test_chinese_headers_have_a_chinese_colon() -> None:
    """As a Chinese reader would write it."""
    said = spell_rows(["水厂 | 吨水电耗（千瓦时）", "努库斯 | 1.74"])
    assert said[1].words == "水厂：努库斯 | 吨水电耗（千瓦时）：1.74"


def test_what_is_no_table_stays() -> None:
    """A line of links, one row alone, a row with other cells than the one above it."""
    alone = ["Front page | Jobs | Archive", "The plant opened in 2019.", "a | b", "c | d | e"]
    assert spell_rows(alone) == [Said(text) for text in alone]
    after = spell_rows([*TABLE, "Sum | 3,120", "Households pay 48 vatu."])
    assert [each.words for each in after[3:]] == ["Sum | 3,120", "Households pay 48 vatu."]


def test_a_second_table_has_its_own_header() -> None:
    """Text between two tables ends the first."""
    said = spell_rows(["a | b", "1 | 2", "Then:", "c | d", "3 | 4"])
    words = ["a | b", "a: 1 | b: 2", "Then:", "c | d", "c: 3 | d: 4"]
    assert [each.words for each in said] == words
    assert [each.header for each in said] == [True, False, False, True, False]


@given(st.lists(st.text(alphabet="ab |\n水", max_size=12), max_size=12))
def test_every_sentence_is_read_once_and_loses_nothing(sentences: list[str]) -> None:
    """As many as there were, in order; every cell stands in what is read."""
    said = spell_rows(sentences)
    assert len(said) == len(sentences)
    for sentence, each in zip(sentences, said, strict=True):
        cells = re.split(r"(?<![^ ])\|(?![^ ])", sentence.strip())
        assert all(cell.strip() in each.words for cell in cells)


def test_an_empty_cell_holds_its_place() -> None:
    """A row is read with the headers of its own columns, also beside cells without words."""
    said = spell_rows(["| 2021 | 2022", "Water | 5 | 6", "Sand | | 8", "Sum | 5 |"])
    assert [each.words for each in said[1:]] == [
        "Water | 2021: 5 | 2022: 6", "Sand | 2022: 8", "Sum | 2021: 5",
    ]  # fmt: skip
