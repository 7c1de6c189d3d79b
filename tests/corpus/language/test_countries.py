"""Countries: written as codes or names, kept as codes, named in the reader's language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.language.countries import (
    MOST,
    list_countries,
    name_countries,
    name_country,
    read_countries,
)


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("", ""),
        ("KE", "KE"),
        ("ke, Ethiopia；肯尼亚", "KE+ET"),
        (" 孟加拉国、 bangladesh ", "BD"),
        ("Côte d'Ivoire", "CI"),
        ("刚果（金）", "CD"),
        ("+,+", ""),
    ],
)
def test_codes_and_names_are_read(written: str, codes: str) -> None:
    """In either language, in any case of letters; each once."""
    assert read_countries(written) == codes


@pytest.mark.parametrize("written", ["ZZ", "EU", "KE, Atlantis", "K E", "<b>", "K" * 9999])
def test_what_is_no_country_is_named(written: str) -> None:
    """A region, a code for the unknown and a mistake are errors that show the part."""
    with pytest.raises(ValueError, match=written.rpartition(", ")[2]):
        read_countries(written)


def test_there_is_an_end() -> None:
    """Not all the world at once."""
    codes = list(list_countries("en"))
    assert read_countries(",".join(codes[:MOST])) == "+".join(codes[:MOST])
    with pytest.raises(ValueError, match=codes[MOST]):
        read_countries(",".join(codes))


def test_they_are_named_in_the_readers_language() -> None:
    """What CLDR calls them; an unknown code stays as it is."""
    assert name_countries("KE+ET", "en") == "Kenya, Ethiopia"
    assert name_countries("KE+ET", "zh") == "肯尼亚、埃塞俄比亚"
    assert name_country("QQ", "zh") == "QQ"
    assert name_countries("", "en") == ""


@given(st.sampled_from(sorted(list_countries("en"))), st.sampled_from(["en", "zh"]))
def test_a_name_is_read_back(code: str, language: str) -> None:
    """So that a form can show names and keep codes."""
    assert read_countries(name_country(code, language)) == code
