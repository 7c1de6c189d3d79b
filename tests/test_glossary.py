"""corpus.glossary: names put as the texts have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.glossary import Glossary
from corpus.library import Library
from tests.conftest import REPORTS

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


@pytest.mark.parametrize(
    ("held", "question", "translated"),
    [
        ({"文远知行"}, "What did WeRide do?", "What did 文远知行 do?"),
        ({"文远知行"}, "文远知行做了什么？", "文远知行做了什么？"),
        ({"文远知行", "WeRide"}, "文远知行做了什么？", "文远知行做了什么？"),
        ({"文远知行", "WeRide"}, "What did weride do?", "What did WeRide do?"),
        (set(), "文远知行做了什么？", "文远知行做了什么？"),
        (set(), "What did weride do?", "What did WeRide do?"),
        ({"Power China"}, "中国电建在哪里？", " Power China 在哪里？"),
    ],
)
def test_names_that_the_texts_have_are_used(held: set[str], question: str, translated: str) -> None:
    """The one that was asked for first, then the first of the group that there is."""
    assert Glossary(GROUPS).translate(question, held.__contains__) == translated


def test_a_name_has_those_of_its_group() -> None:
    """All of them, whichever it is; another name has itself."""
    glossary = Glossary(GROUPS)
    assert (
        glossary.list_alike("文远知行") == glossary.list_alike("weride") == ("WeRide", "文远知行")
    )
    assert glossary.list_alike("Nobody Ltd") == ("Nobody Ltd",)


def test_all_names_of_a_group_are_one() -> None:
    """For filters: whatever the script or the case, and a name of no group is itself."""
    glossary = Glossary(GROUPS)
    assert glossary.unify("文远知行") == glossary.unify("WERIDE") == "weride"
    assert glossary.unify("Nobody Ltd") == "nobody ltd"


def test_the_shipped_names_stand_in_one_group_each() -> None:
    """No name is put as two others, and none as the first of another group."""
    groups = Library(REPORTS).glossary()
    names = [name.casefold() for group in groups for name in group]
    assert sorted(names) == sorted(set(names))
    assert all(
        Glossary(groups).translate(name).strip() == group[0] for group in groups for name in group
    )


@given(question=st.text())
def test_no_glossary_changes_nothing(question: str) -> None:
    """Without groups a question stays as it is."""
    assert Glossary([]).translate(question) == question
