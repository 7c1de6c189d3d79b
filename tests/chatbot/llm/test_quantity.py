"""chatbot.llm.quantity: the same number is read alike in every language and way of writing."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.llm.lexicon import fold
from chatbot.llm.quantity import Quantity, read_quantities


def read(text: str, language: str) -> list[tuple[Fraction, str, str]]:
    """Return greatest value, unit and bound of each number of a text."""
    found = read_quantities(fold(text), language)
    return [(max(each.values), each.unit, each.bound) for each in found]


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("3 million people", "en", 3_000_000),
        ("three million people", "en", 3_000_000),
        ("3,000,000 people", "en", 3_000_000),
        ("300万人", "zh", 3_000_000),
        ("三百万人", "zh", 3_000_000),
        ("３００万人", "zh", 3_000_000),
        ("tres millones de personas", "es", 3_000_000),
        ("3.000.000 de personas", "es", 3_000_000),
        ("3 Millionen Menschen", "de", 3_000_000),
        ("one hundred and twenty-five turbines", "en", 125),
        ("twenty thousand supplies", "en", 20_000),
        ("两万件物资", "zh", 20_000),
        ("1.5亿", "zh", 150_000_000),
        ("二〇二二", "zh", 2022),
        ("a dozen", "en", 12),
        ("dos mil millones", "es", 2_000_000_000),
    ],
)
def test_one_value_has_many_spellings(text: str, language: str, value: int) -> None:
    """Digits, words and signs give one number with its value."""
    ((found, _, _),) = read(text, language)
    assert found == value


@pytest.mark.parametrize(
    ("text", "language", "unit", "bound"),
    [
        ("a share of 30%", "en", "concentr-percent", ""),
        ("30 per cent", "en", "concentr-percent", ""),
        ("百分之三十", "zh", "concentr-percent", ""),
        ("500 MW", "en", "power-megawatt", ""),
        ("500兆瓦", "zh", "power-megawatt", ""),
        ("over 500 kilometres", "en", "length-kilometer", ">"),
        ("500多公里", "zh", "length-kilometer", ">"),
        ("nearly 100 tons", "en", "mass-tonne", "<"),
        ("不到100吨", "zh", "mass-tonne", "<"),
        ("US$ 20", "en", "currency-USD", ""),
        ("20美元", "zh", "currency-USD", ""),
        ("€20", "en", "currency-EUR", ""),
    ],
)
def test_a_number_has_its_unit_and_bound(text: str, language: str, unit: str, bound: str) -> None:
    """Signs, words and currencies beside a number belong to it, in any language."""
    ((_, found, bounded),) = read(text, language)
    assert (found, bounded) == (unit, bound)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("CO2 and COVID-19 and PM2.5", "en"),
        ("十分重要的老百姓", "zh"),
        ("一带一路", "zh"),
        ("a single one", "en"),
        ("nothing", "en"),
        ("", "en"),
    ],
)
def test_what_counts_nothing_is_no_number(text: str, language: str) -> None:
    """Digits in names and numbers in idioms are not read."""
    assert read(text, language) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [("on 23 February 2024", "en"), ("2024年2月23日", "zh"), ("el 23 de febrero de 2024", "es")],
)
def test_a_date_is_one_in_every_language(text: str, language: str) -> None:
    """Year, month and day are known for what they are."""
    assert sorted(read(text, language)) == [
        (Fraction(2), "calendar month", ""),
        (Fraction(23), "calendar day", ""),
        (Fraction(2024), "", ""),
    ]


def test_a_number_supports_what_says_no_more() -> None:
    """The value must be the same; unit and bound may be left out and not changed."""

    def number(value: int, unit: str = "", bound: str = "") -> Quantity:
        return Quantity(frozenset((Fraction(value),)), unit, bound, 0, 1)

    source = number(500, "km", ">")
    assert source.supports(number(500))
    assert source.supports(number(500, "km"))
    assert source.supports(number(500, "km", ">"))
    assert not source.supports(number(500, "m"))
    assert not source.supports(number(500, "km", "<"))
    assert not source.supports(number(501, "km", ">"))


@given(st.integers(2, 10**9), st.sampled_from(["en", "zh", "es", "de"]))
def test_plain_digits_are_read_exactly(value: int, language: str) -> None:
    """A number without marks is its value in every language."""
    assert read(f"x {value} y", language)[0][0] == value


@given(st.text(max_size=60), st.sampled_from(["en", "zh", "es", "de", "fr"]))
def test_any_text_can_be_read(text: str, language: str) -> None:
    """Nothing raises, and every number stands in the text."""
    folded = fold(text)
    for each in read_quantities(folded, language):
        assert 0 <= each.start < each.end <= len(folded)
        assert each.values
