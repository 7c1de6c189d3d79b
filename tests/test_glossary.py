"""corpus.glossary: names put as the texts have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.glossary import Glossary

GROUPS = [
    ["WeRide", "文远知行"],
    ["POWERCHINA", "中国电建", "Power China"],
    ["C?te d'Ivoire", "Côte d'Ivoire", "Cote d'Ivoire", "Ivory Coast"],
    ["SASAC", "国资委", "国务院国资委"],
]


@pytest.mark.parametrize(
    ("question", "translated"),
    [
        ("文远知行做了什么？", " WeRide 做了什么？"),
        ("What happens in IVORY COAST?", "What happens in C?te d'Ivoire?"),
        ("power china's lights", "POWERCHINA's lights"),
        ("manpower chinaware", "manpower chinaware"),
        ("国务院国资委何时发布？", " SASAC 何时发布？"),
        ("nothing of it", "nothing of it"),
        ("Côte d'Ivoire and Cote d'Ivoire", " C?te d'Ivoire  and C?te d'Ivoire"),
    ],
)
def test_names_become_the_first_of_their_group(question: str, translated: str) -> None:
    """Whole names are replaced, the longest first, in any case, and parts of words are not."""
    assert Glossary(GROUPS).translate(question) == translated


@given(question=st.text())
def test_no_glossary_changes_nothing(question: str) -> None:
    """Without groups a question stays as it is."""
    assert Glossary([]).translate(question) == question
