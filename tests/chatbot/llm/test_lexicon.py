"""chatbot.llm.lexicon: words become patterns, and units are found by their longest name."""

from __future__ import annotations

import pytest

from chatbot.llm.lexicon import fold, load_units, match_any


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("rais*", "It raised it", "raised"),
        ("rais*", "praised", None),
        ("*n't", "It didn't", "didn't"),
        ("no #", "No 5 is", "No 5"),
        ("no #", "no end", None),
        ("not", "nothing", None),
        ("没", "它没有", "没"),
        ("a.b", "axb", None),
    ],
)
def test_a_word_is_found_where_it_stands_for_itself(
    word: str, text: str, found: str | None
) -> None:
    """A star is the rest of a word, `#` a digit, and everything else is itself."""
    match = match_any([word]).search(text)
    assert (match and match[0]) == found


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("square kilometres of land", "area-square-kilometer"),
        ("平方公里", "area-square-kilometer"),
        ("kilómetros cuadrados", "area-square-kilometer"),
        ("Kilowattstunden", "energy-kilowatt-hour"),
        ("MW", "power-megawatt"),
        ("吨", "mass-tonne"),
        ("个月", "duration-month"),
        ("months", "duration-month"),
        ("元", "currency-CNY"),
        ("元旦", ""),
        ("trains", ""),
        ("", ""),
    ],
)
def test_the_longest_name_is_the_unit(text: str, unit: str) -> None:
    """In every language, by CLDR's names and by ours; a word that only begins so is none."""
    found, end = load_units().find(fold(text), 0)
    assert found == unit
    assert (end > 0) == bool(unit)
