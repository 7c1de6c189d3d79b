"""chatbot.locales: every language has every word, and the same places to fill in."""

from __future__ import annotations

import re

import pytest

from chatbot.locales import LANGUAGES, read_file, read_words

PARTS = read_file("en").keys() - {"examples"}


def test_every_language_has_the_same_parts() -> None:
    """Nothing is said in one alone."""
    assert all(read_file(language).keys() == read_file("en").keys() for language in LANGUAGES)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_both_languages_have_every_word(part: str) -> None:
    """With the same names in braces, which the code fills in."""
    english, chinese = (read_words(part)[language] for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for key, words in english.items():
        found = [sorted(set(re.findall(r"\{\w+\}", each))) for each in (words, chinese[key])]
        assert found[0] == found[1], key
